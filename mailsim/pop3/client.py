"""The client's side of one POP3 session as a machine without I/O: commands out, responses in, pipelined.

Laws: a response does not depend on how the octets are cut; no octets raise: what is not POP3
sets `broken`; a message ends at the terminator and nowhere else, for sizes cannot frame it; lines are of any length;
work is linear in the octets; memory is bounded by the body limit, or with a `Sink` for large bodies by where that begins,
and by the limit of listings; a server that repeats the password is quoted without it (R1.11).
RFC 1939, 2449 §5 (CAPA) and §8 (response codes), 6856 §2 (UTF8).
"""

import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from mailsim.errors import MailsimError
from mailsim.pop3.wire import CRLF, ResponseCode, Verb, unstuff
from mailsim.words import masked

STATUS_LIMIT = 64 * 1024  # octets of a status line; RFC 1939 §3 has 512, servers exceed it
BODY_LIMIT = 512 * 1024 * 1024  # octets of one multi-line response; SQLite takes no value of 1,000,000,000
LISTING_LIMIT = 16 * 1024 * 1024  # octets of a listing: 200,000 messages with the longest uids
SINK_FROM = 1024 * 1024  # octets of a message; larger ones go to a sink where there is one

_CODE = re.compile(r"\[([^\]\s]+)\]\s*")
_CODES = frozenset(map(str, ResponseCode))
_NUMBER = re.compile(rb"[0-9]{1,18}")
_ENTRY = re.compile(rb"^[ \t]*([0-9]{1,18})(?!\S)[ \t]*(\S*)", re.MULTILINE)
_LISTINGS = frozenset({Verb.CAPA, Verb.LIST, Verb.UIDL})
_MULTI_LINE = _LISTINGS | {Verb.RETR, Verb.TOP}
_KEYWORDS = {verb: verb.encode() for verb in Verb}


class ProtocolError(MailsimError):
    """What a server said is not POP3, or what it was to be told cannot be said in POP3."""


class Sink(Protocol):
    """Where the octets of one large message go, piece by piece."""

    def write(self, octets: bytes, /) -> object:
        """Take the next octets."""


@dataclass(slots=True)  # not frozen: one is made for every command, which freezing makes three times as dear
class Response:
    """A server's answer to one command, or its greeting.

    Attributes:
        verb: The command it answers; None for the greeting.
        number: The message that the command named.
        ok: Whether it is +OK.
        code: The extended response code in upper case, such as `IN-USE`, if it has one (RFC 2449 §8).
        text: The rest of the status line.
        body: What a multi-line response holds, unstuffed and without terminator; None without one.
        sink: What took the body instead, where it was a large message's.
    """

    verb: Verb | None
    number: int | None
    ok: bool
    code: str | None
    text: str
    body: bytes | None = field(default=None, repr=False)
    sink: Sink | None = field(default=None, repr=False)


class Client:
    """One session. Each command's method returns the octets to send; `receive` returns the responses.

    `sinks` makes a sink for each message that grows larger than `sink_from` octets.

    Attributes:
        broken: Why the session is of no use any more, None while all is well.
    """

    __slots__ = (
        "_asked",
        "_body_limit",
        "_buffer",
        "_head",
        "_line_begins",
        "_scanned",
        "_secrets",
        "_sink",
        "_sink_from",
        "_sinks",
        "_sunk",
        "broken",
    )

    def __init__(
        self,
        *,
        body_limit: int = BODY_LIMIT,
        sinks: Callable[[], Sink] | None = None,
        sink_from: int = SINK_FROM,
    ) -> None:
        self._asked: deque[tuple[Verb | None, int | None]] = deque([(None, None)])  # a greeting comes first
        self._buffer = bytearray()
        self._head: tuple[Response, bytes] | None = (
            None  # a status line whose body is to come, and its line end
        )
        self._scanned = 0  # octets of the buffer that hold no end
        self._body_limit = body_limit
        self._secrets: tuple[str, ...] = ()
        self._sinks = sinks
        self._sink_from = sink_from
        self._sink: Sink | None = None
        self._sunk = 0  # octets of the body that the sink has
        self._line_begins = True  # the buffer begins with a line end of the body, or that before it
        self.broken: ProtocolError | None = None

    @property
    def outstanding(self) -> int:
        """How many responses are to come, the greeting included."""
        return len(self._asked)

    @property
    def under_way(self) -> int | None:
        """The number of the message that the next response is about; None where it is about none."""
        return self._asked[0][1] if self._asked else None

    def capa(self) -> bytes:
        """Ask what the server can do (RFC 2449 §5); `capabilities` reads the body."""
        return self._ask(Verb.CAPA)

    def utf8(self) -> bytes:
        """Say that UTF-8 is understood, before login (RFC 6856 §2)."""
        return self._ask(Verb.UTF8)

    def user(self, name: str) -> bytes:
        """Name the user (RFC 1939 §7).

        Raises:
            ProtocolError: The name has an octet that ends a line.
        """
        return self._ask(Verb.USER, argument=name)

    def password(self, password: str) -> bytes:
        """Give the password (RFC 1939 §7).

        Raises:
            ProtocolError: The password has an octet that ends a line.
        """
        self._secrets = (password,)
        return self._ask(Verb.PASS, argument=password)

    def listing(self) -> bytes:
        """Ask for each message's size (RFC 1939 §5); `sizes` reads the body."""
        return self._ask(Verb.LIST)

    def uidl(self) -> bytes:
        """Ask for each message's uid (RFC 1939 §7); `uids` reads the body."""
        return self._ask(Verb.UIDL)

    def retr(self, number: int) -> bytes:
        """Ask for a message (RFC 1939 §5)."""
        return self._ask(Verb.RETR, number)

    def top(self, number: int) -> bytes:
        """Ask for a message's header alone: TOP with no line of the body (RFC 1939 §7)."""
        return self._ask(Verb.TOP, number, argument="0")

    def dele(self, number: int) -> bytes:
        """Mark a message as deleted (RFC 1939 §5)."""
        return self._ask(Verb.DELE, number)

    def quit(self) -> bytes:
        """End the session, and in TRANSACTION remove what is marked (RFC 1939 §6)."""
        return self._ask(Verb.QUIT)

    def receive(self, octets: bytes) -> Sequence[Response]:
        """Take what the server sent and return the responses it completes, in order.

        Octets that are not POP3, or were not asked for, set `broken`; from then on nothing more is taken.
        """
        responses: list[Response] = []
        if self.broken is not None:
            return responses
        self._buffer += octets
        at = 0
        try:
            while self._asked:
                head = self._head
                found = self._status(at) if head is None else self._body(at, *head)
                if found is None:
                    break
                at, response = found
                if response is not None:
                    self._asked.popleft()
                    responses.append(response)
            else:
                self._expect_silence(at)
        except ProtocolError as error:
            self.broken = error
        del self._buffer[:at]
        return responses

    def _expect_silence(self, at: int) -> None:
        if at < len(self._buffer):
            raise ProtocolError(f"the server said unasked {self._shown(self._buffer[at:])}; end the session")

    def _ask(self, verb: Verb, number: int | None = None, argument: str | None = None) -> bytes:
        line = _KEYWORDS[verb]
        if number is not None:
            line += b" %d" % number
        if argument:
            line += b" " + _octets(verb, argument)
        self._asked.append((verb, number))
        return line + CRLF

    def _status(self, at: int) -> tuple[int, Response | None] | None:
        """Read a status line; where it ends, and the response unless its body is to come."""
        end = self._buffer.find(b"\n", at + self._scanned)
        if end < 0:
            self._scanned = len(self._buffer) - at
            if self._scanned > STATUS_LIMIT:
                raise ProtocolError(f"a status line of more than {STATUS_LIMIT} octets; is it a POP3 server?")
            return None
        self._scanned = 0
        line = bytes(self._buffer[at:end])
        verb, number = self._asked[0]
        ok, code, text = self._read_status(line)
        response = Response(verb, number, ok, code, text)
        if not (ok and verb in _MULTI_LINE):
            return end + 1, response
        # A server that ends lines with LF alone is understood, but then only LF.LF ends its messages.
        eol = CRLF if line.endswith(b"\r") else b"\n"
        self._head = response, eol
        return end + 1 - len(eol), None

    def _read_status(self, line: bytes) -> tuple[bool, str | None, str]:
        word, _, rest = line.rstrip(b"\r").partition(b" ")
        indicator = word.upper()
        if indicator not in (b"+OK", b"-ERR"):
            raise ProtocolError(f"the server said {self._shown(line)}, not +OK or -ERR; is it a POP3 server?")
        ok, text = indicator == b"+OK", rest.decode("utf-8", "replace").strip()
        if not text.startswith("["):
            return ok, None, masked(text, self._secrets)
        code = _CODE.match(text)
        if code is not None and code[1].upper() in _CODES:  # it is that, even where the password is "AUTH"
            return ok, code[1].upper(), masked(text[code.end() :], self._secrets)
        text = masked(text, self._secrets)
        code = _CODE.match(text)
        return (ok, None, text) if code is None else (ok, code[1].upper(), text[code.end() :])

    def _shown(self, octets: bytes | bytearray) -> str:
        said = octets[:STATUS_LIMIT].decode("utf-8", "backslashreplace")
        return ascii(masked(said, self._secrets)[:80])

    def _body(self, at: int, head: Response, eol: bytes) -> tuple[int, Response | None] | None:
        """Read up to the terminator; `at` is where the line end before the body begins."""
        terminator = eol + b"." + eol
        end = self._buffer.find(terminator, at + self._scanned)
        if end < 0:
            self._scanned = max(0, len(self._buffer) - at - len(terminator) + 1)
            limit = min(self._body_limit, LISTING_LIMIT) if head.verb in _LISTINGS else self._body_limit
            if self._sunk + self._scanned > limit:
                raise ProtocolError(f"{head.verb} brought more than {limit} octets; it was given up")
            if self._sinks is not None and head.verb is Verb.RETR and self._scanned > self._sink_from:
                self._sink = self._sink or self._sinks()
                return self._set_aside(at, self._sink, eol), None
            return None
        body, sink = self._piece(at, end + len(eol), eol), self._sink
        if sink is not None:
            sink.write(body)
        self._scanned = self._sunk = 0
        self._head = self._sink = None
        self._line_begins = True
        head.body, head.sink = (None if sink else body), sink
        return end + len(terminator), head

    def _set_aside(self, at: int, sink: Sink, eol: bytes) -> int:
        """Give the sink what is there of a body, up to a line end, and return where the rest begins.

        Of a line that is longer than the buffer all goes, but for what may be half a line end.
        """
        end = self._buffer.rfind(eol, at + len(eol) if self._line_begins else at)
        whole = end >= 0
        end = end if whole else len(self._buffer) - len(eol) + 1
        sink.write(self._piece(at, end + len(eol) if whole else end, eol))
        self._sunk += end - at
        self._line_begins = whole
        self._scanned = 0
        return end

    def _piece(self, at: int, end: int, eol: bytes) -> bytes:
        """Return a part of a body, unstuffed."""
        if self._line_begins:
            return unstuff(bytes(memoryview(self._buffer)[at + len(eol) : end]), eol=eol)
        return bytes(memoryview(self._buffer)[at:end]).replace(eol + b"..", eol + b".")


def capabilities(body: bytes) -> frozenset[str]:
    """Return the tags in CAPA's body, in upper case, without their parameters."""
    return frozenset(
        words[0].decode("latin-1").upper() for line in body.splitlines() if (words := line.split())
    )


def sizes(body: bytes) -> dict[int, int | None]:
    """Return size by number from LIST's body, None where it is not to be read; lines without a number are left out."""
    return {number: int(word) if _NUMBER.fullmatch(word) else None for number, word in _listing(body)}


def uids(body: bytes) -> dict[int, str]:
    """Return uid by number from UIDL's body, whatever the uids are; lines without one are left out."""
    return {number: word.decode("latin-1") for number, word in _listing(body) if word}


def _listing(body: bytes) -> Iterator[tuple[int, bytes]]:
    return ((int(entry[1]), entry[2]) for entry in _ENTRY.finditer(body))


def _octets(verb: Verb, argument: str) -> bytes:
    octets = argument.encode("utf-8", "surrogateescape")
    if any(end in octets for end in (b"\r", b"\n", b"\0")):
        raise ProtocolError(
            f"{verb}: its argument has CR, LF or NUL, which no POP3 line can carry; take them out"
        )
    return octets
