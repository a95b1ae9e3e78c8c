"""What servers write into a header block: a new message that shares the body's octets (design, idea 3).

Laws: no octets raise; the body stays as it is, octet for octet; no value makes a line of its own; a message without
a header block, or with CR for its only line end, cannot be read and stays as it is.
"""

import hashlib
import re
from collections.abc import Callable
from functools import cache, lru_cache

from mailsim.mail import Address, AddressList, Message, parse_addresses

_ANGLE = re.compile(rb"<[^<>]*+>[^<>]*+\Z")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")


def rewrite_from(
    message: Message, account: Address, *, passes: Callable[[Address], bool], keep_in: str
) -> Message:
    """The message with `account` in its one From field; the same message when it may pass already.

    It may when it has one From, of which `passes` takes every address. A display name is kept. Where `keep_in` names
    a field, one follows From with each original value, as Google writes it. A message without From gets one, but
    not before a folded line, which would become its end.
    """
    found = _values(message, "From")
    if found is None:
        return message
    if len(found) == 1 and (addresses := _addresses(found[0]).addresses) and all(map(passes, addresses)):
        return message
    lines = [b"From: " + _shown(found[0] if len(found) == 1 else b"", account)]
    if keep_in:
        lines += [keep_in.encode() + b": " + original for original in found]
    return _with_lines(message, "From", lines)


def set_field(message: Message, name: str, value: str) -> Message:
    """The message with this value in the one field of that name; on top where it had none, if no line is folded there.

    Values are a server's own words about hostile mail: a control character in one becomes a space.
    """
    if _values(message, name) is None:
        return message
    return _with_lines(message, name, [_line(name, value)])


def drop_field(message: Message, name: str) -> Message:
    """The message without fields of that name; the same message when it had none."""
    return _with_lines(message, name, []) if _values(message, name) else message


def renewed_id(message: Message, domain: str) -> Message:
    """The message under a Message-ID of the server's own: the same one for the same header block."""
    digest = hashlib.sha256(message.header).hexdigest()[:32]
    return set_field(message, "Message-ID", f"<{digest}@{domain}>")


def prepend(message: Message, *fields: tuple[str, str]) -> Message:
    """The message with these fields on top, first one topmost, in the message's own line ends.

    Values are a server's own words about hostile mail: a control character in one becomes a space.
    """
    return message.under(_lines(fields, _line_end(message)))


def _line_end(message: Message) -> bytes:
    end = message.octets.find(b"\n")
    if end > 0 and message.octets[end - 1] == ord("\r"):  # as nearly always: the header need not be read
        return b"\r\n"
    header = message.header
    return b"\n" if header.find(b"\r\n") < 0 <= header.find(b"\n") else b"\r\n"


@lru_cache(maxsize=4096)  # the same few get mail again and again
def _lines(fields: tuple[tuple[str, str], ...], line_end: bytes) -> bytes:
    return b"".join([_line(*field) + line_end for field in fields])


@cache
def _field(name: str) -> re.Pattern[bytes]:
    return re.compile(
        rb"^" + re.escape(name.encode()) + rb"[ \t]*+:(?P<value>[^\n]*+(?:\n[ \t][^\n]*+)*+)(?:\n|\Z)",
        re.IGNORECASE | re.MULTILINE,
    )


def _values(message: Message, name: str) -> list[bytes] | None:
    """The values of a field; None where no such field can be written."""
    header = message.header
    if not header or (b"\n" not in header and b"\r" in header):
        return None
    found = [match["value"].strip() for match in _field(name).finditer(header)]
    return None if not found and header.startswith((b" ", b"\t")) else found


def _with_lines(message: Message, name: str, lines: list[bytes]) -> Message:
    """The message with these lines in place of its fields of that name: where the first one stood, or on top."""
    header = message.header
    found = _field(name).search(header)
    line_end = b"\r\n" if b"\r\n" in header else b"\n"
    written = line_end.join(lines)
    if lines and (
        found is None or found[0].endswith(b"\n")
    ):  # else the octets end in this field, and go on so
        written += line_end
    first = found.start() if found else 0
    rest = _field(name).sub(b"", header[first:])
    start = message.octets.rindex(header, 0, message.body_start)  # a mark or an mbox line may stand before it
    return Message(message.octets[: start + first] + written + rest + message.octets[start + len(header) :])


def _line(name: str, value: str) -> bytes:
    if not value.isprintable():
        value = _CONTROLS.sub(" ", value)
    return f"{name}: {value}".encode("utf-8", "replace")


def _shown(original: bytes, account: Address) -> bytes:
    """The account behind the original display name; bare where there was none, or several mailboxes, as Google does."""
    sender = str(account).encode("utf-8", "replace")
    angle = _ANGLE.search(original)
    if angle is None or _addresses(original).addresses != _addresses(angle[0]).addresses:
        return sender
    name = original[: angle.start()].strip()
    named = name + b" <" + sender + b">"
    return named if name and _addresses(named) == ((account,), ()) else sender


def _addresses(value: bytes) -> AddressList:
    return parse_addresses(value.decode("utf-8", "replace"))
