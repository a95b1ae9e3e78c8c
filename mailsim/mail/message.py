"""A message is its octets; header fields are read on demand from the header block alone.

Laws:
- The octets are never altered. What a server adds makes a new message that shares the rest.
- No octets raise. What cannot be read is a `HeaderDefect`, decided by the rule book,
  section 7 "Unreadable" and its fine print 6.
- The cost does not grow with the body: the block is found by its end and its fields in one
  pass over it; of a multipart's body only the last few KB are looked at.

Header block (RFC 5322 section 2.2): lines end in LF or CRLF; a bare CR is white space. A UTF-8
byte order mark or an mbox `From ` line in front is read over. The block ends at the first
empty line, or where text follows the fields and no further field does.
"""

import re
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from mailsim.display import Tone, badge, block, heading, note, table

_NAME = rb"[!-9;-~]++"  # RFC 5322 section 2.2: printable US-ASCII except the colon
_COLON = rb"[ \t]*+:"  # spaces before the colon: obsolete, RFC 5322 section 4.5
_FIELD_START = re.compile(rb"%b%b" % (_NAME, _COLON))
_A_FIELD = re.compile(rb"^%b%b" % (_NAME, _COLON), re.MULTILINE)
_FIELDS = re.compile(rb"^(%b)%b[ \t]*+([^\n]*+(?:\n[ \t][^\n]*+)*+)" % (_NAME, _COLON), re.MULTILINE)
# The end of a line that neither a field nor a folded line follows: with one look ahead at each
# line this finds the end of the block and proves that everything before it is fields.
_STOP = re.compile(rb"\n(?![ \t]|[A-Za-z0-9-]++:|%b%b)" % (_NAME, _COLON))
_EMPTY_LINE = re.compile(rb"\r*+\n")
_LAST_LINE = re.compile(rb"\n(?=\r*+\n)")
_CUT_NAME = re.compile(rb"%b[ \t]*+\Z" % _NAME)
_FOLD = re.compile(rb"\r?\n(?=[ \t])")
_MOST_SHOWN = 65536  # octets of a header that a notebook shows
_BOM = b"\xef\xbb\xbf"
_BEFORE_HEADER = re.compile(rb"(?:%b)?(?:From [^\n]*+\n)?" % _BOM)
_UTF16 = re.compile(rb"\xff\xfe|\xfe\xff|(?:[^\0]\0){4}|(?:\0[^\0]){4}", re.DOTALL)


class HeaderDefect(StrEnum):
    """Why a message cannot be read (R4.8); the values are reasons of `Decision`."""

    NO_HEADER = "no-header"
    """No line before the first empty one is a field."""
    UNDECODABLE = "undecodable-header"
    """A NUL, UTF-16, CR as the only line end, or a line that is no field between fields."""
    TRUNCATED = "truncated"
    """The octets end inside a header line, or inside a multipart."""


class _Block(NamedTuple):
    header: bytes
    """The header block with its last line's end, without the empty line after it."""
    body_start: int
    defect: HeaderDefect | None
    """The first cause that the block itself shows."""


class Message:
    """Unaltered octets, read on demand."""

    __slots__ = ("_block", "_fields", "octets")

    def __init__(self, octets: bytes) -> None:
        self.octets = octets
        self._block: _Block | None = None
        self._fields: dict[bytes, list[bytes]] | None = None

    def __repr__(self) -> str:
        return f"Message({len(self.octets)} octets, {self.value('Message-ID')!r})"

    def _repr_html_(self) -> str:
        """For notebooks: the header fields as they stand, and sizes; never the body."""
        lines = _FOLD.sub(b"", self.header[:_MOST_SHOWN]).decode("utf-8", "replace").split("\n")
        fields = [line.partition(":") for line in lines if line.strip()]
        badges = [badge(self.defect, Tone.BAD)] if self.defect else []
        sizes = f"{len(self.octets):,} octets, {len(self.octets) - self.body_start:,} in the body"
        return block(
            heading("Message", *badges),
            note(sizes),
            table(("", ""), fields, lambda field: (field[0], field[2].strip())),
        )

    @property
    def header(self) -> bytes:
        """The header block with its last line's end, without the empty line after it."""
        return self._read_block().header

    @property
    def body_start(self) -> int:
        """The index of the body's first octet; the length of the octets when there is no body."""
        return self._read_block().body_start

    @property
    def defect(self) -> HeaderDefect | None:
        """The first cause, in the order of R4.8, why this message cannot be read; None when it can."""
        return self._read_block().defect or (HeaderDefect.TRUNCATED if _multipart_is_cut(self) else None)

    def raw_values(self, name: str) -> list[bytes]:
        """The values of every field of that name from the top, folds and outer white space removed.

        Where the block is undecodable, every line in it that is a field counts.
        """
        fields = self._fields
        if fields is None:
            fields = self._fields = _fields_of(self._read_block().header)
        return [_unfolded(value) for value in fields.get(_key(name), ())]

    def values(self, name: str) -> list[str]:
        """As `raw_values`, as text: UTF-8 (RFC 6532), other octets as U+FFFD; encoded words stand as they are."""
        return [value.decode("utf-8", "replace") for value in self.raw_values(name)]

    def value(self, name: str) -> str | None:
        """The topmost value of that name; None when there is no such field."""
        found = self.values(name)
        return found[0] if found else None

    @property
    def message_id(self) -> str | None:
        """The Message-ID with its angle brackets; None when absent or empty."""
        return self.value("Message-ID") or None

    def _read_block(self) -> _Block:
        block = self._block
        if block is None:
            block = self._block = _block_of(self.octets)
        return block


@lru_cache(maxsize=256)
def _key(name: str) -> bytes:
    return name.lower().encode("ascii", "replace")


def _unfolded(value: bytes) -> bytes:
    if b"\n" in value:
        value = _FOLD.sub(b"", value)
    value = value.strip()
    return value.replace(b"\r", b" ") if b"\r" in value else value


def _fields_of(header: bytes) -> dict[bytes, list[bytes]]:
    """The values by lower-case field name, as they stand; a block whose lines end in CR is read by its CRs."""
    if b"\n" not in header:
        header = header.replace(b"\r", b"\n").partition(b"\n\n")[0]
    fields: dict[bytes, list[bytes]] = {}
    for name, value in _FIELDS.findall(header):
        key = name.lower()
        if key in fields:
            fields[key].append(value)
        else:
            fields[key] = [value]
    return fields


def _block_of(octets: bytes) -> _Block:
    """Where the header block ends, and what is wrong with it."""
    start = 0
    if octets.startswith((_BOM, b"From ")):
        before = _BEFORE_HEADER.match(octets)
        start = before.end() if before else 0
    if not _FIELD_START.match(octets, start):
        return _odd_block(octets, start, start)
    found = _STOP.search(octets, start)
    if found is None:
        return _unfinished_block(octets, start)
    stop = found.end()
    empty = _EMPTY_LINE.match(octets, stop)
    if empty is None and stop < len(octets):
        return _odd_block(octets, start, stop)
    header = octets[start:stop]
    defect = HeaderDefect.UNDECODABLE if b"\0" in header else None
    return _Block(header, empty.end() if empty else stop, defect)


def _unfinished_block(octets: bytes, start: int) -> _Block:
    """The block of octets that are fields to the end, the last line without its end."""
    if octets.find(b"\n", start) < 0 and b"\r" in octets:  # CR is the only line end
        end = octets.find(b"\r\r", start)
        end = len(octets) if end < 0 else end + 1
        return _Block(octets[start:end], end, HeaderDefect.UNDECODABLE)
    undecodable = octets.find(b"\0", start) >= 0
    return _Block(
        octets[start:], len(octets), HeaderDefect.UNDECODABLE if undecodable else HeaderDefect.TRUNCATED
    )


def _odd_block(octets: bytes, start: int, stop: int) -> _Block:
    """The block whose fields end at `stop` (or never began), where neither a field nor an empty line follows."""
    if stop == start:
        if _UTF16.match(octets, start) or (octets.find(b"\n", start) < 0 and b"\r" in octets):
            return _Block(octets[start:], len(octets), HeaderDefect.UNDECODABLE)
        if _EMPTY_LINE.match(octets, start):
            return _Block(b"", start, HeaderDefect.NO_HEADER)
    last = _LAST_LINE.search(octets, stop)
    end = last.end() if last else len(octets)
    text = octets[stop:end]
    if _A_FIELD.search(text):
        return _Block(octets[start:end], end, HeaderDefect.UNDECODABLE)
    if stop == start:
        return _Block(b"", start, HeaderDefect.NO_HEADER)
    if b"\0" in text or octets.find(b"\0", start, stop) >= 0:
        return _Block(octets[start:end], end, HeaderDefect.UNDECODABLE)
    if last is None and _CUT_NAME.match(text):
        return _Block(octets[start:], len(octets), HeaderDefect.TRUNCATED)
    return _Block(octets[start:stop], stop, None)  # text right after the fields, and no field after it


_BOUNDARY = re.compile(rb'multipart/.*;\s*boundary\s*=\s*(?:"([^"]+)"|([^\s;"]+))', re.IGNORECASE | re.DOTALL)
_TAIL = 8192  # enough for the last lines of a part and the closing boundary
_BASE64 = re.compile(rb"[A-Za-z0-9+/]++={0,2}")
_SAYS_BASE64 = re.compile(rb"^content-transfer-encoding[ \t]*:\s*base64", re.IGNORECASE | re.MULTILINE)
_LONG_LINE = 60  # RFC 2045 section 6.8 allows 76; encoders fill all lines but the last


def _multipart_is_cut(message: Message) -> bool:
    """Whether a multipart lacks its closing boundary and stops in mid-line or in mid-quantum (section 7)."""
    content_type = message.raw_values("Content-Type")
    boundary = _BOUNDARY.match(content_type[0]) if content_type else None
    if boundary is None:
        return False
    delimiter = b"--" + (boundary[1] or boundary[2])
    octets, body_start = message.octets, message.body_start
    tail_start = max(body_start, len(octets) - _TAIL)
    if octets.find(delimiter + b"--", tail_start) >= 0:
        return False
    return not octets.endswith(b"\n") or _stops_in_mid_quantum(octets[tail_start:], delimiter)


def _stops_in_mid_quantum(tail: bytes, delimiter: bytes) -> bool:
    """Whether the last part is base64 whose last line is no whole number of 4-octet quanta."""
    _, found, part = tail.rpartition(delimiter)
    part_header, _, content = part.replace(b"\r", b"").partition(b"\n\n")
    if found:
        is_base64 = _SAYS_BASE64.search(part_header) is not None
    else:  # the part began earlier; the first line of the tail may be half a line
        content = part.partition(b"\n")[2]
        is_base64 = all(len(line) >= _LONG_LINE and len(line) % 4 == 0 for line in content.split()[:-1])
    lines = content.split()
    return (
        is_base64
        and bool(lines)
        and len(lines[-1]) % 4 != 0
        and _BASE64.fullmatch(b"".join(lines)) is not None
    )
