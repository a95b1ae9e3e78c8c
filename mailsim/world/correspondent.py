"""The people outside: what a correspondent's mail program answers, and to which address: pure.

A program answers to Reply-To where there is one (RFC 5322 section 3.6.3), or, as auto-responders and
some phones do, to From alone. The answer bears In-Reply-To and References (RFC 5322 section 3.6.4).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from mailsim.mail import Address, Envelope, Message, parse_addresses
from mailsim.mail.date import header_date

CONSENT = "Thank you. I agree to all of it."
"""What people answer when nobody says what."""


class RepliesTo(StrEnum):
    """Which address a mail program answers to."""

    FROM = "from"
    """From alone: Reply-To is ignored."""
    REPLY_TO = "reply-to"
    """Reply-To where there is one, else From."""


@dataclass(frozen=True, slots=True)
class Correspondent:
    """One person outside who answers."""

    address: Address
    replies_to: RepliesTo = RepliesTo.REPLY_TO
    delay: timedelta = timedelta()


def answer(
    correspondent: Correspondent, message: Message, *, message_id: str, date: datetime, text: str = CONSENT
) -> tuple[Envelope, Message] | None:
    """The correspondent's answer to a message; None where the message names nobody to answer."""
    recipients = answered(correspondent.replies_to, message)
    if not recipients:
        return None
    lines = [
        f"From: {correspondent.address}",
        f"To: {', '.join(map(str, recipients))}",
        f"Subject: {_answered_subject(_field(message, 'Subject'))}",
        f"Date: {header_date(date)}",
        f"Message-ID: {message_id}",
        *_threading(message),
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "",
        *text.splitlines(),
        "",
    ]
    envelope = Envelope(correspondent.address, tuple(recipients))
    return envelope, Message("\r\n".join(lines).encode())


def answered(replies_to: RepliesTo, message: Message) -> Sequence[Address]:
    """The addresses that a program of this kind answers to, from the header alone."""
    if replies_to is RepliesTo.REPLY_TO:
        asked = parse_addresses(message.value("Reply-To") or "").addresses
        if asked:
            return asked
    return parse_addresses(message.value("From") or "").addresses


def _answered_subject(subject: str) -> str:
    return subject if subject.lower().startswith("re:") else f"Re: {subject}"


def _threading(message: Message) -> list[str]:
    """In-Reply-To and References; each id on a line of its own, so that no line grows long."""
    message_id = _field(message, "Message-ID")
    if not message_id:
        return []
    references = [*_field(message, "References").split(), message_id]
    return [f"In-Reply-To: {message_id}", "References: " + "\r\n ".join(references)]


def _field(message: Message, name: str) -> str:
    """A value of the other's header that can stand in ours: what is not printable becomes a space."""
    value = message.value(name) or ""
    if not value.isprintable():
        value = "".join(letter if letter.isprintable() else " " for letter in value)
    return value.strip()
