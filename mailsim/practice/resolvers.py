"""The resolvers that find an action where the address decides nothing (R4.10), all off by default.

Each reads one thing: the part after "+" of the system mailbox's address, the ids of the
messages that this one answers, or `[a<ID>]` in the subject. A resolver that finds an action
that no longer exists passes on to the next one, and the decision remembers it (fine print 1).
None of them reads the body.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from mailsim.mail import Address, Message
from mailsim.mail.encoded_words import decoded_words
from mailsim.practice.decision import Resolver, shown
from mailsim.practice.directory import Directory
from mailsim.practice.recipients import Recipients, header_values
from mailsim.practice.rules import Rules


class Question(NamedTuple):
    """What a resolver may read."""

    message: Message
    rules: Rules
    directory: Directory
    sent: Mapping[str, int]
    found: Recipients


class Finding(NamedTuple):
    """What a resolver found."""

    read: str
    concluded: str
    targets: tuple[str, ...] = ()
    """Of existing actions; none when it found nothing, or only actions that are gone."""
    gone: bool = False
    """Whether it named an action, and none that exists."""
    address: Address | None = None
    """The address that named the first action; None where something else did."""
    guessed: bool | None = None
    """Whether To or Cc alone gave that address; None where the recipients' own answer stands."""


def by_sub_address(question: Question) -> Finding:
    """The actions that `SYSTEM+a<ID>@` names (section 7 "Resolvers").

    It reads the values of the recipient header from the top, the first that names an
    existing action deciding; To and Cc as one value; in single mode, where no header
    tells the recipient, To, Cc and Delivered-To as one value (R4.3).
    """
    directory, found = question.directory, question.found
    gone: Address | None = None
    for addresses in _sub_address_values(question):
        named = [
            (address, digits) for address in addresses if (digits := _tag(address, question.rules.system))
        ]
        existing = [(address, holder) for address, digits in named if (holder := directory.numbered(digits))]
        if existing:
            first = existing[0][0]
            targets = tuple(dict.fromkeys(holder.targets[0] for _, holder in existing))
            guessed = found.guessed if question.rules.catch_all else not _is_stamped(first, question.message)
            told = f"sub-address: {', '.join(targets)}"
            return Finding(str(first), told, targets, address=first, guessed=guessed)
        if named:
            gone = gone or named[0][0]
    if gone:
        return Finding(str(gone), "sub-address: no action has this ID", gone=True, address=gone)
    return Finding("the recipients", "sub-address: none names an action")


def _sub_address_values(question: Question) -> tuple[tuple[Address, ...], ...]:
    found, message = question.found, question.message
    if not question.rules.catch_all:
        return (
            tuple(
                address for field in ("To", "Cc", "Delivered-To") for address in _addresses(message, field)
            ),
        )
    values = tuple(value.addresses for value in found.values)
    return (tuple(address for addresses in values for address in addresses),) if found.guessed else values


def _addresses(message: Message, field: str) -> list[Address]:
    return [address for value in header_values(message, field) for address in value.addresses]


def _is_stamped(address: Address, message: Message) -> bool:
    """Whether Delivered-To names the address too, so that it is no guess."""
    return address in _addresses(message, "Delivered-To")


def _tag(address: Address, system: Address) -> str | None:
    """The ID in `SYSTEM+a<ID>@`; None for any other address."""
    base = f"{system.key[: -len(system.domain) - 1]}+"
    if address.domain != system.domain or not address.key.startswith(base):
        return None
    tag = _ACTION_TAG.fullmatch(address.key, len(base), len(address.key) - len(address.domain) - 1)
    return tag[1] if tag else None


def by_thread(question: Question) -> Finding:
    """The action from which the system sent the message that this one answers."""
    known = answered(question.message, question.sent)
    if known is None:
        return Finding("In-Reply-To, References", "thread: no message that the system sent")
    message_id, number = known
    if number not in question.directory.actions:
        return Finding(message_id, f"thread: sent from action {number}, which no longer exists", gone=True)
    return Finding(message_id, f"thread: sent from action {number}", (f"action:{number}",))


def answered(message: Message, sent: Mapping[str, int]) -> tuple[str, int] | None:
    """The first known Message-ID that a message answers, and the action it was sent from; None when none is known.

    In-Reply-To is read from the left, then References from the right (section 7 "Resolvers").
    Some programs put commas between the ids, and folding may leave white space in one.
    """
    for found in _answered_ids(message):
        message_id = "".join(found.split())
        if message_id in sent:
            return message_id, sent[message_id]
    return None


def _answered_ids(message: Message) -> Iterator[str]:
    for value in message.values("In-Reply-To"):
        yield from _MESSAGE_ID.findall(value)
    for value in reversed(message.values("References")):
        yield from reversed(_MESSAGE_ID.findall(value))


def by_subject_token(question: Question) -> Finding:
    """The action of the first `[a<ID>]` in the subject that exists."""
    subject = decoded_words(question.message.value("Subject") or "")
    tokens = _TOKEN.findall(subject)
    for digits in tokens:
        holder = question.directory.numbered(digits)
        if holder:
            return Finding(f"Subject: {subject}", f"subject token of {holder.targets[0]}", holder.targets)
    if tokens:
        return Finding(
            f"Subject: {subject}", f"subject token: no action {', '.join(map(shown, tokens))}", gone=True
        )
    return Finding(f"Subject: {subject}", "subject token: there is none")


_ACTION_TAG = re.compile(r"a([0-9]+)")
_MESSAGE_ID = re.compile(r"<[^<>]+>")
_TOKEN = re.compile(r"\[a([0-9]+)\]", re.IGNORECASE)

RESOLVERS: Mapping[Resolver, Callable[[Question], Finding]] = {
    Resolver.SUB_ADDRESS: by_sub_address,
    Resolver.THREAD: by_thread,
    Resolver.SUBJECT_TOKEN: by_subject_token,
}
"""Each resolver by its name in the settings."""
