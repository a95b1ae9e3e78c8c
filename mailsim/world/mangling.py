"""What mail programs and servers on the way do to a message, for no good: pure.

Laws: no octets raise; the same message gives the same octets; a message that has no readable header block stays as it
is, and nothing but `quoted-printable` touches its body.
"""

import hashlib
import re
from binascii import b2a_qp
from collections.abc import Callable, Collection, Mapping
from enum import StrEnum

from mailsim.mail import Message
from mailsim.provider.rewriting import drop_field, set_field


class Mangle(StrEnum):
    """One kind of damage."""

    TOP_DROPPED = "top-dropped"
    """The first two header fields are gone, of more than two."""
    SUBJECT_REWRITTEN = "subject-rewritten"
    """Of the subject only the last words are left, behind a tag of the gateway's."""
    REPLY_TO_DROPPED = "reply-to-dropped"
    IN_REPLY_TO_DROPPED = "in-reply-to-dropped"
    REFERENCES_DROPPED = "references-dropped"
    REFERENCES_CUT = "references-cut"
    """References ends after half its length, wherever that is."""
    REFERENCES_COMMAS = "references-commas"
    """The ids of References are joined by commas, as Outlook on the web and iOS do."""
    MESSAGE_ID_REPLACED = "message-id-replaced"
    QUOTED_PRINTABLE = "quoted-printable"
    """The body is encoded so (RFC 2045 section 6.7), though nothing asks for it."""


_TOP = re.compile(rb"(?:[^\n]+\n(?:[ \t][^\n]*\n)*){2}(?=[^\s])")
_WORDS = 3
_MARKERS = re.compile(r"(?:(?:re|fwd?|aw|wg)\s*:|\[[^\]]*\])\s*", re.IGNORECASE)
GATEWAY = "gateway.example"
"""Whose Message-IDs those are that replace others."""


def mangled(message: Message, mangles: Collection[Mangle]) -> Message:
    """The message after all of this damage, always in the same order; the same message where nothing changed it."""
    for mangle, damage in _DAMAGES.items():
        if mangle in mangles:
            message = damage(message)
    return message


def _top_dropped(message: Message) -> Message:
    header = message.header
    top = _TOP.match(header)
    if top is None:
        return message
    start = message.octets.index(header)  # a byte order mark or an mbox line may stand before it
    return Message(message.octets[:start] + message.octets[start + top.end() :])


def _subject_rewritten(message: Message) -> Message:
    words = _MARKERS.sub("", message.value("Subject") or "").split()
    return set_field(message, "Subject", " ".join(["[EXTERN]", *words[-_WORDS:]]))


def _references_cut(message: Message) -> Message:
    return _with_references(message, lambda value: value[: len(value) // 2])


def _references_commas(message: Message) -> Message:
    return _with_references(message, lambda value: ",".join(value.split()))


def _with_references(message: Message, change: Callable[[str], str]) -> Message:
    value = message.value("References")
    return message if value is None else set_field(message, "References", change(value.strip()))


def _message_id_replaced(message: Message) -> Message:
    """By what does not tell the time: the same message sent again, and in another world, has the same one (R6.3)."""
    message_id, told = message.message_id or "", message.octets[message.body_start :]
    if not message_id:  # then others with such a body are told from it by the header
        told = drop_field(drop_field(message, "Date"), "Received").octets
    digest = hashlib.blake2b(message_id.encode() + told, digest_size=16)
    return set_field(message, "Message-ID", f"<{digest.hexdigest()}@{GATEWAY}>")


def _quoted_printable(message: Message) -> Message:
    if message.defect or message.value("Content-Transfer-Encoding") not in (None, "7bit", "8bit"):
        return message
    message = set_field(message, "Content-Transfer-Encoding", "quoted-printable")
    start = message.body_start
    return Message(message.octets[:start] + b2a_qp(message.octets[start:]))


_DAMAGES: Mapping[Mangle, Callable[[Message], Message]] = {
    Mangle.TOP_DROPPED: _top_dropped,
    Mangle.SUBJECT_REWRITTEN: _subject_rewritten,
    Mangle.REPLY_TO_DROPPED: lambda message: drop_field(message, "Reply-To"),
    Mangle.IN_REPLY_TO_DROPPED: lambda message: drop_field(message, "In-Reply-To"),
    Mangle.REFERENCES_DROPPED: lambda message: drop_field(message, "References"),
    Mangle.REFERENCES_CUT: _references_cut,
    Mangle.REFERENCES_COMMAS: _references_commas,
    Mangle.MESSAGE_ID_REPLACED: _message_id_replaced,
    Mangle.QUOTED_PRINTABLE: _quoted_printable,
}
