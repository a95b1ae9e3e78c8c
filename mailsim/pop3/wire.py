"""POP3 on the wire: a message's octets, dot-stuffing, command and status lines, their limits.

Laws: `unstuff(stuff(m)) == wire_form(m)`; `len(wire_form(m)) == wire_size(m)`; `b"".join(pieces(m)) == stuff(m)`,
and so for TOP; no octets raise.
Everything is done by whole-buffer operations: no Python loop runs per line of a message.
RFC 1939 §3 (lines, stuffing), §5 and §11 (sizes), §7 (UIDL); RFC 2449 §4 (limits), §8 (response codes).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NewType

Uid = NewType("Uid", str)

CRLF = b"\r\n"
TERMINATOR = b".\r\n"
COMMAND_LIMIT = 255  # octets with CRLF, RFC 2449 §4 (RFC 1939 §3 had 47)
RESPONSE_LIMIT = 12_288  # octets of a SASL response with CRLF: RFC 5034 §4 sets none, RFC 4954 §4 this one
STATUS_LIMIT = 512  # octets with CRLF, RFC 1939 §3
PIECE = 256 * 1024  # octets of a message that are stuffed at once: about a millisecond's work

_UID = re.compile(r"[\x21-\x7e]{1,70}")  # RFC 1939 §7
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")


class Verb(StrEnum):
    """The commands that are spoken here."""

    USER = "USER"
    PASS = "PASS"  # noqa: S105 - the name of a command
    STAT = "STAT"
    LIST = "LIST"
    RETR = "RETR"
    DELE = "DELE"
    NOOP = "NOOP"
    RSET = "RSET"
    QUIT = "QUIT"
    UIDL = "UIDL"
    TOP = "TOP"
    CAPA = "CAPA"
    APOP = "APOP"
    AUTH = "AUTH"
    STLS = "STLS"
    UTF8 = "UTF8"
    LANG = "LANG"
    LAST = "LAST"


class ResponseCode(StrEnum):
    """What an -ERR is about, so that a client need not read its text."""

    AUTH = "AUTH"
    """The credentials are wrong: trying again is of no use (RFC 3206 §6)."""
    IN_USE = "IN-USE"
    """The credentials are right, the maildrop is locked by another session (RFC 2449 §8.1.2)."""
    LOGIN_DELAY = "LOGIN-DELAY"
    """The credentials are right, the last login was too short a time ago (RFC 2449 §8.1.1)."""
    SYS_TEMP = "SYS/TEMP"
    """The server failed, the credentials are not to blame; trying later may help (RFC 3206 §4)."""
    SYS_PERM = "SYS/PERM"
    """The server failed, and only its keeper can mend it (RFC 3206 §4)."""
    UTF8 = "UTF8"
    """The message needs UTF-8, which the client has not said it understands (RFC 6856 §5)."""


@dataclass(slots=True)  # not frozen, as the client's `Response` is not
class Command:
    """One command line: its verb, None when the keyword is not spoken here, and all after the first space."""

    verb: Verb | None
    argument: bytes = field(repr=False)  # it may be a password


_VERBS = {verb.encode(): verb for verb in Verb}


def wire_size(message: bytes) -> int:
    """Return the octets that RETR sends of a message, stuffing and terminator left out (RFC 1939 §11)."""
    bare = message.count(b"\n") - message.count(CRLF)
    unfinished = bool(message) and not message.endswith(b"\n")
    return len(message) + bare + 2 * unfinished


def wire_form(message: bytes) -> bytes:
    """Return a message as it is transmitted: every line ends in CRLF, the last one too.

    A bare LF becomes CRLF; a bare CR is an octet like any other. A message of no lines stays empty.
    The same object comes back when nothing is to be done.
    """
    if message.count(b"\n") != message.count(CRLF):
        message = message.replace(CRLF, b"\n").replace(b"\n", CRLF)
    if message and not message.endswith(b"\n"):
        message += CRLF
    return message


def stuff(message: bytes) -> bytes:
    """Return a message's wire form with each line that begins with a dot given another (RFC 1939 §3)."""
    return dotted(wire_form(message))


def dotted(wire: bytes) -> bytes:
    """Return a wire form with each line that begins with a dot given another."""
    stuffed = wire.replace(b"\r\n.", b"\r\n..")
    return b"." + stuffed if stuffed.startswith(b".") else stuffed


def pieces(message: bytes) -> Iterator[bytes]:
    """Yield `stuff(message)` in pieces of about `PIECE` octets, so that nobody waits for the whole of it."""
    return _stuffed(message, _ranges(message))


def top(message: bytes, lines: int) -> Iterator[bytes]:
    """Yield as `pieces` a message's header, its blank line and so many lines of its body (RFC 1939 §7).

    A message without a blank line is all header.
    """
    return _stuffed(message, _top_ranges(message, lines))


def _ranges(message: bytes) -> Iterator[tuple[int, int]]:
    """Where pieces begin and end: behind a line end where there is one, never between CR and LF."""
    start = 0
    while start < len(message):
        end = min(start + PIECE, len(message))
        if end < len(message):
            line_end = message.rfind(b"\n", start, end)
            end = line_end + 1 if line_end >= 0 else end - message.endswith(b"\r", start, end)
        yield start, end
        start = end


def _top_ranges(message: bytes, lines: int) -> Iterator[tuple[int, int]]:
    """As `_ranges`, up to where TOP ends; each is looked through when it is taken."""
    in_header = True
    for start, end in _ranges(message):
        body = start
        if in_header:
            body = _behind_blank_line(message, start, end)
            in_header = body < 0
        if not in_header:
            found = message.count(b"\n", body, end)
            if found >= lines:
                yield start, _behind_lines(message, body, end, lines)
                return
            lines -= found
        yield start, end


def _behind_blank_line(message: bytes, start: int, end: int) -> int:
    """Where a range's first blank line ends; -1 without one."""
    for blank in (b"\r\n", b"\n"):
        if message.startswith(blank, start, end) and (not start or message[start - 1] == ord("\n")):
            return start + len(blank)
    bare = message.find(b"\n\n", start, end)
    whole = message.find(
        b"\n\r\n", start, end if bare < 0 else bare + 2
    )  # its last LF may be the first of a bare one
    return whole + 3 if whole >= 0 else bare + 2 if bare >= 0 else -1


def _behind_lines(message: bytes, start: int, end: int, lines: int) -> int:
    """Where so many lines of a range end, which has as many; found by halves, for lines may be empty."""
    if not lines:
        return start
    while end - start > 1:
        middle = (start + end) // 2
        found = message.count(b"\n", start, middle)
        if found >= lines:
            end = middle
        else:
            start, lines = middle, lines - found
    return end


def _stuffed(message: bytes, ranges: Iterator[tuple[int, int]]) -> Iterator[bytes]:
    line_begins = True
    for start, end in ranges:
        piece = message[start:end]
        if piece.count(b"\n") != piece.count(CRLF):
            piece = piece.replace(CRLF, b"\n").replace(b"\n", CRLF)
        piece = piece.replace(b"\r\n.", b"\r\n..")
        yield b"." + piece if line_begins and piece.startswith(b".") else piece
        line_begins = piece.endswith(b"\n")
    if not line_begins:
        yield CRLF


def unstuff(body: bytes, *, eol: bytes = CRLF) -> bytes:
    """Return the message in a multi-line response, given without its terminating dot line.

    Only a doubled dot loses one: a lone dot was sent by a server that does not stuff, and is the message's.
    """
    body = body.replace(eol + b"..", eol + b".")
    return body[1:] if body.startswith(b"..") else body


def needs_utf8(message: bytes) -> bool:
    """Say whether a message's header holds UTF-8: octets above 127 that are nothing else (RFC 6532, RFC 6856 §2)."""
    head = message[:PIECE]  # who has a longer header is not worth another's wait
    end = head.find(b"\n\r\n")
    bare = head.find(b"\n\n", 0, end if end >= 0 else len(head))
    header = head[: bare if bare >= 0 else end] if max(bare, end) >= 0 else head
    if header.isascii():
        return False
    try:
        header.decode()
    except UnicodeDecodeError:
        return False
    return True


def parse_command(line: bytes) -> Command:
    """Return the command in a line given without its line end; the keyword in any letter case (RFC 1939 §3)."""
    keyword, _, argument = line.partition(b" ")
    return Command(_VERBS.get(keyword.upper()), argument)


def parse_number(word: bytes) -> int | None:
    """Return a decimal number of 0 or more, None for anything else."""
    return int(word) if word.isdigit() else None


def is_uid(uid: str) -> bool:
    """Say whether a unique-id is 1 to 70 characters of 0x21-0x7E (RFC 1939 §7)."""
    return _UID.fullmatch(uid) is not None


def status_line(indicator: str, text: str, code: ResponseCode | None = None) -> bytes:
    """Return one status line of at most 512 octets, whatever the text (RFC 1939 §3, RFC 2449 §8).

    Control characters become spaces, so no text can add a line.
    """
    words = (indicator, f"[{code}]" if code else "", _CONTROLS.sub(" ", text))
    return " ".join(filter(None, words)).encode("utf-8", "replace")[: STATUS_LIMIT - 2] + CRLF
