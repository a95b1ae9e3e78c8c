"""Faults: their one syntax, and what strikes when."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsim.faults.syntax import FaultError
from mailsim.pop3.fault_kinds import KINDS, Moment, What
from mailsim.pop3.faults import Fault, FaultPlan, read_fault
from mailsim.pop3.wire import Verb

EXAMPLES = [example for kind in KINDS.values() for example in kind.examples]


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_a_fault(example: str) -> None:
    """And is shown as it was written."""
    fault = read_fault(example)

    assert str(fault) == example
    assert fault.spec.verb in KINDS[fault.what].moments


def test_every_fault_has_words_and_examples() -> None:
    """The catalogue is whole."""
    assert set(KINDS) == set(What)
    assert all(kind.does and kind.examples for kind in KINDS.values())


@pytest.mark.parametrize(
    ("text", "what", "where", "status", "amount"),
    [
        ("pop:RETR:3:drop@1024", What.DROP, 1024, ("-ERR", ""), None),
        ("POP:retr:every:drop", What.DROP, None, ("-ERR", ""), None),
        ("pop:RETR:1:stall 2.5s@7", What.STALL, 7, ("-ERR", ""), 2.5),
        ("pop:RETR:1:stall 2", What.STALL, None, ("-ERR", ""), 2.0),
        ("pop:RETR:1:stall@0", What.STALL, 0, ("-ERR", ""), None),
        ("pop:RETR:p=0.1:slow 10@5", What.SLOW, 5, ("-ERR", ""), 10),
        ("pop:LIST:1:wrong-size", What.WRONG_SIZE, None, ("-ERR", ""), 7),
        ("pop:LIST:1:wrong-size -3@2", What.WRONG_SIZE, 2, ("-ERR", ""), -3),
        ("pop:RETR:1:reply +OK a: b@5", What.REPLY, None, ("+OK", "a: b@5"), None),
        ("pop:RETR:1:reply -ERR", What.REPLY, None, ("-ERR", ""), None),
        ("pop:RETR:next:say [SYS/PERM] no", What.SAY, None, ("-ERR", "[SYS/PERM] no"), None),
    ],
)
def test_a_fault_is_read(
    text: str, what: What, where: int | None, status: tuple[str, str], amount: float | None
) -> None:
    """Protocol and verb in any case; what follows `reply` and `say` is a status line, colons and @ included."""
    fault = read_fault(text)

    assert (fault.what, fault.where, fault.status, fault.amount) == (what, where, status, amount)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "write PROTOCOL:VERB:WHICH:WHAT"),
        ("pop:RETR:drop", "write PROTOCOL:VERB:WHICH:WHAT"),
        ("pop::1:drop", "write PROTOCOL:VERB:WHICH:WHAT"),
        ("smtp:DATA:1:drop", "'smtp' is not spoken here; write 'pop'"),
        ("pop:RETR:0:drop", "'0' is no WHICH; write a number from 1, 'next', 'every' or 'p=0.1'"),
        ("pop:RETR:p=2:drop", "'p=2' is no WHICH"),
        ("pop:RETR:soon:drop", "'soon' is no WHICH"),
        ("pop:RETR:1:explode", "'explode' is no fault; write one of drop, half-close"),
        ("pop:NOSUCH:1:drop", "drop does not happen at 'NOSUCH'; write one of ANY, APOP"),
        ("pop:DELE:1:duplicate-uid", "duplicate-uid does not happen at 'DELE'; write one of UIDL"),
        ("pop:RETR:1:drop@-1", "'@-1' is not one @N; write @N once, N being the octet of the reply"),
        ("pop:RETR:1:drop@1024@5", "'@1024@5' is not one @N"),
        ("pop:NOOP:1:vanish@0", "'@0' is no message; N is the number of a message, counted from 1"),
        ("pop:RETR:1:drop 5", "'5' cannot stand behind 'drop'; what can: nothing"),
        ("pop:RETR:1:slow", "'slow' needs octets a second, such as 'slow 1000'"),
        ("pop:RETR:1:slow 0", "octets a second"),
        ("pop:RETR:1:stall soon", "nothing, or seconds"),
        ("pop:LIST:1:wrong-size many", "octets more or less"),
        ("pop:RETR:1:wrong-size@2", "a message can be named at LIST only; leave @2 out"),
        ("pop:RETR:1:reply", "a status line"),
        ("pop:RETR:1:reply a\r\nb", "a status line"),
        ("pop:RETR:1:reply " + "x" * 600, "a status line"),
        ("pop:RETR:1:unterminated@5", "'unterminated' takes no @N; leave '@5' out"),
    ],
)
def test_what_is_no_fault_is_refused_with_what_to_write(text: str, told: str) -> None:
    """In one line, with the value."""
    with pytest.raises(FaultError) as refused:
        read_fault(text)

    assert told in str(refused.value)
    assert "\n" not in str(refused.value)
    assert repr(text) in str(refused.value)


@given(
    st.one_of(
        st.text(max_size=40),
        st.builds(
            "pop:{}:{}:{}".format, st.sampled_from([*Verb, "x"]), st.text(max_size=5), st.text(max_size=20)
        ),
    )
)
def test_any_text_is_a_fault_or_refused(text: str) -> None:
    """Nothing else is raised."""
    with suppress(FaultError):
        assert isinstance(read_fault(text), Fault)


def strikes(which: str, count: int = 12, seed: int = 0) -> list[int]:
    """Which of so many RETR a fault strikes."""
    plan = FaultPlan([f"pop:RETR:{which}:drop"], seed=seed)
    return [number for number in range(1, count + 1) if plan.strike(Verb.RETR, Moment.ANY)]


def test_which_occurrences_are_struck() -> None:
    """The n-th, the next, every one."""
    assert strikes("3") == [3]
    assert strikes("next") == [1]
    assert strikes("every") == [*range(1, 13)]
    assert strikes("p=0") == []
    assert strikes("p=1") == [*range(1, 13)]


def test_chance_is_repeatable_by_seed() -> None:
    """The same seed, the same occurrences; about as many as the chance says."""
    assert strikes("p=0.3", 1000, seed=5) == strikes("p=0.3", 1000, seed=5)
    assert strikes("p=0.3", 1000, seed=5) != strikes("p=0.3", 1000, seed=6)
    assert 230 < len(strikes("p=.3", 1000, seed=5)) < 370


def test_a_fault_may_be_added_later() -> None:
    """`next` then counts from now, a number from the beginning."""
    plan = FaultPlan()
    assert not plan
    for _ in range(3):
        assert plan.strike(Verb.RETR) == ()
    for text in ("pop:RETR:next:drop", "pop:RETR:2:stall", "pop:RETR:5:garbage"):
        plan.add(text)

    assert plan
    assert [str(fault) for fault in plan.strike(Verb.RETR)] == ["pop:RETR:next:drop"]
    assert [str(fault) for fault in plan.strike(Verb.RETR)] == ["pop:RETR:5:garbage"]
    assert [str(fault) for fault in plan.struck] == ["pop:RETR:next:drop", "pop:RETR:5:garbage"]
    assert plan.seen(Verb.RETR) == 5


def test_plans_know_nothing_of_each_other() -> None:
    """Faults are of one server."""
    one, other = (FaultPlan([read_fault("pop:STAT:1:drop")]) for _ in range(2))

    assert one.strike(Verb.STAT)
    assert other.strike(Verb.STAT)
    assert not one.strike(Verb.STAT)
