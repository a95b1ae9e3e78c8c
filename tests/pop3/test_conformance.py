"""Conformance checks that need time, a quirk or a fault, over real sockets; those of 1 to 91 are in tests/interop.

Elsewhere over sockets: autologout (92), a removal that fails (95) and a server's failure (99) in test_server and
test_faults; UTF8, STLS after it and LANG (100 to 102), passwords without TLS (104) and limits (109) in dialogues; a
client's reading of codes (106) in test_client. Ours speaks TLS from the first octet, so it has no CAPA to discard (105);
no `pop://` address (108) is read anywhere.
"""

import re
import socket
from base64 import b64encode
from collections.abc import Sequence
from hashlib import md5

import pytest

from mailsim.pop3.collection import Listed, Retrieved
from mailsim.pop3.collector import collect
from mailsim.pop3.embedded import Pop3Server

MAIL = {"alice": ("tanstaaf", [b"Subject: one\r\n\r\n1\r\n", b"Subject: two\r\n\r\n2\r\n"])}
USER, PASS = "USER alice", "PASS tanstaaf"


class Client:
    """One connection, greeted."""

    def __init__(self, server: Pop3Server) -> None:
        self._socket = socket.create_connection((server.host, server.port), timeout=20)
        self._file = self._socket.makefile("rb")
        self.greeting = self._file.readline().decode()

    def say(self, *commands: str) -> str:
        """Send commands one by one and return the last answer's status line; empty when the connection is closed."""
        line = self.greeting
        for command in commands:
            self._socket.sendall(command.encode() + b"\r\n")
            line = self._file.readline().decode()
        return line

    def lines(self) -> list[str]:
        """The rest of an answer of many lines."""
        return [line.decode().rstrip("\r\n") for line in iter(self._file.readline, b".\r\n")]

    def end(self, *commands: str) -> None:
        """Say these, and wait until the server has ended the session too."""
        if commands:
            self.say(*commands)
        else:
            self._socket.shutdown(socket.SHUT_WR)
        assert self._file.read() == b""
        self._file.close()
        self._socket.close()


def test_apop_is_the_digest_of_greeting_and_secret() -> None:
    """Checks 93 and 94, RFC 1939 §7: in lower case; every connection has another timestamp, and CAPA no tag for it."""
    with Pop3Server(MAIL, quirks=["apop"]) as server:
        first, second = Client(server), Client(server)
        stamps = [re.findall(r"<[!-;=?-~]+@[!-;=?-~]+>", client.greeting) for client in (first, second)]
        digests = [md5(f"{stamp}tanstaaf".encode()).hexdigest() for [stamp] in stamps]

        assert digests[0] != digests[1]
        assert first.say(f"APOP alice {digests[1]}").startswith("-ERR [AUTH]")
        assert first.say("CAPA").startswith("+OK")
        assert not [line for line in first.lines() if line.startswith("APOP")]
        assert first.say(f"APOP alice {digests[0]}").startswith("+OK 2 messages")
        first.end("QUIT")
        second.end("QUIT")


def test_apop_is_not_announced_where_it_is_off() -> None:
    """Check 94: no timestamp, no APOP."""
    with Pop3Server(MAIL) as server:
        client = Client(server)
        assert "<" not in client.greeting
        assert client.say(f"APOP alice {'0' * 32}").startswith("-ERR")
        client.end("QUIT")


def test_a_session_shows_what_was_there_when_it_began() -> None:
    """Check 96, RFC 1939 §4: numbers and sizes are fixed; the next session shows what came."""
    with Pop3Server(MAIL) as server:
        client = Client(server)
        before = client.say(USER, PASS, "STAT")
        server.append("alice", b"Subject: three\r\n\r\n3\r\n")

        assert client.say("STAT") == before
        assert client.say("RETR 3").startswith("-ERR")
        client.end("QUIT")
        client = Client(server)
        assert client.say(USER, PASS).startswith("+OK 3 messages")
        client.end("QUIT")


def test_login_delay_is_told_to_the_password() -> None:
    """Check 97, RFC 2449 §6.5, §8.1.1: not to USER, which would tell who exists; CAPA says how long."""
    with Pop3Server(MAIL, quirks=["login-delay=3600"]) as server:
        Client(server).end(USER, PASS, "QUIT")
        client = Client(server)

        assert client.say("CAPA").startswith("+OK")
        assert "LOGIN-DELAY 3600" in client.lines()
        assert client.say(USER).startswith("+OK")
        assert client.say(PASS).startswith("-ERR [LOGIN-DELAY] ")
        plain = b64encode(b"\0alice\0tanstaaf").decode()
        assert client.say(f"AUTH PLAIN {plain}").startswith("-ERR [LOGIN-DELAY] ")
        assert client.say(USER, "PASS wrong").startswith("-ERR [AUTH] ")
        client.end("QUIT")


@pytest.mark.parametrize(("last", "left"), [(("QUIT",), 1), ((), 2)], ids=["QUIT", "a FIN"])
def test_expire_0_removes_what_was_retrieved_at_quit_only(last: Sequence[str], left: int) -> None:
    """Check 98, RFC 2449 §6.7, RFC 1939 §8: not when the connection ends without it."""
    with Pop3Server(MAIL, quirks=["expire"]) as server:
        client = Client(server)
        assert client.say("CAPA").startswith("+OK")
        assert "EXPIRE 0" in client.lines()
        assert client.say(USER, PASS, "RETR 1").startswith("+OK")
        client.lines()
        client.end(*last)

        assert len(server.messages("alice")) == left


def test_a_long_response_comes_after_a_challenge() -> None:
    """Check 103, RFC 5034 §4: with an initial response the line is a command's, of 255 octets; without, it is longer."""
    password = "x" * 3000
    response = b64encode(f"\0alice\0{password}".encode()).decode()
    with Pop3Server({"alice": (password, [])}) as server:
        client = Client(server)

        assert client.say(f"AUTH PLAIN {response}").startswith("-ERR line too long")
        assert client.say("AUTH PLAIN") == "+ \r\n"
        assert client.say(response).startswith("+OK 0 messages")
        client.end("QUIT")


@pytest.mark.anyio
async def test_two_messages_under_one_uid_are_two() -> None:
    """Check 107, RFC 1939 §7: the collector takes and deletes both."""
    listings: list[Sequence[Listed]] = []
    kept: list[bytes] = []

    def order(listed: Sequence[Listed]) -> Sequence[Listed]:
        listings.append(listed)
        return listed

    def keep(batch: Sequence[Retrieved]) -> None:
        kept.extend(one.octets for one in batch)

    with Pop3Server(MAIL, faults=["pop:UIDL:1:duplicate-uid"]) as server:
        done = await collect(
            server.host, server.port, username="alice", password="tanstaaf", tls=None, keep=keep, order=order
        )

        assert len({one.uid for one in listings[0]}) == 1
        assert kept == MAIL["alice"][1]
        assert done.deleted == 2
        assert server.messages("alice") == ()
