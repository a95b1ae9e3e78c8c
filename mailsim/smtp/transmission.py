"""What goes over the wire: paths for MAIL and RCPT, and a message as it is transmitted; pure.

Laws: no address makes a second command or a parameter; no octets end DATA early or make a header line
that the message did not have; what is fit for the wire already is not touched.
"""

import re
from functools import lru_cache

from mailsim.mail import Address, Message, parse_address

_NEVER = (
    r"\x00-\x1f\x7f\ud800-\udfff"  # controls (RFC 5321 section 4.1.2); lone surrogates, which have no octets
)
_PATH = re.compile(
    rf'(?:"(?:[^"\\{_NEVER}]|\\[^{_NEVER}])*+"|[^"@\s<>{_NEVER}]++)@(?:\[[0-9A-Za-z:.-]++\]|[^"@\s<>\[\]{_NEVER}]++)'
)
_STRAY_CR = re.compile(rb"\r(?!\n)")
_BARE_LF = re.compile(rb"(?<!\r)\n")


def path_of(address: Address) -> str | None:
    """What stands in the angle brackets of MAIL and RCPT; None when this address cannot stand there.

    Quoted strings and UTF-8 (RFC 6531) can; control characters, and a domain that is neither a name
    nor an address literal, cannot (RFC 5321 section 4.1.2); nor what would be read as another address at the other end.
    """
    path = address.text
    return path if _is_read_back(path, address.key) else None


@lru_cache(maxsize=4096)
def _is_read_back(path: str, key: str) -> bool:
    """Whether the other end reads that very address there; the same few write to each other again and again."""
    read = parse_address(path) if _PATH.fullmatch(path) else None
    return read is not None and read.key == key


def transmitted(message: Message) -> Message:
    """The message as DATA carries it, as `as_transmitted`; the same one where it is in that form, which is found out once."""
    if not message.crlf:
        octets = as_transmitted(message.octets)
        if octets is not message.octets:
            message = Message(octets)
        message.crlf = True
    return message


def as_transmitted(octets: bytes) -> bytes:
    """The message as DATA carries it, without dot-stuffing: every line ends in CRLF, the last one too.

    A bare LF becomes a CRLF, as it ends lines in files. A stray CR becomes a space, as in Postfix
    (cleanup_replace_stray_cr_lf): made a line end it could make a header line, and sent as it is
    RFC 5321 section 2.3.8 forbids it. The same octets when they are in that form already.
    """
    line_ends = octets.count(b"\r\n")
    if octets.count(b"\r") != line_ends:
        octets = _STRAY_CR.sub(b" ", octets)
    if octets.count(b"\n") != line_ends:
        octets = _BARE_LF.sub(b"\r\n", octets)
    return octets if octets.endswith(b"\r\n") else octets + b"\r\n"
