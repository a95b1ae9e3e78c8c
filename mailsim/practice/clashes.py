"""What the tables of a site must be together: faults that stop it, and warnings that do not.

Each check reads only tables that are good in themselves, so that one mistake neither
hides another nor causes a second report (R1.12).
"""

import re
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypeVar

from mailsim.mail import Address
from mailsim.practice.catch_all_advice import catch_all_advice
from mailsim.practice.faults import Fault, shown
from mailsim.practice.settings import (
    LOCALHOST,
    ActionTable,
    AliasTable,
    MailboxTable,
    MailboxType,
    PopTable,
    SentTable,
    Settings,
    SmtpTable,
    UserTable,
)
from mailsim.provider.profiles import profile

_Entry = TypeVar("_Entry")
_ACTION_LOCAL = re.compile(r"a0*([0-9]+)")


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of a site that are good in themselves; arrays by their index in the file."""

    mailbox: MailboxTable | None
    pop: PopTable | None
    smtp: SmtpTable | None
    smtp_given: Mapping[str, object]
    """What `[smtp]` gives, good or faulty: with `localhost` none of it may stand."""
    actions: Mapping[int, ActionTable]
    users: Mapping[int, UserTable]
    aliases: Mapping[int, AliasTable]
    sent: Mapping[int, SentTable]
    all_users: bool
    """Whether `users` holds every user of the file; else an unknown name may be one of those left out."""

    @classmethod
    def of(cls, settings: Settings) -> "Tables":
        """All tables of good settings."""
        return cls(
            mailbox=settings.mailbox,
            pop=settings.pop,
            smtp=settings.smtp,
            smtp_given=settings.smtp.model_dump(exclude_unset=True) if settings.smtp else {},
            actions=dict(enumerate(settings.action)),
            users=dict(enumerate(settings.user)),
            aliases=dict(enumerate(settings.alias)),
            sent=dict(enumerate(settings.sent)),
            all_users=True,
        )


def clashes(tables: Tables) -> Iterator[Fault]:
    """The faults between the values of a site: R1.2, R1.7, R1.13, names given twice, names unknown."""
    if tables.mailbox:
        yield from _mailbox_faults(tables.mailbox)
    if tables.mailbox and tables.pop:
        yield from _catch_all_faults(tables.mailbox, tables.pop)
    if tables.smtp:
        yield from _localhost_faults(tables.smtp, tables.smtp_given)
    for key, table in (("pop", tables.pop), ("smtp", tables.smtp)):
        if table and table.password is not None and table.password_env is not None:
            allowed = f"stands beside {key}.password, and only one of them may be given"
            yield Fault(f"{key}.password_env", shown("password_env", ""), allowed, "remove one")
    yield from _repeated(tables.actions, lambda action: action.id, "action", "id", "remove one")
    yield from _repeated(tables.users, lambda user: user.name, "user", "name", "remove or rename one")
    yield from _unknown_mailboxes(tables)
    yield from _sent_faults(tables.sent)


def warnings(settings: Settings) -> Iterator[Fault]:
    """What is allowed and yet goes wrong, or has no effect: R1.3, R1.10, section 7 "Addresses"."""
    mailbox = settings.mailbox
    if mailbox.catch_all_header is not None and mailbox.type is MailboxType.SINGLE:
        effect = "has an effect in catch-all mode only (R1.10)"
        yield Fault("mailbox.catch_all_header", shown("", mailbox.catch_all_header), effect, "remove it")
    yield from catch_all_advice(settings)
    if _fallback_clash(mailbox) and mailbox.allow_fallback_clash:
        yield _clash_fault(mailbox, "the loop is detected and ended (R4.9)")
    aliases = dict(enumerate(settings.alias))
    yield from _aliases_given_twice(aliases)
    yield from _alias_warnings(aliases, {str(action.id) for action in settings.action}, mailbox)
    for index, user in enumerate(settings.user):
        if user.sender is not None and user.sender.domain != mailbox.default_sender.domain:
            effect = f"is not on the practice's domain {mailbox.default_sender.domain}: replies to it do not come back"
            fix = f"use an address of {mailbox.default_sender.domain} with an alias"
            yield Fault(f"user[{index}].from", _quoted(user.sender), effect, fix, _letter_to(user.sender))


def _mailbox_faults(mailbox: MailboxTable) -> Iterator[Fault]:
    if mailbox.default_sender.local == "*":
        domain = mailbox.default_sender.domain
        allowed = "must be the system mailbox's own address, not the pattern of the catch-all"
        fix = f'write such as "matters@{domain}"'
        yield Fault("mailbox.default_sender", _quoted(mailbox.default_sender), allowed, fix)
    if _fallback_clash(mailbox) and not mailbox.allow_fallback_clash:
        yield _clash_fault(mailbox, "use an address on another domain")


def _fallback_clash(mailbox: MailboxTable) -> bool:
    same = mailbox.fallback_address.domain == mailbox.default_sender.domain
    return same and mailbox.type is MailboxType.CATCH_ALL


def _clash_fault(mailbox: MailboxTable, fix: str) -> Fault:
    sender, fallback = mailbox.default_sender, mailbox.fallback_address
    what = (
        f"clashes with the catch-all *@{sender.domain} of {sender}: what is forwarded to {fallback} "
        f"would come back into {sender} (R1.2)"
    )
    return Fault("mailbox.fallback_address", _quoted(fallback), what, fix, _letter_to(fallback))


def _catch_all_faults(mailbox: MailboxTable, pop: PopTable) -> Iterator[Fault]:
    """R1.13: some providers cannot have a catch-all mailbox."""
    if mailbox.type is MailboxType.CATCH_ALL and pop.common and not profile(pop.common).can_catch_all:
        allowed = f"{profile(pop.common).name} cannot have a catch-all mailbox (R1.13)"
        yield Fault(
            "mailbox.type", shown("", mailbox.type.value), allowed, 'write "single", or use another provider'
        )


def _localhost_faults(smtp: SmtpTable, given: Mapping[str, object]) -> Iterator[Fault]:
    """R1.7: with `localhost` nothing else may be given."""
    if smtp.server != LOCALHOST:
        return
    for key in SmtpTable.model_fields:
        if key == "server" or key not in given:
            continue
        allowed = 'must not be given with server = "localhost": the system fills it (R1.7)'
        yield Fault(f"smtp.{key}", shown(key, given[key]), allowed, "remove it")


def _repeated(
    tables: Mapping[int, _Entry], identity: Callable[[_Entry], Hashable], table: str, key: str, fix: str
) -> Iterator[Fault]:
    first: dict[Hashable, int] = {}
    for index, entry in tables.items():
        value = identity(entry)
        if value in first:
            allowed = f"is that of {table}[{first[value]}] too"
            yield Fault(f"{table}[{index}].{key}", _quoted(value), allowed, fix)
        first.setdefault(value, index)


def _unknown_mailboxes(tables: Tables) -> Iterator[Fault]:
    """Section 7 "Addresses": an alias names users, for a mailbox has its user's name."""
    if not tables.all_users:
        return
    names = dict.fromkeys(user.name for user in tables.users.values())
    for index, alias in tables.aliases.items():
        for position, name in enumerate(alias.mailboxes):
            if name in names:
                continue
            near = get_close_matches(name, names, n=1)
            fix = f'write "{near[0]}"' if near else f"add [[user]] with name = {shown('', name)}"
            yield Fault(
                f"alias[{index}].mailboxes[{position}]", shown("", name), "no [[user]] has this name", fix
            )


def _sent_faults(sent: Mapping[int, SentTable]) -> Iterator[Fault]:
    first: dict[str, int] = {}
    for index, entry in sent.items():
        earlier = first.setdefault(entry.message_id, index)
        if sent[earlier].action != entry.action:
            allowed = f"is that of sent[{earlier}] too, with another action"
            yield Fault(f"sent[{index}].message_id", shown("", entry.message_id), allowed, "remove one")


def _aliases_given_twice(aliases: Mapping[int, AliasTable]) -> Iterator[Fault]:
    """Section 7 "Addresses": the same address, in whatever letter case, is one alias with the mailboxes of both."""
    first: dict[Address, int] = {}
    for index, alias in aliases.items():
        earlier = first.setdefault(alias.address, index)
        if earlier != index:
            effect = f"is that of alias[{earlier}] too: its mail goes to the mailboxes of both"
            fix = "put all mailboxes into one [[alias]]"
            key = f"alias[{index}].address"
            yield Fault(key, _quoted(alias.address), effect, fix, _letter_to(alias.address))


def _alias_warnings(
    aliases: Mapping[int, AliasTable], actions: Collection[str], mailbox: MailboxTable
) -> Iterator[Fault]:
    sender = mailbox.default_sender
    for index, alias in aliases.items():
        key, value = f"alias[{index}].address", _quoted(alias.address)
        if alias.address == mailbox.fallback_address:
            effect = "is the fallback address too: unreadable mail sent there comes back into the practice"
            fix = "use an address outside the practice"
            yield Fault("mailbox.fallback_address", value, f"{key} {effect}", fix, _letter_to(alias.address))
        if mailbox.type is MailboxType.SINGLE:
            continue
        action = _ACTION_LOCAL.fullmatch(alias.address.key.partition("@")[0])
        if action and alias.address.domain == sender.domain:
            effect = (
                f"is the address of action {action[1]}, which gets its mail"
                if action[1] in actions
                else f"looks like the address of an action: an action {action[1]} would take its mail"
            )
            yield Fault(key, value, effect, "use another address", _letter_to(alias.address))
        if alias.address == sender:
            effect = "is the system mailbox's own address: replies whose sender was rewritten reach its mailboxes, not Unassigned"
            yield Fault(key, value, effect, "use another address", _letter_to(sender))


def _letter_to(address: Address) -> bytes:
    """The witness of a clash: plain mail to that address."""
    return f"From: jane@client.example\r\nTo: {address}\r\nSubject: A witness\r\n\r\nHello.\r\n".encode()


def _quoted(value: object) -> str:
    return str(value) if isinstance(value, int) else shown("", str(value))
