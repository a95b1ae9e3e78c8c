"""What servers write into a header block: a new message that shares the body's octets (design, idea 3)."""

import re
from collections.abc import Set as AbstractSet

from mailsim.mail import Address, Message, parse_addresses

_FROM = re.compile(rb"^from[ \t]*:(?P<value>[^\n]*(?:\n[ \t][^\n]*)*)(?:\n|\Z)", re.IGNORECASE | re.MULTILINE)
_LINE_END = re.compile(r"[\r\n]")
_ANGLE = re.compile(rb"<[^<>]*>[^<>]*\Z")


def rewrite_from(message: Message, account: Address, *, owned: AbstractSet[Address], keep_in: str) -> Message:
    """The message with `account` as its From; the same message when From is already the account's own.

    A display name is kept. Where `keep_in` names a field, it is put right after From with the
    original value, as Google does. A message without From is left as it is.
    """
    header = message.header
    found = _FROM.search(header)
    if found is None:
        return message
    original = found["value"].strip()
    addresses = parse_addresses(original.decode("utf-8", "replace")).addresses
    if addresses and all(address == account or address in owned for address in addresses):
        return message
    line_end = b"\r\n" if found[0].endswith(b"\r\n") else b"\n"
    angle = _ANGLE.search(original) if len(addresses) == 1 else None
    name = original[: angle.start()].strip() if angle else b""  # several mailboxes: Google drops the names
    sender = str(account).encode()
    lines = [b"From: " + (name + b" <" + sender + b">" if name else sender)]
    if keep_in:
        lines.append(keep_in.encode() + b": " + original)
    start = message.octets.index(header) + found.start()
    rewritten = line_end.join(lines) + line_end
    return Message(message.octets[:start] + rewritten + message.octets[start + len(found[0]) :])


def prepend(message: Message, *fields: tuple[str, str]) -> Message:
    """The message with these fields on top, first one topmost, in the message's own line ends.

    Values are a server's own words; a CR or LF in one would make a line of its own and is made a space.
    """
    line_end = "\n" if message.header.find(b"\r\n") < 0 <= message.header.find(b"\n") else "\r\n"
    lines = [f"{name}: {_LINE_END.sub(' ', value)}{line_end}" for name, value in fields]
    return Message("".join(lines).encode() + message.octets)
