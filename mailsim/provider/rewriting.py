"""What servers write into a header block: a new message that shares the body's octets (design, idea 3).

Laws: no octets raise; the body stays as it is, octet for octet; no value makes a line of its own.
"""

import re
from collections.abc import Set as AbstractSet

from mailsim.mail import Address, AddressList, Message, parse_addresses

_FROM = re.compile(
    rb"^from[ \t]*+:(?P<value>[^\n]*+(?:\n[ \t][^\n]*+)*+)(?:\n|\Z)", re.IGNORECASE | re.MULTILINE
)
_ANGLE = re.compile(rb"<[^<>]*+>[^<>]*+\Z")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")


def rewrite_from(message: Message, account: Address, *, owned: AbstractSet[Address], keep_in: str) -> Message:
    """The message with `account` in its one From field; the same message when that is so already.

    Owned addresses are the account's own. A display name is kept. Where `keep_in` names a field, one
    follows From with each original value, as Google writes it. A message without From gets one; a
    message without a header block, or with CR for its only line end, cannot be read and stays as it is,
    as one without From whose block begins with a folded line: that would become the new field's end.
    """
    header = message.header
    if not header or (b"\n" not in header and b"\r" in header):
        return message
    found = list(_FROM.finditer(header))
    if not found and header.startswith((b" ", b"\t")):
        return message
    originals = [match["value"].strip() for match in found]
    if len(found) == 1 and _is_owned(originals[0], account, owned):
        return message
    line_end = b"\r\n" if b"\r\n" in header else b"\n"
    lines = [b"From: " + _shown(originals[0] if len(found) == 1 else b"", account)]
    if keep_in:
        lines += [keep_in.encode() + b": " + original for original in originals]
    rewritten = line_end.join(lines)
    if not found or found[0][0].endswith(b"\n"):  # else the octets end in this field, and go on doing so
        rewritten += line_end
    first = found[0].start() if found else 0
    rest = _FROM.sub(b"", header[first:])
    start = message.octets.rindex(header, 0, message.body_start)  # a mark or an mbox line may stand before it
    return Message(message.octets[: start + first] + rewritten + rest + message.octets[start + len(header) :])


def _is_owned(value: bytes, account: Address, owned: AbstractSet[Address]) -> bool:
    addresses = _addresses(value).addresses
    return bool(addresses) and all(address == account or address in owned for address in addresses)


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


def prepend(message: Message, *fields: tuple[str, str]) -> Message:
    """The message with these fields on top, first one topmost, in the message's own line ends.

    Values are a server's own words about hostile mail: a control character in one becomes a space.
    """
    line_end = "\n" if message.header.find(b"\r\n") < 0 <= message.header.find(b"\n") else "\r\n"
    lines = [f"{name}: {_CONTROLS.sub(' ', value)}{line_end}" for name, value in fields]
    return Message("".join(lines).encode("utf-8", "replace") + message.octets)
