"""Collecting a whole server mailbox: in as many sessions as it takes (R4.1).

Some servers show a few hundred messages a session (Gmail about 250), and say so nowhere: the only way to know that
nothing is left is to look again. A message that breaks the session each time it is asked for must not hold up
those behind it. So:

- What was not collected before comes first: a session that breaks has still brought something new.
- A session that brought something new, or removed what was collected earlier, is followed by another; the first that
  did neither ends it.
- A session that broke in the middle of a message is followed by one that asks for that message last, and when
  it breaks again, by one that leaves it out.
- A server that shows again what it said it removed is asked once more; what it shows then, it keeps.
- The number of sessions is bounded, that of broken ones more so.
"""

from collections.abc import Awaitable, Callable, Container, Sequence
from dataclasses import dataclass
from typing import Protocol

from mailsim.errors import MailsimError
from mailsim.pop3.collection import CollectError, Collection, Failure, Listed, Step

MOST_SESSIONS = 1000
MOST_BROKEN = 20
MOST_BARREN = 20  # sessions in a row that bring nothing new, but delete what was collected earlier

Known = Callable[[Sequence[str]], Container[str]]
"""Which of these uids a message was kept under before."""

_LATER = frozenset({"LOGIN-DELAY", "IN-USE"})  # RFC 2449 §8.1: the next look must wait, and can


class Session(Protocol):
    """One session, as `collector.collect` with all but the order given."""

    def __call__(self, *, order: Callable[[Sequence[Listed]], Sequence[Listed]]) -> Awaitable[Collection]:
        """Collect; raises CollectError."""


@dataclass(frozen=True, slots=True)
class Collected:
    """What all sessions came to.

    Attributes:
        new: How many messages were kept that were neither kept before nor copies of those that were.
        deleted: How many the server removed; None when the answer to a QUIT was lost, and no later session told by
            its uids what had become of them.
        left: How many are still there, as far as is known; None when no session came to its listing, or the answer to
            the last QUIT was lost.
        sessions: How many sessions it took; a last look that brought nothing does not count.
        failures: The messages that stay, each with the reason.
        broken: Why not all was collected, None when the last session ended well.
    """

    new: int = 0
    deleted: int | None = 0
    left: int | None = 0
    sessions: int = 0
    failures: tuple[Failure, ...] = ()
    broken: MailsimError | None = None


async def collect_all(session: Session, *, known: Known) -> Collected:
    """Run sessions until nothing new comes; `known` says of a listing's uids under which of them a message was kept before.

    Returns what they came to, the error that ended the last one included: a `CollectError`, or a `MailsimError` of who
    keeps the mail, after which there is no other session. What else a session raises goes on.
    """
    course = _Course(known)
    while course.goes_on:
        try:
            course.ended(await session(order=course.order))
        except CollectError as error:
            course.broke(error)
        except MailsimError as error:
            course.gave_up(error)
    return course.collected()


class _Course:
    def __init__(self, known: Known) -> None:
        self.goes_on = True
        self._known = known
        self._breaks: dict[str, list[Failure]] = {}
        self._sessions = self._broken = self._barren = self._took = self._new = self._deleted = 0
        self._left: int | None = None
        self._wanted: Sequence[Listed] = ()
        self._listed = 0
        self._removed_some = False
        self._removed: set[str] = set()  # what the server said that it removed
        self._unsure: Sequence[str] = ()  # what a QUIT was to remove whose answer was lost
        self._never_known = False  # whether that was removed
        self._again = 0  # how many of these the session shows again
        self._has_uids = False
        self._doubted = False  # whether the last session did
        self._failures: tuple[Failure, ...] = ()
        self._error: MailsimError | None = None

    def order(self, listed: Sequence[Listed]) -> Sequence[Listed]:
        """What was kept before comes last but for what broke a session; what broke two is left out."""
        names = [_name(one) for one in listed]
        breaks = {one: len(self._breaks.get(name, ())) for one, name in zip(listed, names, strict=True)}
        self._listed = len(listed)
        self._has_uids = any(one.uid is not None for one in listed)
        self._again = sum(map(self._removed.__contains__, names))
        if self._has_uids or not listed:
            self._deleted += len(self._unsure) - sum(map(self._unsure.__contains__, names))
        elif self._unsure:  # the numbers may be those of other messages
            self._never_known = True
        self._unsure = ()
        known = self._known([one.uid for one in listed if one.uid is not None])
        self._wanted = sorted(
            (one for one in listed if breaks[one] < 2),
            key=lambda one: (breaks[one], one.uid is not None and one.uid in known),
        )
        return self._wanted

    def ended(self, done: Collection) -> None:
        self._count(done)
        self._error = None
        again = self._again if self._has_uids else self._removed_some * (done.kept - done.new)
        fresh = done.deleted - again
        self._deleted -= again  # they were counted before
        self._left = done.listed - done.deleted
        if again and self._doubted:
            self._deleted -= again
            self._left += again
        self._barren = 0 if done.new else self._barren + 1
        another_look = fresh > 0 or (again > 0 and not self._doubted)
        self.goes_on = (done.new > 0 or (another_look and self._barren < MOST_BARREN)) and (
            self._sessions < MOST_SESSIONS
        )
        self._doubted = again > 0
        if done.deleted:
            self._removed_some = True
            if not self._has_uids:
                self._breaks.clear()  # the numbers are others now
            self._removed.update(self._marked(done))

    def _marked(self, done: Collection) -> Sequence[str]:
        """What the session's QUIT removes."""
        stay = {failure.number for failure in done.failures}
        return [_name(one) for one in self._wanted if one.number not in stay]

    def broke(self, error: CollectError) -> None:
        so_far, suspect = error.so_far, error.under_way
        self._count(so_far)
        if self._took < self._sessions and error.code in _LATER:
            self.goes_on = False  # it was to see whether there is more; the next collection will
            return
        self._error = error
        self._left = so_far.listed or self._left
        if error.step is Step.QUIT and so_far.kept:
            self._left, self._unsure = None, self._marked(so_far)
        self._broken += 1
        if error.step is Step.RETRIEVE and suspect is not None:
            failure = Failure(suspect.number, suspect.uid, Step.RETRIEVE, str(error))
            self._breaks.setdefault(_name(suspect), []).append(failure)
        else:
            suspect = None
        self.goes_on = (so_far.new > 0 or suspect is not None) and self._broken < MOST_BROKEN

    def gave_up(self, error: MailsimError) -> None:
        """End it: of the last session nothing is deleted."""
        self._sessions += 1
        self._took = self._sessions
        self._error = error
        self._left = self._listed
        self.goes_on = False

    def _count(self, done: Collection) -> None:
        self._sessions += 1
        self._new += done.new
        self._deleted += done.deleted
        self._failures = done.failures
        if done.new or done.deleted or self._sessions == 1:
            self._took = self._sessions

    def collected(self) -> Collected:
        left_out = (failures[-1] for failures in self._breaks.values() if len(failures) > 1)
        deleted = None if self._unsure or self._never_known else self._deleted
        return Collected(
            self._new, deleted, self._left, self._took, (*self._failures, *left_out), self._error
        )


def _name(one: Listed) -> str:
    """What a message is known by in another session; a number alone says so until one ends well."""
    return f"number {one.number}" if one.uid is None else f"uid {one.uid}"
