"""Whole server mailboxes, in as many sessions as it takes (R4.1), as data: what each session lists and how it ends."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import pytest

from mailsim.pop3.collection import CollectError, Collection, Failure, Listed, Step
from mailsim.pop3.sessions import MOST_BROKEN, MOST_SESSIONS, Collected, collect_all

pytestmark = pytest.mark.anyio

Order = Callable[[Sequence[Listed]], Sequence[Listed]]


@dataclass
class Server:
    """A mailbox whose sessions show at most `shown` messages and break when one of `poison` is retrieved."""

    uids: list[str]
    shown: int = 1000
    poison: Sequence[str] = ()
    deletes: bool = True
    has_uids: bool = True
    known: set[str] = field(default_factory=set)
    asked: list[list[str]] = field(default_factory=list)

    async def session(self, *, order: Order) -> Collection:
        """Collect one by one."""
        uids = self.uids[: self.shown]
        listed = [Listed(number, uid if self.has_uids else None, 10) for number, uid in enumerate(uids, 1)]
        wanted = [uids[one.number - 1] for one in order(listed)]
        self.asked.append(wanted)
        new = 0
        for place, uid in enumerate(wanted):
            if uid in self.poison:
                error = CollectError("lost", Step.RETRIEVE)
                error.so_far = Collection(len(uids), place, new, 0, ())
                error.under_way = listed[uids.index(uid)]
                raise error
            new += uid not in self.known
            self.known.add(uid)
        if self.deletes:
            self.uids = [uid for uid in self.uids if uid not in wanted]
        return Collection(len(uids), len(wanted), new, len(wanted) * self.deletes, ())

    async def collect(self) -> Collected:
        """Collect all."""
        return await collect_all(self.session, knows=self.known.__contains__)


@pytest.mark.parametrize(
    ("count", "shown", "sessions"), [(0, 10, 1), (1, 10, 1), (10, 10, 1), (11, 10, 2), (35, 10, 4), (3, 1, 3)]
)
async def test_all_is_collected_however_few_a_session_shows(count: int, shown: int, sessions: int) -> None:
    """A last look that brings nothing is taken, and not counted."""
    server = Server([f"u{number}" for number in range(count)], shown)

    done = await server.collect()

    assert done == Collected(new=count, deleted=count, left=0, sessions=sessions)
    assert len(server.asked) == sessions + (count > 0)


async def test_a_server_that_deletes_nothing_ends_it_when_nothing_new_comes() -> None:
    """What is left is told."""
    server = Server(["a", "b"], deletes=False)

    assert await server.collect() == Collected(new=2, deleted=0, left=2, sessions=1)
    assert server.asked == [["a", "b"], ["a", "b"]]


async def test_what_is_known_comes_last() -> None:
    """So that a session that breaks has brought something new."""
    server = Server(["a", "b", "c", "d"], known={"a", "c"})
    await server.collect()

    assert server.asked[0] == ["b", "d", "a", "c"]


async def test_what_breaks_a_session_is_asked_for_last_and_then_left_out() -> None:
    """All mail behind it is collected; it stays, and is told."""
    server = Server(["a", "b", "c", "d"], poison=["b"])

    done = await server.collect()

    assert server.asked == [["a", "b", "c", "d"], ["c", "d", "a", "b"], ["a", "c", "d"]]
    assert done == Collected(3, 3, 1, 3, (Failure(2, "b", Step.RETRIEVE, "lost"),))


async def test_without_uids_it_is_known_by_its_number() -> None:
    """Good for as long as nothing is deleted."""
    server = Server(["a", "b", "c"], poison=["b"], has_uids=False)

    done = await server.collect()

    assert server.asked == [["a", "b", "c"], ["a", "c", "b"], ["a", "c"]]
    assert (done.new, done.deleted, done.left, done.broken) == (2, 2, 1, None)


async def test_a_line_that_is_lost_once_costs_nothing() -> None:
    """The next session brings the message."""
    server = Server(["a", "b", "c"], poison=["b"])
    sessions = iter([["b"], []])

    async def session(*, order: Order) -> Collection:
        server.poison = next(sessions, [])
        return await server.session(order=order)

    done = await collect_all(session, knows=server.known.__contains__)

    assert (done.new, done.left, done.failures, done.broken) == (3, 0, (), None)


async def test_many_that_break_sessions_are_bounded() -> None:
    """The error is told at the end."""
    server = Server([f"u{number}" for number in range(50)], poison=[f"u{number}" for number in range(50)])

    done = await server.collect()

    assert len(server.asked) == MOST_BROKEN
    assert str(done.broken) == "lost"
    assert done.left == 50


async def test_an_endless_server_is_bounded() -> None:
    """However much it brings."""

    def endless() -> Iterator[Collection]:
        while True:
            yield Collection(1, 1, 1, 1, ())

    collections = endless()

    async def session(*, order: Order) -> Collection:
        return next(collections)

    assert (await collect_all(session, knows=lambda _: False)).sessions == MOST_SESSIONS


def broken(step: Step, code: str | None = None, *, new: int = 0, listed: int = 0) -> CollectError:
    error = CollectError("no", step, code)
    error.so_far = Collection(listed, new, new, 0, ())
    return error


GOOD = Collection(5, 5, 5, 5, ())
NOTHING = Collection(0, 0, 0, 0, ())
AGAIN = Collection(5, 5, 0, 5, ())


@pytest.mark.parametrize(
    ("ends", "new", "left", "is_broken"),
    [
        ([broken(Step.LOGIN, "AUTH")], 0, 0, True),
        ([broken(Step.LOGIN, "LOGIN-DELAY")], 0, 0, True),
        ([GOOD, broken(Step.LOGIN, "LOGIN-DELAY")], 5, 0, False),
        ([GOOD, broken(Step.LOGIN, "IN-USE")], 5, 0, False),
        ([GOOD, broken(Step.LOGIN, "AUTH")], 5, 0, True),
        ([broken(Step.QUIT, new=5, listed=5), NOTHING], 5, 0, False),
        ([broken(Step.QUIT, new=5, listed=5), AGAIN], 5, 0, False),
        ([broken(Step.DELETE, new=5, listed=5), broken(Step.DELETE, listed=5)], 5, 5, True),
        ([broken(Step.RETRIEVE, new=1, listed=5), broken(Step.CONNECT)], 1, 5, True),
    ],
)
async def test_how_it_ends(
    ends: Sequence[Collection | CollectError], new: int, left: int, *, is_broken: bool
) -> None:
    """An error is told only when the last session ended so, and not when it was the look for more, too soon."""
    waiting = iter(ends)

    async def session(*, order: Order) -> Collection:
        end = next(waiting)
        if isinstance(end, CollectError):
            raise end
        return end

    done = await collect_all(session, knows=lambda _: False)

    assert (done.new, done.left, done.broken is not None) == (new, left, is_broken)
    assert next(waiting, None) is None
