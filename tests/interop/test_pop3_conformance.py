"""POP3's conformance checks, over real sockets, against our server and against Dovecot.

Where Dovecot answers otherwise the table says why, and the test holds it to that: the check must fail there.
"""

import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import pytest

from mailsim.pop3.embedded import Pop3Server
from tests.interop.conformance import CHECKS, Check, words
from tests.interop.dovecot import Dovecot

MAILDROP = Path(__file__).parents[2] / "fixtures" / "dialogues" / "maildrop"
MESSAGES = tuple(path.read_bytes() for path in sorted(MAILDROP.glob("*.eml")))
ACCOUNTS = {
    **{words(check)["name"]: ("secret", MESSAGES) for check in CHECKS},
    "sp": ("two words", ()),
}


@dataclass(frozen=True)
class Place:
    """Where to connect, by the state that a check begins in, and whom to trust."""

    ports: Mapping[str, int]
    ca: Mapping[str, Path | None]


@dataclass
class Client:
    """One client that plays one check."""

    place: Place
    check: Check
    replies: list[bytes] = field(default_factory=list)
    seen: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Connect, and log in where the check begins after that."""
        self.stack = ExitStack()
        self.words = words(self.check)
        self.connect()
        if self.check.state == "T":
            self.login()
            del self.replies[:]

    @property
    def state(self) -> str:
        """The state that it connects in."""
        return "A" if self.check.state == "T" else self.check.state

    def connect(self) -> None:
        """Connect and read the greeting."""
        self.socket = self.stack.enter_context(
            socket.create_connection(("127.0.0.1", self.place.ports[self.state]), timeout=30)
        )
        if self.check.state == "I":
            self.begin_tls()
        self.file: BinaryIO = self.stack.enter_context(self.socket.makefile("rb"))
        self.greeting = self.file.readline()

    def begin_tls(self) -> None:
        """Begin TLS, trusting the server's CA alone."""
        context = ssl.create_default_context(cafile=self.place.ca[self.state])
        self.socket = self.stack.enter_context(context.wrap_socket(self.socket, server_hostname="localhost"))
        self.file = self.stack.enter_context(self.socket.makefile("rb"))

    def login(self) -> None:
        """Log in; the reply to PASS counts."""
        self.say(f"USER {self.words['name']}")
        self.say("PASS secret")
        del self.replies[-2]

    def say(self, command: str) -> None:
        """Send a command and read its reply; an empty one when the connection is closed."""
        with suppress(OSError):
            self.socket.sendall(command.encode() + b"\r\n")
        self.hear(command)

    def hear(self, command: str) -> None:
        """Read one reply."""
        verb, _, argument = command.upper().partition(" ")
        reply = b""
        with suppress(OSError):
            reply = self.file.readline()
            self.seen.append(reply)
            long = verb in ("RETR", "TOP", "CAPA") or (verb in ("LIST", "UIDL") and not argument)
            while long and reply.startswith(b"+OK") and not reply.endswith(b"\r\n.\r\n"):
                reply += self.file.readline()
        self.replies.append(reply)

    def play(self) -> None:
        """Take all steps."""
        for step in self.check.steps.format(**self.words).split("; "):
            self.take(step)

    def take(self, step: str) -> None:
        """Take one step."""
        match step:
            case "<greeting>":
                self.replies.append(self.greeting)
            case "<TLS>":
                self.begin_tls()
            case "<TLS or end>":
                with suppress(ssl.SSLError, ConnectionError):
                    self.begin_tls()
            case "<login>":
                self.login_at_last()
            case "<2nd login>":
                first, first_file = self.socket, self.file
                self.connect()
                self.login()
                self.socket, self.file = first, first_file
            case "<reconnect>" | "<drop>" | "<FIN>":
                self.end(step)
                self.connect()
            case _ if r"\r\n" in step or step.endswith("<unread>"):
                self.say_raw(step)
            case _:
                self.say(step)

    def login_at_last(self) -> None:
        """Log in, as often as the server has still to see the end of the dropped session before."""
        self.login()
        while b"[IN-USE]" in self.replies[-1]:
            del self.replies[-1]
            self.login()

    def end(self, how: str) -> None:
        """End the connection: as the server does after QUIT, by a FIN, or without a word."""
        if how == "<FIN>":
            self.socket.shutdown(socket.SHUT_WR)
        if how == "<drop>":
            self.file.close()
            self.socket.close()
        else:
            assert self.file.read() == b""

    def say_raw(self, step: str) -> None:
        """Send octets, and read the replies to all commands in them, to one, or to none."""
        raw, _, rule = step.partition("<")
        octets = raw.replace(r"\r\n", "\r\n")
        self.socket.sendall(octets.encode())
        commands = octets.split("\r\n")[:-1]
        for command in commands[: {"unread>": 0, "one>": 1}.get(rule)]:
            self.hear(command)


@pytest.fixture(scope="module")
def ours() -> Iterator[Place]:
    """Our server, three times."""
    with (
        Pop3Server(ACCOUNTS) as plain,
        Pop3Server(ACCOUNTS, tls="stls") as stls,
        Pop3Server(ACCOUNTS, tls="implicit") as implicit,
    ):
        yield Place(
            {"A": plain.port, "S": stls.port, "I": implicit.port},
            {"A": None, "S": stls.ca, "I": implicit.ca},
        )


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Place]:
    """Dovecot, all of it on two ports."""
    with Dovecot(ACCOUNTS) as server:
        yield Place(
            {"A": server.port, "S": server.port, "I": server.tls_port},
            dict.fromkeys("ASI", server.ca),
        )


def conforms(place: Place, check: Check) -> bool:
    """Play a check and judge it; check 91, on the status lines, with every one."""
    client = Client(place, check)
    with client.stack:
        client.play()
    for line in filter(None, client.seen):
        assert len(line) <= 512
        assert line.startswith((b"+OK", b"-ERR", b"+ "))
    if callable(check.expected):
        return check.expected(client.replies, MESSAGES)
    shown = [reply.decode("latin-1") for reply in client.replies]
    return len(shown) == len(check.expected) and all(
        re.fullmatch(pattern, reply, re.DOTALL) for pattern, reply in zip(check.expected, shown, strict=True)
    )


EACH = pytest.mark.parametrize("check", CHECKS, ids=lambda check: f"{check.number}-RFC {check.source}")


@EACH
def test_our_server_conforms(ours: Place, check: Check) -> None:
    """In every check, without exception."""
    assert conforms(ours, check)


@pytest.mark.peers
@EACH
def test_dovecot_conforms_but_for_what_the_table_says(dovecot: Place, check: Check) -> None:
    """So the checks are those of a server in use, and ours differs from it only where it is told."""
    assert conforms(dovecot, check) is not bool(check.dovecot), check.dovecot
