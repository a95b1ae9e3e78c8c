"""What people read in a message: its text, its HTML, and the names of what is attached (RFC 2045, RFC 2183).

Laws: no octets raise; of a body no more than the first 256 KB are looked at, so what it costs does not grow with it;
nothing is unpacked, opened or followed.
"""

from collections.abc import Sequence
from email.message import Message as Part
from email.parser import BytesParser
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from mailsim.mail.message import Message

MOST = 256 * 1024
"""Octets of a body that are looked at."""
_FIELDS = ("MIME-Version", "Content-Type", "Content-Transfer-Encoding", "Content-Disposition")
_LONGEST_FIELD = 4096
_STUMBLES = (LookupError, RecursionError, TypeError, ValueError)
"""What the standard library raises at odd parameters (RFC 2231), charsets that are none, and parts nested too deep."""


class Attachment(NamedTuple):
    """A part that is no text of the message."""

    name: str
    """As the sender has it: it may be anything; empty where there is none."""
    kind: str
    """Its media type, such as `application/pdf`."""


class Content(NamedTuple):
    """The readable parts of one message."""

    text: str
    """Its plain text; empty where it has none."""
    html: str
    """Its HTML as the sender wrote it, so hostile; empty where it has none."""
    attached: tuple[Attachment, ...]
    whole: bool
    """Whether all of the body was looked at."""


def content(message: "Message") -> Content:
    """What a message says, to be read by people; empty where nobody can read it."""
    begin = message.body_start
    body = message.octets[begin : begin + MOST]
    texts: list[str] = []
    pages: list[str] = []
    attached: list[Attachment] = []
    for part in _leaves(_head(message) + b"\r\n" + body):
        kind = part.get_content_type()
        if kind in ("text/plain", "text/html") and part.get_content_disposition() != "attachment":
            (texts if kind == "text/plain" else pages).append(_decoded(part))
        else:
            attached.append(Attachment(_filename(part), kind))
    whole = begin + len(body) == len(message.octets)
    return Content("\n".join(texts), "\n".join(pages), tuple(attached), whole)


def _head(message: "Message") -> bytes:
    """The fields that say how to read the body, each the topmost of its name."""
    fields = ((name, message.raw_values(name)[:1]) for name in _FIELDS)
    return b"".join(
        b"%b: %b\r\n" % (name.encode(), value[:_LONGEST_FIELD]) for name, values in fields for value in values
    )


def _leaves(octets: bytes) -> Sequence[Part]:
    """The parts that hold no others, in order; none where the structure cannot be read."""
    try:
        return [part for part in BytesParser().parsebytes(octets).walk() if not part.is_multipart()]
    except _STUMBLES:
        return ()


def _filename(part: Part) -> str:
    try:
        return part.get_filename("")
    except _STUMBLES:
        return ""


def _decoded(part: Part) -> str:
    payload = part.get_payload(decode=True)
    octets = payload if isinstance(payload, bytes) else b""
    try:
        return octets.decode(part.get_content_charset("utf-8"), "replace")
    except _STUMBLES:
        return octets.decode("utf-8", "replace")
