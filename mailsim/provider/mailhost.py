"""Server mailboxes: which one takes a recipient's mail, and what the host stamps on it (R5.1, R5.2): pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from mailsim.mail import Address, Message, Reply, normal_domain, parse_address
from mailsim.provider.rewriting import prepend

NO_SUCH_USER = Reply(550, "No such user here", "5.1.1")


class Stamp(StrEnum):
    """What the envelope header names."""

    RECIPIENT = "recipient"
    """The address the mail was sent to."""
    MAILBOX = "mailbox"
    """Only the mailbox that took it: for a catch-all the recipient is lost (as Google's Delivered-To)."""


@dataclass(frozen=True, slots=True)
class EnvelopeHeader:
    """One header field that a host puts on top of what it stores."""

    name: str
    names: Stamp
    prefix: str = ""
    """What is written before the address, `{domain}` being the host's (qmail's virtual domains)."""


class CatchAll(StrEnum):
    """What becomes of mail that no server mailbox takes, besides forwarding it to one (R5.2)."""

    DISCARD = "discard"
    REFUSE = "refuse"


class Placement(NamedTuple):
    """What the host does with one recipient's copy: puts it in a mailbox, refuses it, or else throws it away."""

    mailbox: Address | None = None
    refused: Reply | None = None
    through: tuple[Address, ...] = ()
    """The mailboxes that forwarded it on the way, the first one first."""

    @property
    def discarded(self) -> bool:
        """Whether the copy is taken and thrown away."""
        return self.mailbox is None and self.refused is None


@dataclass(frozen=True, slots=True, kw_only=True)
class MailHost:
    """The mailboxes of one domain and what happens to all its other mail."""

    domain: str
    mailboxes: frozenset[Address]
    catch_all: Address | CatchAll = CatchAll.REFUSE
    """The mailbox that takes the rest of the domain's mail, or what becomes of it."""
    headers: tuple[EnvelopeHeader, ...] = field(default=(EnvelopeHeader("Delivered-To", Stamp.RECIPIENT),))
    """From the top."""
    forwards: Mapping[Address, Address] = field(default_factory=dict)
    """Mailbox -> the mailbox of this host that gets its mail instead."""
    aliases: Mapping[Address, Address] = field(default_factory=dict)
    """Address without a mailbox of its own -> the mailbox that takes its mail whatever the catch-all does, such as the
    postmaster's, which no server may refuse (RFC 5321 section 4.5.1)."""

    def place(self, recipient: Address) -> Placement:
        """Where this recipient's copy goes (R5.1, R5.2)."""
        if recipient in self.mailboxes:
            return self._forwarded(recipient)
        if (mailbox := self.aliases.get(recipient)) is not None:
            return self._forwarded(mailbox)
        if recipient.domain != normal_domain(self.domain) or self.catch_all is CatchAll.REFUSE:
            return Placement(refused=NO_SUCH_USER)
        if isinstance(self.catch_all, CatchAll):
            return Placement()
        return self._forwarded(self.catch_all)

    def _forwarded(self, mailbox: Address) -> Placement:
        """The end of the way from a mailbox; where it leads in a circle, the last mailbox before it closes."""
        through: tuple[Address, ...] = ()
        while (target := self.forwards.get(mailbox)) is not None and target not in (*through, mailbox):
            through += (mailbox,)
            mailbox = target
        return Placement(mailbox=mailbox, through=through)

    def stamp(
        self,
        message: Message,
        *,
        sender: Address | None,
        recipient: Address,
        mailbox: Address,
        through: tuple[Address, ...] = (),
    ) -> Message:
        """The message as it lies in the mailbox: envelope headers and Return-Path on top (RFC 5321 section 4.4).

        Each mailbox that forwarded it has stamped it too, under the ones that came after; to the next it was sent anew.
        A Return-Path that it came with stays below, as section 4.4 allows; the topmost is the true one.
        """
        for forwarder in through:
            message = prepend(message, *self._stamps(recipient, forwarder))
            recipient = self.forwards[forwarder]
        return_path = f"<{sender.text if sender else ''}>"
        return prepend(message, *self._stamps(recipient, mailbox), ("Return-Path", return_path))

    def _stamps(self, recipient: Address, mailbox: Address) -> list[tuple[str, str]]:
        return [
            (
                header.name,
                header.prefix.replace("{domain}", self.domain)
                + (recipient if header.names is Stamp.RECIPIENT else mailbox).text,
            )
            for header in self.headers
        ]


def catch_all_of(text: str) -> Address | CatchAll | None:
    """What a scenario's `catch_all` means: an address, `discard` or `refuse`; None when it is none of them."""
    if text in (word.value for word in CatchAll):
        return CatchAll(text)
    return parse_address(text)


def mailboxes_of(addresses: Iterable[Address], catch_all: Address | CatchAll) -> frozenset[Address]:
    """All server mailboxes of a host: the listed ones and the one that catches the rest."""
    return frozenset(addresses) | ({catch_all} if isinstance(catch_all, Address) else frozenset())
