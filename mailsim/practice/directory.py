"""Who is this address? The practice's actions, users and aliases (R4.5, R4.6; section 7 "Addresses").

An address is, in this order: an existing action's, an alias's, one that looks like an
action's, another of the practice's domain, or foreign. So an existing action wins over an
alias that looks like it, and the alias serves where the action is gone. Users have no
address but the aliases linked to their mailbox. Every look-up is one by the address's key,
so spelling, letter case and IDNA form do not matter.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from mailsim.display import block, heading, note, table
from mailsim.mail import Address, normal_domain
from mailsim.plain import in_words, listing


@dataclass(frozen=True, slots=True)
class Action:
    """A matter of the practice; its address is `a<ID>@domain`."""

    id: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class User:
    """Somebody with a login, and one mailbox of the same name."""

    name: str
    sender: Address | None = None
    """The user's own From option (R3.2)."""


@dataclass(frozen=True, slots=True)
class Alias:
    """An address that stands for the mailboxes linked to it; it may be linked to none."""

    address: Address
    mailboxes: tuple[str, ...]


class Holder(NamedTuple):
    """Whose an address is, and where mail to it goes."""

    who: Action | Alias
    targets: tuple[str, ...]
    """As a decision names them: `action:1234`, or one `mailbox:NAME` each; none for an alias without mailboxes."""


_ACTION_LOCAL = re.compile(
    r"a[0-9]+"
)  # of an address's key: lower case, no leading white space, ASCII digits


_COLUMNS = ("address", "of", "leads to")


class Directory:
    """Actions, users and aliases of one practice; immutable.

    Args:
        domain: the practice's domain, in any spelling.
        actions: each ID once; of two with one ID the later counts.
        users: each name once; of two with one name the later counts.
        aliases: two of one address are one alias with the mailboxes of both.
    """

    __slots__ = ("_by_digits", "_by_key", "actions", "aliases", "domain", "users")

    domain: str
    """The practice's domain in its comparison form."""
    actions: Mapping[int, Action]
    users: Mapping[str, User]
    aliases: tuple[Alias, ...]

    def __init__(
        self,
        domain: str,
        actions: Iterable[Action] = (),
        users: Iterable[User] = (),
        aliases: Iterable[Alias] = (),
    ) -> None:
        self.domain = normal_domain(domain)
        self.actions = MappingProxyType({action.id: action for action in actions})
        self.users = MappingProxyType({user.name: user for user in users})
        self.aliases = tuple(aliases)
        self._by_digits = {str(number): _held_action(action) for number, action in self.actions.items()}
        self._by_key = dict(_held_aliases(self.aliases))
        self._by_key |= {f"a{digits}@{self.domain}": holder for digits, holder in self._by_digits.items()}

    def __repr__(self) -> str:
        return (
            f"Directory({self.domain!r}, {len(self.actions)} actions, "
            f"{len(self.users)} users, {len(self.aliases)} aliases)"
        )

    def _repr_html_(self) -> str:
        """For notebooks: every address of the practice, whose it is, and where mail to it goes."""
        return block(
            heading(f"Directory of {self.domain}"),
            note(*self._counts()),
            table(_COLUMNS, self._held(), self._shown),
        )

    _repr_pretty_ = in_words

    def __str__(self) -> str:
        title = f"Directory of {self.domain}: {', '.join(self._counts())}"
        return listing(title, _COLUMNS, self._held(), self._shown)

    def _held(self) -> list[tuple[Address, Action | Alias]]:
        """Every address, and whose it is."""
        held: list[tuple[Address, Action | Alias]] = [
            (self.action_address(action.id), action) for action in self.actions.values()
        ]
        return held + [(alias.address, alias) for alias in self.aliases]

    def _counts(self) -> list[str]:
        numbers = {"action": len(self.actions), "user": len(self.users), "alias": len(self.aliases)}
        return [f"{what}: {number:,}" for what, number in numbers.items()]

    def _shown(self, row: tuple[Address, Action | Alias]) -> tuple[str, str, str]:
        address, who = row
        holder = self.holder(address)
        of = f"action {who.id} {who.name}" if isinstance(who, Action) else "alias"
        return str(address), of, ", ".join(holder.targets if holder else ()) or "unassigned"

    def action_address(self, action_id: int) -> Address:
        """The address of an action, existing or not: `a<ID>@domain` (R3.1, R4.5)."""
        return _action_address(action_id, self.domain)

    def holder(self, address: Address) -> Holder | None:
        """The existing action or the alias that the address belongs to; None when it is neither's (R4.5, R4.6)."""
        key = address.key
        found = self._by_key.get(key)
        if key.startswith("a0"):  # leading zeros do not matter, and an action wins over an alias
            digits = self._digits(address)
            found = (digits and self.numbered(digits)) or found
        return found

    def reaches(self, address: Address) -> bool:
        """Whether the address leads to an action or to at least one mailbox."""
        holder = self.holder(address)
        return holder is not None and bool(holder.targets)

    def numbered(self, digits: str) -> Holder | None:
        """The existing action of an ID in ASCII digits, however many; None when there is none (section 7)."""
        return self._by_digits.get(digits.lstrip("0") or "0")

    def looks_like_action(self, address: Address) -> bool:
        """Whether it has the form `a<ID>@domain`, of an existing action or not."""
        return self._digits(address) is not None

    def owns(self, address: Address) -> bool:
        """Whether the address is on the practice's domain."""
        return address.domain == self.domain

    def is_inside(self, address: Address) -> bool:
        """Whether the address is the practice's own: on its domain, or an alias on another (R4.14)."""
        return self.owns(address) or address.key in self._by_key

    def _digits(self, address: Address) -> str | None:
        """The ID in an address of the form `a<ID>@domain`; None for any other address."""
        if not self.owns(address):
            return None
        local = address.key[: -len(self.domain) - 1]
        return local[1:] if _ACTION_LOCAL.fullmatch(local) else None


@lru_cache(maxsize=4096)  # the same few actions write again and again
def _action_address(action_id: int, domain: str) -> Address:
    return Address(f"a{action_id}", domain)


def _held_action(action: Action) -> Holder:
    return Holder(action, (f"action:{action.id}",))


def _held_aliases(aliases: Iterable[Alias]) -> Iterator[tuple[str, Holder]]:
    merged: dict[str, Alias] = {}
    for alias in aliases:
        before = merged.get(alias.address.key)
        names = (before.mailboxes if before else ()) + alias.mailboxes
        merged[alias.address.key] = Alias(alias.address, tuple(dict.fromkeys(names)))
    for key, alias in merged.items():
        yield key, Holder(alias, tuple(f"mailbox:{name}" for name in alias.mailboxes))
