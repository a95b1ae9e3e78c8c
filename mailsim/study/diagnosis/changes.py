"""Every single change that is tried: of the settings, of the provider, and of one header field of the message.

The list is complete for what it names: each header field that the message bears or the profiles know, each resolver,
each place of the action's address, each field left out. It is made for one situation and one target; whether a change
helps is not asked here.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial

from mailsim.mail import Address, Message, parse_address
from mailsim.practice.decision import Resolver, shown
from mailsim.practice.directory import Action, Alias, Directory
from mailsim.practice.recipients import header_values
from mailsim.practice.rules import Decoration, Rules
from mailsim.practice.settings import (
    ActionAddressIn,
    ActionTable,
    AliasTable,
    InternalRouting,
    MailboxType,
    PopTable,
    SentTable,
)
from mailsim.practice.site import Site
from mailsim.provider.mailhost import EnvelopeHeader, Stamp
from mailsim.provider.policy import SenderAction
from mailsim.provider.profiles import profiles
from mailsim.study.diagnosis.case import STAMPS
from mailsim.study.diagnosis.fields import Anatomy
from mailsim.study.diagnosis.mending import MENDINGS
from mailsim.study.diagnosis.remedy import Change, Kind
from mailsim.study.diagnosis.situation import Provider, Situation, way_again

_CUSTOMARY = ("X-Original-To", "Envelope-To")
"""Fields that a host can be had to write where it writes none (Postfix, Exim)."""
_DECIDING = ("sender_policy", "same_domain", "envelope_headers", "catch_all")
"""What must be known of a provider before moving there can be said to help."""
_IDS = 8  # of a long References the newest

Make = Callable[[Situation], Situation | None]


def every_change(now: Situation, target: str) -> Iterator[Change]:
    """The changes that may lead a message to a target, the practice's own first."""
    yield from _settings_changes(now, target)
    yield from _provider_changes(now, target)
    yield from message_changes(now, target)


def target_addresses(site: Site, target: str) -> tuple[Address, ...]:
    """The addresses of a target: the action's own, or the aliases of a mailbox."""
    kind, _, name = target.partition(":")
    if kind == "action" and name.isdecimal():
        return (site.directory.action_address(int(name)),)
    if kind == "mailbox":
        return tuple(alias.address for alias in site.directory.aliases if name in alias.mailboxes)
    return ()


def envelope_recipient(now: Situation, target: str) -> Address | None:
    """Whom the envelope named, as far as can be told.

    That is the topmost address that a server wrote, unless it is but the mailbox's; else who of the practice stands in
    To and Cc, the target first, then who is not known; else, as with a Bcc, it may have been the target.
    """
    wanted = target_addresses(now.site, target)
    system = now.site.rules.system
    stamped = [address for address in _in_fields(now, STAMPS) if address != system]
    if stamped:
        return next((address for address in wanted if address in stamped), stamped[0])
    visible = _in_fields(now, ("To", "Cc", "Resent-To"))
    if now.message.values("X-Forwarded-To"):
        return system
    directory = now.site.directory
    own = [address for address in visible if directory.owns(address) and not directory.reaches(address)]
    return next((address for address in wanted if address in visible), next(iter((*own, *wanted)), None))


def _in_fields(now: Situation, names: Iterable[str]) -> list[Address]:
    return [a for name in names for value in header_values(now.message, name) for a in value.addresses]


# Settings


def _settings_changes(now: Situation, target: str) -> Iterator[Change]:
    site = now.site
    if site.rules.catch_all:
        yield from _header_changes(now)
    for resolver in Resolver:
        if resolver is Resolver.ADDRESS:
            continue
        if resolver in site.rules.resolvers:
            left = tuple(one for one in site.rules.resolvers if one is not resolver)
            yield _settings(
                f'take "{resolver}" out of routing.resolvers', 1, partial(_with_resolvers, resolvers=left)
            )
        else:
            make = partial(_with_one_more, resolver=resolver)
            yield _settings(f'add "{resolver}" to routing.resolvers', 1, make)
    for place in ActionAddressIn:
        if place is not site.settings.routing.action_address_in:
            words = f'routing.action_address_in = "{place}", for letters to come'
            yield _settings(words, 2, partial(_with_place, place=place))
    if site.settings.routing.internal is InternalRouting.SMTP:
        inside = partial(_with_direct_routing, target=target)
        yield _settings('routing.internal = "direct", for letters to come', 2, inside)
    yield from _decoration_changes(site)
    yield from _directory_changes(now, target)
    other = MailboxType.SINGLE if site.rules.catch_all else MailboxType.CATCH_ALL
    yield _settings(f'mailbox.type = "{other}"', 5, partial(_with_type, kind=other))


def _settings(words: str, cost: int, make: Make) -> Change:
    return Change(Kind.SETTINGS, words, cost, make)


def _header_changes(now: Situation) -> Iterator[Change]:
    rules = now.site.rules
    if rules.header is not None:
        yield _settings("unset mailbox.catch_all_header", 1, partial(_with_header, header=None))
    known = [header.name for header in now.provider.headers]
    known += [one.recipient_header.name for one in profiles().values() if one.recipient_header]
    present = [name for name in (*STAMPS, "To", "Cc") if now.message.values(name)]
    for name in {name.lower(): name for name in (*known, *_CUSTOMARY, *present)}.values():
        if rules.header is None or name.lower() != rules.header.lower():
            yield _settings(f'mailbox.catch_all_header = "{name}"', 1, partial(_with_header, header=name))


def _with_header(now: Situation, *, header: str | None) -> Situation:
    mailbox = now.site.settings.mailbox.model_copy(update={"catch_all_header": header})
    return _with_settings(now, {"mailbox": mailbox}, rules=replace(now.site.rules, header=header))


def _with_one_more(now: Situation, *, resolver: Resolver) -> Situation:
    return _with_resolvers(now, resolvers=(*now.site.rules.resolvers, resolver))


def _with_resolvers(now: Situation, *, resolvers: tuple[Resolver, ...]) -> Situation:
    routing = now.site.settings.routing.model_copy(update={"resolvers": resolvers})
    return _with_settings(now, {"routing": routing}, rules=replace(now.site.rules, resolvers=resolvers))


def _with_place(now: Situation, *, place: ActionAddressIn) -> Situation | None:
    routing = now.site.settings.routing.model_copy(update={"action_address_in": place})
    return way_again(_with_settings(now, {"routing": routing}), None)


def _with_direct_routing(now: Situation, *, target: str) -> Situation | None:
    routing = now.site.settings.routing.model_copy(update={"internal": InternalRouting.DIRECT})
    return way_again(_with_settings(now, {"routing": routing}), envelope_recipient(now, target))


def _decoration_changes(site: Site) -> Iterator[Change]:
    """The providers whose recipient header is decorated."""
    for known in profiles().values():
        header = known.recipient_header
        if header is not None and header.prefix:
            prefix = header.prefix.replace("{domain}", site.directory.domain)
            make = partial(_with_common, common=known.id, decoration=Decoration(prefix=prefix))
            yield _settings(f'pop.common = "{known.id}"', 2, make)


def _with_common(now: Situation, *, common: str, decoration: Decoration) -> Situation:
    pop = (now.site.settings.pop or PopTable()).model_copy(update={"common": common})
    return _with_settings(now, {"pop": pop}, rules=replace(now.site.rules, decoration=decoration))


def _with_type(now: Situation, *, kind: MailboxType) -> Situation:
    mailbox = now.site.settings.mailbox.model_copy(update={"type": kind})
    catch_all = kind is MailboxType.CATCH_ALL
    header = mailbox.catch_all_header if catch_all else None
    rules = replace(now.site.rules, catch_all=catch_all, header=header)
    return _with_settings(now, {"mailbox": mailbox}, rules=rules)


def _with_settings(
    now: Situation,
    update: Mapping[str, object],
    *,
    rules: Rules | None = None,
    directory: Directory | None = None,
    sent: Mapping[str, int] | None = None,
) -> Situation:
    """The situation with these tables of the settings, and what follows from them in the site."""
    old = now.site
    site = replace(
        old,
        settings=old.settings.model_copy(update=dict(update)),
        rules=rules or old.rules,
        directory=directory or old.directory,
        sent=sent or old.sent,
    )
    return replace(now, site=site)


# The directory


def _directory_changes(now: Situation, target: str) -> Iterator[Change]:
    kind, _, name = target.partition(":")
    directory = now.site.directory
    if kind == "action" and name.isdecimal():
        number = int(name)
        if number not in directory.actions:
            yield _settings(f"add [[action]] id = {number}", 3, partial(_with_action, number=number))
        for message_id in _unknown_ids(now):
            words = f"add [[sent]] message_id = {shown(message_id)}, action = {number}"
            yield _settings(words, 3, partial(_with_sent, message_id=message_id, number=number))
    if kind == "mailbox" and name in directory.users:
        for address in _unheld(now):
            cost = 6 if address == now.site.rules.system else 3  # all its mail goes there then
            make = partial(_with_alias, address=address, name=name)
            yield _settings(f"link {shown(str(address))} to {name}", cost, make)
    for alias in _aliases_in(now):
        yield _settings(f"remove the alias {shown(str(alias))}", 4, partial(_without_alias, address=alias))


def _unknown_ids(now: Situation) -> list[str]:
    found = []
    for name in ("In-Reply-To", "References"):
        for value in now.message.values(name):
            ids = [f"<{part.partition('>')[0]}>" for part in value.split("<")[1:] if ">" in part]
            found += [one for one in ids if one not in now.site.sent and one.isprintable() and " " not in one]
    return list(dict.fromkeys(found))[:_IDS]


def _named(now: Situation) -> list[Address]:
    fields = (*STAMPS, "To", "Cc")
    values = (
        value for name in fields for value in header_values(now.message, name, now.site.rules.decoration)
    )
    return list(dict.fromkeys(address for value in values for address in value.addresses))


def _unheld(now: Situation) -> list[Address]:
    """The addresses that the message names and that no alias with mailboxes or action has."""
    return [a for a in _named(now) if not now.site.directory.reaches(a) and str(a).isprintable()]


def _aliases_in(now: Situation) -> list[Address]:
    held = [(address, now.site.directory.holder(address)) for address in _named(now)]
    return [address for address, holder in held if holder and isinstance(holder.who, Alias)]


def _with_action(now: Situation, *, number: int) -> Situation:
    settings = now.site.settings
    tables = (*settings.action, ActionTable(id=number))
    old = now.site.directory
    directory = Directory(
        old.domain, [*old.actions.values(), Action(number)], old.users.values(), old.aliases
    )
    return _with_settings(now, {"action": tables}, directory=directory)


def _with_sent(now: Situation, *, message_id: str, number: int) -> Situation:
    tables = (*now.site.settings.sent, SentTable(message_id=message_id, action=number))
    return _with_settings(now, {"sent": tables}, sent={**now.site.sent, message_id: number})


def _with_alias(now: Situation, *, address: Address, name: str) -> Situation:
    settings, old = now.site.settings, now.site.directory
    others = tuple(table for table in settings.alias if table.address != address)
    linked = dict.fromkeys(
        box for table in settings.alias if table.address == address for box in table.mailboxes
    )
    mailboxes = (*linked, name)
    tables = (*others, AliasTable(address=address, mailboxes=mailboxes))
    aliases = [alias for alias in old.aliases if alias.address != address]
    directory = Directory(
        old.domain, old.actions.values(), old.users.values(), [*aliases, Alias(address, mailboxes)]
    )
    return _with_settings(now, {"alias": tables}, directory=directory)


def _without_alias(now: Situation, *, address: Address) -> Situation:
    settings, old = now.site.settings, now.site.directory
    tables = tuple(table for table in settings.alias if table.address != address)
    aliases = [alias for alias in old.aliases if alias.address != address]
    directory = Directory(old.domain, old.actions.values(), old.users.values(), aliases)
    return _with_settings(now, {"alias": tables}, directory=directory)


# The provider


def _provider_changes(now: Situation, target: str) -> Iterator[Change]:
    recipient = envelope_recipient(now, target)
    host = now.provider
    if host.policy.action is not SenderAction.ACCEPT:
        for address in target_addresses(now.site, target):
            words = f"register {address} with the provider as a send-as address"
            yield _provider(words, 3, partial(_registered, address=address, recipient=recipient))
        yield _provider("have the SMTP server accept the sender", 5, partial(_accepting, recipient=recipient))
    optional = [one.text("optional_header") for one in profiles().values() if one.id == host.name]
    stamped = {header.name.lower() for header in host.headers if header.names is Stamp.RECIPIENT}
    for name in filter(None, (*optional, now.site.rules.header or "", "Delivered-To", *_CUSTOMARY)):
        if name.lower() not in stamped:
            words = f"have the provider write the envelope's recipient into {name}"
            yield _provider(words, 4, partial(_stamping, name=name, recipient=recipient))
            stamped.add(name.lower())
    for known in profiles().values():
        if known.id != host.name and known.can_catch_all and not known.lacks(*_DECIDING):
            changed = Provider.of(known, host.catch_all)
            words = f'move to a provider like "{known.id}"'
            yield _provider(words, 9, partial(_hosted, provider=changed, recipient=recipient))


def _provider(words: str, cost: int, make: Make) -> Change:
    return Change(Kind.PROVIDER, f"{words}, for mail to come", cost, make)


def _registered(now: Situation, *, address: Address, recipient: Address | None) -> Situation | None:
    policy = replace(now.provider.policy, registered=now.provider.policy.registered | {address})
    return _hosted(now, provider=replace(now.provider, policy=policy), recipient=recipient)


def _accepting(now: Situation, *, recipient: Address | None) -> Situation | None:
    policy = replace(now.provider.policy, action=SenderAction.ACCEPT, same_domain=None)
    return _hosted(now, provider=replace(now.provider, policy=policy), recipient=recipient)


def _stamping(now: Situation, *, name: str, recipient: Address | None) -> Situation | None:
    others = tuple(header for header in now.provider.headers if header.name.lower() != name.lower())
    headers = (EnvelopeHeader(name, Stamp.RECIPIENT), *others)
    return _hosted(now, provider=replace(now.provider, headers=headers), recipient=recipient)


def _hosted(now: Situation, *, provider: Provider, recipient: Address | None) -> Situation | None:
    return way_again(replace(now, provider=provider), recipient)


# The message


def message_changes(now: Situation, target: str) -> Iterator[Change]:
    """Those of one header field, or of one fault that made the message unreadable."""
    anatomy = Anatomy.of(now.message)
    reads = now.site.rules.header or "Delivered-To"
    for address in target_addresses(now.site, target):
        for name in dict.fromkeys((reads, "To")):
            yield _message(f"{name}: {address}", anatomy.with_field(name, str(address)).message())
    kind, _, number = target.partition(":")
    if kind == "action":
        newest = [message_id for message_id, action in now.site.sent.items() if str(action) == number][-1:]
        for message_id in newest:
            yield _message(
                f"In-Reply-To: {message_id}", anatomy.with_field("In-Reply-To", message_id).message()
            )
        token = f"[a{number}] {now.message.value('Subject') or ''}".strip()
        yield _message(f"Subject: {shown(token)}", anatomy.with_field("Subject", token).message())
    for name, mended in _mended(now.message):
        yield _message(name, mended)
    for field, rest in anatomy.each_left_out():
        text = shown(" ".join(field.raw.decode("utf-8", "replace").split()))
        yield _message(f"without {text}", rest.message())


def _mended(message: Message) -> Iterator[tuple[str, Message]]:
    for words, mend in MENDINGS:
        octets = mend(message)
        if octets is not None and octets != message.octets:
            yield words, Message(octets)


def _message(words: str, message: Message) -> Change:
    def make(now: Situation) -> Situation:
        return replace(now, message=message)

    return Change(
        Kind.MESSAGE,
        f"the message with {words}" if not words.startswith("without") else f"the message {words}",
        10,
        make,
    )


def target_of(text: str) -> str | None:
    """What `--expect` may name: `action:ID`, `mailbox:NAME`, `unassigned`, `fallback:ADDRESS`; None for other words."""
    kind, colon, name = text.partition(":")
    if text == "unassigned" or (kind == "action" and name.isdecimal() and name.isascii()):
        return text if kind != "action" else f"action:{int(name[:18])}"
    if kind == "mailbox" and colon and name and name.isprintable():
        return text
    return text if kind == "fallback" and parse_address(name) else None
