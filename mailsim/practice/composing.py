"""A draft to an envelope and a message: who is the sender, who is reached how, what is written (R3).

Pure: the date and the identifier of a message are given. Laws:
- Bcc recipients stand in the envelope and in no header (R3.9).
- Nothing in a draft can make a header line: addresses with control characters are refused,
  in other text they become spaces, with a warning.
- Equal arguments give equal octets, with CRLF line ends.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from mailsim.errors import MailsimError
from mailsim.mail import Address, Envelope, Message
from mailsim.mail.date import header_date
from mailsim.practice.body import body
from mailsim.practice.directory import Alias, Directory
from mailsim.practice.header_text import display_name, folded_line, has_controls, text_line
from mailsim.practice.routing import RECOMMENDED_SIZE
from mailsim.practice.settings import ActionAddressIn, InternalRouting, Settings

_TOKEN = re.compile(r"(?=.{1,50}\Z)[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,250}>")
_NO_LIMITS: Mapping[str, int] = MappingProxyType({})


class DraftError(MailsimError):
    """A draft that cannot become a message."""


class Recipient(NamedTuple):
    """An address, and the name shown beside it."""

    address: Address
    name: str = ""


class Draft(NamedTuple):
    """What somebody, or the system itself, wants to send."""

    to: tuple[Recipient, ...] = ()
    cc: tuple[Recipient, ...] = ()
    bcc: tuple[Recipient, ...] = ()
    subject: str = ""
    text: str = ""
    html: str = ""
    """Empty for a message of plain text alone."""
    attachment_size: int = 0
    """Octets of an attachment to make up, before its transfer encoding; 0 for none."""
    from_action: int | None = None
    """The action it is sent from."""
    user: str | None = None
    """Who sends it; their own From option counts (R3.2)."""
    from_override: Address | None = None
    """The composer's From option, above the user's (R3.2)."""
    sender_name: str = ""
    """The display name beside From."""
    in_reply_to: str | None = None
    """A Message-ID, with angle brackets."""
    references: tuple[str, ...] = ()
    automatic: bool = False
    """Whether the system itself sends it (R3.3)."""


class Composed(NamedTuple):
    """A message ready to leave."""

    envelope: Envelope
    """Sender, and each recipient once: To, Cc, Bcc."""
    message: Message
    warnings: tuple[str, ...]
    """What was left out or made harmless, and what may not arrive."""


class Split(NamedTuple):
    """The recipients of one message by the way they are reached (R3.5, R3.6)."""

    inside: tuple[Address, ...]
    """Delivered without SMTP."""
    outside: tuple[Address, ...]
    """Sent by SMTP."""


def compose(
    draft: Draft,
    settings: Settings,
    directory: Directory,
    *,
    date: datetime,
    token: str,
    size_limits: Mapping[str, int] = _NO_LIMITS,
) -> Composed:
    """The message that a draft becomes.

    Args:
        draft: What to send.
        settings: The practice's.
        directory: The practice's.
        date: When it is sent, with its time zone.
        token: What no other message of the practice has: the left side of the Message-ID.
        size_limits: Servers on the way by name, and what each takes in octets; 0 is no limit (R3.7).

    Raises:
        DraftError: No recipient, an address that cannot stand in a header, an unknown user, a bad token.
    """
    warnings: list[str] = []
    recipients = _recipients(draft)
    sender, reply_to = _sender(draft, settings, directory, warnings)
    if _TOKEN.fullmatch(token) is None:
        raise DraftError(f"{token!r} cannot stand in a Message-ID; use letters, digits and dots")
    message_id = f"<{token}@{directory.domain}>"
    head = [
        f"Date: {header_date(date)}\r\n",
        folded_line("From", [_person(sender, draft.sender_name)]),
        folded_line("Reply-To", [reply_to.text]) if reply_to else "",
        _people("To", draft.to) if draft.to or draft.cc else "To: undisclosed-recipients:;\r\n",
        _people("Cc", draft.cc),
        text_line("Subject", draft.subject) if draft.subject else "",
        f"Message-ID: {message_id}\r\n",
        *(_thread(draft, warnings) if draft.in_reply_to or draft.references else ()),
        "Auto-Submitted: auto-generated\r\n" if draft.automatic else "",  # RFC 3834 section 5
        "MIME-Version: 1.0\r\n",
    ]
    names = [draft.subject, draft.sender_name, *[recipient.name for recipient in draft.to + draft.cc]]
    warnings += [f"{text!r}: control characters became spaces" for text in names if has_controls(text)]
    octets = "".join(head).encode() + body(draft.text, draft.html, draft.attachment_size, token)
    warnings += size_warnings(len(octets), size_limits)
    return Composed(
        Envelope(sender, recipients), Message(octets, message_id=message_id, crlf=True), tuple(warnings)
    )


def split(recipients: Iterable[Address], settings: Settings, directory: Directory) -> Split:
    """Which recipients are reached inside, and which by SMTP (R3.5).

    The system's own addresses are those of existing actions, and aliases; with internal
    routing `smtp` all go out.
    """
    direct = settings.routing.internal is InternalRouting.DIRECT
    inside: list[Address] = []
    outside: list[Address] = []
    for address in recipients:
        holder = directory.holder(address) if direct else None
        # In single mode actions have no address: a stranger at a public provider may have that one.
        own = holder is not None and (settings.catch_all or isinstance(holder.who, Alias))
        (inside if own else outside).append(address)
    return Split(tuple(inside), tuple(outside))


def size_warnings(size: int, limits: Mapping[str, int]) -> list[str]:
    """R3.7: what to say of a message of `size` octets as transmitted; nothing up to 10 MB and every limit."""
    refusing = [f"{server} ({limit} octets)" for server, limit in limits.items() if 0 < limit < size]
    if size <= RECOMMENDED_SIZE and not refusing:
        return []
    over = f"{size} octets as transmitted"
    if size > RECOMMENDED_SIZE:
        over += f", over the recommended {RECOMMENDED_SIZE} (10 MB)"
    return [f"{over}; refused by {', '.join(refusing)}" if refusing else over]


def _sender(
    draft: Draft, settings: Settings, directory: Directory, warnings: list[str]
) -> tuple[Address, Address | None]:
    """From and Reply-To (R3.1-R3.4)."""
    default = settings.mailbox.default_sender
    override = _override(draft, directory)
    action = directory.action_address(draft.from_action) if draft.from_action is not None else None
    if action is None or not settings.catch_all:
        return (default if draft.automatic or override is None else override), None
    place = settings.routing.action_address_in
    reply_to = None if place is ActionAddressIn.FROM else action
    if override is not None:
        warnings.append(
            f"From {override} does not count: the message is sent from action {draft.from_action}"
        )
    return (default if draft.automatic or place is ActionAddressIn.REPLY_TO else action), reply_to


def _override(draft: Draft, directory: Directory) -> Address | None:
    """The composer's From option, or else the user's."""
    if draft.user is not None and draft.user not in directory.users:
        raise DraftError(f"{draft.user!r} is no user; name one of {', '.join(directory.users) or 'none'}")
    own = directory.users[draft.user].sender if draft.user is not None else None
    chosen = draft.from_override or own
    return chosen and _safe(chosen)


def _recipients(draft: Draft) -> tuple[Address, ...]:
    everyone = [recipient.address for recipient in (*draft.to, *draft.cc, *draft.bcc)]
    if not everyone:
        raise DraftError("a message needs a recipient; give one in to, cc or bcc")
    return tuple(dict.fromkeys(map(_safe, everyone)))


def _safe(address: Address) -> Address:
    if not address.text.isprintable() or len(address.text.encode()) > 900:  # RFC 5322 section 2.1.1: 998
        raise DraftError(
            f"{str(address)[:100]!a} cannot stand in a header; remove control characters, shorten it"
        )
    return address


def _people(name: str, people: Iterable[Recipient]) -> str:
    shown = [_person(address, its_name) for address, its_name in people]
    return folded_line(name, [f"{one}," for one in shown[:-1]] + shown[-1:]) if shown else ""


def _person(address: Address, name: str) -> str:
    return f"{display_name(name)} <{address}>" if name.strip() else address.text


def _thread(draft: Draft, warnings: list[str]) -> Iterable[str]:
    """In-Reply-To and References; identifiers come from other people's mail, so only harmless ones stay."""
    for name, ids in (("In-Reply-To", (draft.in_reply_to or "",)), ("References", draft.references)):
        kept = [one for one in ids if _MESSAGE_ID.fullmatch(one)]
        warnings += [
            f"{name} {one[:100]!a} is left out: it is no Message-ID" for one in ids if one and one not in kept
        ]
        if kept:
            yield folded_line(name, kept)
