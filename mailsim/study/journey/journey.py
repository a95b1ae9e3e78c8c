"""The whole story of one message, as it is told: to people, to programs, in notebooks."""

from dataclasses import dataclass
from typing import NamedTuple

from mailsim.display import Html, Tone, badge, block, heading, note, table
from mailsim.study.diagnosis.cause import WORDS, Confidence
from mailsim.study.diagnosis.why import Explanation
from mailsim.trace.event import Trace
from mailsim.trace.pictures import sequence
from mailsim.trace.story import hops, told

BEHIND = -1
"""The event of what the trace does not show."""


class Loss(NamedTuple):
    """A hop at which the message lost what would have led it right."""

    cause: str
    place: str
    serial: int
    """The event that shows it; `BEHIND` where only another world shows it, for here it came to nothing before."""
    words: str
    confidence: Confidence
    proof: str
    """What was played to see whether it matters, and what then happened; empty where nothing was."""


@dataclass(frozen=True, slots=True)
class Journey:
    """The whole story of one message."""

    message_id: str
    story: Trace
    """The conversation, up to what came of the message."""
    meant_for: tuple[str, ...]
    """The targets and addresses outside that it should have reached; none where nobody can tell."""
    reached: tuple[str, ...]
    outcome: str
    """Of its decision, or the last step where there is none."""
    reason: str
    losses: tuple[Loss, ...]
    """Where it was lost, in order: one hop, or several that each must be otherwise; none for what arrived."""
    earlier: tuple[Loss, ...]
    """Hops before, any of which would have saved it as well."""
    explanation: Explanation | None
    """The message as it was collected; None where it was not, or cannot be played again."""
    unproved: str = ""
    """Why nothing could be proved; empty where it could."""

    @property
    def as_meant(self) -> bool:
        """Whether it reached all that it was meant for; True where nobody can tell."""
        return set(self.meant_for) <= set(self.reached)

    def as_json(self) -> dict[str, object]:
        """As values that `json.dumps` takes."""
        return {
            "message_id": self.message_id,
            "meant_for": list(self.meant_for),
            "reached": list(self.reached),
            "outcome": self.outcome,
            "reason": self.reason,
            "as_meant": self.as_meant,
            "lost_at": [loss._asdict() for loss in self.losses],
            "also_saved_by": [loss._asdict() for loss in self.earlier],
            "unproved": self.unproved,
            "way": [event._asdict() | {"time": event.time.isoformat()} for event in self.story],
            "collected": self.explanation.as_json() if self.explanation else None,
        }

    def drawn(self) -> Html:
        """Its way as a sequence diagram, in which the hops that lost it are named so."""
        lost = {loss.serial for loss in self.losses}
        rows = zip(self.story, hops(self.story), strict=True)
        return sequence(
            [
                row._replace(words=f"{row.words} ← lost here") if event.serial in lost else row
                for event, row in rows
            ]
        )

    def __str__(self) -> str:
        marks = {loss.serial: "  <- lost here" for loss in self.losses}
        lines = [*_verdict(self), "", "Its way"]
        lines += [
            f"  {line}{marks.get(event.serial, '')}"
            for event, line in zip(self.story, told(self.story), strict=True)
        ]
        if not self.as_meant:
            lines += ["", *_lost(self)]
        if self.earlier:
            lines += ["", "Before that, any one of these would have saved it too"]
            lines += [line for loss in self.earlier for line in _loss_lines(loss)]
        if self.explanation is not None:
            lines += ["", "The message as it was collected", str(self.explanation)]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """For notebooks: the verdict, the way drawn, the losses, then the message as it was collected."""
        tone = (Tone.GOOD if self.meant_for else Tone.NEUTRAL) if self.as_meant else Tone.BAD
        parts = [
            heading(self.message_id or "a message", badge(self.outcome, tone)),
            note(*_verdict(self)),
            self.drawn(),
        ]
        if self.losses:
            head = ("may have been lost at" if self.unproved else "lost at", *_COLUMNS)
            parts.append(table(head, self.losses, _row))
        if self.unproved:
            parts.append(note(f"{self.unproved}."))
        if self.earlier:
            parts.append(table(("would have been saved at", *_COLUMNS), self.earlier, _row))
        if self.explanation is not None:
            parts.append(Html(self.explanation._repr_html_()))
        return block(*parts)


_COLUMNS = ("cause", "sure", "what happened", "proof")


def _row(loss: Loss) -> tuple[str, ...]:
    return loss.place, loss.cause, loss.confidence, loss.words, loss.proof


def _verdict(told: Journey) -> list[str]:
    begun = told.story[0] if len(told.story) else None
    mine = next((event for event in told.story if event.message_id == told.message_id), begun)
    what = f", from {mine.sender} to {mine.recipient}" if mine else ""
    because = f" ({told.reason})" if told.reason else ""
    lines = [f"{told.message_id or 'A message'}{what}: {told.outcome}{because}"]
    if told.meant_for:
        arrived = "it got there" if told.as_meant else "it did not get there"
        lines.append(f"It was meant for {', '.join(told.meant_for)}; {arrived}.")
    else:
        lines.append("Nobody can tell whom it was meant for; say where you expected it.")
    return lines


def _lost(told: Journey) -> list[str]:
    if not told.losses:
        return ["Where it was lost: no hop that is known here lost it"]
    head = "Where it was lost" if len(told.losses) == 1 else "Where it was lost: each of these had to happen"
    if told.unproved:
        head = f"Where it may have been lost: {told.unproved}"
    return [head, *(line for loss in told.losses for line in _loss_lines(loss))]


def _loss_lines(loss: Loss) -> list[str]:
    lines = [f"  {loss.place}, {loss.cause} ({WORDS[loss.confidence]}): {loss.words}"]
    return [*lines, f"    proof: {loss.proof}"] if loss.proof else lines
