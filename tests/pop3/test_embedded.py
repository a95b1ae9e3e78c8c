"""`Pop3Server` with poplib as an independent judge, plain and over TLS."""

import asyncio
import poplib
import ssl
import threading
from contextlib import suppress
from typing import Any, Literal

import pytest

from mailsim.errors import MailsimError
from mailsim.faults.syntax import FaultError
from mailsim.pop3.arguments import Pop3ServerError
from mailsim.pop3.embedded import Pop3Server, Tls
from mailsim.pop3.maildrops import UnknownUserError
from mailsim.pop3.wire import wire_form

ALL = pytest.mark.parametrize("tls", list(Tls))


def connect(server: Pop3Server) -> poplib.POP3:
    """Connect by poplib as the server wants it, and log in as alice."""
    context = ssl.create_default_context(cafile=server.ca)
    if "implicit" in repr(server):
        client: poplib.POP3 = poplib.POP3_SSL(server.host, server.port, context=context, timeout=20)
    else:
        client = poplib.POP3(server.host, server.port, timeout=20)
    if "stls" in repr(server):
        client.stls(context)
    try:
        client.user("alice")
        client.pass_("secret")
    except poplib.error_proto:
        client.close()
        raise
    return client


def connect_again(server: Pop3Server) -> poplib.POP3:
    """Connect, as often as the server has not yet seen the end of the session before."""
    while True:
        with suppress(poplib.error_proto):
            return connect(server)


@ALL
def test_every_message_arrives_octet_for_octet(
    tls: Tls, nasty: tuple[bytes, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As its wire form, of the size that LIST says; TOP gives the same where it gives all."""
    monkeypatch.setattr(poplib, "_MAXLINE", 1_000_000)  # its 2,048 octets a line are too few for mail
    with Pop3Server({"alice": ("secret", nasty)}, tls=tls) as server:
        client = connect(server)
        listed = [int(line.split()[1]) for line in client.list()[1]]
        retrieved = [client.retr(number)[1:] for number in range(1, len(nasty) + 1)]
        topped = [client.top(number, 10**9)[1] for number in range(1, len(nasty) + 1)]
        total = client.stat()
        client.quit()

    assert [b"".join(line + b"\r\n" for line in lines) for lines, _ in retrieved] == [*map(wire_form, nasty)]
    assert [size for _, size in retrieved] == listed
    assert topped == [lines for lines, _ in retrieved]
    assert total == (len(nasty), sum(listed))


@ALL
def test_what_a_session_deletes_is_gone_after_quit(tls: Tls) -> None:
    """Not before; and `messages` shows it, octets as they were given."""
    with Pop3Server({"alice": ("secret", [b"one", b"two\n"])}, tls=tls) as server:
        client = connect(server)
        client.dele(1)
        assert server.messages("alice") == (b"one", b"two\n")
        client.quit()
        assert server.messages("alice") == (b"two\n",)

    assert server.messages("alice") == (b"two\n",)


def test_poplib_sees_lock_uids_and_capabilities() -> None:
    """A second login is told [IN-USE]."""
    with Pop3Server({"alice": ("secret", [b"one", b"two"])}) as server:
        client = connect(server)
        with pytest.raises(poplib.error_proto, match=r"\[IN-USE\]"):
            connect(server)
        assert "PIPELINING" in client.capa()
        uids = client.uidl()[1]
        client.close()

        client = connect_again(server)
        assert client.uidl()[1] == uids
        client.quit()


@ALL
def test_it_serves_inside_a_running_loop(tls: Tls) -> None:
    """`async with` starts and ends it without holding the loop up; nothing of it lives there."""

    async def main() -> None:
        tasks = asyncio.all_tasks()
        async with Pop3Server({"alice": ("secret", [b"one"])}, tls=tls) as server:
            assert asyncio.all_tasks() == tasks
            client = await asyncio.to_thread(connect, server)
            assert client.stat() == (1, 5)
            client.close()

    asyncio.run(main())


@ALL
def test_it_leaves_no_thread_file_or_port(tls: Tls) -> None:
    """Even with a session open; it can be entered again, with its mail as it was left."""
    before = set(threading.enumerate())
    server = Pop3Server({"alice": ("secret", [b"one"])}, tls=tls)
    for _ in range(2):
        with server:
            ca = server.ca
            client = connect(server)
            assert client.stat() == (1, 5)
        client.close()
        assert server.ca is None
        assert ca is None or not ca.exists()
        with pytest.raises(OSError, match="refused"):
            poplib.POP3(server.host, server.port)
    assert set(threading.enumerate()) <= before


def test_it_is_used_in_the_right_order() -> None:
    """The errors tell what to do; leaving twice does no harm."""
    server = Pop3Server({"alice": ("secret", [])})
    with pytest.raises(MailsimError, match="enter it first"):
        _ = server.port
    with server, pytest.raises(MailsimError, match="is running"), server:
        pass
    server.__exit__(None, None, None)


def test_an_unknown_tls_mode_is_refused() -> None:
    """With the modes that there are."""
    wrong: Any = "starttls"
    with pytest.raises(MailsimError, match="tls='starttls': write one of 'none', 'stls', 'implicit'"):
        Pop3Server({}, tls=wrong)


@pytest.mark.parametrize(
    ("tls", "fault", "told"),
    [
        ("none", "pop:CONNECT:1:expired-certificate", "shows no certificate"),
        ("stls", "pop:CONNECT:1:expired-certificate", "shows its certificate at STLS; write 'STLS'"),
        ("implicit", "pop:STLS:1:foreign-certificate", "shows its certificate at CONNECT; write 'CONNECT'"),
        ("none", "pop:STLS:1:drop", "does not speak STLS"),
        ("implicit", "pop:STLS:1:drop", "does not speak STLS"),
        ("none", "pop:LAST:1:drop", "does not speak LAST"),
        ("none", "pop:APOP:1:refuse", "does not speak APOP"),
    ],
)
def test_a_fault_that_can_never_strike_is_refused(
    tls: Literal["none", "stls", "implicit"], fault: str, told: str
) -> None:
    """A test that waits for it would pass, and prove nothing."""
    with pytest.raises(FaultError, match=told):
        Pop3Server({}, tls=tls, faults=[fault])


def test_a_quirk_makes_faults_possible() -> None:
    """And the right moment."""
    Pop3Server({}, quirks=["last", "apop"], faults=["pop:LAST:1:drop", "pop:APOP:1:refuse"])
    Pop3Server({}, tls="stls", faults=["pop:STLS:1:drop", "pop:STLS:2:expired-certificate"])
    Pop3Server({}, tls="implicit", faults=["pop:CONNECT:2:expired-certificate"])


@pytest.mark.parametrize(
    ("maildrops", "options", "told"),
    [
        (["alice"], {}, 'maildrops of type list: write a mapping, {"alice": ("secret", [octets, ...])}'),
        ({1: ("secret", [])}, {}, "user 1: a user's name is text"),
        ({"alice": "secret"}, {}, "user 'alice': write a password and a list of messages"),
        ({"alice": ("secret", b"octets")}, {}, "user 'alice': write a password and a list of messages"),
        ({"alice": ("secret", "text")}, {}, "user 'alice': write a password and a list of messages"),
        ({"alice": ("secret", 3)}, {}, "user 'alice': write a password and a list of messages"),
        (
            {"alice": ("secret", ["text"])},
            {},
            "user 'alice': a message of type str is no bytes; encode the text",
        ),
        ({"alice": ("secret", [3])}, {}, "user 'alice': a message of type int is no bytes; give octets"),
        ({}, {"quirks": "gmail"}, "quirks='gmail': write a list, quirks=['gmail']"),
        ({}, {"faults": "pop:RETR:1:drop"}, "faults='pop:RETR:1:drop': write a list"),
        ({}, {"faults": 3}, "faults=3: write a list of texts"),
        ({}, {"quirks": [3]}, "quirks=[3]: write a list of texts"),
        ({}, {"idle_seconds": -1}, "idle_seconds=-1: must be more than 0 seconds"),
    ],
)
def test_what_cannot_be_served_is_told_at_once(maildrops: Any, options: dict[str, Any], told: str) -> None:
    """In one line, without the password."""
    with pytest.raises(Pop3ServerError) as refused:
        Pop3Server(maildrops, **options)
    assert told in str(refused.value)
    assert "secret" not in str(refused.value).replace('("secret", [octets', "")


def test_mail_and_faults_for_a_server_that_runs_are_checked_too() -> None:
    """In the test's own thread."""
    wrong: Any = "text"
    number: Any = 3
    with Pop3Server({"alice": ("secret", (octets for octets in [b"one"]))}) as server:
        with pytest.raises(Pop3ServerError, match="'alice': a message of type str"):
            server.append("alice", wrong)
        with pytest.raises(UnknownUserError, match="there is one for alice; name one of these"):
            server.append("bob", b"")
        with pytest.raises(FaultError, match="fault 3: write a text"):
            server.add_fault(number)
        assert server.messages("alice") == (b"one",)
    assert server.port


def test_its_display_has_no_secret() -> None:
    """Where, how and for whom; never a password (R1.11)."""
    with Pop3Server({"alice": ("secret", [])}) as server:
        assert repr(server) == f"Pop3Server(127.0.0.1:{server.port}, tls='none', users: alice)"
    assert repr(server) == "Pop3Server(not running, tls='none', users: alice)"
