"""The transcripts in fixtures/dialogues over real sockets: our server answers as written, and so does Dovecot.

(Those of servers with STLS or UTF8 are played to ours in tests/pop3.)

Where Dovecot answers otherwise the table says how and why, and the test holds it to that: so, and nowhere else. A
server's free text is its own; what counts is what a client reads in an answer (`told`).
"""

import re
import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import BinaryIO, NamedTuple

import pytest

from mailsim.pop3.embedded import Pop3Server
from tests.interop.dovecot import Dovecot

FOLDER = Path(__file__).parents[2] / "fixtures" / "dialogues"
DIALOGUES = sorted(FOLDER.rglob("*.txt"))
MESSAGES = tuple(path.read_bytes() for path in sorted((FOLDER / "maildrop").glob("*.eml")))
ACCOUNTS = {"alice": ("secret", MESSAGES), "sp": ("two words", ())}

Lines = Sequence[str]


class Difference(NamedTuple):
    """What Dovecot answers to a command, line by line, `*` for any rest; and why not as written."""

    command: str
    answer: Lines
    why: str


CLOSED: Lines = ()
MESSAGE_3 = "message 3 has no final line end: Dovecot counts it without the one that it sends"
ARGUMENT = "takes no heed of an argument that the command has not"
OPTIONS = "other extensions; STLS is on, XOAUTH2 off; no EXPIRE, no IMPLEMENTATION"
AFTER_LOGIN = "forgets USER and SASL after login"
BAD_COMMANDS = (
    "closes at the third bad command: a policy, CLIENT_MAX_BAD_COMMANDS; the next ones go to a new connection"
)
NO_UTF8 = "Dovecot 2.3 has neither UTF8 nor LANG"
INITIAL = "begins CRAM-MD5 all the same; the next line is the response to its challenge"
LISTS = "lists what there is, as before RFC 5034"
MECHANISMS = ["+OK", "PLAIN", "LOGIN", "CRAM-MD5", "."]
BEFORE = ["+OK", "CAPA", "TOP", "UIDL", "RESP-CODES", "PIPELINING", "AUTH-RESP-CODE", "STLS", "USER", "SASL PLAIN LOGIN CRAM-MD5", "."]  # fmt: skip
AFTER = [*BEFORE[:7], "."]

DOVECOT: Mapping[str, Sequence[Difference]] = {
    "auth": (
        Difference("AUTH", MECHANISMS, LISTS),
        Difference("AUTH PLAIN !!!!", ["-ERR [AUTH]"], "counts it as a failed try"),
        Difference("AUTH CRAM-MD5 YWxpY2U=", ["+ *"], INITIAL),
        Difference("AUTH CRAM-MD5", ["-ERR [AUTH] Invalid base64 in response"], INITIAL),
        Difference("YWxpY2UgMDAxMTIyMzM0NDU1NjY3Nzg4OTlhYWJiY2NkZGVlZmY=", ["-ERR"], INITIAL),
        Difference(
            "auth xoauth2 dXNlcj1hbGljZQFhdXRoPUJlYXJlciB3cm9uZwEB", ["-ERR [AUTH]"], "XOAUTH2 is off"
        ),
        Difference("", ["-ERR"], "XOAUTH2 is off: no response is awaited"),
        Difference("STAT", ["+OK 8 3811"], MESSAGE_3),
    ),
    "authorization": (
        Difference("RETR 1", CLOSED, BAD_COMMANDS),
        Difference("TOP 1 0", CLOSED, BAD_COMMANDS),
        Difference("STLS", ["+OK"], "offers STLS on this port"),
        Difference("uSeR alice", CLOSED, "this is no beginning of TLS"),
        Difference("pAsS secret", ["-ERR"], "so USER is wanting"),
    ),
    "capa": (
        Difference("CAPA", BEFORE, OPTIONS),
        Difference("CAPA x", BEFORE, ARGUMENT),
        Difference("CAPA", AFTER, AFTER_LOGIN),
    ),
    "deletion": (
        Difference("STAT", ["+OK 6 703"], MESSAGE_3),
        Difference("LIST", ["+OK", "2 83", "3 82", "4 53", "6 184", "7 76", "8 225", "."], MESSAGE_3),
        Difference("RSET 1", ["+OK"], ARGUMENT),
        Difference("STAT", ["+OK 8 3811"], MESSAGE_3),
    ),
    "limits": (
        Difference("NOOP x*", ["+OK"], ARGUMENT),
        Difference("NOOP x*", ["+OK"], "takes lines of up to 8,192 octets"),
        Difference("STAT", ["+OK 8 3811"], MESSAGE_3),
    ),
    "listing": (
        Difference("STAT", ["+OK 8 3811"], MESSAGE_3),
        Difference(
            "LIST",
            ["+OK", "1 55", "2 83", "3 82", "4 53", "5 3053", "6 184", "7 76", "8 225", "."],
            MESSAGE_3,
        ),
        Difference("LIST 3", ["+OK 3 82"], MESSAGE_3),
        Difference("STAT 1", ["+OK 8 3811"], ARGUMENT),
        Difference("NOOP x", ["+OK"], ARGUMENT),
    ),
    "lock": (
        Difference("USER sp", CLOSED, "closes after [IN-USE]"),
        Difference("PASS two words", ["-ERR"], "so USER went to the connection before"),
    ),
    "login": (
        Difference("USER", ["+OK"], "takes an empty name"),
        Difference("PASS wrong", ["-ERR"], "took PASS without an argument for a try: now USER is wanting"),
        Difference("CAPA", BEFORE, OPTIONS),
    ),
    "retrieval": (Difference("STAT", ["+OK 8 3811"], MESSAGE_3),),
    "stls/without-tls": (Difference("AUTH", MECHANISMS, LISTS),),
    "update": (
        Difference("QUIT now", ["+OK"], ARGUMENT),
        Difference("QUIT", CLOSED, "QUIT with an argument was good"),
    ),
}

NOT_FOR_DOVECOT: Mapping[str, str] = {
    "stls/after-utf8": NO_UTF8,
    "stls/begin": "`STLS now` begins TLS in Dovecot, so that nothing said in the clear is heard from there on",
    "stls/crossing": "takes what is behind STLS for the beginning of TLS, and closes: conformance check 87",
    "utf8/language": NO_UTF8,
    "utf8/refused": NO_UTF8,
    "utf8/shown": NO_UTF8,
}


def named(path: Path) -> str:
    """A transcript's name in the tables."""
    return str(path.relative_to(FOLDER).with_suffix(""))


class Turn(NamedTuple):
    """Commands that a client sends at once, and the answers; or, without commands, what becomes of it or greets it."""

    client: str
    commands: Lines
    answers: Lines


def turns(path: Path) -> Iterator[Turn]:
    """What a transcript says, in order."""
    lines = [line for line in path.read_text("utf-8").splitlines() if not line.startswith("#")]
    commands: Lines = ()
    for speaker, group in groupby(lines, lambda line: line.partition(":")[0]):
        said = [line.partition(": ")[2] for line in group]
        if speaker.startswith("C"):
            commands = said
        else:
            yield Turn(speaker.lstrip("S"), commands, said)
            commands = ()


def many_lines(command: str) -> bool:
    """Whether a good answer to a command ends with a dot alone. AUTH: Dovecot's, to one without a mechanism."""
    verb, _, argument = command.upper().partition(" ")
    return verb in ("RETR", "TOP", "CAPA") or (verb in ("LIST", "UIDL", "AUTH") and not argument)


def told(command: str, lines: Lines) -> Lines:
    """What a client reads in an answer: response codes, the numbers asked for, challenges, and all lines further down.

    Of a uid the first eight digits: both servers count there, and put their own behind.
    """
    verb, _, argument = command.upper().partition(" ")
    heard = list(lines)
    if verb == "UIDL":
        heard = [re.sub(r"(\d+ \d{8})\S+$", r"\1", line) for line in heard]
    numbers = r"( \d+ \d+)?" if verb == "STAT" or (verb in ("LIST", "UIDL") and argument) else ""
    status = re.match(rf"\+OK{numbers}|-ERR( \[[^]]*\])?", "".join(heard[:1]))
    return [status[0], *heard[1:]] if status else heard


def as_written(command: str, heard: Lines, written: Lines) -> bool:
    """Whether an answer tells what is written down, where `*` at the end stands for any rest."""
    pairs = zip(heard, written, told(command, heard), told(command, written), strict=False)
    return len(heard) == len(written) and all(
        one == other or (text.endswith("*") and line.startswith(text[:-1].rstrip(" ")))
        for line, text, one, other in pairs
    )


@dataclass
class Client:
    """One connection, greeted."""

    port: int
    stack: ExitStack

    def __post_init__(self) -> None:
        """Connect."""
        self.socket = self.stack.enter_context(socket.create_connection(("127.0.0.1", self.port), timeout=30))
        self.file: BinaryIO = self.stack.enter_context(self.socket.makefile("rb"))
        self.greeting = self.answer("")

    def line(self) -> Lines:
        """The next line; none when the connection is closed."""
        with suppress(ConnectionError):
            line = self.file.readline()
            return [line.removesuffix(b"\r\n").decode("latin-1")] if line else CLOSED
        return CLOSED

    def answer(self, command: str) -> Lines:
        """The lines of one answer."""
        lines = list(self.line())
        if many_lines(command) and lines and lines[0].startswith("+OK"):
            while lines[-1] != ".":
                more = self.line()
                assert more, (command, lines)
                lines += more
        return lines

    def say(self, commands: Lines) -> Lines:
        """Send commands at once; all the answers."""
        with suppress(ConnectionError):
            self.socket.sendall(b"".join(command.encode() + b"\r\n" for command in commands))
        lines: list[str] = []
        for command in commands:
            lines += self.answer(command)
            if command == "STLS" and lines[-1:] and lines[-1].startswith("+OK"):
                break  # what is behind it has no answer
        return lines

    def begin_tls(self, ca: Path) -> None:
        """Begin TLS."""
        context = ssl.create_default_context(cafile=ca)
        self.socket = self.stack.enter_context(context.wrap_socket(self.socket, server_hostname="localhost"))
        self.file = self.stack.enter_context(self.socket.makefile("rb"))

    def drop(self) -> None:
        """End the connection, and wait until the server has noticed."""
        self.socket.shutdown(socket.SHUT_WR)
        assert self.line() == CLOSED


def differences(path: Path, port: int, ca: Path | None = None) -> Iterator[tuple[str, Lines]]:
    """Each command that is not answered as written, and its answer. A connection closed too early is made anew."""
    clients: dict[str, Client] = {}
    client: Client | None = None
    with ExitStack() as stack:
        for name, commands, answers in turns(path):
            if name.startswith("--"):
                assert client is not None
                match name:
                    case "-- closed":
                        assert client.line() == CLOSED
                    case "-- drop":
                        client.drop()
                    case "-- TLS":
                        assert ca is not None
                        client.begin_tls(ca)
                    case _:
                        raise AssertionError(f"{path}: what is {name!r} to a real connection?")
                continue
            if name not in clients:
                client = clients[name] = Client(port, stack)
            client = clients[name]
            heard = client.say(commands) if commands else client.greeting
            command = commands[-1] if commands else ""
            if not as_written(command, heard, answers):
                yield command, heard
                if not heard and not command.startswith("QUIT"):
                    clients[name] = Client(port, stack)


@pytest.mark.parametrize("path", [path for path in DIALOGUES if path.parent == FOLDER], ids=named)
def test_our_server_answers_as_written(path: Path) -> None:
    """In every transcript, without exception."""
    with Pop3Server(ACCOUNTS, quirks=["no-utf8"]) as server:
        assert list(differences(path, server.port)) == []


@pytest.mark.peers
@pytest.mark.parametrize(
    "path", [path for path in DIALOGUES if named(path) not in NOT_FOR_DOVECOT], ids=named
)
def test_dovecot_answers_as_written_but_for_what_the_table_says(path: Path) -> None:
    """So the transcripts are those of a server in use, and every difference is known."""
    known = DOVECOT.get(named(path), ())
    with Dovecot(ACCOUNTS) as server:
        found = list(differences(path, server.port, server.ca))

    assert len(found) == len(known), found
    for (command, heard), difference in zip(found, known, strict=True):
        assert as_written("", [command], [difference.command]), (command, heard, difference)
        assert as_written(command, heard, difference.answer), (command, heard, difference)


def test_the_tables_speak_of_transcripts_that_there_are() -> None:
    """A renamed one takes its rows along."""
    assert {*DOVECOT, *NOT_FOR_DOVECOT} <= {*map(named, DIALOGUES)}
