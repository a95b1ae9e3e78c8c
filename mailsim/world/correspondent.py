"""The people outside: what a correspondent makes of a message, and whom it reaches: pure.

A program answers to Reply-To where there is one (RFC 5322 section 3.6.3), or, as auto-responders and
some phones do, to From alone. The answer bears In-Reply-To and References (RFC 5322 section 3.6.4).
"""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from mailsim.mail import Address, Envelope, Message, parse_addresses
from mailsim.mail.date import header_date
from mailsim.practice.routing import auto_submitted
from mailsim.world.auto_reply import may_answer
from mailsim.world.mangling import Mangle, mangled
from mailsim.world.words import lengthened

CONSENT = "Thank you. I agree to all of it."
"""What people answer when nobody says what."""


class RepliesTo(StrEnum):
    """Which address a mail program answers to."""

    FROM = "from"
    """From alone: Reply-To is ignored."""
    REPLY_TO = "reply-to"
    """Reply-To where there is one, else From."""


class Habit(StrEnum):
    """What somebody does with mail."""

    REPLY = "reply"
    """Answers who wrote."""
    REPLY_ALL = "reply-all"
    """Answers who wrote, and all others it was for."""
    FORWARD = "forward"
    """Sends it on, in no thread, as filters do: automatic mail too, and what came under the null sender under that."""
    WRITE_ANEW = "write-anew"
    """Takes the address into the address book and writes of something else, in no thread."""
    AUTO_REPLY = "auto-reply"
    """Answers by a program that keeps RFC 3834: people who write to its owner, at the envelope sender, once in seven days."""
    OUT_OF_OFFICE = "out-of-office"
    """Answers by a program that does not: to From, everything, and its answers do not say that they are automatic."""
    BOUNCE = "bounce"
    """Has a full mailbox: the server takes what comes, and then reports that it gives up (RFC 3464)."""


MOST_ANSWERED = 100
"""Whom one answer goes to: as many as any server must take (RFC 5321 section 4.5.3.1.8), and Gmail and Yahoo do take."""
_TALK = 2
_BY_HAND = (Habit.REPLY, Habit.REPLY_ALL, Habit.WRITE_ANEW)


@dataclass(frozen=True, slots=True)
class Correspondent:
    """One person outside who answers."""

    address: Address
    replies_to: RepliesTo = RepliesTo.REPLY_TO
    delay: timedelta = timedelta()
    habit: Habit = Habit.REPLY
    forwards_to: tuple[Address, ...] = ()
    mangles: tuple[Mangle, ...] = ()
    """What the mail program does to what they write."""
    size: int = 0
    """Octets of the body of what they write, at least and about."""


def acts_on(
    person: Correspondent, message: Message, *, sender: Address | None, own: Container[str], depth: int = 0
) -> bool:
    """Whether somebody does anything about a message that came under this envelope sender.

    `own` are the Message-IDs of what their own side has written: a person who gets an answer does not answer it.
    `depth` is how many answers led to it: of two a person sees as much, whatever is left of its header.
    """
    if person.habit in _BY_HAND:
        talks = depth < _TALK and message.value("In-Reply-To") not in own
        return talks and not auto_submitted(message)
    if person.habit is Habit.AUTO_REPLY:
        return may_answer(person.address, message, sender)
    return person.habit is not Habit.BOUNCE


def answer(
    correspondent: Correspondent,
    message: Message,
    *,
    sender: Address | None = None,
    message_id: str,
    date: datetime,
    text: str = CONSENT,
) -> tuple[Envelope, Message] | None:
    """What the correspondent writes because of a message; None where it names nobody to write to.

    `sender` is the envelope sender that the message came under.
    """
    person, subject, threading = correspondent.address, _field(message, "Subject"), _threading(message)
    to = answered(correspondent.replies_to, message)
    cc: tuple[Address, ...] = ()
    more: list[str] = []
    match correspondent.habit:
        case Habit.REPLY:
            subject = _answered_subject(subject)
        case Habit.REPLY_ALL:
            subject = _answered_subject(subject)
            cc = _others(message, {person, *to})[: MOST_ANSWERED - len(to)]
        case Habit.FORWARD:
            to, subject, threading = correspondent.forwards_to, f"Fwd: {subject}", []
        case Habit.WRITE_ANEW:
            to, subject, threading = answered(RepliesTo.FROM, message), "Another question", []
        case Habit.AUTO_REPLY:
            to, subject = (sender,) if sender else (), f"Auto: {subject}"
            more = ["Auto-Submitted: auto-replied"]
        case Habit.OUT_OF_OFFICE:
            to, subject = answered(RepliesTo.FROM, message), _answered_subject(subject)
    if not to:
        return None
    if correspondent.size:
        text = lengthened(text, correspondent.size)
    lines = [
        f"From: {person.text}",
        f"To: {', '.join([address.text for address in to])}",
        *([f"Cc: {', '.join(map(str, cc))}"] if cc else []),
        f"Subject: {subject}",
        f"Date: {header_date(date)}",
        f"Message-ID: {message_id}",
        *threading,
        *more,
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "",
        *text.splitlines(),
        "",
    ]
    habit = correspondent.habit
    # A report that cannot be forwarded must not cause the next one (RFC 5228 section 4.2).
    null = habit is Habit.AUTO_REPLY or (habit is Habit.FORWARD and sender is None)
    envelope = Envelope(None if null else person, tuple(dict.fromkeys((*to, *cc))))
    written = Message("\r\n".join(lines).encode(), message_id=message_id, crlf=True)
    return envelope, mangled(written, correspondent.mangles) if correspondent.mangles else written


def _others(message: Message, known: Container[Address]) -> tuple[Address, ...]:
    """Whom else a message was for, as its To and Cc say."""
    named = (
        address for name in ("To", "Cc") for address in parse_addresses(message.value(name) or "").addresses
    )
    return tuple(dict.fromkeys(address for address in named if address not in known))


def answered(replies_to: RepliesTo, message: Message) -> Sequence[Address]:
    """The addresses that a program of this kind answers to, from the header alone: the first `MOST_ANSWERED`."""
    if replies_to is RepliesTo.REPLY_TO:
        asked = message.value("Reply-To")
        if asked and (addresses := parse_addresses(asked).addresses):
            return addresses[:MOST_ANSWERED]
    return parse_addresses(message.value("From") or "").addresses[:MOST_ANSWERED]


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
