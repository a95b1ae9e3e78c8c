"""Where mail belongs, read from a site's tables by the rule book: an oracle that shares no code with routing.

Only what exploration makes is understood: addresses in a few spellings, thread ids, subject tokens and sub-addresses
that whoever made the mail knows of.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from mailsim.practice.settings import MailboxType, Settings

UNASSIGNED = "unassigned"
_ACTION = re.compile(r"a0*(\d+)")


class Belongs(NamedTuple):
    """Where mail to one address belongs."""

    targets: tuple[str, ...]
    """None where nobody has the address."""
    reason: str
    """As a decision gives it."""


class Truth:
    """One site's."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.domain = settings.domain
        self.catch_all = settings.mailbox.type is MailboxType.CATCH_ALL
        self.system = plain(str(settings.mailbox.default_sender))
        self.fallback = str(settings.mailbox.fallback_address)
        self.actions = [action.id for action in settings.action]
        self.aliases: dict[str, list[str]] = {}
        for row in settings.alias:
            self.aliases.setdefault(plain(str(row.address)), []).extend(row.mailboxes)

    def of(self, address: str) -> Belongs:
        """Where mail to an address belongs (R4.5, R4.6, R4.7)."""
        address = plain(address)
        local, _, domain = address.rpartition("@")
        number = _ACTION.fullmatch(local) if domain == self.domain else None
        if number and int(number[1]) in self.actions:
            return Belongs((f"action:{number[1]}",), "action-address")
        if address in self.aliases:
            targets = tuple(dict.fromkeys(f"mailbox:{name}" for name in self.aliases[address]))
            return Belongs(targets, "alias" if targets else "alias-without-mailboxes")
        if address == self.system:
            return Belongs((), "system-address")
        if number:
            return Belongs((), "no-such-action")
        return Belongs((), "unknown-address" if domain == self.domain else "other-domain")

    def is_inside(self, address: str) -> bool:
        """Whether with internal routing `direct` it is reached without SMTP: an alias, or an existing action (R3.5)."""
        belongs = self.of(address)
        return belongs.reason.startswith("alias") or (self.catch_all and belongs.reason == "action-address")

    def recipients(self, addresses: Iterable[str]) -> tuple[str, ...]:
        """Whom a collected message is for: in single mode the system mailbox, whatever it was addressed to (R4.3)."""
        return tuple(dict.fromkeys(map(plain, addresses))) if self.catch_all else (self.system,)

    def hinted(self, hints: Mapping[str, int], reason: str) -> str | None:
        """The target that a resolver finds, where the address says nothing; `hints` are actions by resolver (R4.10)."""
        if reason in {"no-such-action", "alias-without-mailboxes"}:
            return None
        for resolver in self.settings.routing.resolvers:
            action = hints.get(resolver.value)
            if action in self.actions:
                return f"action:{action}"
        return None


def plain(address: str) -> str:
    """An address in one spelling: unquoted, small letters, no zeros before an action's ID."""
    local, _, domain = address.strip("<> ").rpartition("@")
    local = local.strip('"').lower()
    number = _ACTION.fullmatch(local)
    return f"{f'a{int(number[1])}' if number else local}@{domain.lower()}"


def spellings(address: str) -> Sequence[str]:
    """Ways to write an action's address that all mean it (R4.5; section 7 "Addresses")."""
    local, _, domain = address.rpartition("@")
    return (f"{local.upper()}@{domain}", f"a00{local[1:]}@{domain.upper()}", f'"{local}"@{domain}')
