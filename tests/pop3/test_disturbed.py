"""Each fault, as a client sees it: the layer round a session, without a network."""

import pytest

from mailsim.pop3.conduct import Conduct
from mailsim.pop3.damage import damaged
from mailsim.pop3.disturbed import ARRIVED, DisturbedSession
from mailsim.pop3.effects import (
    Authenticate,
    Certificate,
    Close,
    Drip,
    Expunge,
    HalfClose,
    Remove,
    Secure,
    Send,
    Wait,
)
from mailsim.pop3.faults import FaultPlan, read_fault
from mailsim.pop3.session import BACKLOG, OUTPUT_STEP, Session
from mailsim.pop3.wire import Uid
from tests.pop3.driving import Happening, drive, maildrop, sent

LOGIN = b"USER alice\r\nPASS secret\r\n"
GREETED = b"+OK mailsim POP3 server ready\r\n"
OPENED = GREETED + b"+OK send PASS\r\n"
IN = b"+OK 4 messages (29 octets)\r\n"


def happenings(faults: str | list[str], commands: bytes, login: bytes = LOGIN) -> list[Happening]:
    """What comes of commands after a login, its Authenticate left out."""
    faults = [faults] if isinstance(faults, str) else faults
    left: list[Happening] = []
    for one in drive(Conduct(stls=True, clear=True), [[login + commands]], faults):
        if isinstance(one, bytes) and left and isinstance(left[-1], bytes):
            left[-1] += one
        elif not isinstance(one, Authenticate):
            left.append(one)
    return left


def said(fault: str, commands: bytes) -> bytes:
    """What is sent after the login."""
    return sent(happenings(fault, commands)).removeprefix(OPENED + IN)


FIRST = b"+OK 14 octets\r\nH: h\r\n\r\n..dot\r\n.\r\n"
LISTING = b"+OK 4 messages (29 octets)\r\n1 14\r\n2 6\r\n3 0\r\n4 9\r\n.\r\n"


@pytest.mark.parametrize(
    ("fault", "commands", "answer"),
    [
        ("pop:RETR:2:garbage", b"RETR 1\r\nRETR 1\r\nNOOP\r\n", FIRST + b"\x16\x03\x01HTTP/1.1 400 Bad Request\xff\xfe\x00\r\n+OK\r\n"),
        ("pop:RETR:1:garbage@5", b"RETR 1\r\n", b"+OK 1\x16\x03\x01HTTP/1.1 400 Bad Request\xff\xfe\x00\r\n"),
        ("pop:STAT:1:reply [SYS/TEMP] later", b"STAT\r\nSTAT\r\n", b"-ERR [SYS/TEMP] later\r\n+OK 4 29\r\n"),
        ("pop:DELE:1:reply no", b"DELE 1\r\nDELE 1\r\n", b"-ERR no\r\n+OK message 1 deleted\r\n"),
        ("pop:DELE:1:say -ERR no", b"DELE 1\r\nDELE 1\r\n", b"-ERR no\r\n-ERR message 1 is deleted\r\n"),
        ("pop:ANY:3:reply +OK", b"NOOP\r\n", b"+OK\r\n"),
        ("pop:STAT:1:wrong-size", b"STAT\r\n", b"+OK 4 36\r\n"),
        ("pop:RETR:1:wrong-size -10", b"RETR 1\r\n", FIRST.replace(b"14", b"4")),
        ("pop:RETR:1:wrong-size -99", b"RETR 1\r\n", FIRST.replace(b"14", b"0")),
        ("pop:RETR:1:wrong-size", b"RETR 9\r\n", b"-ERR no such message; this maildrop has 4\r\n"),
        ("pop:LIST:1:wrong-size", b"LIST\r\n", LISTING.replace(b"1 14", b"1 21").replace(b"2 6", b"2 13").replace(b"3 0", b"3 7").replace(b"4 9", b"4 16")),
        ("pop:LIST:1:wrong-size +1@2", b"LIST\r\n", LISTING.replace(b"2 6", b"2 7")),
        ("pop:LIST:1:wrong-size 2", b"LIST 3\r\n", b"+OK 3 2\r\n"),
        ("pop:RETR:1:unstuffed", b"RETR 1\r\n", FIRST.replace(b"..", b".")),
        ("pop:RETR:1:overstuffed", b"RETR 1\r\n", FIRST.replace(b"..", b"...")),
        ("pop:RETR:1:unterminated", b"RETR 1\r\nNOOP\r\n", FIRST[:-3] + b"+OK\r\n"),
        ("pop:LIST:1:unterminated", b"LIST 1\r\n", b"+OK 1 14\r\n"),
        ("pop:RETR:1:unstuffed", b"RETR 9\r\n", b"-ERR no such message; this maildrop has 4\r\n"),
        ("pop:RETR:1:overstuffed", b"RETR 9\r\n", b"-ERR no such message; this maildrop has 4\r\n"),
        ("pop:RETR:1:unstuffed", b"RETR 3\r\n", b"+OK 0 octets\r\n.\r\n"),
        ("pop:UIDL:1:duplicate-uid", b"UIDL\r\n", b"+OK 4 messages (29 octets)\r\n1 u1\r\n2 u1\r\n3 u1\r\n4 u1\r\n.\r\n"),
        ("pop:UIDL:1:duplicate-uid@3", b"UIDL\r\n", b"+OK 4 messages (29 octets)\r\n1 u1\r\n2 u2\r\n3 u1\r\n4 u4\r\n.\r\n"),
        ("pop:UIDL:1:duplicate-uid", b"UIDL 3\r\n", b"+OK 3 u1\r\n"),
        ("pop:UIDL:1:duplicate-uid@2", b"UIDL 3\r\n", b"+OK 3 u3\r\n"),
        ("pop:UIDL:1:duplicate-uid", b"UIDL 9\r\n", b"-ERR no such message; this maildrop has 4\r\n"),
        ("pop:UIDL:1:blank-uid@2", b"UIDL 2\r\n", b"+OK 2 \r\n"),
        ("pop:UIDL:1:changed-uid", b"UIDL 2\r\nUIDL 2\r\n", b"+OK 2 4bf970a1520b3d4b78f3e157b1dd47d9\r\n+OK 2 u2\r\n"),
        ("pop:UIDL:1:malformed-uid", b"UIDL 2\r\n", b"+OK 2 u2 \xfc" + b"x" * 80 + b"\r\n"),
        ("pop:NOOP:1:vanish", b"LIST 1\r\nNOOP\r\nLIST 1\r\nLIST 2\r\n", b"+OK 1 14\r\n+OK\r\n-ERR message 1 is gone\r\n+OK 2 6\r\n"),
        ("pop:RETR:1:vanish", b"RETR 2\r\nRETR 1\r\n", b"-ERR message 2 is gone\r\n" + FIRST),
        ("pop:RETR:1:vanish", b"RETR 9\r\n", b"-ERR no such message; this maildrop has 4\r\n"),
        ("pop:DELE:1:eager-delete", b"DELE 9\r\n", b"-ERR no such message; this maildrop has 4\r\n"),
        ("pop:LIST:1:arrive", b"LIST\r\n", LISTING.replace(b"4 messages (29", b"5 messages (116").replace(b"\r\n.\r\n", b"\r\n5 87\r\n.\r\n")),
        ("pop:RETR:1:arrive", b"RETR 5\r\n", b"+OK 87 octets\r\n" + ARRIVED + b".\r\n"),
        ("pop:QUIT:1:reply no", b"DELE 1\r\nQUIT\r\n", b"+OK message 1 deleted\r\n-ERR no\r\n"),
        ("pop:QUIT:1:say +OK well", b"QUIT\r\n", b"+OK well\r\n"),
        ("pop:RETR:9:drop", b"x" * 20_000 + b"\r\n" + b"RETR 1" + b"1" * 300 + b"\r\n", b"-ERR line too long: at most 255 octets\r\n" * 2),
        ("pop:ANY:3:say -ERR odd", b"XYZZY\r\n", b"-ERR odd\r\n"),
    ],
)  # fmt: skip
def test_a_fault_changes_what_is_said(fault: str, commands: bytes, answer: bytes) -> None:
    """The reply struck, and no other."""
    assert said(fault, commands) == answer


@pytest.mark.parametrize(
    ("fault", "commands", "end"),
    [
        ("pop:RETR:1:drop@20", b"RETR 1\r\nNOOP\r\n", [OPENED + IN + FIRST[:20], Close()]),
        ("pop:RETR:1:drop", b"NOOP\r\nRETR 1\r\n", [OPENED + IN + b"+OK\r\n", Close()]),
        ("pop:RETR:1:drop@999", b"RETR 1\r\n", [OPENED + IN + FIRST, Close()]),
        ("pop:RETR:1:half-close@3", b"RETR 1\r\nNOOP\r\nQUIT\r\n", [OPENED + IN + FIRST[:3], HalfClose()]),
        ("pop:RETR:1:stall@3", b"RETR 1\r\n", [OPENED + IN + FIRST[:3], Wait(None), FIRST[3:]]),
        ("pop:RETR:1:stall 2s@99", b"RETR 1\r\n", [OPENED + IN + FIRST, Wait(2.0)]),
        ("pop:RETR:1:slow 7@5", b"RETR 1\r\n", [OPENED + IN + FIRST[:5], Drip(FIRST[5:], 7)]),
        ("pop:RETR:1:slow 7@99", b"RETR 1\r\n", [OPENED + IN + FIRST]),
        ("pop:QUIT:1:drop", b"DELE 1\r\nQUIT\r\n", [OPENED + IN + b"+OK message 1 deleted\r\n", Remove((Uid("u1"),)), Close()]),
        ("pop:QUIT:1:ignore-deletes", b"DELE 1\r\nQUIT\r\n", [OPENED + IN + b"+OK message 1 deleted\r\n", Remove(()), b"+OK bye\r\n", Close()]),
        ("pop:DELE:1:eager-delete", b"DELE 2\r\n", [OPENED + IN, Expunge((Uid("u2"),)), b"+OK message 2 deleted\r\n"]),
        ("pop:LIST:1:vanish@3", b"LIST\r\n", [OPENED + IN, Expunge((Uid("u3"),)), LISTING]),
        ("pop:STAT:1:arrive", b"STAT\r\n", [OPENED + IN, "arrived.1.1", b"+OK 5 116\r\n"]),
        ("pop:CONNECT:1:stall 3s", b"", [Wait(3.0), OPENED + IN]),
        ("pop:LOGIN:1:refuse", b"", [OPENED + b"-ERR [AUTH] wrong user name or password\r\n"]),
        ("pop:PASS:1:locked", b"", [OPENED + b"-ERR [IN-USE] maildrop is open in another session\r\n"]),
        ("pop:PASS:1:reply [SYS/PERM] no", b"", [OPENED + b"-ERR [SYS/PERM] no\r\n"]),
        ("pop:LOGIN:1:drop@3", b"", [OPENED + b"+OK", Close()]),
        ("pop:USER:1:drop", b"", [GREETED, Close()]),
    ],
)  # fmt: skip
def test_a_fault_changes_what_happens(fault: str, commands: bytes, end: list[Happening]) -> None:
    """How far and how fast replies come, who gets in, what is removed."""
    assert happenings(fault, commands) == end


def test_a_fault_strikes_once_and_the_next_session_is_served() -> None:
    """A plan counts over all sessions of its server; another server's knows nothing of it."""
    plan = FaultPlan(["pop:CONNECT:1:drop"])
    first, second = (DisturbedSession(Session(), plan).start() for _ in range(2))

    assert first == [Close()]
    assert second == [Send(GREETED)]


def test_several_faults_strike_one_reply() -> None:
    """Deletes are not applied, and the reply to QUIT is lost."""
    faults = ["pop:QUIT:1:ignore-deletes", "pop:QUIT:1:drop"]

    assert happenings(faults, b"DELE 1\r\nQUIT\r\n")[-2:] == [Remove(()), Close()]


@pytest.mark.parametrize(
    ("fault", "certificate"),
    [
        ("pop:CONNECT:1:expired-certificate", Certificate.EXPIRED),
        ("pop:CONNECT:1:foreign-certificate", Certificate.FOREIGN),
        ("pop:CONNECT:2:foreign-certificate", Certificate.GOOD),
    ],
)
def test_which_certificate_is_shown_at_once(fault: str, certificate: Certificate) -> None:
    """Decided when a client connects."""
    assert DisturbedSession(Session(), FaultPlan([fault])).certificate is certificate


def test_which_certificate_is_shown_after_stls() -> None:
    """Asked of the driver with the handshake."""
    happened = happenings("pop:STLS:1:expired-certificate", b"STLS\r\n", login=b"")

    assert happened[1:] == [Secure(Certificate.EXPIRED)]


def test_a_fault_lasts_through_an_exchange() -> None:
    """AUTH is one command, however many lines it takes."""
    lines = b"AUTH PLAIN\r\nAGFsaWNlAHNlY3JldA==\r\n"

    assert sent(happenings("pop:AUTH:1:locked", lines, login=b"")).endswith(
        b"+ \r\n-ERR [IN-USE] maildrop is open in another session\r\n"
    )


def test_what_the_driver_refuses_is_refused_here_too() -> None:
    """Where no fault has a say in it."""
    happened = happenings("pop:RETR:1:drop", b"", login=b"USER eve\r\nPASS x\r\n")

    assert sent(happened) == OPENED + b"-ERR [AUTH] no\r\n"


def test_faults_of_a_maildrop_wait_for_one() -> None:
    """Before login there is nothing that could vanish."""
    happened = happenings("pop:NOOP:1:vanish", b"NOOP\r\n", login=b"")

    assert sent(happened).startswith(GREETED + b"-ERR NOOP is not allowed now")


def waiting() -> DisturbedSession:
    """A session whose driver was asked and has not answered."""
    session = DisturbedSession(Session(), FaultPlan(["pop:RETR:9:drop"]))
    session.receive(LOGIN)
    return session


def test_input_that_waits_is_bounded() -> None:
    """As without the layer; the driver's answer then comes too late and does no harm."""
    session = waiting()
    assert session.receive(b"NOOP\r\n" * 1000) == []

    assert session.receive(b"x" * BACKLOG) == [Close()]
    assert session.authenticated(maildrop()) == []
    assert session.receive(b"NOOP\r\n") == []
    assert not session.behind


def test_much_output_comes_in_steps() -> None:
    """As without the layer, but a reply that is struck comes as one."""
    large = b"x" * OUTPUT_STEP + b"\r\n"
    session = waiting()
    effects = session.authenticated(maildrop([large, large]))
    effects += session.receive(b"RETR 1\r\n" * 2)
    steps = 1
    while session.behind:
        effects += session.receive(b"")
        steps += 1

    assert steps > 2
    assert b"".join(effect.octets for effect in effects if isinstance(effect, Send)).count(large) == 2

    struck = DisturbedSession(Session(), FaultPlan(["pop:RETR:1:unterminated"]))
    struck.receive(LOGIN)
    struck.authenticated(maildrop([large]))
    assert struck.receive(b"RETR 1\r\n") == [Send(b"+OK %d octets\r\n" % len(large) + large)]


def test_a_fault_that_is_none_of_words_leaves_a_reply_alone() -> None:
    """Damage is of words only."""
    assert damaged(b"+OK\r\n", read_fault("pop:QUIT:1:drop"), b"1") == b"+OK\r\n"
