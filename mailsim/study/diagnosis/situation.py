"""What could be otherwise: the site, the message, and the provider between the practice and the people outside.

A change is tried by making another situation and routing its message: `arrived` is that message. Where a change is to
what the practice or its provider writes, the way is gone again by the pure rules of both: the letter that the message
answers is composed anew, the provider passes it on, the correspondent's program answers, the provider stores the
answer. Where a message answers nothing known, only its last leg is gone: the provider stores it for its envelope's
recipient.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from mailsim.mail import Address, Message, parse_addresses
from mailsim.practice.composing import Draft, DraftError, Recipient, compose, split
from mailsim.practice.decision import Decision, Reason
from mailsim.practice.recipients import header_values
from mailsim.practice.resolvers import answered
from mailsim.practice.settings import ActionAddressIn
from mailsim.practice.site import Site
from mailsim.provider.mailhost import CatchAll, EnvelopeHeader, MailHost, Stamp
from mailsim.provider.policy import Policy, SenderAction, Stage
from mailsim.provider.profiles import Profile, profile
from mailsim.study.diagnosis.case import STAMPS
from mailsim.study.diagnosis.fields import Anatomy

_DATE = datetime(2026, 1, 5, 9, tzinfo=UTC)  # of letters composed anew; routing reads no date
_SOMEBODY = Address("somebody", "outside.example")


@dataclass(frozen=True, slots=True)
class Provider:
    """What hosts the practice's mailbox and sends for it, as far as it matters here."""

    name: str
    policy: Policy
    headers: tuple[EnvelopeHeader, ...]
    catch_all: Address | CatchAll

    @classmethod
    def of(cls, known: Profile, catch_all: Address | CatchAll) -> "Provider":
        """As its profile says."""
        return cls(known.id, known.policy(), known.envelope_headers(), catch_all)


@dataclass(frozen=True, slots=True)
class Situation:
    """A site, its provider, and a message as it lies in the system mailbox."""

    site: Site
    provider: Provider
    message: Message
    goes_by_from: bool = False
    """Whether the correspondent's program ignores Reply-To."""
    answers: bool = False
    """Whether it came where a program answers to: then its way begins with the letter that it answers."""
    inside: tuple[str, ...] | None = None
    """Where the message goes without leaving the practice; None for one that is collected."""

    def decided(self) -> Decision:
        """What becomes of the message here."""
        return self.site.route(self.message.octets)

    def reaches(self, target: str) -> bool:
        """Whether the message gets there; collected mail by being routed."""
        if self.inside is not None:
            return target in self.inside
        return target in self.decided().targets


def situation(
    site: Site, message: Message, decision: Decision, provider: str | Provider | None = None
) -> Situation:
    """The situation that a message was found in.

    Args:
        site: Where it was collected.
        message: The octets.
        decision: What was decided on it.
        provider: Who hosts and sends, or a built-in profile's id; without it the one under `common` in the site, or
            else one that stamps what the message has and, where the sender was rewritten, rewrites.

    Raises:
        UnknownProfile: No such provider is built in.
    """
    rewritten = decision.reason is Reason.SENDER_REWRITTEN
    place = site.settings.routing.action_address_in
    ignores = rewritten and place is not ActionAddressIn.FROM
    system = site.rules.system
    stamped, visible = (list(_named(message, names)) for names in (STAMPS, ("To", "Cc")))
    at_system = set(stamped) <= {system} and (system in visible or not visible)
    if not isinstance(provider, Provider):
        provider = _provider(site, message, provider, rewritten=rewritten)
    return Situation(site, provider, message, ignores, at_system or rewritten)


def _named(message: Message, names: Iterable[str]) -> Iterator[Address]:
    for name in names:
        for value in header_values(message, name):
            yield from value.addresses


def _provider(site: Site, message: Message, name: str | None, *, rewritten: bool) -> Provider:
    settings = site.settings
    system = site.rules.system
    hosted = name or (settings.pop.common if settings.pop else None)
    sends = name or (settings.smtp.common if settings.smtp else None)
    headers = profile(hosted).envelope_headers() if hosted else _seen(message, system)
    guessed = Policy(action=SenderAction.REWRITE) if rewritten else Policy()
    policy = profile(sends).policy() if sends else guessed
    return Provider(hosted or sends or "unknown", policy, headers, system)


def _seen(message: Message, system: Address) -> tuple[EnvelopeHeader, ...]:
    """The fields that the provider is seen to write; a field that names the system mailbox may know no more."""
    found = []
    for name in STAMPS:
        values = message.values(name)
        if values:
            only = parse_addresses(values[0]).addresses == (system,)
            found.append(EnvelopeHeader(name, Stamp.MAILBOX if only else Stamp.RECIPIENT))
    return tuple(found)


def way_again(now: Situation, recipient: Address | None) -> Situation | None:
    """The situation after the message has come its way once more, under this site and this provider.

    `recipient` is whom the envelope named, where the message answers nothing that is known to be sent.
    None where it would not come at all: refused, thrown away, or never answered.
    """
    site, message = now.site, now.message
    if message.defect or not has_originator(message):
        return None  # whatever spoilt it would spoil it again
    known = _answered_action(now)
    if known is not None:
        recipient = _answered_to(now, known)
    if recipient is None:
        return None
    if message.message_id in site.sent:  # of what the practice sent: inside it may not leave at all
        inside = split([recipient], site.settings, site.directory).inside
        holder = site.directory.holder(recipient)
        visible = list(_named(message, ("To", "Cc")))
        return replace(now, inside=holder.targets) if inside and holder and recipient in visible else None
    host = MailHost(
        domain=site.directory.domain,
        mailboxes=frozenset({site.rules.system}),
        catch_all=now.provider.catch_all,
        headers=now.provider.headers,
    )
    placed = host.place(recipient)
    if placed.mailbox != site.rules.system:
        return None
    anatomy = Anatomy.of(message).without(*STAMPS, "Return-Path")
    if known is not None:
        anatomy = anatomy.with_field("To", str(recipient)).without("Cc")
    sender = next((a for v in message.values("Return-Path") for a in parse_addresses(v).addresses), None)
    stored = host.stamp(anatomy.message(), sender=sender, recipient=recipient, mailbox=placed.mailbox)
    return replace(now, message=stored)


def has_originator(message: Message) -> bool:
    """Whether anybody claims to have written it."""
    fields = ("From", "Sender", "Return-Path")
    return any("@" in value or "<>" in value for name in fields for value in message.values(name))


def _answered_action(now: Situation) -> int | None:
    """The existing action whose letter the message answers; None where none is known."""
    known = answered(now.message, now.site.sent) if now.answers else None
    return known[1] if known and known[1] in now.site.directory.actions else None


def _answered_to(now: Situation, action: int) -> Address | None:
    """Where a letter from the action would be answered to; None where it is refused on the way out."""
    site, policy = now.site, now.provider.policy
    authors = (a for v in now.message.values("From") for a in parse_addresses(v).addresses)
    draft = Draft(to=(Recipient(next(authors, _SOMEBODY)),), from_action=action, subject="a letter")
    try:
        letter = compose(draft, site.settings, site.directory, date=_DATE, token="again")  # noqa: S106 - of a Message-ID
    except DraftError:  # its author's address cannot stand in a header
        return None
    account = site.rules.system
    stages = (Stage.MAIL, Stage.RCPT)
    refused = any(policy.judge_sender(stage, account, letter.envelope.sender) for stage in stages)
    for stage in (Stage.DATA, Stage.LATER):
        refused = refused or bool(
            policy.judge_message(stage, account, letter.envelope.sender, letter.message)
        )
    if refused:
        return None
    passed = policy.pass_on(account, letter.message)
    fields: Iterable[str] = ("From",) if now.goes_by_from else ("Reply-To", "From")
    for name in fields:
        addresses = parse_addresses(passed.value(name) or "").addresses
        if addresses:
            return addresses[0]
    return None
