"""What would have to be mended in octets that cannot be read (R4.8), one fault at a time."""

import re
from collections.abc import Callable

from mailsim.mail import HeaderDefect, Message
from mailsim.study.diagnosis.fields import Anatomy

_FIELD = re.compile(rb"[ \t]|[!-9;-~]+[ \t]*:")
_BOUNDARY = re.compile(rb'boundary\s*=\s*(?:"([^"]+)"|([^\s;"]+))', re.IGNORECASE)


def _without_nul(message: Message) -> bytes | None:
    return message.octets.replace(b"\0", b"")


def _from_utf16(message: Message) -> bytes | None:
    for codec in ("utf-16", "utf-16-le", "utf-16-be"):
        try:
            text = message.octets.decode(codec)
        except UnicodeError:
            continue
        if text.isascii() and ":" in text:
            return text.encode()
    return None


def _with_line_ends(message: Message) -> bytes | None:
    return None if b"\n" in message.octets else message.octets.replace(b"\r", b"\r\n")


def _without_first_lines(message: Message) -> bytes | None:
    if message.defect is not HeaderDefect.NO_HEADER:
        return None
    found = re.search(rb"^[!-9;-~]+[ \t]*:", message.octets, re.MULTILINE)
    return message.octets[found.start() :] if found else None


def _without_odd_lines(message: Message) -> bytes | None:
    anatomy = Anatomy.of(message)
    fields = tuple(field for field in anatomy.fields if _FIELD.match(field.raw))
    return anatomy._replace(fields=fields).message().octets


def _whole(message: Message) -> bytes | None:
    """Ended where it stops: the header by an empty line, the multipart by its closing boundary."""
    if message.defect is not HeaderDefect.TRUNCATED:
        return None
    if message.body_start == len(message.octets):
        return message.octets + b"\r\n\r\n"
    boundary = _BOUNDARY.search(message.header)
    delimiter = (boundary[1] or boundary[2]) if boundary else b""
    return message.octets + b"\r\n--" + delimiter + b"--\r\n"


def _with_author(message: Message) -> bytes | None:
    return Anatomy.of(message).with_field("From", "somebody@outside.example").message().octets


MENDINGS: tuple[tuple[str, Callable[[Message], bytes | None]], ...] = (
    ("its NULs left out", _without_nul),
    ("its letters as octets, not UTF-16", _from_utf16),
    ("CRLF for its line ends", _with_line_ends),
    ("nothing in front of its header", _without_first_lines),
    ("no line in its header that is no field", _without_odd_lines),
    ("its end", _whole),
    ("From: an address", _with_author),
)
"""What is mended, in words, and how; None, or the octets unchanged, where there is nothing to mend."""
