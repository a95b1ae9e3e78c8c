"""Mail is conserved: at the end every message is in exactly one place (R6.2). Laws on the events of a settled world.

- Each recipient of what was composed, replied or forwarded, or brought by another program, has exactly one end: refused, bounced, discarded,
  stored in a server mailbox, or delivered inside; and one more for each time that a sender could not know whether a
  server had taken it, and offered it again.
- Each copy stored in the system mailbox was collected, or waits there still. Or both, or more than once: a server may
  lose a deletion, and show the copy under another uid. Without uids equal copies are one message.
- Each collected message was decided once, and reached each of its targets once; what could not be read was
  forwarded once.
- What the events say was delivered is what the practice's store holds, and no target holds a message twice.
- Nobody answers for ever (R4.9).
- Nothing is still queued that is older than the schedule on which its sender tries again (R3.8); once nothing is due any
  more, nothing is queued at all.

The events are taken one by one and what is closed is forgotten, so that memory does not grow with a run.
"""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mailsim.errors import MailsimError
from mailsim.trace.event import Event, Step, Trace
from mailsim.trace.story import told

_BEGIN = (Step.COMPOSED, Step.REPLIED, Step.FORWARDED)
_OF_NO_COPY = frozenset(
    (Step.SUBMITTED, Step.ACCEPTED, Step.REWRITTEN, Step.RELAYED, Step.CHECKED, Step.OPENED)
)
"""What happens to messages on their way."""
_END = (Step.REFUSED, Step.BOUNCED, Step.DISCARDED, Step.STORED)
_NOT_TAKEN = (Step.DEFERRED, Step.BOUNCED)
_MOST_STORIES = 3
_MOST_LINES = 40
_LONG_AGO = datetime.min.replace(tzinfo=UTC)

Copy = tuple[str, str, str]
"""Trace id, Message-ID, and the recipient, target, or step that is to come."""


class ConservationError(MailsimError):
    """A run that lost or doubled mail, or whose mail goes round; its text names each message and tells the first stories."""


@dataclass(frozen=True, slots=True)
class Balance:
    """What a settled world's events come to."""

    lost: tuple[Copy, ...]
    """Copies with no end, or fewer than they should have."""
    doubled: tuple[Copy, ...]
    """Copies with more ends than one."""
    overdue: tuple[Copy, ...] = ()
    """Copies still queued after their last try was due."""


class Books:
    """The account of one world's mail: what is promised and not yet kept, and what each target was told to get."""

    def __init__(self) -> None:
        self._open: dict[Copy, int] = {}
        self._lying: dict[str, Copy] = {}
        """Uid in the system mailbox -> what is to become of that copy."""
        self._delivered: Counter[str] = Counter()
        self._uncertain: Counter[Copy] = Counter()
        self._queued: dict[Copy, datetime] = {}
        """What a server has put off, and since when."""
        self.steps: Counter[Step] = Counter()
        """How many events of each step there were."""

    @property
    def unfinished(self) -> int:
        """How many copies have not come to their end."""
        return len(self._open)

    def note(self, event: Event) -> None:
        """Take one event."""
        step = event.step
        self.steps[step] += 1
        if step is Step.REWRITTEN and event.recipient:
            self._renamed(event)
        if step in _OF_NO_COPY:
            return
        if step in _NOT_TAKEN:
            self._not_taken(event)
        for copy in _put_in(event):
            self._add(copy, 1)
        for copy in _came_of(event):
            self._add(copy, -1)
        if step is Step.DELIVERED:
            self._delivered[event.place] += 1
        elif step is Step.STORED and (uid := _uid(event)):
            self._lying[uid] = copy = event.trace_id, event.message_id, "collection"
            self._add(copy, 1)
        elif step is Step.REMOVED:
            self._lying.pop(_uid(event), None)
        elif step is Step.COLLECTED:
            self._collected(event)

    def _not_taken(self, event: Event) -> None:
        """What was put off is queued since the first time; who cannot know of a server's answer may send twice."""
        copy = event.trace_id, event.message_id, event.recipient
        if is_uncertain(event):
            self._uncertain[copy] += 1
        if event.step is Step.DEFERRED:
            self._queued.setdefault(copy, event.time)

    def _renamed(self, event: Event) -> None:
        """What was promised under one Message-ID is promised under another."""
        before = json.loads(event.detail)["message_id"] or ""
        for recipient in event.recipient.split(", "):
            self._add((event.trace_id, before, recipient), -1)
            self._add((event.trace_id, event.message_id, recipient), 1)

    def _collected(self, event: Event) -> None:
        """Close one copy; where the server showed no true uid, all copies of the message, for which it was is not known."""
        copy = event.trace_id, event.message_id, "collection"
        if copy in self._open:
            self._add(copy, -1 if _uid(event) in self._lying else -self._open[copy])

    def _add(self, copy: Copy, number: int) -> None:
        open_copies = self._open
        number += open_copies.get(copy, 0)
        if number < 0 and self._uncertain.get(copy):
            self._uncertain[copy] -= 1
            number += 1
        if number:
            open_copies[copy] = number
        else:
            open_copies.pop(copy, None)
            if self._queued:
                self._queued.pop(copy, None)

    def balance(
        self, waiting: Collection[str], *, moving: bool = False, oldest: datetime = _LONG_AGO
    ) -> Balance:
        """What is lost, doubled and overdue; `waiting` are the uids still in the system mailbox.

        As long as things are `moving`, what was put off is not lost; since before `oldest`, it is overdue.
        """
        still = Counter(self._lying[uid] for uid in waiting if uid in self._lying)
        lost, doubled, overdue = Counter[Copy](), Counter[Copy](), Counter[Copy]()
        for copy, number in self._open.items():
            since = self._queued.get(copy)
            if number < 0:
                doubled[copy] = -number
            elif since and since < oldest:
                overdue[copy] = number
            elif not (since and moving):
                lost[copy] = number - min(number, still[copy])
        return Balance(*(tuple(found.elements()) for found in (lost, doubled, overdue)))

    def check(
        self,
        waiting: Collection[str],
        held: Mapping[str, int],
        *,
        twice: Iterable[tuple[str, str]] = (),
        endless: Collection[str] = (),
        moving: bool = False,
        oldest: datetime = _LONG_AGO,
        story: Callable[[str], Trace],
    ) -> None:
        """Raises ConservationError when mail was lost, doubled or forgotten; it says which, and tells their stories.

        `held` is how many copies each target holds in the store, `twice` which targets hold which Message-ID more than
        once, `endless` the conversations in which programs answered each other until they were stopped; `moving` and
        `oldest` are as for `balance`; `story` gives the events of a conversation.
        """
        found = self.balance(waiting, moving=moving, oldest=oldest)
        lines = [
            _named(what, copy) for what in ("lost", "doubled", "overdue") for copy in getattr(found, what)
        ]
        for target in sorted(self._delivered.keys() | held.keys()):
            count = self._delivered[target]
            if count != held.get(target, 0):
                lines.append(
                    f"{target}: {count} copies were delivered, the store holds {held.get(target, 0)}"
                )
        lines += [f"{target} holds {message_id} more than once" for target, message_id in twice]
        round_and_round = sorted(endless)
        lines += [f"{trace_id}: answers go round for ever; they were stopped" for trace_id in round_and_round]
        if lines:
            concerned = dict.fromkeys(
                (*(copy[0] for copy in (*found.lost, *found.doubled, *found.overdue)), *round_and_round)
            )
            for trace_id in list(concerned)[:_MOST_STORIES]:
                last = list(told(story(trace_id)))[-_MOST_LINES:]
                lines += [f"What happened to {trace_id}:", *(f"  {line}" for line in last)]
            raise ConservationError("\n".join(lines))


def balance(trace: Trace, waiting: Collection[str]) -> Balance:
    """Hold what was put in against what came of it; `waiting` are the uids still in the system mailbox."""
    books = Books()
    for event in trace:
        books.note(event)
    return books.balance(waiting)


def is_uncertain(event: Event) -> bool:
    """Whether a server may have taken what the event says was put off or given up."""
    return event.step in _NOT_TAKEN and '"uncertain"' in event.detail


def _put_in(event: Event) -> Iterator[Copy]:
    """The copies that this event promises."""
    step = event.step
    if step in _BEGIN:
        for recipient in event.recipient.split(", "):
            yield event.trace_id, event.message_id, recipient
    elif step is Step.COLLECTED:
        yield event.trace_id, event.message_id, "decision"
    elif step is Step.DECIDED:
        for target in _targets(event.detail):
            yield event.trace_id, event.message_id, f"target:{target}"
            if target.startswith("fallback:"):
                yield event.trace_id, "", "forward"


def _came_of(event: Event) -> Iterator[Copy]:
    """The copies that this event accounts for."""
    step = event.step
    inside = step is Step.DELIVERED and event.rule == "R3.5"
    if step is Step.FORWARDED:
        yield event.trace_id, "", "forward"
    elif step in _END or inside:
        for recipient in filter(None, event.recipient.split(", ")):
            yield event.trace_id, event.message_id, recipient
    elif step is Step.DECIDED:
        yield event.trace_id, event.message_id, "decision"
    elif step is Step.DELIVERED:
        yield event.trace_id, event.message_id, f"target:{event.place}"


_DECODER = json.JSONDecoder()
_TARGETS, _UID = '"targets": ', '"uid": '


def _targets(detail: str) -> Iterator[str]:
    """Where a decision leads."""
    return iter(_read(detail, _TARGETS))


def _uid(event: Event) -> str:
    return str(_read(event.detail, _UID)) if _UID in event.detail else ""


def _read(detail: str, key: str) -> Any:
    """The value behind a key, without reading all the rest; a quote inside a JSON string has a backslash before it."""
    return _DECODER.raw_decode(detail, detail.index(key) + len(key))[0]


def _named(what: str, copy: Copy) -> str:
    trace_id, message_id, part = copy
    return f"{what}: {message_id} for {part} ({trace_id})"
