"""Events and the trace: each hop of each message is one past fact, append-only (R6.1).

An event says when, which message, which step, at which place, with which peer, what it
saw and what came of it. All hops of a message, of the replies to it and of its copies bear one
trace id, so a story is the events of one trace id in order.
"""

import re
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, Self, overload

from mailsim.display import Tone, badge, block, heading, note, table
from mailsim.plain import ends, in_words

if TYPE_CHECKING:
    import pandas as pd

    from mailsim.study.journey.journey import Journey
    from mailsim.study.replay import SiteSource, Watch


PRACTICE = "practice"
"""The place of what a practice does; of others than the first behind their prefix."""
_ANOTHERS = re.compile(r"([^/@:]+/)(practice|unassigned|fallback|(?:action|mailbox|fallback):.*)")


class Step(StrEnum):
    """What a hop did."""

    COMPOSED = "composed"
    """Somebody wrote a message."""
    SUBMITTED = "submitted"
    """The practice handed it to its SMTP server."""
    ACCEPTED = "accepted"
    """A server took it on (SMTP 250 after DATA)."""
    REFUSED = "refused"
    """A server refused it; the reason is the server's reply."""
    REWRITTEN = "rewritten"
    """A server changed its header."""
    RELAYED = "relayed"
    """A server handed one recipient's copy to the next, found by MX."""
    CHECKED = "checked"
    """A receiving server evaluated SPF."""
    STORED = "stored"
    """A copy was put in a server mailbox."""
    DISCARDED = "discarded"
    """A server threw a copy away by policy."""
    OPENED = "opened"
    """The practice had a POP3 session, noted at its end, behind what it brought; one that brought something is followed
    by another, which sees whether more is there."""
    COLLECTED = "collected"
    """The practice retrieved a copy by POP3."""
    DECIDED = "decided"
    """Routing said where it should go."""
    DELIVERED = "delivered"
    """A copy reached its target inside the practice."""
    FORWARDED = "forwarded"
    """The practice sent it on to the fallback address, or a mailing list to its members."""
    DEFERRED = "deferred"
    """A server said 'later' (4yz)."""
    BOUNCED = "bounced"
    """A server gave up on a copy that it had accepted."""
    REMOVED = "removed"
    """A copy was deleted from its server mailbox, collected or not; with a reason where no POP3 client asked for it."""
    REPLIED = "replied"
    """A correspondent answered."""


class Event(NamedTuple):
    """One hop of one message; the fields are the trace's columns, in order."""

    serial: int
    """Counts the events of a trace from 0."""
    time: datetime
    """The world's time, UTC."""
    trace_id: str
    """One for a message, the replies to it and all copies."""
    message_id: str
    """With angle brackets; empty where the message has none."""
    step: Step
    place: str
    """Who did it: a server's name, a mailbox, `practice`, a target."""
    peer: str = ""
    """The other party of the hop; of a letter composed, the action it is from."""
    sender: str = ""
    """The envelope sender, or the address in From before there is an envelope."""
    recipient: str = ""
    """The envelope recipient, where one is known."""
    size: int = 0
    """Octets of the message as it stood."""
    outcome: str = ""
    """An SMTP reply code, or the outcome of a decision."""
    reason: str = ""
    """Why, in one word or a server's words."""
    rule: str = ""
    """The rule of the rule book that was followed, such as `R4.3`."""
    detail: str = "{}"
    """JSON: what else is known, such as the evidence of a decision."""

    @classmethod
    def of(cls, row: "Row") -> "Event":
        """The event that a row holds."""
        return cls._make((*row[:STEP], _STEPS[row[STEP]], *row[STEP + 1 :]))


Row = tuple[int, datetime, str, str, str, str, str, str, str, int, str, str, str, str]
"""An event as a plain tuple of its fields, as it is kept until somebody looks at it; the step is a plain word too.

Of a tuple of plain values a garbage collector looks once, of one with an enumeration's member for ever.
"""
STEP: Final = 4
"""Where the step stands in it."""
_STEPS: Final = {step.value: step for step in Step}

_MOST_DRAWN = 60
"""Events of a conversation that is drawn."""
_TONES = {"delivered": Tone.GOOD, "unassigned": Tone.WARNING, "fallback": Tone.BAD}


Retold = Callable[[], Mapping[str, object] | None]


def _nothing() -> None:
    """What no scenario is known to play again, and what nothing more comes to."""


class Trace(Sequence[Event]):
    """The events of a run, in the order they happened: all of them, or the last ones."""

    def __init__(
        self,
        events: Iterable[Row] = (),
        *,
        most: int | None = None,
        retold: Retold = _nothing,
        catch_up: Callable[[], object] = _nothing,
    ) -> None:
        """With `most` no more than the last so many are kept; the serial numbers count all.

        `retold` makes the tables of the scenario that plays the run again; `catch_up` has what has happened meanwhile
        added, and is called whenever somebody looks.
        """
        self._kept: list[Row] | deque[Row] = list(events) if most is None else deque(events, most)
        self._retold = retold
        self._catch_up = catch_up

    @property
    def rows(self) -> Sequence[Row]:
        """All events as plain tuples: for who asks about columns, not about events."""
        self._catch_up()
        return self._kept

    @property
    def scenario(self) -> Mapping[str, object] | None:
        """The tables of the scenario that plays the run again, without secrets; None where none is known to."""
        return self._retold()

    @overload
    def __getitem__(self, index: int) -> Event: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: int | slice) -> Event | Self:
        if isinstance(index, slice):
            return type(self)(list(self.rows)[index])
        return Event.of(self.rows[index])

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Event]:
        return map(Event.of, tuple(self.rows))

    def __repr__(self) -> str:
        return f"Trace({', '.join(self._counts())})"

    def __str__(self) -> str:
        from mailsim.trace.story import told  # noqa: PLC0415 - a story is made of events

        first, left_out, last = ends(self)
        between = [f"… {left_out:,} more …"] if left_out else []
        return "\n".join([f"Trace: {', '.join(self._counts())}", *told(first), *between, *told(last)])

    def _counts(self) -> list[str]:
        sizes = {"event": len(self), "conversation": len({event.trace_id for event in self})}
        return [f"{count:,} {what}" + "s" * (count != 1) for what, count in sizes.items()]

    def _repr_html_(self) -> str:
        """For notebooks: what came of the mail; a short story as a sequence diagram, else the first and last events in words."""
        from mailsim.trace.pictures import sequence  # noqa: PLC0415 - a story is made of events
        from mailsim.trace.story import hops, sentence  # noqa: PLC0415 - as above

        came = Counter(str(e.outcome) for e in self if e.step is Step.DECIDED)
        badges = [
            badge(f"{count:,} {end}", _TONES.get(end, Tone.NEUTRAL)) for end, count in came.most_common(4)
        ]
        lost = Counter(e.step for e in self if e.step in (Step.REFUSED, Step.BOUNCED))
        badges += [badge(f"{count:,} {step}", Tone.BAD) for step, count in lost.items()]
        conversations = {event.trace_id for event in self}
        times = [f"{e.time:%Y-%m-%d %H:%M:%S}" for e in (*self[:1], *self[-1:])]
        drawn = len(conversations) == 1 and len(self) <= _MOST_DRAWN
        return block(
            heading("Trace", *badges),
            note(*self._counts(), " to ".join(times)),
            sequence(hops(self))
            if drawn
            else table(
                ("", "time", "conversation", "step", "place", "what happened"),
                list(self),
                lambda e: (f"{e.serial}", f"{e.time:%H:%M:%S}", e.trace_id, e.step, e.place, sentence(e)),
            ),
        )

    _repr_pretty_ = in_words

    def extend(self, events: Iterable[Row]) -> None:
        """Add facts; events are never changed or taken back."""
        self._kept.extend(events)

    def story(self, name: str) -> Self:
        """The events of one conversation, in order; empty when there is none of that name.

        `name` is its trace id, or the Message-ID of one of its messages, such as `decision.message_id`.
        """
        found = {event.trace_id for event in self if name in (event.trace_id, event.message_id)}
        return type(self)([event for event in self if event.trace_id in found and event.trace_id])

    def steps(self, *steps: Step) -> Self:
        """The events of these steps, in order."""
        return type(self)([event for event in self if event.step in steps])

    def write(self, path: str | PathLike[str]) -> None:
        """Write all events to a file, in the format that its name says.

        `.parquet` and `.jsonl`, which `mailsim.read_trace` reads; `.csv`; `.chrome.json`, a timeline for
        ui.perfetto.dev; `.otlp.jsonl`, spans for OpenTelemetry's tools. Raises TraceFileError.
        """
        from mailsim.trace.files import write  # noqa: PLC0415 - files are made from events

        write(self.rows, Path(path), self._retold)

    def messages(self) -> "pd.DataFrame":
        """One row a message, in order of its first event, as a pandas table.

        `trace_id` (its conversation), `message_id`; `time` of its first event; `origin`, who wrote it:
        `action:1234`, `practice`, a server, or an address outside; `sender`, `recipient`, `size` in octets, as it
        began; `meant_for`, the action that it answers or whose address it was sent to, empty where that is not
        known; `outcome`: a decision's (`delivered`, `unassigned`, `fallback`, `duplicate`), else how it ended
        (`refused`, `bounced`, `discarded`; `removed`, from its server mailbox by a fault; `stored`, in a server
        mailbox), or `moving`; `reason`; `targets` it reached, by ", "; `misrouted`, whether it ended and the action
        that it was meant for did not get it; `hops`, how many events; `latency` from the first to its end;
        `provider`, the SMTP server that took the letter of its conversation. The places of other practices than the
        first stand behind their domain.
        """
        from mailsim.trace.arrow import reader  # noqa: PLC0415 - pandas loads only where a table is asked for
        from mailsim.trace.messages import messages  # noqa: PLC0415 - as above

        return messages(reader(self), self.scenario)

    def replay(
        self,
        *,
        site: "SiteSource | None" = None,
        provider: str | None = None,
        watch: "Watch | None" = None,
    ) -> "pd.DataFrame":
        """The same mail under another site or at another provider: one row a message, before and after.

        `watch=mailsim.notebook.watching.watching` shows how far it is. See `mailsim.study.replay.replay`. Raises
        ReplayError where the trace holds no scenario that plays it again.
        """
        from mailsim.study.replay import replay  # noqa: PLC0415 - above this room: a trace is made without a world

        return replay(self, site=site, provider=provider, watch=watch)

    def why(self, message: str | int | None = None, *, expect: str | None = None) -> "Journey":
        """The whole story of one message: its way, the hop at which it was lost, and what would lead it right.

        `message` is its Message-ID, its trace id, or its row in `messages()`; without one the first that was misrouted
        or did not arrive. See `mailsim.study.journey`. Raises JourneyError where there is none, WhyError where
        `expect` is no target.
        """
        from mailsim.study.journey.inquiry import journey  # noqa: PLC0415 - above this room, as `replay` is

        return journey(self, message, expect=expect)

    def frame(self) -> "pd.DataFrame":
        """The trace as a pandas table: one row an event, columns and types as in the contract."""
        from mailsim.trace.arrow import reader  # noqa: PLC0415 - pandas loads only where a table is asked for
        from mailsim.trace.frame import frame  # noqa: PLC0415 - as above

        return frame(reader(self))


def parted(name: str) -> tuple[str, str]:
    """What stands before the place or target of another practice than a world's first, `DOMAIN/`, and its name there."""
    another = _ANOTHERS.fullmatch(name)
    return (another[1], another[2]) if another else ("", name)


def submits(event: Event) -> bool:
    """Whether what was put off, or given up, had been offered by a practice: it is the event's peer then, else its place."""
    return parted(event.peer)[1] == PRACTICE


def speaker(event: Event) -> str:
    """Whose words the reason is for which a copy did not go through: the server that was asked, or who threw it away or gave up by itself."""
    by_peer = event.step in (Step.DEFERRED, Step.BOUNCED) and event.peer and not submits(event)
    return event.peer if by_peer else event.place
