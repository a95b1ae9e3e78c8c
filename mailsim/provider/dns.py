"""DNS inside the world: zones as data (RFC 1034), answers and faults, MX look-up as RFC 5321 section 5.1 says (R5.5).

Laws: pure, and no name raises; a look-up costs a dictionary access or two, and walks up a name only where it is
not there; what a slow or silent server costs is told in seconds, and nobody waits here.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address
from typing import Any, TypeAlias, cast

from mailsim.errors import MailsimError
from mailsim.mail import normal_domain


class NoRoute(MailsimError):  # noqa: N818 - a fact about a domain, told in RFC 5321's words
    """No mail exchanger takes mail for a domain."""


class LookupFailed(NoRoute):
    """DNS did not tell a domain's mail exchangers: temporary, to be tried again later (RFC 5321 section 5.1)."""


class RecordType(StrEnum):
    """The types of record that a zone holds."""

    A = "A"
    AAAA = "AAAA"
    MX = "MX"
    TXT = "TXT"
    PTR = "PTR"
    CNAME = "CNAME"


Datum: TypeAlias = IPv4Address | IPv6Address | tuple[int, str] | tuple[bytes, ...] | str
"""What one record says, by its type: A, AAAA: an address; MX: preference and exchanger; TXT: its strings; PTR,
CNAME: a name."""


class Status(StrEnum):
    """How a question ended."""

    NOERROR = "noerror"
    """With records, or with none of that type though the name is there."""
    NXDOMAIN = "nxdomain"
    """There is no such name."""
    SERVFAIL = "servfail"
    TIMEOUT = "timeout"
    """No answer came."""


@dataclass(frozen=True, slots=True)
class DnsFault:
    """What goes wrong on purpose with a question; one that is slow only is answered rightly in the end."""

    status: Status = Status.NOERROR
    seconds: float = 0.0
    """How long the answer takes."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a question is answered.

    Attributes:
        aliases: The CNAME records that led to the records, in order: each name and the one it stands for.
    """

    status: Status
    records: tuple[Datum, ...] = ()
    aliases: tuple[tuple[str, str], ...] = ()
    seconds: float = 0.0
    """How long it took, in the world's time."""

    @property
    def void(self) -> bool:
        """Whether it is a void look-up (RFC 7208 section 4.6.4): no such name, or no record of that type."""
        return not self.records and self.status in (Status.NOERROR, Status.NXDOMAIN)

    @property
    def texts(self) -> tuple[tuple[bytes, ...], ...]:
        """The strings of each TXT record; none where another type was asked for."""
        return tuple(
            tuple(part for part in record if isinstance(part, bytes))
            for record in self.records
            if isinstance(record, tuple) and all(isinstance(part, bytes) for part in record)
        )


@dataclass(frozen=True, slots=True)
class Zone:
    """The records of a world: domain names in comparison form (`normal_domain`) to their data.

    A name that begins with `*.` is a wildcard (RFC 4592): it answers for names below that are not there. `*` alone is
    for every name without records: the rest of a world's internet.
    """

    mx: Mapping[str, tuple[tuple[int, str], ...]] = field(default_factory=dict)
    """Domain -> (preference, exchanger), the lowest preference tried first; the exchanger `.` says that the domain
    takes no mail (RFC 7505)."""
    a: Mapping[str, tuple[IPv4Address, ...]] = field(default_factory=dict)
    aaaa: Mapping[str, tuple[IPv6Address, ...]] = field(default_factory=dict)
    txt: Mapping[str, tuple[tuple[bytes, ...], ...]] = field(default_factory=dict)
    """Name -> its TXT records, each of one string or more."""
    ptr: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Name below in-addr.arpa or ip6.arpa -> names of hosts."""
    cname: Mapping[str, str] = field(default_factory=dict)
    faults: Mapping[tuple[str, RecordType | None], DnsFault] = field(default_factory=dict)
    """Name and type, None for every type -> what goes wrong; the one for a type wins."""
    _owners: frozenset[str] = field(init=False, repr=False, compare=False)
    """Names that have records."""
    _above: frozenset[str] = field(init=False, repr=False, compare=False)
    """Names that stand above them, and so are there too (RFC 8020)."""

    _has_wildcards: bool = field(init=False, repr=False, compare=False)
    """Whether there are any but `*`."""

    def __post_init__(self) -> None:
        owners = set(self.mx).union(self.a, self.aaaa, self.txt, self.ptr, self.cname)
        object.__setattr__(self, "_owners", frozenset(owners))
        object.__setattr__(self, "_has_wildcards", any(owner.startswith("*.") for owner in owners))
        object.__setattr__(
            self, "_above", frozenset(parent for owner in owners for parent in _parents(owner))
        )

    def exchangers(self, domain: str) -> tuple[str, ...]:
        """The hosts to try for a domain, best first; its own address when it has no MX record.

        Raises:
            LookupFailed: A fault of the zone hides the answer for now.
            NoRoute: It has neither, or says by a null MX that it takes no mail.
        """
        name = normal_domain(domain)
        records = self.mx.get(name, ())
        if not records and not self.faults and name not in self._owners and not self._has_wildcards:
            records = self.mx.get("*", ())  # worlds ask once a message: the plain case goes the short way
        if not records or self.faults:
            answer = self.answer(name, RecordType.MX)
            if answer.status in (Status.SERVFAIL, Status.TIMEOUT):
                raise LookupFailed(
                    f"{domain}: its MX records cannot be told now ({answer.status}); try again later"
                )
            target = answer.aliases[-1][1] if answer.aliases else name
            records = self._told_mx(answer)
            if not records and answer.status is Status.NOERROR and self._has_address(target):
                return (target,)
        if not records:
            raise NoRoute(f"{domain}: no MX and no address record; add the domain to the scenario")
        exchangers = tuple(host for _, host in sorted(records) if host != ".")
        if not exchangers:
            raise NoRoute(f"{domain}: takes no mail, as its null MX record says (RFC 7505)")
        return exchangers

    def answer(self, name: str, type_: RecordType) -> Answer:
        """What DNS answers for a name and type, CNAME records followed (RFC 1034 section 3.6.2)."""
        current = normal_domain(name)
        aliases: list[tuple[str, str]] = []
        seconds = 0.0
        while True:
            fault = self.faults.get((current, type_)) or self.faults.get((current, None)) or DnsFault()
            seconds += fault.seconds
            if fault.status is not Status.NOERROR:
                return Answer(fault.status, aliases=tuple(aliases), seconds=seconds)
            owner = self._owner(current)
            target = None if owner is None or type_ is RecordType.CNAME else self.cname.get(owner)
            if target is None or any(target == seen for seen, _ in aliases) or target == current:
                break
            aliases.append((current, target))
            current = target
        if owner is None:
            return Answer(Status.NXDOMAIN, aliases=tuple(aliases), seconds=seconds)
        return Answer(Status.NOERROR, self._records(owner, type_), tuple(aliases), seconds)

    def _records(self, owner: str, type_: RecordType) -> tuple[Datum, ...]:
        match type_:
            case RecordType.A:
                return self.a.get(owner, ())
            case RecordType.AAAA:
                return self.aaaa.get(owner, ())
            case RecordType.MX:
                return self.mx.get(owner, ())
            case RecordType.TXT:
                return self.txt.get(owner, ())
            case RecordType.PTR:
                return self.ptr.get(owner, ())
            case _:
                return (self.cname[owner],) if owner in self.cname else ()

    def _owner(self, name: str) -> str | None:
        """The name whose records answer: itself, or a wildcard of its closest encloser (RFC 4592 section 3.3.1)."""
        if name in self._owners:
            return name
        if self._has_wildcards and name not in self._above:
            there = (parent for parent in _parents(name) if parent in self._above or parent in self._owners)
            if (wildcard := f"*.{next(there, '')}") in self._owners:
                return wildcard
        if "*" in self._owners:
            return "*"
        return name if name in self._above else None

    def _has_address(self, name: str) -> bool:
        owner = self._owner(name)
        return owner is not None and (owner in self.a or owner in self.aaaa)

    @staticmethod
    def _told_mx(answer: Answer) -> tuple[tuple[int, str], ...]:
        return tuple(
            (int(record[0]), str(record[1])) for record in answer.records if isinstance(record, tuple)
        )


def zone_of(
    records: Iterable[tuple[str, RecordType, Datum]],
    faults: Mapping[tuple[str, RecordType | None], DnsFault] | None = None,
) -> Zone:
    """The zone of these records: name, type and what each says; of several CNAME records of a name the first counts."""
    found: dict[RecordType, dict[str, list[Datum]]] = {type_: {} for type_ in RecordType}
    for name, type_, datum in records:
        found[type_].setdefault(normal_domain(name), []).append(datum)
    data: dict[str, Mapping[str, tuple[Datum, ...]]] = {
        type_.lower(): {name: tuple(rows) for name, rows in rows_of.items()}
        for type_, rows_of in found.items()
    }
    aliases = {name: rows[0] for name, rows in data.pop("cname").items()}
    given = {(normal_domain(name), type_): fault for (name, type_), fault in (faults or {}).items()}
    return Zone(**cast("dict[str, Any]", data), cname=cast("dict[str, str]", aliases), faults=given)


def _parents(name: str) -> Iterator[str]:
    """The names above a name, the nearest first, without the root."""
    _, dot, rest = name.partition(".")
    while dot:
        yield rest
        _, dot, rest = rest.partition(".")
