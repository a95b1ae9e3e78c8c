"""A message is its octets; header fields are read on demand from the header block alone.

Laws:
- The octets are never altered. What a server adds makes a new message that shares the rest.
- No octets raise. What cannot be read is a `HeaderDefect`, decided by the rule book,
  section 7 "Unreadable" and its fine print 6.
- Of one field no more than `MOST_FOLDS` folded lines are read.
- The cost does not grow with the body: the block is found by its end and its fields in one
  pass over it; of a multipart's body only the last few KB are looked at.

Header block (RFC 5322 section 2.2): lines end in LF or CRLF; a bare CR is white space. A UTF-8
byte order mark or an mbox `From ` line in front is read over. The block ends at the first
empty line, or where text follows the fields and no further field does.
"""

import re
from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache

from mailsim.plain import in_words

MOST_FOLDS = 65_536
"""Folded lines of one field: `re` keeps 250 octets for each while it reads, so that a message of nothing else would take
gigabytes."""

_FOLDED = rb"(?:\n[ \t][^\n]*+){0,%d}+" % MOST_FOLDS
_NAME = rb"[!-9;-~]++"  # RFC 5322 section 2.2: printable US-ASCII except the colon
_FIELD_START = re.compile(rb"%b[ \t]*+:" % _NAME)  # spaces before the colon: obsolete, RFC 5322 section 4.5
_A_FIELD = re.compile(rb"^%b[ \t]*+:" % _NAME, re.MULTILINE)
# The end of a line that neither a field nor a folded line follows: with one look ahead at each
# line this finds the end of the block and proves that everything before it is fields.
_STOP = re.compile(rb"\n(?![ \t]|[A-Za-z0-9-]++:|%b[ \t]*+:)" % _NAME)
_EMPTY_LINE = re.compile(rb"\r*+\n")
_EMPTY_LINE_AFTER = re.compile(rb"\n(\r*+\n)")
_CUT_NAME = re.compile(rb"%b[ \t]*+\Z" % _NAME)
_FIELDS = re.compile(rb"\n(%b)[ \t]*+:([^\n]*+%b)" % (_NAME, _FOLDED))
# The fields that routing asks of every message. Spelt by first letters, because that is how `re` is
# quick: a line that begins otherwise is passed over at its first octet.
_FREQUENT = re.compile(
    rb"\n(?=[CcDdEeFfIiMmRrTtXx])"
    rb"([Cc][Cc]|[Dd](?i:elivered-to)|[Ee](?i:nvelope-to)|[Ff](?i:rom)|[Ii](?i:n-reply-to)|[Mm](?i:essage-id)"
    rb"|[Rr](?i:eferences)|[Tt][Oo]|[Xx]-(?i:(?:delivered|envelope|original)-to|mailsim-loop))"
    rb"[ \t]*+:([^\n]*+%b)" % _FOLDED
)
_SHORT_HEADER = 1024  # octets of which all fields are read as soon as some
_FREQUENT_NAMES = frozenset(
    b"cc delivered-to envelope-to from in-reply-to message-id references to"
    b" x-delivered-to x-envelope-to x-mailsim-loop x-original-to".split()
)
_FOLD = re.compile(rb"\r?\n(?=[ \t])")
# As numbers: `in` takes octets for one first, and learns by an exception that they are none, which costs five searches.
_NUL, _LF, _CR = b"\0\n\r"
_BOM = b"\xef\xbb\xbf"
_BEFORE_HEADER = re.compile(rb"(?:%b)?(?:From (?![ \t]*+:)[^\n]*+\n)?" % _BOM)
_UTF16 = re.compile(rb"\xff\xfe|\xfe\xff|(?:[^\0]\0){4}|(?:\0[^\0]){4}", re.DOTALL)


class HeaderDefect(StrEnum):
    """Why a message cannot be read (R4.8); the values are reasons of `Decision`."""

    NO_HEADER = "no-header"
    """No line before the first empty one is a field."""
    UNDECODABLE = "undecodable-header"
    """A NUL, UTF-16, CR as the only line end, or a line that is no field between fields."""
    TRUNCATED = "truncated"
    """The octets end inside a header line, or inside a multipart."""


_Block = tuple[bytes, int, HeaderDefect | None]
"""The header block, where the body starts, and the first defect that the block itself shows."""


class Message:
    """Unaltered octets, read on demand."""

    __slots__ = ("_block", "_fields", "_frequent", "_known_by", "_message_id", "crlf", "octets")

    def __init__(self, octets: bytes, *, message_id: str | None = None, crlf: bool = False) -> None:
        """From who has written the octets and need not read: the Message-ID in them, that begin with a field; `crlf`."""
        self.octets = octets
        self.crlf = crlf
        """Whether all lines are known to end in CRLF, the last one too, and no other CR or LF stands in them."""
        self._block: _Block | None = None
        self._fields: dict[bytes, list[bytes]] | None = None
        self._frequent: dict[bytes, list[bytes]] | None = None
        self._message_id = self._known_by = message_id

    def __repr__(self) -> str:
        return f"Message({len(self.octets)} octets, {self.value('Message-ID')!r})"

    def __str__(self) -> str:
        from mailsim.mail.shown import message_words  # noqa: PLC0415 - made of messages, and deciding shows none

        return message_words(self)

    def _repr_html_(self) -> str:
        """For notebooks: the fields as they stand, the text, the HTML in a frame where it is harmless, what is attached."""
        from mailsim.mail.shown import message_html  # noqa: PLC0415 - as above

        return message_html(self)

    _repr_pretty_ = in_words

    def under(self, lines: bytes) -> "Message":
        """A message with whole header lines, all of one end, above this one's octets; a Message-ID is none of them."""
        message = Message(lines + self.octets, crlf=self.crlf and lines.endswith(b"\r\n"))
        if begins_with_field(self.octets):
            message._message_id = message._known_by = self._message_id
        return message

    def below(self) -> "Message":
        """The message as it reads under what a server writes on top; the same one where that changes nothing."""
        return self if begins_with_field(self.octets) else self.under(b"Received: by a server\r\n")

    @property
    def header(self) -> bytes:
        """The header block with its last line's end, without the empty line after it."""
        return self._read_block()[0]

    @property
    def body_start(self) -> int:
        """The index of the body's first octet; the length of the octets when there is no body."""
        return self._read_block()[1]

    @property
    def defect(self) -> HeaderDefect | None:
        """The first cause, in the order of R4.8, why this message cannot be read; None when it can."""
        defect = self._read_block()[2]
        if defect is None and _may_be_cut(self.octets) and _multipart_is_cut(self):
            return HeaderDefect.TRUNCATED
        return defect

    def raw_values(self, name: str) -> list[bytes]:
        """The values of every field of that name from the top, folds and outer white space removed.

        Where the block is undecodable, every line in it that is a field counts.
        """
        return [_unfolded(value) for value in self._values(_key(name))]

    def values(self, name: str) -> list[str]:
        """As `raw_values`, as text: UTF-8 (RFC 6532), other octets as U+FFFD; encoded words stand as they are."""
        texts = []
        for value in self._values(_key(name)):
            line = value.strip()
            text = _unfolded(line) if _LF in line or _CR in line else line
            texts.append(text.decode("utf-8", "replace"))
        return texts

    def value(self, name: str) -> str | None:
        """The topmost value of that name; None when there is no such field."""
        found = self._values(_key(name))
        return _unfolded(found[0]).decode("utf-8", "replace") if found else None

    @property
    def message_id(self) -> str | None:
        """The Message-ID with its angle brackets; None when absent or empty."""
        message_id = self._message_id
        if message_id is None:  # read once: whatever happens to a message is told by it
            message_id = self._message_id = self.value("Message-ID") or ""
        return message_id or None

    @property
    def known_by(self) -> str:
        """The Message-ID as it reads on the message's whole way, `below` what servers write; empty where there is none."""
        known_by = self._known_by
        if known_by is None:  # found out once: it is asked at every hop
            known_by = self._known_by = self.below().message_id or ""
        return known_by

    def _values(self, key: bytes) -> Sequence[bytes]:
        fields = self._fields
        if fields is not None:
            return fields.get(key, ())
        if key in _FREQUENT_NAMES and (frequent := self._frequent_fields()) is not None:
            return frequent.get(key, ())
        fields = self._fields = _index(_FIELDS, self._read_block()[0])
        return fields.get(key, ())

    def _frequent_fields(self) -> dict[bytes, list[bytes]] | None:
        """Some fields of a header that is long enough for this to be worth while; None of a short one."""
        if self._frequent is None:
            header = self._read_block()[0]
            if len(header) <= _SHORT_HEADER:
                return None
            self._frequent = _index(_FREQUENT, header)
        return self._frequent

    def _read_block(self) -> _Block:
        block = self._block
        if block is None:
            block = self._block = _block_of(self.octets)
        return block


def begins_with_field(octets: bytes) -> bool:
    """Whether a message begins with a field, in lines that do not end in CR alone: under lines of a server's own it reads the same."""
    return _FIELD_START.match(octets) is not None and _LF in octets


@lru_cache(maxsize=256)
def _key(name: str) -> bytes:
    return name.lower().encode("ascii", "replace")


def _index(pattern: re.Pattern[bytes], header: bytes) -> dict[bytes, list[bytes]]:
    """The values by lower-case field name, folds and white space as they stand."""
    if _LF not in header:  # a block whose lines end in CR is read by its CRs
        header = header.replace(b"\r", b"\n")
    fields: dict[bytes, list[bytes]] = {}
    for name, value in pattern.findall(b"\n" + header):
        key = name.lower()
        if key in fields:
            fields[key].append(value)
        else:
            fields[key] = [value]
    return fields


def _unfolded(value: bytes) -> bytes:
    value = value.strip()
    if _LF in value:
        value = _FOLD.sub(b"", value)
    return value.replace(b"\r", b" ") if _CR in value else value


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
    body_start = stop = found.end()
    if stop < len(octets):
        empty = _EMPTY_LINE.match(octets, stop)
        if empty is None:
            return _odd_block(octets, start, stop)
        body_start = empty.end()
    header = octets[start:stop]
    return header, body_start, HeaderDefect.UNDECODABLE if _NUL in header else None


def _unfinished_block(octets: bytes, start: int) -> _Block:
    """The block of octets that are fields to the end, the last line without its end."""
    if octets.find(b"\n", start) < 0 and _CR in octets:  # CR is the only line end
        header, empty, _ = octets[start:].partition(b"\r\r")
        return header, start + len(header) + len(empty), HeaderDefect.UNDECODABLE
    header = octets[start:]
    return header, len(octets), HeaderDefect.UNDECODABLE if _NUL in header else HeaderDefect.TRUNCATED


def _odd_block(octets: bytes, start: int, stop: int) -> _Block:
    """The block whose fields end at `stop` (or never began), where neither a field nor an empty line follows."""
    if stop == start:
        if _UTF16.match(octets, start) or (octets.find(b"\n", start) < 0 and _CR in octets):
            return octets[start:], len(octets), HeaderDefect.UNDECODABLE
        if _EMPTY_LINE.match(octets, start):
            return b"", start, HeaderDefect.NO_HEADER
    empty = _EMPTY_LINE_AFTER.search(octets, stop)
    end, body_start = empty.span(1) if empty else (len(octets), len(octets))
    text = octets[stop:end]
    if _A_FIELD.search(text):
        return octets[start:end], body_start, HeaderDefect.UNDECODABLE
    if stop == start:
        return b"", start, HeaderDefect.NO_HEADER
    if octets.find(b"\0", start, end) >= 0:
        return octets[start:end], body_start, HeaderDefect.UNDECODABLE
    if _CUT_NAME.match(text):
        return octets[start:], len(octets), HeaderDefect.TRUNCATED
    return octets[start:stop], stop, None  # text right after the fields, and no field after it


_BOUNDARY = re.compile(rb'multipart/.*;\s*boundary\s*=\s*(?:"([^"]+)"|([^\s;"]+))', re.IGNORECASE | re.DOTALL)
_TAIL = 8192  # enough for the last lines of a part and the closing boundary
_LAST_LINE = 256  # enough to tell whether the last line could be base64
_BASE64 = re.compile(rb"[A-Za-z0-9+/]++={0,2}")
_SAYS_BASE64 = re.compile(rb"^content-transfer-encoding[ \t]*:\s*base64", re.IGNORECASE | re.MULTILINE)
_LONG_LINE = 60  # RFC 2045 section 6.8 allows 76; encoders fill all lines but the last


def _may_be_cut(octets: bytes) -> bool:
    """Whether the last line is unfinished or could be base64: only then a multipart is looked at more closely."""
    if octets.endswith((b"--\r\n", b"--\n")):  # as a closing boundary does, and base64 never
        return False
    if not octets.endswith(b"\n"):
        return True
    line = octets[-_LAST_LINE:].rstrip().rpartition(b"\n")[2]
    return _BASE64.fullmatch(line.lstrip()) is not None


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
    if found:
        part_header, _, content = part.replace(b"\r", b"").partition(b"\n\n")
        lines = content.split()
        is_base64 = _SAYS_BASE64.search(part_header) is not None
    else:  # the part began earlier, and the first line of the tail may be half a line
        lines = part.partition(b"\n")[2].split()
        is_base64 = len(lines) > 1 and all(
            len(line) >= _LONG_LINE and len(line) % 4 == 0 for line in lines[:-1]
        )
    return is_base64 and len(b"".join(lines)) % 4 != 0 and _BASE64.fullmatch(b"".join(lines)) is not None
