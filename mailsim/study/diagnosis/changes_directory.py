"""Changes of the directory: actions, aliases, and what was sent."""

from collections.abc import Iterator
from functools import partial

from mailsim.mail import Address, Message
from mailsim.practice.decision import shown
from mailsim.practice.directory import Action, Alias, Directory
from mailsim.practice.recipients import header_values
from mailsim.practice.settings import (
    ActionTable,
    AliasTable,
    SentTable,
)
from mailsim.study.diagnosis.case import STAMPS
from mailsim.study.diagnosis.remedy import Change
from mailsim.study.diagnosis.settings_made import setting, with_settings
from mailsim.study.diagnosis.situation import Situation

_IDS = 8  # of a long References the newest


def directory_changes(now: Situation, target: str) -> Iterator[Change]:
    """Of a target's own rows, and of the aliases that stand in its way."""
    kind, _, name = target.partition(":")
    directory = now.site.directory
    if kind == "action" and name.isdecimal():
        number = int(name)
        if number not in directory.actions:
            yield setting(f"add [[action]] id = {number}", 3, partial(_with_action, number=number))
        for message_id in _unknown_ids(now):
            words = f"add [[sent]] message_id = {shown(message_id)}, action = {number}"
            yield setting(words, 3, partial(_with_sent, message_id=message_id, number=number))
    if kind == "mailbox" and name in directory.users:
        for address in _unheld(now):
            cost = 6 if address == now.site.rules.system else 3  # all its mail goes there then
            make = partial(_with_alias, address=address, name=name)
            yield setting(f"link {shown(str(address))} to {name}", cost, make)
    for alias in _aliases_in(now):
        yield setting(f"remove the alias {shown(str(alias))}", 4, partial(_without_alias, address=alias))


def _unknown_ids(now: Situation) -> list[str]:
    return [one for one in ids_answered(now.message) if one not in now.site.sent][:_IDS]


def ids_answered(message: Message) -> list[str]:
    """The Message-IDs that a message says it answers, In-Reply-To first, each once."""
    found = []
    for name in ("In-Reply-To", "References"):
        for value in message.values(name):
            ids = [f"<{part.partition('>')[0]}>" for part in value.split("<")[1:] if ">" in part]
            found += [one for one in ids if one.isprintable() and " " not in one]
    return list(dict.fromkeys(found))


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
    return with_settings(now, {"action": tables}, directory=directory)


def _with_sent(now: Situation, *, message_id: str, number: int) -> Situation:
    tables = (*now.site.settings.sent, SentTable(message_id=message_id, action=number))
    return with_settings(now, {"sent": tables}, sent={**now.site.sent, message_id: number})


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
    return with_settings(now, {"alias": tables}, directory=directory)


def _without_alias(now: Situation, *, address: Address) -> Situation:
    settings, old = now.site.settings, now.site.directory
    tables = tuple(table for table in settings.alias if table.address != address)
    aliases = [alias for alias in old.aliases if alias.address != address]
    directory = Directory(old.domain, old.actions.values(), old.users.values(), aliases)
    return with_settings(now, {"alias": tables}, directory=directory)
