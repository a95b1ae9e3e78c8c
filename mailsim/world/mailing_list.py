"""Mailing lists: what one makes of a message, and whom it reaches: pure.

A list keeps the Message-ID and the body, and tells in the header what it is (RFC 2919, RFC 2369). The author gets no
copy. It sends nothing twice: who finds itself in X-BeenThere, as Mailman writes it, has sent the message already.
"""

from dataclasses import dataclass
from enum import StrEnum

from mailsim.mail import Address, Envelope, Message, parse_addresses
from mailsim.provider.rewriting import prepend, rewrite_from, set_field


class ListReplyTo(StrEnum):
    """Whom the Reply-To of what a list sends names."""

    AUTHOR = "author"
    """Whom it named before; where the list has put itself into From, the author unless it named somebody."""
    LIST = "list"


@dataclass(frozen=True, slots=True)
class MailingList:
    """One mailing list."""

    address: Address
    members: tuple[Address, ...]
    rewrites_from: bool = False
    reply_to: ListReplyTo = ListReplyTo.AUTHOR
    subject_prefix: str = ""


def distributed(mailing_list: MailingList, message: Message) -> tuple[Envelope, Message] | None:
    """What a list sends to its members because of a message.

    None when it has sent it before, or the author is its only member. Reports on it go to the list's own address for them.
    """
    own = mailing_list.address
    author = parse_addresses(message.value("From") or "").addresses
    members = tuple(member for member in mailing_list.members if member not in author)
    if not members or str(own) in message.values("X-BeenThere"):
        return None
    if mailing_list.rewrites_from:
        message = rewrite_from(message, own, passes=lambda one: one == own, keep_in="X-Original-From")
        if author and not message.value("Reply-To"):
            message = set_field(message, "Reply-To", ", ".join(map(str, author)))
    if mailing_list.reply_to is ListReplyTo.LIST:
        message = set_field(message, "Reply-To", str(own))
    subject, prefix = message.value("Subject") or "", mailing_list.subject_prefix
    if prefix and prefix not in subject:
        message = set_field(message, "Subject", f"{prefix} {subject}")
    message = prepend(
        message,
        ("X-BeenThere", str(own)),
        ("Precedence", "list"),
        ("List-Id", f"<{own.local}.{own.domain}>"),
        ("List-Post", f"<mailto:{own}>"),
    )
    return Envelope(Address(f"{own.local}-bounces", own.domain), members), message
