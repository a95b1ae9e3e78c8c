"""Whole server mailboxes, in as many sessions as it takes (R4.1), as data: what each session lists and how it ends."""

from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count

import pytest

from mailsim.errors import MailsimError
from mailsim.pop3.collection import CollectError, Collection, Failure, Listed, Step
from mailsim.pop3.sessions import MOST_BARREN, MOST_BROKEN, MOST_SESSIONS, Collected, collect_all

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
    lies: int = 0  # how many sessions say that they deleted, and do not
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
        self.lies -= 1
        if self.deletes and self.lies < 0:
            self.uids = [uid for uid in self.uids if uid not in wanted]
        return Collection(len(uids), len(wanted), new, len(wanted) * self.deletes, ())

    async def collect(self) -> Collected:
        """Collect all."""
        return await collect_all(self.session, known=self.known.intersection)


@pytest.mark.parametrize(
    ("mails", "shown", "sessions"), [(0, 10, 1), (1, 10, 1), (10, 10, 1), (11, 10, 2), (35, 10, 4), (3, 1, 3)]
)
async def test_all_is_collected_however_few_a_session_shows(mails: int, shown: int, sessions: int) -> None:
    """A last look that brings nothing is taken, and not counted."""
    server = Server([f"u{number}" for number in range(mails)], shown)

    done = await server.collect()

    assert done == Collected(new=mails, deleted=mails, left=0, sessions=sessions)
    assert len(server.asked) == sessions + (mails > 0)


async def test_a_server_that_deletes_nothing_ends_it_when_nothing_new_comes() -> None:
    """What is left is told."""
    server = Server(["a", "b"], deletes=False)

    assert await server.collect() == Collected(new=2, deleted=0, left=2, sessions=1)
    assert server.asked == [["a", "b"], ["a", "b"]]


@pytest.mark.parametrize("has_uids", [True, False])
@pytest.mark.parametrize(
    ("lies", "deleted", "left", "looks"), [(1, 2, 0, 3), (9, 0, 2, 3)], ids=["once", "always"]
)
async def test_a_server_that_shows_again_what_it_removed_is_asked_once_more(
    lies: int, deleted: int, left: int, looks: int, *, has_uids: bool
) -> None:
    """Then it is believed to keep it."""
    server = Server(["a", "b"], lies=lies, has_uids=has_uids)

    done = await server.collect()

    assert (done.new, done.deleted, done.left) == (2, deleted, left)
    assert len(server.asked) == looks


async def test_what_an_earlier_collection_kept_but_did_not_delete_hides_nothing() -> None:
    """A server that shows few shows those first, session after session."""
    uids = [f"u{number}" for number in range(35)]
    server = Server(uids, shown=10, known=set(uids[:20]))

    done = await server.collect()

    assert (done.new, done.deleted, done.left) == (15, 35, 0)


async def test_sessions_that_bring_nothing_new_are_bounded() -> None:
    """Whatever the server says it deletes."""
    numbers = count()

    async def session(*, order: Order) -> Collection:
        order([Listed(1, f"u{next(numbers)}", 10)])
        return Collection(1, 1, 0, 1, ())

    assert (await collect_all(session, known=lambda uids: uids)).sessions == MOST_BARREN


async def test_what_is_known_comes_last() -> None:
    """So that a session that breaks has brought something new."""
    server = Server(["a", "b", "c", "d"], known={"a", "c"})
    await server.collect()

    assert server.asked[0] == ["b", "d", "a", "c"]


async def test_what_breaks_a_session_is_asked_for_last_and_then_left_out() -> None:
    """All mail behind it is collected; it stays, and is told."""
    server = Server(["a", "b", "c", "d"], poison=["b"])

    done = await server.collect()

    assert server.asked == [["a", "b", "c", "d"], ["c", "d", "a", "b"], ["a", "c", "d"], []]
    assert done == Collected(3, 3, 1, 3, (Failure(2, "b", Step.RETRIEVE, "lost"),))


async def test_without_uids_it_is_known_by_its_number() -> None:
    """Good for as long as nothing is deleted."""
    server = Server(["a", "b", "c"], poison=["b"], has_uids=False)

    done = await server.collect()

    assert server.asked == [["a", "b", "c"], ["a", "c", "b"], ["a", "c"], ["b"], ["b"], []]
    assert (done.new, done.deleted, done.left, done.broken) == (2, 2, 1, None)
    assert [failure.number for failure in done.failures] == [1]


async def test_a_line_that_is_lost_once_costs_nothing() -> None:
    """The next session brings the message."""
    server = Server(["a", "b", "c"], poison=["b"])
    sessions = iter([["b"], []])

    async def session(*, order: Order) -> Collection:
        server.poison = next(sessions, [])
        return await server.session(order=order)

    done = await collect_all(session, known=server.known.intersection)

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

    assert (await collect_all(session, known=lambda _: ())).sessions == MOST_SESSIONS


def broken(step: Step, code: str | None = None, *, new: int = 0, listed: int = 0) -> CollectError:
    error = CollectError("no", step, code)
    error.so_far = Collection(listed, new, new, 0, ())
    return error


GOOD = Collection(5, 5, 5, 5, ())
NOTHING = Collection(0, 0, 0, 0, ())
AGAIN = Collection(5, 5, 0, 5, ())  # all of it was kept before


@pytest.mark.parametrize(
    ("ends", "new", "left", "is_broken"),
    [
        ([GOOD, NOTHING], 5, 0, False),
        ([broken(Step.LOGIN, "AUTH")], 0, None, True),
        ([broken(Step.LOGIN, "LOGIN-DELAY")], 0, None, True),
        ([broken(Step.QUIT, listed=5)], 0, 5, True),
        ([broken(Step.QUIT, new=5, listed=5), broken(Step.CONNECT)], 5, None, True),
        ([GOOD, broken(Step.LOGIN, "LOGIN-DELAY")], 5, 0, False),
        ([GOOD, broken(Step.LOGIN, "IN-USE")], 5, 0, False),
        ([GOOD, broken(Step.LOGIN, "AUTH")], 5, 0, True),
        ([broken(Step.QUIT, new=5, listed=5), NOTHING], 5, 0, False),
        ([broken(Step.QUIT, new=5, listed=5), AGAIN, NOTHING], 5, 0, False),
        ([broken(Step.DELETE, new=5, listed=5), broken(Step.DELETE, listed=5)], 5, 5, True),
        ([broken(Step.RETRIEVE, new=1, listed=5), broken(Step.CONNECT)], 1, 5, True),
    ],
)
async def test_how_it_ends(
    ends: Sequence[Collection | CollectError], new: int, left: int | None, *, is_broken: bool
) -> None:
    """An error is told only when the last session ended so, and not when it was the look for more, too soon."""
    waiting = iter(ends)

    async def session(*, order: Order) -> Collection:
        end = next(waiting)
        if isinstance(end, CollectError):
            raise end
        return end

    done = await collect_all(session, known=lambda _: ())

    assert (done.new, done.left, done.broken is not None) == (new, left, is_broken)
    assert done.deleted in (0, 5)
    assert next(waiting, None) is None


@pytest.mark.parametrize(
    ("has_uids", "removes"), [(True, True), (True, False), (False, True), (False, False)]
)
async def test_after_a_lost_answer_to_quit_the_next_listing_tells_what_was_deleted(
    *, has_uids: bool, removes: bool
) -> None:
    """By uids; numbers alone may be those of other messages."""
    server = Server(["a", "b", "c"], has_uids=has_uids)
    sessions = count(1)

    async def session(*, order: Order) -> Collection:
        if next(sessions) > 1:
            return await server.session(order=order)
        server.deletes = removes
        done = await server.session(order=order)
        server.deletes = True
        server.uids += ["new"]
        error = CollectError("lost", Step.QUIT)
        error.so_far = Collection(done.listed, done.kept, done.new, 0, ())
        raise error

    done = await collect_all(session, known=server.known.intersection)

    assert (done.deleted, done.left, done.broken) == (4 if has_uids else None, 0, None)


async def test_after_a_lost_answer_to_quit_an_empty_listing_tells_that_all_was_deleted() -> None:
    """Without uids too."""
    listings = iter([[Listed(1, None, 10), Listed(2, None, 10)], []])

    async def session(*, order: Order) -> Collection:
        listed = order(next(listings))
        if not listed:
            return NOTHING
        raise broken(Step.QUIT, new=2, listed=2)

    done = await collect_all(session, known=lambda _: ())

    assert (done.deleted, done.left, done.broken) == (2, 0, None)


async def test_who_cannot_keep_any_more_ends_it_and_what_was_done_is_told() -> None:
    """What the last session listed is left; an error that is none of ours goes on."""
    disk = MailsimError("full")
    fails: Exception = disk

    async def session(*, order: Order) -> Collection:
        if order([Listed(number, f"{number}", 10) for number in range(3)])[0].uid == "0":
            return GOOD
        raise fails

    seen: list[Sequence[str]] = []

    def known(uids: Sequence[str]) -> Container[str]:
        seen.append(uids)
        return {"0"} if len(seen) > 1 else ()  # from the second session on

    done = await collect_all(session, known=known)
    assert (done.deleted, done.left, done.sessions, done.broken) == (5, 3, 2, disk)

    fails = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        await collect_all(session, known=known)
