"""The transcripts in fixtures/dialogues, replayed to the pure session machine; of servers with TLS or UTF8, over sockets too.

A transcript is lines `C: command` and `S: answer`; `C2:` and `S2:` are those of a second connection, which
begins where it is first named. `*` at the end of an answer stands for any rest. `-- closed` says that the
server has closed the connection that spoke last, `-- drop` that it is lost now, `-- TLS` that TLS begins on it now.
A transcript in a folder `stls` or `utf8` is of a server that offers these.
"""

import socket
import ssl
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

import pytest

from mailsim.pop3.conduct import Conduct
from mailsim.pop3.effects import Authenticate, Close, Effect, Refusal, Remove, Secure, Send
from mailsim.pop3.embedded import Pop3Server, Tls
from mailsim.pop3.maildrop import Maildrop
from mailsim.pop3.maildrops import Maildrops
from mailsim.pop3.session import Session

FOLDER = Path(__file__).parents[2] / "fixtures" / "dialogues"
DIALOGUES = sorted(FOLDER.rglob("*.txt"))
CONDUCTS = {
    "dialogues": Conduct(),
    "stls": Conduct(stls=True, utf8=True),
    "utf8": Conduct(utf8=True),
}

Accounts = Mapping[str, tuple[str, tuple[bytes, ...]]]


def told(path: Path) -> str:
    """What a test is called."""
    return str(path.relative_to(FOLDER).with_suffix(""))


def accounts_of(path: Path, usual: Accounts) -> Accounts:
    """Who has mail; in a folder with a maildrop of its own, alice has that."""
    if own := sorted((path.parent / "maildrop").glob("*.eml")):
        return {**usual, "alice": ("secret", tuple(one.read_bytes() for one in own))}
    return usual


def turns(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Who speaks, by the number of the connection, and the lines until another does; or what happens, and nothing."""
    lines = [line for line in path.read_text("utf-8").splitlines() if not line.startswith("#")]
    for speaker, turn in groupby(lines, lambda line: line.partition(":")[0].lstrip("CS")):
        yield speaker, list(turn)


def commands_of(turn: Sequence[str]) -> list[bytes]:
    """The lines that the client says."""
    return [line.partition(": ")[2].encode() + b"\r\n" for line in turn if line.startswith("C")]


@dataclass
class Connection:
    """A session joined to maildrops, without a network between."""

    maildrops: Maildrops
    session: Session
    maildrop: Maildrop | None = None
    sent: bytes = b""
    closed: bool = False
    securing: bool = False

    def carry_out(self, effects: Iterable[Effect]) -> None:
        """Do what the session asks, and what it asks then."""
        waiting = deque(effects)
        while waiting:
            match waiting.popleft():
                case Send(octets):
                    self.sent += octets
                case Authenticate(user, proof):
                    opened = self.maildrops.open(user, proof)
                    if isinstance(opened, Refusal):
                        waiting.extend(self.session.refused(opened))
                    else:
                        self.maildrop = opened
                        waiting.extend(self.session.authenticated(opened))
                case Remove(uids):
                    assert self.maildrop is not None
                    waiting.extend(
                        self.session.removed(failed=not self.maildrops.update(self.maildrop, uids))
                    )
                case Secure():
                    self.securing = True
                case Close():
                    self.closed = True

    def secure(self) -> None:
        """Begin TLS."""
        assert self.securing
        self.securing = False
        self.carry_out(self.session.secured())

    def drop(self) -> None:
        """Lose the connection."""
        assert self.maildrop is not None
        self.maildrops.release(self.maildrop)


def whole(lines: Sequence[bytes]) -> list[bytes]:
    """One command a segment."""
    return list(lines)


def byte_by_byte(lines: Sequence[bytes]) -> list[bytes]:
    """One octet a segment."""
    return [bytes([octet]) for line in lines for octet in line]


def pipelined(lines: Sequence[bytes]) -> list[bytes]:
    """All commands in one segment."""
    return [b"".join(lines)]


@pytest.mark.parametrize("cut", [whole, byte_by_byte, pipelined])
@pytest.mark.parametrize("path", DIALOGUES, ids=told)
def test_dialogue(
    path: Path, cut: Callable[[Sequence[bytes]], list[bytes]], dialogue_accounts: Accounts
) -> None:
    """The server answers as written, however the commands are cut into segments."""
    conduct = CONDUCTS[path.parent.name]
    maildrops = Maildrops(accounts_of(path, dialogue_accounts), conduct=conduct)
    connections: dict[str, Connection] = {}
    connection = Connection(maildrops, Session(conduct))
    for speaker, turn in turns(path):
        if speaker.startswith("--"):
            assert connection.closed is (speaker == "-- closed")
            if speaker == "-- drop":
                connection.drop()
            if speaker == "-- TLS":
                connection.secure()
            continue
        connection = connections.setdefault(speaker, Connection(maildrops, Session(conduct)))
        already = len(connection.sent)
        if not connection.sent:
            connection.carry_out(connection.session.start())
        for segment in cut(commands_of(turn)):
            connection.carry_out(connection.session.receive(segment))
        assert_alike(connection.sent[already:], [line for line in turn if line.startswith("S")])


@pytest.mark.parametrize("path", [path for path in DIALOGUES if path.parent != FOLDER], ids=told)
def test_dialogue_over_sockets(path: Path, dialogue_accounts: Accounts) -> None:
    """All that is said at once in one segment, and real TLS; the others are played in tests/interop."""
    tls = Tls.STLS if CONDUCTS[path.parent.name].stls else Tls.NONE
    with Pop3Server(accounts_of(path, dialogue_accounts), tls=tls) as server, ExitStack() as stack:
        sockets: dict[str, socket.socket] = {}
        files: dict[str, BinaryIO] = {}
        last = ""
        for speaker, turn in turns(path):
            if speaker == "-- closed":
                assert files[last].read() == b""
            elif speaker == "-- TLS":
                context = ssl.create_default_context(cafile=server.ca)
                secure = context.wrap_socket(sockets[last], server_hostname="localhost")
                sockets[last] = stack.enter_context(secure)
                files[last] = stack.enter_context(secure.makefile("rb"))
            else:
                last = speaker
                if speaker not in sockets:
                    address = (server.host, server.port)
                    sockets[speaker] = stack.enter_context(socket.create_connection(address, timeout=20))
                    files[speaker] = stack.enter_context(sockets[speaker].makefile("rb"))
                sockets[speaker].sendall(b"".join(commands_of(turn)))
                expected = [line for line in turn if line.startswith("S")]
                assert_alike(b"".join(files[speaker].readline() for _ in expected), expected)


def assert_alike(sent: bytes, expected: Sequence[str]) -> None:
    """Compare line by line."""
    answers = sent.decode("utf-8", "surrogateescape").split("\r\n")[:-1]
    wanted = [line.partition(": ")[2] for line in expected]
    shown = [
        want if want.endswith("*") and answer.startswith(want[:-1].rstrip(" ")) else answer
        for answer, want in zip(answers, wanted, strict=False)
    ]
    assert shown + answers[len(shown) :] == wanted
