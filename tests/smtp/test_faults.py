"""SMTP's faults: what can be written, and what strikes at which moment."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsim.faults.syntax import FaultError
from mailsim.mail import Address, Reply
from mailsim.pop3.effects import Certificate
from mailsim.smtp.fault_kinds import KINDS, Moment, What
from mailsim.smtp.faults import Fault, FaultPlan, read_fault
from mailsim.smtp.strike import GREYLISTED, TAKEN, TOO_MANY, UNHARMED, Misfortune, Strike

JANE, JOHN = Address("Jane", "client.example"), Address("john", "client.example")
SENDER = Address("a1234", "abc.com")
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
    ("text", "expected"),
    [
        ("smtp:RCPT:2:reply 451 4.3.0 try later", {"reply": Reply(451, "try later", "4.3.0")}),
        ("SMTP:rcpt:2:reply 550 a: b@5", {"reply": Reply(550, "a: b@5")}),
        ("smtp:DATA-END:next:drop", {}),
        ("smtp:DATA:1:drop@1024", {"where": 1024}),
        ("smtp:CONNECT:1:stall 2.5s@7", {"where": 7, "amount": 2.5}),
        ("smtp:ANY:every:tarpit 2", {"amount": 2.0}),
        ("smtp:MAIL:every:rate-limit 10", {"amount": 10}),
        ("smtp:EHLO:every:without size", {"extension": "SIZE"}),
    ],
)
def test_a_fault_is_read(text: str, expected: dict[str, object]) -> None:
    """Protocol and verb in any case; what follows `reply` is a reply, colons and @ included."""
    fault = read_fault(text)

    read = {name: getattr(fault, name) for name in ("reply", "where", "amount", "extension")}
    assert read == {"reply": None, "where": None, "amount": None, "extension": ""} | expected


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("pop:RETR:1:drop", "'pop' is not spoken here; write 'smtp'"),
        ("smtp:RETR:1:drop", "drop does not happen at 'RETR'; write one of ANY, AUTH, CONNECT, DATA"),
        ("smtp:DATA:1:explode", "'explode' is no fault; write one of drop, half-close"),
        ("smtp:MAIL:1:lose", "lose does not happen at 'MAIL'; write one of DATA-END"),
        ("smtp:RCPT:1:reply", "a reply of 4yz or 5yz, such as 'reply 451 4.3.0 try later'"),
        ("smtp:RCPT:1:reply 250 OK", "a reply of 4yz or 5yz"),
        ("smtp:RCPT:1:reply 550 a\r\nb", "a reply of 4yz or 5yz"),
        ("smtp:RCPT:1:reply 550 " + "x" * 600, "a reply of 4yz or 5yz"),
        ("smtp:ANY:1:tarpit", "seconds, such as 'tarpit 2s'"),
        ("smtp:MAIL:1:rate-limit 0", "a number, such as 'rate-limit 10'"),
        ("smtp:EHLO:1:without XYZ", "'XYZ' is no extension; write one of SIZE, 8BITMIME"),
        (
            "smtp:RCPT=jane:1:drop",
            "'jane' is no address; write such as 'smtp:RCPT=jane@client.example:3:drop'",
        ),
        (
            "smtp:EHLO=jane@client.example:1:drop",
            "'EHLO' is about no address; write one of MAIL, RCPT, DATA, DATA-END",
        ),
        ("smtp:DATA:1:garbage@5", "'garbage' takes no @N; leave '@5' out"),
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
            "smtp:{}:{}:{}".format,
            st.sampled_from([*Moment, "RCPT=a@b", "x"]),
            st.sampled_from(["1", "next", "every", "p=.1", "0"]),
            st.one_of(
                st.text(max_size=20), st.builds("{} {}".format, st.sampled_from(What), st.text(max_size=9))
            ),
        ),
    )
)
def test_any_text_is_a_fault_or_refused(text: str) -> None:
    """Nothing else is raised."""
    with suppress(FaultError):
        assert isinstance(read_fault(text), Fault)


def codes(plan: FaultPlan, moment: Moment, *about: tuple[Address, ...]) -> list[int | None]:
    """What is answered at a moment that comes again and again in one connection, about these addresses."""
    one = Misfortune(plan)
    replies = [one.at(moment, peer="me", sender=SENDER, about=addresses).reply for addresses in about]
    return [reply.code if reply else None for reply in replies]


def test_the_n_th_recipient_of_a_server() -> None:
    """Counted over all connections."""
    plan = FaultPlan(["smtp:RCPT:3:reply 451 later"])

    assert codes(plan, Moment.RCPT, (JANE,), (JANE,)) == [None, None]
    assert codes(plan, Moment.RCPT, (JOHN,), (JOHN,)) == [451, None]


@pytest.mark.parametrize("moment", [Moment.RCPT, Moment.DATA, Moment.DATA_END])
def test_the_n_th_time_for_a_recipient(moment: Moment) -> None:
    """`=ADDRESS` counts what is about that address, in any letter case; others do not count."""
    plan = FaultPlan([f"smtp:{moment}=jane@CLIENT.example:2:reply 451 later"])

    assert codes(plan, moment, (JANE,), (JOHN,), (JANE, JOHN), (JANE,)) == [None, None, 451, None]


def test_the_n_th_time_for_a_sender() -> None:
    """At MAIL the address is the sender's."""
    plan = FaultPlan([f"smtp:MAIL={SENDER}:1:reply 450 later"])

    assert codes(plan, Moment.MAIL, (), (JANE,), (SENDER,), (SENDER,)) == [None, None, 450, None]


def test_any_command() -> None:
    """Not a connection, and not the end of the data."""
    plan = FaultPlan(["smtp:ANY:2:reply 450 later"])
    one = Misfortune(plan)

    struck = [one.at(moment).reply for moment in (Moment.CONNECT, Moment.EHLO, Moment.DATA_END, Moment.ANY)]
    assert [reply and reply.code for reply in struck] == [None, None, None, 450]
    assert plan.seen(Moment.ANY) == 2


def test_a_greylist_knows_who_came_before() -> None:
    """Client, sender and recipient together; what had no effect did not strike."""
    plan = FaultPlan(["smtp:RCPT:every:greylist"])

    assert codes(plan, Moment.RCPT, (JANE,), (JANE,), (JOHN,)) == [451, None, 451]
    assert Misfortune(plan).at(Moment.RCPT, peer="me", sender=None, about=(JANE,)).reply == GREYLISTED
    assert Misfortune(plan).at(Moment.RCPT, peer="you", sender=SENDER, about=(JANE,)).reply == GREYLISTED
    assert codes(plan, Moment.RCPT, (JANE,)) == [None]
    assert len(plan.struck) == 4


def test_a_rate_limit_is_of_one_connection() -> None:
    """421 for the command after the last one allowed."""
    plan = FaultPlan(["smtp:MAIL:every:rate-limit 2"])

    assert codes(plan, Moment.MAIL, (), (), (), ()) == [None, None, 421, 421]
    assert codes(plan, Moment.MAIL, (), ()) == [None, None]
    assert TOO_MANY.code == 421


def test_a_tarpit_holds_for_the_rest_of_the_connection() -> None:
    """Two of them together; another connection is free of it."""
    plan = FaultPlan(["smtp:EHLO:1:tarpit 2s", "smtp:MAIL:1:tarpit 0.5"])
    one = Misfortune(plan)

    delays = [one.at(moment).delay for moment in (Moment.CONNECT, Moment.EHLO, Moment.MAIL, Moment.RCPT)]
    assert delays == [0, 2, 2.5, 2.5]
    assert Misfortune(plan).at(Moment.MAIL) is UNHARMED


def test_what_else_strikes() -> None:
    """Certificates, extensions, a message lost, a line cut."""
    plan = FaultPlan(
        [
            "smtp:CONNECT:1:expired-certificate",
            "smtp:EHLO:1:without SIZE",
            "smtp:EHLO:1:without AUTH",
            "smtp:DATA-END:1:lose",
            "smtp:DATA:1:drop@9",
        ]
    )
    one = Misfortune(plan)

    assert one.at(Moment.CONNECT).certificate is Certificate.EXPIRED
    assert one.at(Moment.EHLO).without == {"SIZE", "AUTH"}
    assert one.at(Moment.DATA).in_body == read_fault("smtp:DATA:1:drop@9")
    assert one.at(Moment.DATA_END).reply == TAKEN
    assert one.at(Moment.QUIT) is UNHARMED


@pytest.mark.parametrize(
    ("fault", "seconds", "lost", "closed"),
    [
        ("drop", 0, True, True),
        ("drop@19", 0, True, True),
        ("drop@20", 0, False, True),
        ("half-close", 0, True, True),
        ("garbage", 0, True, False),
        ("stall", 10, True, False),
        ("stall@20", 0, False, False),
        ("stall 9.9s", 9.9, False, False),
        ("stall 11s", 10, True, False),
        ("slow 1", 20, False, False),
        ("tarpit 9.9", 9.9, False, False),
        ("tarpit 11", 10, True, False),
    ],
)
def test_whether_a_client_learns_the_reply_and_when(
    fault: str, seconds: float, *, lost: bool, closed: bool
) -> None:
    """One that waits ten seconds, for twenty octets."""
    strike = Misfortune(FaultPlan([f"smtp:MAIL:1:{fault}"])).at(Moment.MAIL)

    assert strike.loses(20, 10.0) is lost
    assert strike.takes(20, 10.0) == seconds
    assert strike.closes is closed


def test_a_message_that_is_not_read_is_waited_for() -> None:
    """However short the reply to DATA is."""
    strike = Misfortune(FaultPlan(["smtp:DATA:1:stall 3s@500"])).at(Moment.DATA)

    assert strike.takes(20, 10.0) == 3


def test_a_plan_without_faults_counts_nothing() -> None:
    """It costs nothing to ask it; a fault given later counts from then."""
    plan = FaultPlan()
    one = Misfortune(plan)
    assert one.at(Moment.MAIL) is UNHARMED
    plan.add("smtp:MAIL:1:reply 450 later")

    assert one.at(Moment.MAIL) == Strike(Reply(450, "later"))


def test_a_greylist_forgets_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its memory does not grow with a run."""
    monkeypatch.setattr("mailsim.smtp.faults.MOST_GREYLISTED", 2)
    plan, recipients = FaultPlan(), [Address(letter, "b.example") for letter in "xyz"]

    assert all(plan.first_sight("me", None, recipient) for recipient in recipients)
    assert not plan.first_sight("me", None, recipients[2])
    assert plan.first_sight("me", None, recipients[0])
