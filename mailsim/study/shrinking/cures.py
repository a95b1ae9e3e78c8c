"""What would put a scenario right: single changes of its tables, the practice's own first; pure.

Whether one helps is not asked here: each is played.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from mailsim.mail import Message
from mailsim.practice.decision import Resolver, shown
from mailsim.practice.settings import ActionAddressIn, InternalRouting
from mailsim.study.diagnosis.changes_directory import ids_answered
from mailsim.study.diagnosis.changes_provider import other_providers
from mailsim.world.orders import is_inline, message_file

Tables = Mapping[str, object]


class Cure(NamedTuple):
    """One change."""

    words: str
    tables: Tables
    """The scenario with it."""


def cures(tables: Tables, stamped: Iterable[str], missing: Iterable[str] = ()) -> Iterator[Cure]:
    """Every single change that is known: of the settings, the directory, the provider, and of those outside.

    `stamped` are the fields that the provider writes, `missing` the targets that should have got more.
    """
    yield from _of_settings(tables, stamped)
    for target in missing:
        yield from _of_directory(tables, target)
    yield from _of_provider(tables)
    yield from _of_people(tables)
    yield from _of_others_outside(tables)
    for known in other_providers(str(_table(tables, "provider").get("profile", ""))):
        words = f'move to a provider like "{known.id}": provider.profile = "{known.id}"'
        yield Cure(words, _with(tables, "provider", profile=known.id))


def _of_settings(tables: Tables, stamped: Iterable[str]) -> Iterator[Cure]:
    routing = _table(tables, "routing")
    for resolver in Resolver:
        if resolver is not Resolver.ADDRESS and resolver not in _resolvers(tables):
            yield Cure(f'add "{resolver}" to routing.resolvers', _with_resolver(tables, resolver))
    for place in ActionAddressIn:
        if place != routing.get("action_address_in", ActionAddressIn.FROM):
            words = f'routing.action_address_in = "{place}"'
            yield Cure(words, _with(tables, "routing", action_address_in=place.value))
    for way in InternalRouting:
        if way != routing.get("internal", InternalRouting.DIRECT):
            yield Cure(f'routing.internal = "{way}"', _with(tables, "routing", internal=way.value))
    if _table(tables, "mailbox").get("catch_all_header") is not None:
        yield Cure("unset mailbox.catch_all_header", _without(tables, "mailbox", "catch_all_header"))
    for name in stamped:
        words = f'mailbox.catch_all_header = "{name}"'
        yield Cure(words, _with(tables, "mailbox", catch_all_header=name))


def _of_directory(tables: Tables, target: str) -> Iterator[Cure]:
    kind, _, name = target.partition(":")
    if kind == "mailbox":
        for address in _written_to(tables):
            yield Cure(f"link {shown(address)} to {shown(name)}", _linked(tables, address, name))
    if kind == "action" and name.isdecimal():
        sent = [*_rows(tables, "sent")]
        for message_id in _ids_answered(tables):
            added = {**tables, "sent": [*sent, {"message_id": message_id, "action": int(name)}]}
            words = f"add [[sent]] message_id = {shown(message_id)}, action = {name}"
            yield Cure(words, added)
            if Resolver.THREAD not in _resolvers(tables):
                both = _with_resolver(added, Resolver.THREAD)
                yield Cure(f'{words}, and "thread" to routing.resolvers', both)


def _resolvers(tables: Tables) -> list[object]:
    listed = _table(tables, "routing").get("resolvers", [])
    return listed if isinstance(listed, list) else []


def _with_resolver(tables: Tables, resolver: Resolver) -> Tables:
    return _with(tables, "routing", resolvers=[*_resolvers(tables), resolver.value])


def _written_to(tables: Tables) -> list[str]:
    """The addresses of the practice's domain that events are for, but for the system mailbox's."""
    system = str(_table(tables, "mailbox").get("default_sender", "")).lower()
    found: list[str] = []
    for event in _rows(tables, "event"):
        for what in ("receive", "send"):
            told = _table(event, what)
            for key in ("to", "cc", "bcc"):
                given = told.get(key, [])
                found += (
                    [given] if isinstance(given, str) else map(str, given if isinstance(given, list) else [])
                )
    domain = f"@{system.rpartition('@')[2]}"
    return [one for one in dict.fromkeys(found) if one.lower().endswith(domain) and one.lower() != system]


def _linked(tables: Tables, address: str, name: str) -> Tables:
    rows = _rows(tables, "alias")
    for index, row in enumerate(rows):
        if str(row.get("address", "")).lower() == address.lower():
            held = row.get("mailboxes")
            rows[index] = {**row, "mailboxes": [*(held if isinstance(held, list) else []), name]}
            return {**tables, "alias": rows}
    return {**tables, "alias": [*rows, {"address": address, "mailboxes": [name]}]}


def _ids_answered(tables: Tables) -> Iterator[str]:
    """The Message-IDs that messages which stand in the scenario say they answer."""
    known = {row.get("message_id") for row in _rows(tables, "sent")}
    for event in _rows(tables, "event"):
        file = _table(event, "receive").get("file")
        if isinstance(file, str) and is_inline(file):
            ids = ids_answered(Message(message_file(Path(), file)))
            yield from (one for one in ids if one not in known)


def _of_provider(tables: Tables) -> Iterator[Cure]:
    mailbox, provider = _table(tables, "mailbox"), _table(tables, "provider")
    system = str(mailbox.get("default_sender", ""))
    domain = system.rpartition("@")[2]
    own = [f"a{action['id']}@{domain}" for action in _rows(tables, "action") if "id" in action]
    if own:
        words = f"register {', '.join(own)} with the provider as send-as addresses"
        yield Cure(words, _with(tables, "provider", registered=own))
    accepting = 'a provider whose SMTP server accepts any sender: provider.sender_policy = "accept"'
    yield Cure(accepting, _with(tables, "provider", sender_policy="accept"))
    if provider.get("catch_all", system) != system:
        words = f'provider.catch_all = "{system}"'
        yield Cure(words, _with(tables, "provider", catch_all=system))
    for key in ("mailboxes", "forwards", "faults", "quirks", "size_limit", "spf"):
        if key in provider:
            yield Cure(f"without provider.{key}", _without(tables, "provider", key))
    if "zone" in tables:
        yield Cure("without [zone]", {name: one for name, one in tables.items() if name != "zone"})


def _of_people(tables: Tables) -> Iterator[Cure]:
    for index, person in enumerate(_rows(tables, "correspondent")):
        for key, value in (
            ("replies_to", "reply-to"),
            ("habit", "reply"),
            ("mangles", []),
            ("spf", "ignore"),
        ):
            if person.get(key, value) != value:
                plain = {name: one for name, one in person.items() if name not in (key, "forwards_to")}
                rows = _rows(tables, "correspondent")
                rows[index] = {**plain, key: value}
                words = f"{person.get('address')}: {key} = {value!r}".replace("'", '"')
                yield Cure(words, {**tables, "correspondent": rows})


def _of_others_outside(tables: Tables) -> Iterator[Cure]:
    for key, plain in (("rewrites_from", False), ("reply_to", "author")):
        for index, row in enumerate(_rows(tables, "list")):
            if row.get(key, plain) != plain:
                rows = _rows(tables, "list")
                rows[index] = {**row, key: plain}
                words = f"{row.get('address')}: {key} = {str(plain).lower()}"
                yield Cure(words, {**tables, "list": rows})
    for index, row in enumerate(_rows(tables, "relay")):
        rows = _rows(tables, "relay")
        del rows[index]
        yield Cure(f"without the relay {row.get('name')}", {**tables, "relay": rows})


def _table(tables: Tables, name: str) -> Mapping[str, object]:
    table = tables.get(name)
    return table if isinstance(table, Mapping) else {}


def _rows(tables: Tables, name: str) -> list[Mapping[str, object]]:
    rows = tables.get(name)
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []


def _with(tables: Tables, name: str, **keys: object) -> Tables:
    return {**tables, name: {**_table(tables, name), **keys}}


def _without(tables: Tables, name: str, key: str) -> Tables:
    return {**tables, name: {one: value for one, value in _table(tables, name).items() if one != key}}
