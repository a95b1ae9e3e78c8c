"""The whole story of one message in a trace: its way, the hop at which it lost what would have led it right, and the cure.

    print(world.trace.why())
    read_trace("run.parquet").why("<486fe13256b4dee8@client.example>", expect="action:1234")

Laws:
- What is called certain was proved: the same scenario, played with that hop alone otherwise, brings the message where it
  was meant to go, and played as it is, brings it where the trace says.
- A message is lost at the last hop of those that would each have saved it alone: until there something in it would still
  have led it right. Where no hop alone would, it is lost at the fewest that would together.
- Where no hop would, it is the practice that does not find it: then the message itself is explained (`diagnosis.why`).
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from mailsim.display import Html, Tone, badge, block, heading, note, table
from mailsim.errors import MailsimError
from mailsim.mail import Message
from mailsim.practice.decision import Reason, shown
from mailsim.practice.site import Site
from mailsim.study.diagnosis.cause import SURE, WORDS, Confidence
from mailsim.study.diagnosis.ddmin import ddmin
from mailsim.study.diagnosis.remedy import Kind
from mailsim.study.diagnosis.situation import Provider
from mailsim.study.diagnosis.why import Explanation, expected_target, why
from mailsim.study.journey.fate import Fate, conversation, meant_for
from mailsim.study.journey.suspect import Suspect, sighted, suspects
from mailsim.trace.event import Event, Step, Trace
from mailsim.trace.pictures import sequence
from mailsim.trace.recorded import RecordedTrace
from mailsim.trace.story import hops, told
from mailsim.world.conservation import ConservationError
from mailsim.world.expectation import ExpectationError
from mailsim.world.office import PRACTICE
from mailsim.world.plan import Plan, Planned, plan
from mailsim.world.scenario import Scenario, read_scenario
from mailsim.world.simulation import Simulation

_LOST = ("refused", "bounced", "discarded")
_UNPLAYED = "the trace holds no scenario that plays it again, so nothing here is proved"
_OTHERWISE = "played again, the message fared otherwise than in the trace, so nothing here is proved"


class JourneyError(MailsimError):
    """A message that the trace does not have."""


class Loss(NamedTuple):
    """A hop at which the message lost what would have led it right."""

    cause: str
    place: str
    serial: int
    """The event that shows it."""
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
        tone = Tone.GOOD if self.as_meant else Tone.BAD
        parts = [
            heading(self.message_id or "a message", badge(self.outcome, tone)),
            note(*_verdict(self)),
            sequence(hops(self.story)),
        ]
        if self.losses:
            head = ("lost at", "cause", "sure", "what happened", "proof")
            parts.append(
                table(
                    head,
                    self.losses,
                    lambda one: (one.place, one.cause, one.confidence, one.words, one.proof),
                )
            )
        if self.explanation is not None:
            parts.append(Html(self.explanation._repr_html_()))
        return block(*parts)


def journey(
    trace: Trace | RecordedTrace, message: str | int | None = None, *, expect: str | None = None
) -> Journey:
    """The whole story of one message of a trace.

    Args:
        trace: Of a world, or from a file.
        message: Its Message-ID, its trace id, or its row in `trace.messages()`; None for the first that was misrouted
            or did not arrive, or where all arrived for the last one.
        expect: Where it should have gone, where the trace cannot tell, such as `action:1234`.

    Raises:
        JourneyError: There is no such message.
        WhyError: `expect` is no target.
    """
    target = expected_target(expect)
    name, message_id = _named(trace, message)
    fates = conversation(trace.story(name))
    fate = next((one for one in fates if message_id in one.ids), None)
    if fate is None:
        raise JourneyError(f"{shown(message_id or name)}: of this message the trace has no beginning")
    tables = trace.scenario
    scenario = None if tables is None else _scenario(tables)
    directory = scenario.site.directory if scenario else None
    wanted = (target,) if target else meant_for(fate, fates, directory)
    case = _Case(name, fate, fates, wanted, scenario)
    return case.told()


def _named(trace: Trace | RecordedTrace, message: str | int | None) -> tuple[str, str]:
    """The conversation and the Message-ID of what is asked for; of a whole conversation its last message."""
    if isinstance(message, str) and not message.isdecimal():
        story = trace.story(message)
        if not len(story):
            raise JourneyError(f"{shown(message)}: the trace has no such message; `messages()` lists them")
        named = message if any(event.message_id == message for event in story) else ""
        return story[0].trace_id, named or conversation(story)[-1].begun.message_id
    rows = trace.messages()
    if rows.empty:
        raise JourneyError("the trace has no messages")
    if message is None:
        lost = rows[rows.misrouted | rows.outcome.isin(_LOST)]
        row = lost.iloc[0] if len(lost) else rows.iloc[-1]
    elif int(message) < len(rows):
        row = rows.iloc[int(message)]
    else:
        raise JourneyError(f"{message}: the trace has the messages 0 to {len(rows) - 1}")
    return str(row.trace_id), str(row.message_id)


def _scenario(tables: Mapping[str, object]) -> Scenario:
    start = tables.get("start")
    given = tables if not isinstance(start, str) else {**tables, "start": datetime.fromisoformat(start)}
    return read_scenario(given)


@dataclass(frozen=True, slots=True)
class _Played:
    """What came of the message in one world."""

    fate: Fate | None
    explanation: Explanation | None = None


class _Case:
    """One message under question, and the worlds that are played for it."""

    def __init__(
        self, name: str, fate: Fate, fates: Sequence[Fate], wanted: tuple[str, ...], scenario: Scenario | None
    ) -> None:
        self._name = name
        self._fate = fate
        self._wanted = wanted
        self._scenario = scenario
        letter = next((one for one in fates if one.is_letter and one is not fate), None)
        answers = fate.begun.step is Step.REPLIED
        of_letter = [event for event in letter.events if not _of_copy(event)] if letter and answers else []
        self._events = [event for event in (*of_letter, *fate.events) if not _of_copy(event)]
        last = fate.events[-1].serial
        together = {event.serial: event for one in fates for event in one.events if event.serial <= last}
        self._story = Trace([together[serial] for serial in sorted(together)])

    def told(self) -> Journey:
        scenario = self._scenario
        losses: list[Loss] = []
        earlier: list[Loss] = []
        explanation, unproved = None, _UNPLAYED
        arrived = set(self._wanted) <= self._fate.reached
        if scenario is not None:
            again = self._played(scenario, explained=True)
            same = again.fate is not None and again.fate.ended == self._fate.ended
            unproved = "" if same else _OTHERWISE
            explanation = again.explanation if same else None
        if not arrived:
            seen = self._suspects()
            if scenario is None or unproved:
                losses = [_loss(one, Confidence.LOW, "") for one in seen]
            else:
                losses, earlier = self._proved(scenario, seen, explanation)
        outcome, reason = self._fate.ended
        return Journey(
            self._fate.begun.message_id,
            self._story,
            self._wanted,
            tuple(sorted(self._fate.reached)),
            outcome,
            reason,
            tuple(losses),
            tuple(earlier),
            explanation,
            unproved,
        )

    def _suspects(self) -> list[Suspect]:
        if self._scenario is None:
            return sighted(self._events)
        return suspects(self._events, self._scenario.site, plan(self._scenario))

    def _proved(
        self, scenario: Scenario, seen: list[Suspect], explanation: Explanation | None
    ) -> tuple[list[Loss], list[Loss]]:
        """The losses, and what before them would have saved the message as well."""

        def saves(some: Iterable[Suspect]) -> bool:
            made = list(some)

            def planned(given: Scenario) -> Plan:
                changed = plan(given)
                for one in made:
                    changed = one.otherwise(changed)
                return changed

            return self._arrives(self._played(scenario, planned=planned).fate)

        alone = [one for one in seen if saves([one])]
        if alone:
            *before, last = (_loss(one, Confidence.HIGH, self._proof([one])) for one in alone)
            return [last], before
        if seen and saves(seen):
            together = list(ddmin(seen, saves))
            return [_loss(one, Confidence.HIGH, self._proof(together)) for one in together], []
        return self._at_practice(scenario, explanation), []

    def _at_practice(self, scenario: Scenario, explanation: Explanation | None) -> list[Loss]:
        """No hop lost it: the practice, as it is set, does not see whom it is for."""
        if explanation is None or not explanation.causes:
            return []
        cause = explanation.causes[0]
        decided = self._fate.decided
        serial = decided.serial if decided else self._fate.events[-1].serial
        ours = (one for one in explanation.remedies if one.kind is Kind.SETTINGS)
        for remedy in ours:
            after = self._played(replace(scenario, site=remedy.after.site))
            if self._arrives(after.fate):
                proof = f"with {remedy.words} in the same scenario it reaches {', '.join(self._wanted)}"
                return [Loss(cause.name, PRACTICE, serial, cause.tells, cause.confidence, proof)]
        weaker = max(cause.confidence, Confidence.MEDIUM, key=lambda one: SURE[one])
        return [Loss(cause.name, PRACTICE, serial, cause.tells, weaker, "")]

    def _proof(self, made: Sequence[Suspect]) -> str:
        where = " and ".join(f"{one.place} {one.instead}" for one in made)
        return f"in the same scenario, where {where}, it reaches {', '.join(self._wanted)}"

    def _arrives(self, fate: Fate | None) -> bool:
        return fate is not None and set(self._wanted) <= fate.reached

    def _played(self, scenario: Scenario, planned: Planned = plan, *, explained: bool = False) -> _Played:
        """Play a world to its end; what came of the message there."""
        with Simulation(scenario, planned=planned) as world:
            with suppress(ConservationError, ExpectationError):  # the message is asked about, not the run
                world.run()
            fates = conversation(world.trace.story(self._name))
            found = next((one for one in fates if one.key == self._fate.key), None)
            explanation = self._explained(world, found) if explained and found else None
        return _Played(found, explanation)

    def _explained(self, world: Simulation, fate: Fate) -> Explanation | None:
        """Why the message went where it went once it was collected."""
        ours = (d for d in world.decisions if d.message_id in fate.ids and d.reason is not Reason.SENT_COPY)
        decision = next(ours, None)
        targets = decision.targets if decision else ()
        copies = (one for target in targets for one in world.mailbox(target))
        message = next((one for one in copies if one.message_id in fate.ids), None)
        if decision is None or message is None:
            return None
        made = plan(world.scenario)
        provider = Provider(
            world.scenario.provider.profile or made.smtp.server,
            made.policy,
            made.mail_host.headers,
            made.mail_host.catch_all,
        )
        missed = [target for target in self._wanted if target not in decision.targets and ":" in target]
        return why(
            decision,
            site=_remembering(world.site, world.trace),
            message=Message(message.octets),
            expect=missed[0] if missed else None,
            provider=provider,
        )


def _of_copy(event: Event) -> bool:
    """Whether it is about the copy of what was sent that a provider keeps (R5.8)."""
    return event.rule == "R5.8" or event.reason == Reason.SENT_COPY


def _remembering(site: Site, trace: Trace) -> Site:
    """The practice with what it has sent in its world."""
    letters = (event for event in trace.steps(Step.COMPOSED) if event.peer.startswith("action:"))
    sent = {event.message_id: int(event.peer.removeprefix("action:")) for event in letters}
    return replace(site, sent={**site.sent, **sent})


def _loss(one: Suspect, confidence: Confidence, proof: str) -> Loss:
    return Loss(one.cause, one.place, one.serial, one.words, confidence, proof)


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
