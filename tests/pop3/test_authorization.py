"""The AUTHORIZATION state: what gets a client in, and what does not."""

import hmac
import json
import re
from base64 import b64decode, b64encode
from hashlib import md5

import pytest

from mailsim.pop3.conduct import Conduct, Mechanism, capabilities, mechanisms, spoken
from mailsim.pop3.effects import Authenticate, Close, Effect, Refusal, Secure, Send
from mailsim.pop3.proof import Digest, Hashed
from mailsim.pop3.session import Session
from mailsim.pop3.states import State
from mailsim.pop3.wire import RESPONSE_LIMIT, ResponseCode, Verb
from tests.pop3.driving import STAMP, drive, maildrop, sent

REFUSED = Refusal(ResponseCode.AUTH, "no")


def b64(octets: bytes) -> bytes:
    return b64encode(octets)


def after(*lines: bytes, conduct: Conduct = Conduct(), secured: bool = False) -> tuple[Session, list[Effect]]:  # noqa: B008 - frozen
    """A session that was told these lines, and its effects."""
    session = Session(conduct, secured=secured, stamp=STAMP)
    return session, session.receive(b"".join(line + b"\r\n" for line in lines))


BEARER = b"user=alice\x01auth=Bearer secret\x01\x01"


@pytest.mark.parametrize(
    "lines",
    [
        [b"AUTH PLAIN " + b64(b"\0alice\0secret")],
        [b"auth plain", b64(b"alice\0alice\0secret")],
        [b"AUTH LOGIN", b64(b"alice"), b64(b"secret")],
        [b"AUTH LOGIN " + b64(b"alice"), b64(b"secret")],
        [b"AUTH XOAUTH2 " + b64(BEARER)],
        [b"AUTH XOAUTH2", b64(BEARER)],
        [b"AUTH PLAIN", b"*", b"USER alice", b"PASS secret"],
    ],
)
def test_a_mechanism_ends_in_name_and_password(lines: list[bytes]) -> None:
    """With an initial response and without, names of mechanisms in any case (RFC 5034 §4)."""
    session, effects = after(*lines)

    assert effects[-1] == Authenticate("alice", "secret")
    assert session.state is State.AUTHENTICATING


def test_cram_md5_ends_in_a_digest_of_its_challenge() -> None:
    """Another challenge at every attempt (RFC 2195 §2)."""
    session, [first] = after(b"AUTH CRAM-MD5")
    session.receive(b"*\r\n")
    [second] = session.receive(b"AUTH CRAM-MD5\r\n")
    assert isinstance(first, Send)
    assert isinstance(second, Send)
    assert first != second
    challenge = b64decode(second.octets[2:])
    digest = hmac.new(b"secret", challenge, "md5").hexdigest().encode()

    assert session.receive(b64(b"alice smith " + digest) + b"\r\n") == [
        Authenticate("alice smith", Digest(Hashed.CRAM_MD5, challenge, digest))
    ]


def test_apop_ends_in_a_digest_of_the_greeting() -> None:
    """The timestamp is a msg-id of this connection (RFC 1939 §7)."""
    session = Session(Conduct(apop=True), stamp=STAMP)
    [greeting] = session.start()
    assert isinstance(greeting, Send)
    [stamp] = re.findall(rb"<[^<>@]+@[^<>@]+>", greeting.octets)
    digest = md5(stamp + b"secret").hexdigest().encode()

    assert session.receive(b"APOP alice " + digest + b"\r\n") == [
        Authenticate("alice", Digest(Hashed.APOP, stamp, digest))
    ]
    assert session.refused(REFUSED) == [Send(b"-ERR [AUTH] no\r\n")]


@pytest.mark.parametrize(
    "line",
    [
        b"AUTH",
        b"AUTH NOSUCH",
        b"AUTH PLAIN !!!!",
        b"AUTH PLAIN =AAA",
        b"AUTH PLAIN =",
        b"AUTH PLAIN " + b64(b"bob\0alice\0secret"),
        b"AUTH PLAIN " + b64(b"alice\0secret"),
        b"AUTH PLAIN " + b64(b"\0\0secret"),
        b"AUTH CRAM-MD5 " + b64(b"alice 00"),
        b"AUTH XOAUTH2 " + b64(b"user=alice\x01\x01"),
        b"AUTH XOAUTH2 " + b64(b"auth=Bearer x\x01\x01"),
        b"APOP",
        b"APOP alice",
        b"UTF8 USER",
        b"STLS",
        b"LANG xx",
    ],
)
def test_a_bad_command_is_one_error_and_the_client_may_go_on(line: bytes) -> None:
    """Nothing is asked of the driver (RFC 5034 §4)."""
    session, effects = after(line, b"USER alice", conduct=Conduct(utf8=True, apop=True))

    [send] = effects
    assert isinstance(send, Send)
    assert re.fullmatch(rb"-ERR [^\r]+\r\n\+OK send PASS\r\n", send.octets)
    assert session.state is State.NAMED


@pytest.mark.parametrize(
    "line", [b"!!!!", b"*", b"x" * RESPONSE_LIMIT, b64(b"no"), b"\xff\x00", b64(b"x" * 6000)]
)
def test_a_bad_response_ends_the_exchange(line: bytes) -> None:
    """With one -ERR; the next line is a command again."""
    session, [send] = after(b"AUTH PLAIN", line, b"CAPA x")

    assert isinstance(send, Send)
    assert re.fullmatch(rb"\+ \r\n-ERR [^\r]+\r\n-ERR CAPA takes no argument\r\n", send.octets)
    assert session.state is State.AUTHORIZATION


def test_a_response_may_be_longer_than_a_command() -> None:
    """A token takes some thousand octets (RFC 5034 §4: 255 is for commands)."""
    token = "t" * 5000
    _, effects = after(b"AUTH XOAUTH2", b64(b"user=alice\x01auth=bearer " + token.encode() + b"\x01\x01"))

    assert effects[-1] == Authenticate("alice", token)


def test_a_refused_token_is_told_in_a_challenge_first() -> None:
    """JSON in base64; the client answers it with anything, and gets its -ERR."""
    session, _ = after(b"AUTH XOAUTH2 " + b64(BEARER))
    [challenge] = session.refused(REFUSED)
    assert isinstance(challenge, Send)

    assert json.loads(b64decode(challenge.octets[2:]))["status"] == "400"
    assert session.receive(b"\r\n") == [Send(b"-ERR [AUTH] no\r\n")]
    assert session.state is State.AUTHORIZATION


def test_a_locked_maildrop_is_told_to_a_token_at_once() -> None:
    """The token was good."""
    session, _ = after(b"AUTH XOAUTH2 " + b64(BEARER))

    assert session.refused(Refusal(ResponseCode.IN_USE, "locked")) == [Send(b"-ERR [IN-USE] locked\r\n")]


@pytest.mark.parametrize(
    ("line", "allowed"),
    [
        (b"USER alice", False),
        (b"AUTH PLAIN", False),
        (b"AUTH LOGIN", False),
        (b"AUTH XOAUTH2", False),
        (b"AUTH CRAM-MD5", True),
    ],
)
@pytest.mark.parametrize("secured", [False, True])
@pytest.mark.parametrize("clear", [False, True])
def test_passwords_wait_for_tls_where_it_can_be_had(
    line: bytes,
    allowed: bool,
    secured: bool,
    clear: bool,
) -> None:
    """Unless the conduct is to take them in the clear (RFC 2595 §2.3, RFC 5034 §4)."""
    _, [send] = after(line, conduct=Conduct(stls=True, clear=clear), secured=secured)

    assert isinstance(send, Send)
    assert send.octets.startswith(b"+") is (allowed or secured or clear)


def test_nothing_crosses_stls() -> None:
    """Neither octets behind it, nor the name said before (RFC 2595 §4, CVE-2011-0411)."""
    conduct = Conduct(stls=True, clear=True)
    session, effects = after(b"USER alice", b"STLS", b"USER eve", b"NOOP", conduct=conduct)
    assert effects == [Send(b"+OK send PASS\r\n+OK begin TLS\r\n"), Secure()]
    assert session.receive(b"PASS evil\r\n") == []
    assert not session.behind

    assert session.secured() == []
    assert session.receive(b"") == []
    [refused] = session.receive(b"PASS secret\r\n")
    assert isinstance(refused, Send)
    assert refused.octets.startswith(b"-ERR PASS is not allowed now")
    assert session.receive(b"STLS\r\n") == [Send(b"-ERR this connection has TLS already\r\n")]


def test_stls_is_refused_with_an_argument_and_after_utf8() -> None:
    """RFC 2595 §4, RFC 6856 §2.1."""
    _, [send] = after(b"STLS now", b"UTF8", b"STLS", conduct=Conduct(stls=True, utf8=True))

    assert isinstance(send, Send)
    assert [line[:4] for line in send.octets.splitlines()] == [b"-ERR", b"+OK ", b"-ERR"]


def test_failed_logins_end_the_connection() -> None:
    """At the conduct's limit, after its answer."""
    session, _ = after(b"USER alice", b"PASS x", conduct=Conduct(failed_logins=2))
    session.refused(REFUSED)
    session.receive(b"USER alice\r\nPASS x\r\nUSER alice\r\n")

    assert session.refused(REFUSED) == [Send(b"-ERR [AUTH] no\r\n"), Close()]
    assert session.receive(b"USER alice\r\n") == []


def test_bad_commands_in_a_row_end_the_connection() -> None:
    """A good one lets the count begin again."""
    conduct = Conduct(bad_commands=3)
    _, effects = after(b"X", b"STAT", b"CAPA x", b"X", b"x" * 300, conduct=conduct)
    assert Close() not in effects

    _, effects = after(b"X", b"STAT", b"x" * 300, b"USER alice", conduct=conduct)
    assert effects[1:] == [Close()]
    assert isinstance(effects[0], Send)
    assert effects[0].octets.count(b"-ERR") == 3


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (b"Subject: \xc3\xbc\r\n\r\nx\r\n", b"[UTF8]"),
        (b"Subject: \xc3\xbc", b"[UTF8]"),
        (b"Subject: \xc3\xbc\n\nx\n", b"[UTF8]"),
        (b"Subject: \xfc\r\n\r\nx\r\n", b""),
        (b"Subject: x\r\n\r\n\xc3\xbc\r\n", b""),
    ],
)
@pytest.mark.parametrize("command", [b"RETR 1\r\n", b"TOP 1 0\r\n"])
def test_utf8_mail_needs_utf8(octets: bytes, code: bytes, command: bytes) -> None:
    """Where the conduct has UTF8, and the header is UTF-8; else octets pass as they are (RFC 6856 §2.1, §5)."""
    for conduct, first, refused in (
        (Conduct(utf8=True), b"", code),
        (Conduct(utf8=True), b"UTF8\r\n", b""),
        (Conduct(), b"", b""),
    ):
        session = Session(conduct)
        session.receive(first + b"USER alice\r\nPASS secret\r\n")
        session.authenticated(maildrop([octets]))
        answer = b"".join(effect.octets for effect in session.receive(command) if isinstance(effect, Send))

        assert answer.startswith(b"-ERR " + refused if refused else b"+OK")


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        (b"LANG", rb"\+OK languages follow\r\nen English\r\ni-default [^\r]*\r\n\.\r\n"),
        (b"LANG *", rb"\+OK i-default .*\r\n"),
        (b"LANG EN-gb", rb"\+OK en English .*\r\n"),
        (b"LANG i-default", rb"\+OK i-default .*\r\n"),
        (b"LANG es", rb"-ERR .*\r\n"),
    ],
)
def test_lang_lists_chooses_and_keeps(line: bytes, answer: bytes) -> None:
    """RFC 6856 §3."""
    _, [send] = after(line, conduct=Conduct(utf8=True))

    assert isinstance(send, Send)
    assert re.fullmatch(answer, send.octets)


OFF = {
    Verb.APOP: Conduct(),
    Verb.STLS: Conduct(),
    Verb.UTF8: Conduct(),
    Verb.LANG: Conduct(),
    Verb.LAST: Conduct(),
    Verb.TOP: Conduct(top=False),
    Verb.UIDL: Conduct(uidl=False),
    Verb.CAPA: Conduct(capa=False),
    Verb.AUTH: Conduct(mechanisms=()),
}


@pytest.mark.parametrize("verb", OFF)
def test_what_is_off_is_unknown_and_not_announced(verb: Verb) -> None:
    """In both states (RFC 2449 §5)."""
    conduct = OFF[verb]
    login = b"USER alice\r\nPASS secret\r\n"
    for before in (b"", login):
        [*_, answer] = sent(drive(conduct, [[before + verb.encode() + b" 1 0\r\n"]])).splitlines()
        assert answer == b"-ERR unknown command"
    for transaction in (False, True):
        announced = {
            line.split(" ")[0] for line in capabilities(conduct, secured=False, transaction=transaction)
        }
        assert {Verb.AUTH: "SASL"}.get(verb, verb) not in announced
    assert verb not in spoken(conduct)


def test_what_is_on_is_announced() -> None:
    """Every tag, and the same ones after login, but STLS (RFC 2449 §5 and §6, RFC 2595 §4)."""
    conduct = Conduct(stls=True, utf8=True, login_delay=5, expire=0)

    assert list(capabilities(conduct, secured=False, transaction=False)) == [
        "TOP",
        "UIDL",
        "RESP-CODES",
        "AUTH-RESP-CODE",
        "PIPELINING",
        "SASL CRAM-MD5",
        "STLS",
        "UTF8",
        "LANG",
        "LOGIN-DELAY 5",
        "EXPIRE 0",
        "IMPLEMENTATION mailsim",
    ]
    secured = list(capabilities(conduct, secured=True, transaction=False))
    assert "USER" in secured
    assert "SASL PLAIN LOGIN CRAM-MD5 XOAUTH2" in secured
    assert list(capabilities(conduct, secured=True, transaction=True)) == secured
    assert "STLS" not in secured
    bare = Conduct(top=False, uidl=False, pipelining=False, mechanisms=(), implementation="")
    assert list(capabilities(bare, secured=False, transaction=False)) == [
        "RESP-CODES",
        "AUTH-RESP-CODE",
        "USER",
        "EXPIRE NEVER",
    ]


def test_usable_mechanisms_are_a_choice_of_the_offered() -> None:
    """Without TLS where it can be had, only those that hide the password."""
    assert mechanisms(Conduct(stls=True), secured=False) == (Mechanism.CRAM_MD5,)
    assert mechanisms(Conduct(), secured=False) == tuple(Mechanism)


def test_last_and_expire() -> None:
    """LAST is the highest number retrieved or marked (RFC 1460); EXPIRE 0 removes what was retrieved (RFC 2449 §6.7)."""
    commands = b"LAST\r\nRETR 2\r\nLAST\r\nRETR 1\r\nLAST\r\nDELE 3\r\nLAST\r\nRSET\r\nLAST\r\nLAST x\r\nDELE 1\r\nQUIT\r\n"
    happened = drive(Conduct(last=True, expire=0), [[b"USER alice\r\nPASS secret\r\n" + commands]])

    numbers = re.findall(rb"^\+OK (\d)\r\n", sent(happened), re.MULTILINE)
    assert numbers == [b"0", b"2", b"2", b"3", b"0"]
    assert "uids=('u1', 'u2')" in repr(happened)
