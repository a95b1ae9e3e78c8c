import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mailsim.trace.batch import Batch
from mailsim.trace.event import Event, Step, Trace
from mailsim.world.broken_laws import ConservationError
from mailsim.world.conservation import Balance, Books, balance
from mailsim.world.lab import Lab
from mailsim.world.simulation import Simulation

Row = tuple[str, str, dict[str, object]]
NOW = datetime(2026, 11, 23, tzinfo=UTC)


def trace(*steps: Row) -> Trace:
    """Events of one message: step, place and the rest."""
    events = []
    for serial, (step, place, rest) in enumerate(steps):
        fields = {"serial": serial, "time": NOW, "trace_id": "t1", "message_id": "<1@a>", **rest}
        fields["detail"] = json.dumps(rest.get("detail", {}))
        events.append(Event(step=Step(step), place=place, **fields))  # type: ignore[arg-type] # rows of a table
    return Trace(events)


def check(
    trace: Trace,
    held: dict[str, int],
    *,
    twice: Sequence[tuple[str, str]] = (),
    size: int = 0,
    message_id: str = "<1@a>",
) -> None:
    """Hold the laws over a whole trace, and over so many copies of one message in each target."""
    books = Books()
    books.note(Batch.of(trace))
    copies = [(target, message_id, size) for target, number in held.items() for _ in range(number)]
    books.check((), copies, twice=twice, story=trace.story)


COMPOSED = ("composed", "practice", {"recipient": "a@x, b@x"})
STORED = ("stored", "matters@abc.com", {"recipient": "b@x", "detail": {"uid": "1"}})
UNSURE: Row = ("deferred", "smtp", {"recipient": "a@x", "detail": {"uncertain": True}})
OUTSIDE: Row = ("stored", "a@x", {"recipient": "a@x"})
AGAIN = ("stored", "matters@abc.com", {"recipient": "b@x", "detail": {"uid": "2"}})
NAMELESS = ("collected", "practice", {"detail": {"uid": None}})
GONE = ("removed", "matters@abc.com", {"detail": {"uid": "2"}})
COLLECTED = ("collected", "practice", {"detail": {"uid": "1"}})


def stored(uid: str) -> Row:
    """As STORED, under a uid with the digest of its octets."""
    return ("stored", "matters@abc.com", {"recipient": "b@x", "detail": {"uid": uid}})


def removed(uid: str) -> Row:
    """By its server."""
    return ("removed", "matters@abc.com", {"detail": {"uid": uid}})


TWINS = stored("1.aa"), stored("2.aa")
NAMED = ("collected", "practice", {"detail": {"uid": "1.aa"}})
GONE_ONE = removed("1")


@pytest.mark.parametrize(
    ("rows", "waiting", "lost", "doubled"),
    [
        ([COMPOSED], [], ["a@x", "b@x"], []),
        ([COMPOSED, ("refused", "smtp", {"recipient": "a@x"}), ("bounced", "smtp", {"recipient": "b@x"})], [], [], []),
        ([COMPOSED, ("discarded", "mx", {"recipient": "a@x, b@x"})], [], [], []),
        ([COMPOSED, ("stored", "a@x", {"recipient": "a@x"}), ("stored", "b@x", {"recipient": "b@x"})], [], [], []),
        ([COMPOSED, ("discarded", "mx", {"recipient": "a@x, b@x"}), ("refused", "s", {"recipient": "a@x"})], [], [], ["a@x"]),
        ([COMPOSED, ("delivered", "action:1", {"recipient": "a@x, b@x", "rule": "R3.5"})], [], [], []),
        ([COMPOSED, UNSURE, OUTSIDE, OUTSIDE, ("refused", "s", {"recipient": "b@x"})], [], [], []),
        ([COMPOSED, UNSURE, OUTSIDE, OUTSIDE, OUTSIDE, ("refused", "s", {"recipient": "b@x"})], [], [], ["a@x"]),
        ([COMPOSED, UNSURE, ("refused", "s", {"recipient": "b@x"})], [], ["a@x"], []),
        ([COMPOSED, ("deferred", "s", {"recipient": "a@x"}), OUTSIDE, OUTSIDE, ("refused", "s", {"recipient": "b@x"})],
         [], [], ["a@x"]),
        ([STORED], [], ["collection"], ["b@x"]),
        ([STORED], ["1"], [], ["b@x"]),
        ([stored('1"\\2')], ['1"\\2'], [], ["b@x"]),
        ([STORED, COLLECTED], [], ["decision"], ["b@x"]),
        ([STORED, AGAIN, COLLECTED], [], ["collection", "decision"], ["b@x", "b@x"]),
        ([STORED, AGAIN, NAMELESS], [], ["decision"], ["b@x", "b@x"]),
        ([STORED, NAMELESS, AGAIN, GONE], [], ["decision"], ["b@x", "b@x"]),
        ([STORED, NAMELESS, AGAIN, (*GONE[:2], {**GONE[2], "size": 7})], [], ["decision", "collection"], ["b@x", "b@x"]),
        ([STORED, COLLECTED, AGAIN, GONE], [], ["decision", "collection"], ["b@x", "b@x"]),
        ([*TWINS, NAMED, *map(removed, ("1.aa", "2.aa"))], [], ["decision"], ["b@x", "b@x"]),
        ([*TWINS, NAMED, *map(removed, ("1.aa", "2.aa")), stored("3.bb"), removed("3.bb")], [],
         ["decision", "collection"], ["b@x", "b@x", "b@x"]),
        ([*TWINS, stored("3.bb"), NAMED, *map(removed, ("1.aa", "2.aa", "3.bb"))], [],
         ["collection", "decision"], ["b@x", "b@x", "b@x"]),
        ([*TWINS, NAMED, removed("1.aa")], ["2.aa"], ["decision"], ["b@x", "b@x"]),
        ([STORED, STORED, GONE_ONE, COLLECTED], ["1"], ["decision"], ["b@x", "b@x"]),
        ([STORED, STORED, GONE_ONE], ["1"], ["collection"], ["b@x", "b@x"]),
        ([STORED, COLLECTED], ["1"], ["decision"], ["b@x"]),
        ([STORED, COLLECTED, COLLECTED], ["1"], ["decision", "decision"], ["b@x"]),
    ],
)  # fmt: skip
def test_every_copy_has_exactly_one_end(
    rows: list[Row], waiting: list[str], lost: list[str], doubled: list[str]
) -> None:
    """Refused, bounced, discarded, stored outside or delivered inside, each once (R6.2)."""
    found = balance(trace(*[(step, place, dict(rest)) for step, place, rest in rows]), waiting)

    assert [copy[2] for copy in found.lost] == lost
    assert [copy[2] for copy in found.doubled] == doubled


def of_many(*steps: tuple[str, str, Mapping[str, object]], number: int = 10) -> Batch:
    """These steps of as many messages, one message after the other."""
    return Batch.of(
        [
            row._replace(message_id=f"<{one}@a>")
            for one in range(number)
            for row in trace(*[(step, place, dict(rest)) for step, place, rest in steps])
        ]
    )


LETTER: Row = ("composed", "practice", {"recipient": "a@x"})
LAST_UNSURE: Row = ("bounced", "smtp", {"recipient": "a@x", "detail": {"uncertain": True}})


@pytest.mark.parametrize(
    ("so_far", "then"),
    [
        ((LETTER, UNSURE), (OUTSIDE, OUTSIDE)),
        ((LETTER, OUTSIDE, UNSURE), (OUTSIDE,)),
        ((LETTER, UNSURE), (LAST_UNSURE, OUTSIDE)),
    ],
)
def test_what_is_queued_may_end_again_however_many_others_do(
    so_far: tuple[Row, ...], then: tuple[Row, ...]
) -> None:
    """A server may have taken it, before or after its sender knew that it could not know."""
    books = Books(most=2)
    books.note(of_many(*so_far))
    books.note(of_many(*then))

    assert books.balance(()) == Balance((), ())
    assert books.unfinished == 0


def test_what_ended_long_ago_may_not_end_again() -> None:
    """Of a message that its server had not taken the one end is all: if each were remembered, memory grew with the run."""
    books = Books(most=4)
    books.note(of_many(LETTER, UNSURE, OUTSIDE))
    books.note(of_many(OUTSIDE))

    assert 2 <= 10 - len(books.balance(()).doubled) <= 4


def test_what_is_uncertain_twice_may_end_three_times() -> None:
    """Not four times."""
    books = Books()
    books.note(of_many(LETTER, UNSURE, UNSURE, OUTSIDE, OUTSIDE, OUTSIDE, number=1))
    assert books.unfinished == 0
    books.note(of_many(OUTSIDE, number=1))

    assert [copy[2] for copy in books.balance(()).doubled] == ["a@x"]


@pytest.mark.parametrize("kind", [Simulation, Lab])
@pytest.mark.parametrize("fault", ["duplicate-uid", "duplicate-uid@2"])
def test_equal_copies_that_a_server_shows_under_one_uid_are_one_message(
    kind: type[Simulation | Lab], fault: str
) -> None:
    """They are taken once, and both deleted: nothing is lost (R4.2)."""
    octets = b"From: jane@client.example\r\nMessage-ID: <1@client.example>\r\n\r\nHello\r\n"
    mailbox = {"type": "single", "default_sender": "matters@abc.com", "fallback_address": "help@else.example"}
    with kind({"mailbox": mailbox, "provider": {"faults": [f"pop:UIDL:1:{fault}"]}}) as world:
        for _ in range(2):
            world.receive(to="matters@abc.com", from_address="jane@client.example", octets=octets)
        world.settle()
        decisions = world.collect()
        world.check()

        assert (len(decisions), len(world.waiting())) == (1, 0)


def collected(*targets: str, delivered: tuple[str, ...]) -> Trace:
    decided: Row
    decided = ("decided", "practice", {"detail": {"targets": list(targets)}})
    return trace(
        ("composed", "jane@x", {"recipient": "b@x"}),
        ("stored", "matters@abc.com", {"recipient": "b@x", "detail": {"uid": "1"}}),
        ("collected", "practice", {"detail": {"uid": "1"}}),
        decided,
        *[("delivered", target, {}) for target in delivered],
    )


def test_a_collected_message_reaches_each_of_its_targets_once() -> None:
    """All delivered: nothing to say."""
    check(
        collected("action:1", "mailbox:mary", delivered=("action:1", "mailbox:mary")),
        {"action:1": 1, "mailbox:mary": 1},
    )


def test_a_target_that_got_nothing_is_told_with_the_last_hop() -> None:
    """The error names message, target and where it was last seen (R6.2)."""
    with pytest.raises(
        ConservationError,
        match=r"(?s)lost: <1@a> for target:mailbox:mary .*What happened to t1:.*action:1 .* gets the copy",
    ):
        check(collected("action:1", "mailbox:mary", delivered=("action:1",)), {"action:1": 1})


def test_a_message_without_an_id_is_told_in_words() -> None:
    """Not as a blank."""
    with pytest.raises(ConservationError, match="lost: a message without Message-ID for a@x"):
        check(trace(("composed", "outside", {"recipient": "a@x", "message_id": ""})), {})


def test_a_target_that_got_two_copies_is_told() -> None:
    """Delivered twice is as bad as lost."""
    with pytest.raises(ConservationError, match="doubled: <1@a> for target:action:1"):
        check(collected("action:1", delivered=("action:1", "action:1")), {"action:1": 2})


def test_what_the_trace_says_was_delivered_must_be_in_the_store() -> None:
    """Intentions are not mail: the copies are counted where they lie."""
    with pytest.raises(ConservationError, match="action:1: 1 copies were delivered, the store holds 0"):
        check(collected("action:1", delivered=("action:1",)), {})


def test_the_store_holds_no_more_than_was_delivered() -> None:
    """Nor in a target that got nothing at all."""
    with pytest.raises(ConservationError, match="action:1: 1 copies were delivered, the store holds 2"):
        check(collected("action:1", delivered=("action:1",)), {"action:1": 2})
    with pytest.raises(ConservationError, match="action:2: 0 copies were delivered, the store holds 1"):
        check(collected("action:1", delivered=("action:1",)), {"action:1": 1, "action:2": 1})


@pytest.mark.parametrize("other", [{"size": 7}, {"message_id": "<2@a>"}])
def test_the_store_holds_the_very_messages_that_were_delivered(other: dict[str, Any]) -> None:
    """Not as many others."""
    with pytest.raises(
        ConservationError, match=r"\Aaction:1: the store holds as many .* but of other messages\Z"
    ):
        check(collected("action:1", delivered=("action:1",)), {"action:1": 1}, **other)


@pytest.mark.parametrize(("number", "told"), [(20, 20), (21, 20), (20_000, 20)])
def test_of_many_of_a_kind_the_first_are_told(number: int, told: int) -> None:
    """And how many more there are; what else is wrong is told beside them."""
    recipients = ", ".join(f"{one}@x" for one in range(number))
    with pytest.raises(ConservationError) as caught:
        check(trace(("composed", "practice", {"recipient": recipients})), {}, twice=[("action:1", "<1@a>")])

    lines = str(caught.value).partition("What happened")[0].splitlines()
    assert lines[told - 2].startswith(f"lost: <1@a> for {told - 2}@x ")
    assert (lines[told - 1] == f"… and {number - 19:,} more of these …") == (number > 20)
    assert lines[told:] == ["action:1 holds <1@a> more than once"]


def test_what_could_not_be_read_must_be_forwarded() -> None:
    """R4.8: decided for the fallback address is not yet sent there."""
    with pytest.raises(ConservationError, match="for forward"):
        check(
            collected("fallback:h@e.example", delivered=("fallback:h@e.example",)),
            {"fallback:h@e.example": 1},
        )


def test_a_target_that_holds_a_message_twice_is_told() -> None:
    """Whatever the events say: the store is asked."""
    with pytest.raises(ConservationError, match="action:1 holds <1@a> more than once"):
        check(collected("action:1", delivered=("action:1",)), {"action:1": 1}, twice=(("action:1", "<1@a>"),))


PUT_OFF: Row = ("deferred", "smtp", {"recipient": "a@x"})


@pytest.mark.parametrize(
    ("rows", "moving", "told"),
    [
        ((LETTER, PUT_OFF), True, None),
        ((LETTER, PUT_OFF), False, "lost: <1@a> for a@x"),  # nothing is due that could try again
        ((LETTER,), True, "lost: <1@a> for a@x"),
        ((LETTER, PUT_OFF, OUTSIDE), False, None),
    ],
)
def test_what_was_put_off_is_queued_as_long_as_something_is_due(
    rows: tuple[Row, ...], moving: bool, told: str | None
) -> None:
    """Everything else that has no end is lost (R6.2)."""
    books = Books()
    happened = trace(*rows)
    books.note(Batch.of(happened))
    if told is None:
        books.check((), (), moving=moving, story=happened.story)
        return
    with pytest.raises(ConservationError, match=told):
        books.check((), (), moving=moving, story=happened.story)


def test_nothing_is_queued_that_is_older_than_its_schedule() -> None:
    """A sender that has forgotten to try again, or to give up (R3.8), is told with the message's story."""
    books = Books()
    happened = trace(LETTER, PUT_OFF, PUT_OFF)
    books.note(Batch.of(happened))
    books.check((), (), moving=True, oldest=NOW, story=happened.story)

    with pytest.raises(ConservationError, match=r"(?s)overdue: <1@a> for a@x .*What happened to t1:.*smtp"):
        books.check((), (), moving=True, oldest=NOW + timedelta(seconds=1), story=happened.story)


def test_what_a_story_lacks_is_told_before_it() -> None:
    """Also where nothing of it is left, so that none seems to begin in its middle, or to be of nothing."""
    happened = trace(LETTER, PUT_OFF)
    for known, lines in ((happened, 2), (Trace(), 0)):
        with pytest.raises(ConservationError) as caught:
            Books().check((), {}, endless={"t1"}, story=known.story, before=lambda name: f"more of {name}")

        asked, first, *rest = str(caught.value).splitlines()[1:]
        assert (asked, first, len(rest)) == ("What happened to t1:", "  more of t1", lines)


def test_what_a_target_holds_twice_is_told_with_its_conversation() -> None:
    """By its Message-ID, as events tell no more of a copy; where it has none, no conversation is known."""
    happened = trace(LETTER, PUT_OFF)
    twice = (("action:1", "<1@a>"), ("action:1", ""))
    with pytest.raises(ConservationError) as caught:
        Books().check((), {}, twice=twice, story=happened.story)

    first, second, asked, *story = str(caught.value).splitlines()
    assert first == "action:1 holds <1@a> more than once"
    assert second == "action:1 holds a message without Message-ID more than once"
    assert asked == "What happened to <1@a>:"
    assert len(story) == 2
    assert "writes <1@a>" in story[0]


def test_answers_that_go_round_are_told() -> None:
    """With the conversation (R4.9)."""
    happened = trace(LETTER, OUTSIDE)
    books = Books()
    books.note(Batch.of(happened))

    with pytest.raises(
        ConservationError, match=r"\At1: answers go round for ever; they were stopped\nWhat happened"
    ):
        books.check((), (), endless={"t1"}, story=happened.story)


@pytest.mark.parametrize(("times", "told"), [(3, 4), (4, 5), (5, 5), (500, 5)])
def test_of_what_goes_round_the_first_and_the_last_are_told(times: int, told: int) -> None:
    """All that is between is the same again; one line more is not left out for a line that says so."""
    happened = trace(*[LETTER] * (times + 1))
    with pytest.raises(ConservationError) as caught:
        Books().check((), (), endless={"t1"}, story=happened.story)

    story = str(caught.value).splitlines()[2:]
    assert len(story) == told
    assert (f"… {times - 3:,} more …" in story[3]) == (times > 4)


def test_what_is_closed_is_forgotten() -> None:
    """A run's memory does not grow with its length."""
    books = Books()
    books.note(Batch.of(collected("action:1", delivered=("action:1",))))

    assert books.unfinished == 0
