r"""A message is its octets; header fields are read on demand from the header block alone.

Laws:
- The octets are never altered. What a server adds makes a new message that shares the rest.
- No octets raise. What cannot be read is a `HeaderDefect`, decided by the rule book,
  section 7 "Unreadable" and its fine print 6.
- The cost does not grow with the body: the block is found by its end, a field by a
  search for its name in the block, and only the last few KB of a multipart are looked at.

Header block (RFC 5322 section 2.2): lines end in LF or CRLF; a bare CR is white space. A UTF-8
byte order mark or an mbox `From ` line in front is read over. The block ends at the first
empty line, or where text follows the fields and no further field does.
"""

import re
from enum import StrEnum
from functools import cached_property

_NAME = rb"[!-9;-~]++"  # RFC 5322 section 2.2: printable US-ASCII except the colon
_FIELD_START = rb"(?:%b[ \t]*+:)" % _NAME  # spaces before the colon: obsolete, RFC 5322 section 4.5
_BLANK = re.compile(rb"\n\r?\n")
_FIELDS = re.compile(rb"(?:%b[^\n]*+(?:\n[ \t][^\n]*+)*+(?:\n|\Z))*+" % _FIELD_START)
_A_FIELD = re.compile(rb"^%b" % _FIELD_START, re.MULTILINE)
_A_FIELD_NAME = re.compile(rb"%b[ \t]*+\Z" % _NAME)
_FOLD = re.compile(rb"\r?\n(?=[ \t])")
_MBOX_FROM = re.compile(rb"From [^\n]*\n")
_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


class HeaderDefect(StrEnum):
    """Why a message cannot be read (R4.8); the values are reasons of `Decision`."""

    NO_HEADER = "no-header"
    """No line before the first empty one is a field."""
    UNDECODABLE = "undecodable-header"
    """A NUL, UTF-16, CR as the only line end, or a line that is no field between fields."""
    TRUNCATED = "truncated"
    """The octets end inside a header line, or inside a multipart."""


class Message:
    """Unaltered octets, read on demand."""

    def __init__(self, octets: bytes) -> None:
        self.octets = octets

    def __repr__(self) -> str:
        return f"Message({len(self.octets)} octets, {self.value('Message-ID')!r})"

    @cached_property
    def _start(self) -> int:
        """Where the header block begins: after a byte order mark and an mbox `From ` line."""
        start = len(_BOM) if self.octets.startswith(_BOM) else 0
        separator = _MBOX_FROM.match(self.octets, start)
        return separator.end() if separator else start

    @cached_property
    def _split(self) -> tuple[int, int]:
        """Where the header block ends (after its last line's end) and where the body begins."""
        octets, start = self.octets, self._start
        if octets.startswith((b"\n", b"\r\n"), start):
            return start, octets.index(b"\n", start) + 1
        blank = _BLANK.search(octets, start)
        end, body = (blank.start() + 1, blank.end()) if blank else (len(octets), len(octets))
        fields = _FIELDS.match(octets, start, end)
        stop = fields.end() if fields else start
        if start < stop < end and not self._has_field(stop, end) and not self._cut_name(stop, end):
            return stop, stop  # text right after the fields, and no field after it
        return end, body

    def _has_field(self, start: int, end: int) -> bool:
        return _A_FIELD.search(self.octets, start, end) is not None

    def _cut_name(self, start: int, end: int) -> bool:
        """Whether what remains is a last line cut inside what could be a field's name."""
        return end == len(self.octets) and _A_FIELD_NAME.match(self.octets, start) is not None

    @cached_property
    def header(self) -> bytes:
        """The header block with its last line's end, without the empty line after it."""
        return self.octets[self._start : self._split[0]]

    @property
    def body_start(self) -> int:
        """The index of the body's first octet; the length of the octets when there is no body."""
        return self._split[1]

    @cached_property
    def _names(self) -> bytes:
        """The header block in lower case with a line feed in front, to search for names in."""
        return b"\n" + self.header.lower()

    def raw_values(self, name: str) -> list[bytes]:
        """The values of every field of that name from the top, folds and outer white space removed."""
        return self._raw_values(name.lower().encode("ascii"))

    def _raw_values(self, name: bytes) -> list[bytes]:
        wanted = b"\n" + name
        names = self._names
        values: list[bytes] = []
        at = names.find(wanted)
        while at >= 0:
            after = at + len(wanted)
            while names[after : after + 1] in (b" ", b"\t"):
                after += 1
            if names[after : after + 1] == b":":
                values.append(self._value_at(after))  # `names` is one octet ahead of `header`
            at = names.find(wanted, after)
        return values

    def _value_at(self, start: int) -> bytes:
        header = self.header
        end = header.find(b"\n", start)
        while end >= 0 and header[end + 1 : end + 2] in (b" ", b"\t"):
            end = header.find(b"\n", end + 1)
        value = header[start:end] if end >= 0 else header[start:]
        if b"\n" in value:
            value = _FOLD.sub(b"", value)
        value = value.strip()
        return value.replace(b"\r", b" ") if b"\r" in value else value

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

    @cached_property
    def defect(self) -> HeaderDefect | None:
        """The first cause, in the order of R4.8, why this message cannot be read; None when it can."""
        octets, start, (end, _) = self.octets, self._start, self._split
        if octets.startswith(_UTF16) or _only_cr(octets, end):
            return HeaderDefect.UNDECODABLE
        fields = _FIELDS.match(octets, start, end)
        stop = fields.end() if fields else start
        if stop == start and not self._has_field(start, end):
            return HeaderDefect.NO_HEADER
        if octets.find(b"\0", start, end) >= 0:
            return HeaderDefect.UNDECODABLE
        if stop < end and not self._cut_name(stop, end):
            return HeaderDefect.UNDECODABLE
        return HeaderDefect.TRUNCATED if self._is_cut(end) else None

    def _is_cut(self, end: int) -> bool:
        if end == len(self.octets) and not self.header.endswith(b"\n"):
            return True
        return b"\ncontent-type" in self._names and _multipart_is_cut(self)


def _only_cr(octets: bytes, end: int) -> bool:
    """Whether CR is the only line end: no LF anywhere, yet a CR (only then is the whole text searched)."""
    return end == len(octets) and b"\n" not in octets and b"\r" in octets


_BOUNDARY = re.compile(rb'multipart/.*;\s*boundary\s*=\s*(?:"([^"]+)"|([^\s;"]+))', re.IGNORECASE | re.DOTALL)
_TAIL = 8192  # enough for the last lines of a part and the closing boundary
_BASE64_LINE = re.compile(rb"[A-Za-z0-9+/]+={0,2}")
_LONG_LINE = 60  # RFC 2045 section 6.8 allows 76; encoders fill all lines but the last


def _multipart_is_cut(message: Message) -> bool:
    """Whether a multipart lacks its closing boundary and stops in mid-line or in mid-quantum (section 7)."""
    content_type = message.raw_values("Content-Type")
    boundary = _BOUNDARY.match(content_type[0]) if content_type else None
    if boundary is None:
        return False
    tail = message.octets[max(message.body_start, len(message.octets) - _TAIL) :]
    delimiter = b"--" + (boundary[1] or boundary[2])
    if delimiter + b"--" in tail:
        return False
    return not tail.endswith(b"\n") or _stops_in_mid_quantum(tail, delimiter)


def _stops_in_mid_quantum(tail: bytes, delimiter: bytes) -> bool:
    """Whether the last part is base64 whose last line is no whole number of 4-octet quanta."""
    part_header, blank, _ = tail.rpartition(delimiter)[2].replace(b"\r", b"").partition(b"\n\n")
    lines = tail.split()
    if len(lines) < 2:
        return False
    says_base64 = blank and re.search(rb"(?im)^content-transfer-encoding:\s*base64", part_header)
    looks_base64 = len(lines[-2]) >= _LONG_LINE and _BASE64_LINE.fullmatch(lines[-2])
    if not (says_base64 or looks_base64):
        return False
    return _BASE64_LINE.fullmatch(lines[-1]) is not None and len(lines[-1]) % 4 != 0
