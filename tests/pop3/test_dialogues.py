"""The transcripts in fixtures/dialogues, replayed to the pure session machine.

A transcript is lines `C: command` and `S: answer`; `C2:` and `S2:` are those of a second connection, which
begins where it is first named. `*` at the end of an answer stands for any rest. `-- closed` says that the
server has closed the connection that spoke last, `-- drop` that it is lost now.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import pytest

from mailsim.pop3.effects import Authenticate, Close, Effect, Refusal, Remove, Send
from mailsim.pop3.maildrop import Maildrop
from mailsim.pop3.maildrops import Maildrops
from mailsim.pop3.session import Session

DIALOGUES = sorted((Path(__file__).parents[2] / "fixtures" / "dialogues").glob("*.txt"))


@dataclass
class Connection:
    """A session joined to maildrops, without a network between."""

    maildrops: Maildrops
    session: Session = field(default_factory=Session)
    maildrop: Maildrop | None = None
    sent: bytes = b""
    closed: bool = False

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
                case Close():
                    self.closed = True

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
@pytest.mark.parametrize("path", DIALOGUES, ids=lambda path: path.stem)
def test_dialogue(
    path: Path,
    cut: Callable[[Sequence[bytes]], list[bytes]],
    dialogue_accounts: dict[str, tuple[str, tuple[bytes, ...]]],
) -> None:
    """The server answers as written, however the commands are cut into segments."""
    maildrops = Maildrops(dialogue_accounts)
    connections: dict[str, Connection] = {}
    lines = [line for line in path.read_text("utf-8").splitlines() if not line.startswith("#")]
    connection = Connection(maildrops)
    for speaker, turn in groupby(lines, lambda line: line.partition(":")[0].lstrip("CS")):
        if speaker.startswith("--"):
            assert connection.closed is (speaker == "-- closed")
            if speaker == "-- drop":
                connection.drop()
            continue
        connection = connections.setdefault(speaker, Connection(maildrops))
        if not connection.sent:
            connection.carry_out(connection.session.start())
            already = 0
        else:
            already = len(connection.sent)
        said = list(turn)
        commands = [line.partition(": ")[2].encode() + b"\r\n" for line in said if line.startswith("C")]
        for segment in cut(commands):
            connection.carry_out(connection.session.receive(segment))
        assert_alike(connection.sent[already:], [line for line in said if line.startswith("S")])


def assert_alike(sent: bytes, expected: Sequence[str]) -> None:
    """Compare line by line."""
    answers = sent.decode("latin-1").split("\r\n")[:-1]
    wanted = [line.partition(": ")[2] for line in expected]
    shown = [
        want if want.endswith("*") and answer.startswith(want[:-1].rstrip(" ")) else answer
        for answer, want in zip(answers, wanted, strict=False)
    ]
    assert shown + answers[len(shown) :] == wanted
