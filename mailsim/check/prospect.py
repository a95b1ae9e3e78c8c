"""Whether a reply would come back to its action, judged by one message that made the round; pure (R2.4, R3.4, R4).

For each place where the action address can stand, and each way of replying, a reply is made up as it would arrive,
with the envelope header as the provider was seen to write it, and is routed by the site's own decision.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from mailsim.check.comparison import Kind, compare
from mailsim.mail import Address, Message, parse_addresses
from mailsim.practice.decision import Reason
from mailsim.practice.settings import ActionAddressIn
from mailsim.practice.site import Site

_REPLIER = "somebody@correspondent.invalid"
_NEVER = re.compile(r"received|path|auth|spf|from|sender|reply|return|^to$|^cc$", re.IGNORECASE)
"""Names of fields whose addresses tell the way, the sender or who was written to, never whom the envelope named."""


@dataclass(frozen=True, slots=True)
class EnvelopeHeader:
    """A field in which the provider says for whom a message came."""

    name: str
    value: str
    names_recipient: bool
    """Whether it names the recipient; else it names the system mailbox, whoever was written to."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way of replying."""

    placement: ActionAddressIn
    """Where the practice puts the action address."""
    answered: str
    """What the correspondent's program answers to: `From`, or `Reply-To` where there is one."""
    address: str
    """Where the reply goes; empty where there is no address."""
    reaches: bool
    """Whether it reaches the action."""
    outcome: str
    """The decision's words, or why there is none."""

    def as_json(self) -> dict[str, object]:
        """As `mailsim probe --json` has it."""
        return {
            "action_address_in": self.placement.value,
            "answered": self.answered,
            "address": self.address,
            "reaches": self.reaches,
            "outcome": self.outcome,
        }


def envelope_headers(
    sent: Message, received: Message, recipient: Address, system: Address
) -> tuple[EnvelopeHeader, ...]:
    """The fields added on the way that name the recipient, or the system mailbox, in the order received."""
    return tuple(_envelope_headers(sent, received, str(recipient).lower(), str(system).lower()))


def _envelope_headers(
    sent: Message, received: Message, recipient: str, system: str
) -> Iterator[EnvelopeHeader]:
    for change in compare(sent, received):
        if change.kind is not Kind.ADDED or _NEVER.search(change.field) or not change.field.isascii():
            continue
        for value in change.received:
            words = value.lower()
            # A field that tells a recipient holds an address and little else (a prefix, " via ...").
            if (
                (recipient in words or system in words)
                and len(words) <= len(recipient) + 200
                and ";" not in words
            ):
                yield EnvelopeHeader(change.field, value, recipient in words)


def header_advice(headers: tuple[EnvelopeHeader, ...], configured: str | None) -> str:
    """What to write under `mailbox.catch_all_header` (R1.10); empty where it is well as it is."""
    telling = [header.name for header in headers if header.names_recipient]
    names = [name.lower() for name in telling]
    if configured is not None and configured.lower() in names:
        return ""
    if configured is None and "delivered-to" in names:
        return ""  # read without being set (R4.4)
    if telling:
        return f'set catch_all_header = "{telling[0]}": it names the recipient'
    return "no header names the recipient: it is guessed from To and Cc, and a Bcc reaches nobody"


def placement_advice(ways: tuple[Way, ...], placement: ActionAddressIn) -> str:
    """Where to put the action address instead (R3.4); empty where replies come back as it is."""
    working = [way.placement for way in ways if way.reaches and way.answered == "Reply-To"]
    if placement in working:
        return ""
    if working:
        return (
            f'write action_address_in = "{working[0]}": programs that honour Reply-To then answer the action'
        )
    return 'no placement brings replies back: send through a server that keeps the sender, or set resolvers = ["thread"]'


def prospects(
    site: Site, action: int, sent: Message, received: Message, *, refused: str = ""
) -> tuple[Way, ...]:
    """Each way of replying to mail of that action, and where the reply ends.

    `sent` has the action address in From and in Reply-To. What a provider does to Reply-To only where there is none
    cannot be told by it. Where `refused` says why no server takes it in From, `sent` has it in Reply-To alone.
    """
    recipient = site.directory.action_address(action)
    headers = envelope_headers(sent, received, recipient, site.rules.system)
    ids = {message_id: action for message in (sent, received) if (message_id := message.message_id)}
    known = replace(site, sent={**site.sent, **ids})
    shown_from, reply_to = _address(received, "From"), _address(received, "Reply-To")
    default = site.rules.system
    answers = {
        ActionAddressIn.FROM: (shown_from, shown_from),
        ActionAddressIn.REPLY_TO: (default, reply_to or default),
        ActionAddressIn.BOTH: (shown_from, reply_to or shown_from),
    }
    ways = []
    for placement, pair in answers.items():
        for answered, address in zip(("From", "Reply-To"), pair, strict=True):
            if refused and placement is not ActionAddressIn.REPLY_TO:
                ways.append(Way(placement, answered, "", reaches=False, outcome=refused))
                continue
            reply = arriving(address, recipient, headers, received.message_id) if address else None
            reaches, outcome = _fate(known, action, address, reply)
            if placement is ActionAddressIn.REPLY_TO and answered == "From":
                # The decision cannot know that the practice itself wrote the system mailbox's address there.
                outcome = outcome.replace(Reason.SENDER_REWRITTEN, Reason.SYSTEM_ADDRESS)
            ways.append(Way(placement, answered, str(address or ""), reaches, outcome))
    return tuple(ways)


def _fate(site: Site, action: int, address: Address | None, reply: bytes | None) -> tuple[bool, str]:
    """Whether a reply to that address reaches the action, and in words."""
    if address is None or reply is None:
        return False, "there is no address to reply to"
    if address.domain != site.rules.system.domain:
        return False, "it leaves for another domain"
    decision = site.route(reply)
    guessed = ", guessed" if decision.guessed else ""
    return f"action:{action}" in decision.targets, f"{decision.outcome} ({decision.reason}){guessed}"


def arriving(
    address: Address, recipient: Address, headers: tuple[EnvelopeHeader, ...], message_id: str | None
) -> bytes:
    """A reply to that address as the provider would deliver it: headers that named the recipient name the address."""
    lines = [_stamped(header, recipient, address) for header in headers]
    thread = [f"In-Reply-To: {message_id}", f"References: {message_id}"] if message_id else []
    lines += [f"From: {_REPLIER}", f"To: {address}", "Message-ID: <reply@correspondent.invalid>", *thread]
    return "\r\n".join([*lines, "Subject: Re: probe", "", "Yes.", ""]).encode("utf-8", "surrogateescape")


def _stamped(header: EnvelopeHeader, recipient: Address, address: Address) -> str:
    start = header.value.lower().find(str(recipient).lower())
    if not header.names_recipient:
        return f"{header.name}: {header.value}"
    end = start + len(str(recipient))
    return f"{header.name}: {header.value[:start]}{address}{header.value[end:]}"


def _address(message: Message, name: str) -> Address | None:
    found = parse_addresses(message.value(name) or "").addresses
    return found[0] if found else None
