"""What would put a scenario right: single changes of its tables, the practice's own first; pure.

Whether one helps is not asked here: each is played.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from mailsim.practice.decision import Resolver
from mailsim.practice.settings import ActionAddressIn

Tables = Mapping[str, object]


class Cure(NamedTuple):
    """One change."""

    words: str
    tables: Tables
    """The scenario with it."""


def cures(tables: Tables, stamped: Iterable[str]) -> Iterator[Cure]:
    """Every single change that is known: of the settings, of the provider, of people outside.

    `stamped` are the fields that the provider writes.
    """
    routing = _table(tables, "routing")
    listed = routing.get("resolvers", [])
    on = listed if isinstance(listed, list) else []
    for resolver in Resolver:
        if resolver is not Resolver.ADDRESS and resolver not in on:
            words = f'add "{resolver}" to routing.resolvers'
            yield Cure(words, _with(tables, "routing", resolvers=[*on, resolver.value]))
    for place in ActionAddressIn:
        if place != routing.get("action_address_in", ActionAddressIn.FROM):
            words = f'routing.action_address_in = "{place}"'
            yield Cure(words, _with(tables, "routing", action_address_in=place.value))
    if _table(tables, "mailbox").get("catch_all_header") is not None:
        yield Cure("unset mailbox.catch_all_header", _without(tables, "mailbox", "catch_all_header"))
    for name in stamped:
        words = f'mailbox.catch_all_header = "{name}"'
        yield Cure(words, _with(tables, "mailbox", catch_all_header=name))
    yield from _of_provider(tables)
    yield from _of_people(tables)


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
