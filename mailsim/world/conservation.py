"""Mail is conserved: at the end every message is in exactly one place (R6.2). Laws on the events of a settled world.

- Each recipient of what was composed, replied or forwarded, or brought by another program, has exactly one end: refused, bounced, discarded,
  stored in a server mailbox, or delivered inside; and one more for each time that a sender could not know whether a
  server had taken it, and offered it again.
- Each copy stored in the system mailbox was collected, or waits there still, or a fault of the scenario took it away.
  Or both, or more than once: a server may lose a deletion, and show the copy under another uid. Without uids equal copies
  are one message; so are copies of the same octets that a server shows under one uid.
- Each collected message was decided once, and reached each of its targets once; what could not be read was
  forwarded once.
- What the events say was delivered is what the practice's store holds, and no target holds a message twice.
- Nobody answers for ever (R4.9).
- Nothing is still queued that is older than the schedule on which its sender tries again (R3.8); once nothing is due any
  more, nothing is queued at all.

The events are taken in turn and what is closed is forgotten, so that memory does not grow with a run.
"""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mailsim.trace.batch import Batch
from mailsim.trace.event import PRACTICE, STEP, Event, Row, Step, Trace
from mailsim.world.broken_laws import hold
from mailsim.world.recent import MOST, Recent

_event = tuple.__new__  # not `Event.of`: the step is not looked at but for being equal, and the row is whole
_NOT_TAKEN = (Step.DEFERRED, Step.BOUNCED)
_NAMELESS = "a message without Message-ID"
_LONG_AGO = datetime.min.replace(tzinfo=UTC)

Copy = tuple[str, str, str]
"""Trace id, Message-ID, and the recipient, target, or step that is to come."""


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

    def __init__(
        self,
        others: Collection[str] = (),
        *,
        most: int = MOST,
        lost: Callable[[Row], object] = lambda _: None,
    ) -> None:
        """`others` are the domains of the practices beside the first, by which their places are told from its own.

        `most` is how many of each kind of copies are remembered that have ended, and may end again; `lost` is told of
        each message that a fault took away uncollected.
        """
        self._others = others
        self._lost = lost
        self._open: dict[Copy, int] = {}
        self._lying: dict[str, tuple[Copy, ...]] = {}
        """Whose server mailbox, and the uid there -> what is to become of the copies: of each mailbox that has that uid one.

        Tuples, which the garbage collector does not look at again and again as it does at lists.
        """
        self._named: set[str] = set()
        """Which of them were collected under their own uid."""
        self._alike: Recent[tuple[Copy, str], None] = Recent(most)
        """Of what was collected so while others like it lay there, the copy and the digest of its octets."""
        self._unnamed: Recent[tuple[str, str, int], None] = Recent(most)
        """Trace id, Message-ID and size of what was collected without a true uid; events tell no more of its octets."""
        self._delivered: Counter[str] = Counter()
        self._marks: Counter[str] = Counter()
        """Of all that each target was told to get, the sum of marks: so it is held against the store in whatever order."""
        self._uncertain: Counter[Copy] = Counter()
        """How often nobody could know whether a server had taken a copy that is on its way still: it may end so often again."""
        self._ended_uncertain: Recent[Copy, int] = Recent(most)
        """The same of copies that have ended: of a message that was not taken the end is the only one."""
        self._queued: dict[Copy, datetime] = {}
        """What a server has put off, and since when."""
        self.steps: Counter[str] = Counter()
        """How many events of each step there were."""
        accounts: Mapping[Step, Callable[[Event], object]] = {
            Step.COMPOSED: self._begun,
            Step.REPLIED: self._begun,
            Step.FORWARDED: self._forwarded,
            Step.REWRITTEN: self._renamed,
            Step.REFUSED: self._ended,
            Step.BOUNCED: self._bounced,
            Step.DEFERRED: self._not_taken,
            Step.DISCARDED: self._ended,
            Step.STORED: self._stored,
            Step.COLLECTED: self._collected,
            Step.DECIDED: self._decided,
            Step.DELIVERED: self._reached,
            Step.REMOVED: self._removed,
        }
        # By plain words, which are found sooner than members of an enumeration.
        self._accounts = {str(step): account for step, account in accounts.items()}
        """What is to be noted of each step; others happen to messages on their way."""

    @property
    def unfinished(self) -> int:
        """How many copies have not come to their end."""
        return len(self._open)

    def note(self, events: Batch) -> None:
        """Take events."""
        self.steps.update(events.column(STEP))
        for row in events:
            account = self._accounts.get(row[STEP])
            if account is not None:
                account(_event(Event, row))

    def _begun(self, event: Event) -> None:
        for recipient in event.recipient.split(", "):
            self._add((event.trace_id, event.message_id, recipient), 1)

    def _forwarded(self, event: Event) -> None:
        self._begun(event)
        if event.rule == "R4.8":  # mailing lists forward too
            self._add((event.trace_id, "", f"{_prefix(event)}forward"), -1)

    def _renamed(self, event: Event) -> None:
        """What was promised under one Message-ID is promised under another; where it kept its own, no recipient is named."""
        if event.recipient:
            before = json.loads(event.detail)["message_id"] or ""
            for recipient in event.recipient.split(", "):
                self._add((event.trace_id, before, recipient), -1)
                self._add((event.trace_id, event.message_id, recipient), 1)

    def _ended(self, event: Event) -> None:
        if event.recipient:
            for recipient in event.recipient.split(", "):
                self._add((event.trace_id, event.message_id, recipient), -1)

    def _bounced(self, event: Event) -> None:
        self._not_taken(event)
        self._ended(event)

    def _not_taken(self, event: Event) -> None:
        """What was put off is queued since the first time; who cannot know of a server's answer may send twice."""
        copy = event.trace_id, event.message_id, event.recipient
        if is_uncertain(event):
            self._uncertain[copy] += 1
        if event.step == Step.DEFERRED:
            self._queued.setdefault(copy, event.time)

    def _stored(self, event: Event) -> None:
        self._ended(event)
        if uid := _uid(event):
            owner = self._owner(event) if self._others else ""
            copy = event.trace_id, event.message_id, owner + "collection"
            key = owner + uid
            self._lying[key] = (*self._lying.get(key, ()), copy)
            self._add(copy, 1)

    def _owner(self, event: Event) -> str:
        """What stands before the places of the practice on whose domain a server mailbox is."""
        domain = event.place.rpartition("@")[2]
        return f"{domain}/" if domain in self._others else ""

    def _removed(self, event: Event) -> None:
        """What is removed uncollected was collected as the same message, without a uid or under one uid; or a fault took it."""
        uid = _uid(event)
        key = (self._owner(event) if self._others else "") + uid
        copies = self._lying.pop(key, None)
        if copies is None:
            return
        *others, copy = copies
        if others:
            self._lying[key] = tuple(others)
        if copy in self._open and key not in self._named:
            same = event.trace_id, event.message_id, event.size
            if same in self._unnamed or (copy, _digest(uid)) in self._alike:
                self._add(copy, -1)
            elif event.rule == "R6.2":
                self._add(copy, -1)
                if event.reason:  # a copy of a letter has none
                    self._lost(event)
        self._named.discard(key)

    def _collected(self, event: Event) -> None:
        """Close one copy; where the server showed no true uid, all copies of the message, for which it was is not known."""
        prefix, uid = _prefix(event), _uid(event)
        self._add((event.trace_id, event.message_id, prefix + "decision"), 1)
        copy = event.trace_id, event.message_id, prefix + "collection"
        left = self._open.get(copy, 0)
        if copy in self._lying.get(prefix + uid, ()):
            self._named.add(prefix + uid)
            if left > 1:
                self._alike.put((copy, _digest(uid)), None)
            if left:
                self._add(copy, -1)
        else:
            self._unnamed.put((event.trace_id, event.message_id, event.size), None)
            if left:
                self._add(copy, -left)

    def _decided(self, event: Event) -> None:
        prefix = _prefix(event)
        for target in _read(event.detail, _TARGETS):
            self._add((event.trace_id, event.message_id, f"target:{prefix}{target}"), 1)
            if target.startswith("fallback:"):
                self._add((event.trace_id, "", f"{prefix}forward"), 1)
        self._add((event.trace_id, event.message_id, prefix + "decision"), -1)

    def _reached(self, event: Event) -> None:
        self._delivered[event.place] += 1
        self._marks[event.place] += hash((event.message_id, event.size))
        if event.rule == "R3.5":  # inside: of what was composed
            self._ended(event)
        else:
            self._add((event.trace_id, event.message_id, f"target:{event.place}"), -1)

    def _add(self, copy: Copy, number: int) -> None:
        open_copies = self._open
        number += open_copies.get(copy, 0)
        if number < 0 and self._may_end_again(copy):
            number += 1
        if number:
            open_copies[copy] = number
        else:
            open_copies.pop(copy, None)
            if self._queued:
                self._queued.pop(copy, None)
            if self._uncertain and (times := self._uncertain.pop(copy, 0)):
                self._ended_uncertain.put(copy, times + (self._ended_uncertain.get(copy) or 0))

    def _may_end_again(self, copy: Copy) -> bool:
        """Whether a copy may have one end more; once for each time that it was uncertain."""
        times = self._uncertain.pop(copy, 0) + (self._ended_uncertain.get(copy) or 0)
        if not times:
            return False
        self._ended_uncertain.put(copy, times - 1)
        return True

    def balance(
        self, waiting: Iterable[str], *, moving: bool = False, oldest: datetime = _LONG_AGO
    ) -> Balance:
        """What is lost, doubled and overdue; `waiting` are the uids still in server mailboxes, of other practices than the first behind `domain/`.

        As long as things are `moving`, what was put off is not lost; since before `oldest`, it is overdue.
        """
        still = Counter(self._lying[uid][0] for uid in waiting if uid in self._lying)
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
        waiting: Iterable[str],
        held: Iterable[tuple[str, str, int]],
        *,
        twice: Iterable[tuple[str, str]] = (),
        endless: Collection[str] = (),
        moving: bool = False,
        oldest: datetime = _LONG_AGO,
        story: Callable[[str], Trace],
        before: Callable[[str], str] = lambda _: "",
    ) -> None:
        """Raises ConservationError when mail was lost, doubled or forgotten; it says which, and tells their stories.

        `held` are the copies in the store, each its target, Message-ID and size, `twice` which targets hold which
        Message-ID more than once, `endless` the conversations in which programs answered each other until they were
        stopped; `moving` and `oldest` are as for `balance`; `story` gives the events of a conversation, or of those
        with a Message-ID, and `before` says what may have come before them and where that is, of which they may be none.
        """
        found = self.balance(waiting, moving=moving, oldest=oldest)
        counted, marks = Counter[str](), Counter[str]()
        for target, message_id, size in held:
            counted[target] += 1
            marks[target] += hash((message_id, size))
        targets = sorted(self._delivered.keys() | counted.keys())
        held_twice = list(twice)
        round_and_round = sorted(endless)
        kinds = (
            *(
                [_named(what, copy) for copy in getattr(found, what)]
                for what in ("lost", "doubled", "overdue")
            ),
            [
                f"{target}: {self._delivered[target]} copies were delivered, the store holds {counted[target]}"
                for target in targets
                if self._delivered[target] != counted[target]
            ],
            [
                f"{target}: the store holds as many copies as were delivered, but of other messages"
                for target in targets
                if self._delivered[target] == counted[target] and self._marks[target] != marks[target]
            ],
            [f"{target} holds {one or _NAMELESS} more than once" for target, one in held_twice],
            [f"{trace_id}: answers go round for ever; they were stopped" for trace_id in round_and_round],
        )
        unsettled = (copy[0] for copy in (*found.lost, *found.doubled, *found.overdue))
        messages = (message_id for _, message_id in held_twice if message_id)
        concerned = (*unsettled, *round_and_round, *messages)
        hold(kinds, concerned, endless=endless, story=story, before=before)


def balance(trace: Trace, waiting: Iterable[str], others: Collection[str] = ()) -> Balance:
    """Hold what was put in against what came of it; the arguments are those of `Books`, and of its `balance`."""
    books = Books(others)
    books.note(Batch.of(trace.rows))
    return books.balance(waiting)


def is_uncertain(event: Event) -> bool:
    """Whether a server may have taken what the event says was put off or given up."""
    return event.step in _NOT_TAKEN and '"uncertain"' in event.detail


_DECODER = json.JSONDecoder()
_TARGETS, _UID = '"targets": ', '"uid": '


def _uid(event: Event) -> str:
    detail = event.detail
    start = detail.find(_UID) + len(_UID)
    if start < len(_UID):
        return ""
    uid = detail[start + 1 : detail.find('"', start + 1)]
    return str(_read(detail, _UID)) if "\\" in uid or detail[start] != '"' else uid  # it may be null


def _digest(uid: str) -> str:
    """That of the octets, which the uids of a world's servers hold behind a number."""
    return uid.rpartition(".")[2]


def _prefix(event: Event) -> str:
    """What stands before the places of the practice that did it."""
    return event.place.removesuffix(PRACTICE)


def _read(detail: str, key: str) -> Any:
    """The value behind a key, without reading all the rest; a quote inside a JSON string has a backslash before it."""
    return _DECODER.raw_decode(detail, detail.index(key) + len(key))[0]


def _named(what: str, copy: Copy) -> str:
    trace_id, message_id, part = copy
    return f"{what}: {message_id or _NAMELESS} for {part} ({trace_id})"
