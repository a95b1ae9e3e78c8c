"""Changes of the settings: the catch-all header, resolvers, where the action's address goes, internal routing, the type."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from mailsim.practice.decision import Resolver
from mailsim.practice.rules import Decoration
from mailsim.practice.settings import (
    ActionAddressIn,
    InternalRouting,
    MailboxType,
    PopTable,
)
from mailsim.practice.site import Site
from mailsim.provider.profiles import profiles
from mailsim.study.diagnosis.case import STAMPS
from mailsim.study.diagnosis.changes_directory import directory_changes
from mailsim.study.diagnosis.changes_target import envelope_recipient
from mailsim.study.diagnosis.remedy import Change
from mailsim.study.diagnosis.settings_made import setting, with_settings
from mailsim.study.diagnosis.situation import Situation, way_again


def settings_changes(now: Situation, target: str) -> Iterator[Change]:
    """Those of a site file's tables, its directory's among them."""
    site = now.site
    if site.rules.catch_all:
        yield from _header_changes(now)
    for resolver in Resolver:
        if resolver is Resolver.ADDRESS:
            continue
        if resolver in site.rules.resolvers:
            left = tuple(one for one in site.rules.resolvers if one is not resolver)
            yield setting(
                f'take "{resolver}" out of routing.resolvers', 1, partial(_with_resolvers, resolvers=left)
            )
        else:
            make = partial(_with_one_more, resolver=resolver)
            yield setting(f'add "{resolver}" to routing.resolvers', 1, make)
    for place in ActionAddressIn:
        if place is not site.settings.routing.action_address_in:
            words = f'routing.action_address_in = "{place}", for letters to come'
            yield setting(words, 2, partial(_with_place, place=place))
    if site.settings.routing.internal is InternalRouting.SMTP:
        inside = partial(_with_direct_routing, target=target)
        yield setting('routing.internal = "direct", for letters to come', 2, inside)
    yield from _decoration_changes(site)
    yield from directory_changes(now, target)
    other = MailboxType.SINGLE if site.rules.catch_all else MailboxType.CATCH_ALL
    yield setting(f'mailbox.type = "{other}"', 5, partial(_with_type, kind=other))


def _header_changes(now: Situation) -> Iterator[Change]:
    """Fields that the provider writes or the message bears: one that nobody writes is but a way to have To guessed at."""
    rules = now.site.rules
    if rules.header is not None:
        yield setting("unset mailbox.catch_all_header", 1, partial(_with_header, header=None))
    known = [header.name for header in now.provider.headers]
    present = [name for name in (*STAMPS, "To", "Cc") if now.message.values(name)]
    for name in {name.lower(): name for name in (*known, *present)}.values():
        if rules.header is None or name.lower() != rules.header.lower():
            cost = 3 if name in ("To", "Cc") else 1  # which no blind copy, list or forward names right
            yield setting(f'mailbox.catch_all_header = "{name}"', cost, partial(_with_header, header=name))


def _with_header(now: Situation, *, header: str | None) -> Situation:
    mailbox = now.site.settings.mailbox.model_copy(update={"catch_all_header": header})
    return with_settings(now, {"mailbox": mailbox}, rules=replace(now.site.rules, header=header))


def _with_one_more(now: Situation, *, resolver: Resolver) -> Situation:
    return _with_resolvers(now, resolvers=(*now.site.rules.resolvers, resolver))


def _with_resolvers(now: Situation, *, resolvers: tuple[Resolver, ...]) -> Situation:
    routing = now.site.settings.routing.model_copy(update={"resolvers": resolvers})
    return with_settings(now, {"routing": routing}, rules=replace(now.site.rules, resolvers=resolvers))


def _with_place(now: Situation, *, place: ActionAddressIn) -> Situation | None:
    routing = now.site.settings.routing.model_copy(update={"action_address_in": place})
    return way_again(with_settings(now, {"routing": routing}), None)


def _with_direct_routing(now: Situation, *, target: str) -> Situation | None:
    routing = now.site.settings.routing.model_copy(update={"internal": InternalRouting.DIRECT})
    return way_again(with_settings(now, {"routing": routing}), envelope_recipient(now, target))


def _decoration_changes(site: Site) -> Iterator[Change]:
    """The providers whose recipient header is decorated."""
    for known in profiles().values():
        header = known.recipient_header
        if header is not None and header.prefix:
            prefix = header.prefix.replace("{domain}", site.directory.domain)
            make = partial(_with_common, common=known.id, decoration=Decoration(prefix=prefix))
            yield setting(f'pop.common = "{known.id}"', 2, make)


def _with_common(now: Situation, *, common: str, decoration: Decoration) -> Situation:
    pop = (now.site.settings.pop or PopTable()).model_copy(update={"common": common})
    return with_settings(now, {"pop": pop}, rules=replace(now.site.rules, decoration=decoration))


def _with_type(now: Situation, *, kind: MailboxType) -> Situation:
    mailbox = now.site.settings.mailbox.model_copy(update={"type": kind})
    catch_all = kind is MailboxType.CATCH_ALL
    header = mailbox.catch_all_header if catch_all else None
    rules = replace(now.site.rules, catch_all=catch_all, header=header)
    return with_settings(now, {"mailbox": mailbox}, rules=rules)
