"""The internet of a world as DNS tells it: what the scenario says, and what a world needs besides (R5.5): pure.

Laws: what the scenario says of a name and type stands; every server has an address, so SPF can be asked of it.
- Mail to a relay's own name, which takes none for itself, leads to `ELSEWHERE` too.
- A domain of people, of the practice, or with nothing but TXT records and faults has an MX record unless `mx` (an empty
  list for none) or `cname` is said of it; every other domain leads to `ELSEWHERE`.
- A server without an A or AAAA record gets an address that is nobody's (RFC 5737, then RFC 1918), and the PTR record.
- The names that SPF records include for the provider's servers and for the system's own list their addresses.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network, IPv6Address
from itertools import chain
from typing import NamedTuple

from mailsim.mail import normal_domain
from mailsim.practice.settings import LOCALHOST
from mailsim.provider.dns import NoRoute, RecordType, Zone
from mailsim.provider.spf_advice import INCLUDED
from mailsim.provider.zone_table import read_zone_table

ELSEWHERE = "mx.elsewhere.example"
"""The server of every outside domain that no correspondent has and the scenario says nothing else of."""
_NOBODYS = ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "10.0.0.0/8")
_Address = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Internet:
    """The names of one world."""

    zone: Zone
    addresses: Mapping[str, str]
    """Name of a server -> the IP address that it connects from."""
    outside: Mapping[str, str]
    """Domain outside -> the name of the server that its people send through."""
    servers: Collection[str]
    """The servers outside, by name, in order."""


class Provided(NamedTuple):
    """A practice's domain, and its provider's servers."""

    domain: str
    exchanger: str
    """The server that takes its mail from outside."""
    submission: str
    included: str = ""
    """What the provider has its customers include in their SPF records; empty where that is not known."""


def internet(
    said: Mapping[str, Mapping[str, object]],
    *,
    provided: Collection[Provided],
    people: Iterable[str],
    relays: Iterable[str] = (),
) -> Internet:
    """The names around practices and their providers.

    `said` is the scenario's `[zone]`, `people` are the domains of correspondents, `relays` are servers that people send
    through and that take mail for nobody else.

    Raises:
        ZoneError: `said` holds a name, record or fault that is none.
    """
    told = read_zone_table(said) if said else Zone()
    people = sorted(people)
    exchangers = {one.domain: one.exchanger for one in provided}
    named = [name for name in map(normal_domain, said) if name not in exchangers]
    relays = tuple(relays)
    own = dict.fromkeys(relays, ELSEWHERE) | {name: f"mx.{name}" for name in people} | exchangers
    zone = replace(told, mx=_with_defaults(told, said, own))
    routes = {name: exchangers_of(zone, name) for name in (*exchangers, *named, *people)}
    outside = {name: routes[name][0] for name in named if routes[name]}
    outside |= {name: (*routes[name], own[name])[0] for name in people}
    servers = sorted(
        {ELSEWHERE, *outside.values(), *chain(*routes.values())} - {*exchangers.values(), *relays}
    )
    providers = [name for one in provided for name in (one.exchanger, one.submission)]
    zone, addresses = _with_addresses(zone, (*providers, LOCALHOST, *servers, *relays))
    lists = {INCLUDED: [addresses[LOCALHOST]]}
    for one in provided:
        own_servers = (name for name in (one.exchanger, one.submission) if name != LOCALHOST)
        lists.setdefault(one.included, []).extend(addresses[name] for name in own_servers)
    zone = replace(zone, txt=dict(_including(lists)) | dict(zone.txt))
    return Internet(zone=zone, addresses=addresses, outside=outside, servers=servers)


def _with_defaults(
    told: Zone, said: Mapping[str, Mapping[str, object]], own: Mapping[str, str]
) -> Mapping[str, tuple[tuple[int, str], ...]]:
    """All MX records, the world's own among them."""
    keys: dict[str, set[str]] = {}
    for name, row in said.items():
        keys.setdefault(normal_domain(name), set()).update(row)
    bare = [name for name, row in keys.items() if row <= {"txt", "fault"} and not name.startswith("_")]
    default = {"*": ELSEWHERE, **dict.fromkeys(bare, ELSEWHERE), **own}
    mx = {
        name: ((10, host),) for name, host in default.items() if not keys.get(name, set()) & {"mx", "cname"}
    }
    none = {name: () for name, row in keys.items() if "mx" in row}  # there, so that `*` does not speak for it
    return none | mx | dict(told.mx)


def exchangers_of(zone: Zone, name: str) -> tuple[str, ...]:
    """The servers that take a domain's mail when DNS does not fail; none when there are none."""
    try:
        return replace(zone, faults={}).exchangers(name)
    except NoRoute:
        return ()


def _with_addresses(zone: Zone, servers: Iterable[str]) -> tuple[Zone, Mapping[str, str]]:
    """The zone with an address for each of these servers, and what it is."""
    known = replace(zone, faults={})
    a, ptr = dict(zone.a), dict(zone.ptr)
    free = _free({address for row in a.values() for address in row})
    addresses: dict[str, str] = {}
    for name in servers:
        found = known.answer(name, RecordType.A)
        given = found.records or known.answer(name, RecordType.AAAA).records
        address = next((one for one in given if isinstance(one, _Address)), None)
        if address is None:
            address = next(free)
            a[found.aliases[-1][1] if found.aliases else normal_domain(name)] = (address,)
        addresses[name] = str(address)
        ptr.setdefault(address.reverse_pointer, (name,))
    return replace(zone, a=a, ptr=ptr), addresses


def _free(taken: Collection[IPv4Address]) -> Iterator[IPv4Address]:
    every = chain.from_iterable(IPv4Network(network).hosts() for network in _NOBODYS)
    return (address for address in every if address not in taken)


def _including(lists: Mapping[str, list[str]]) -> Iterator[tuple[str, tuple[tuple[bytes, ...], ...]]]:
    """An SPF record for each name that has one to include: these addresses."""
    for name, addresses in lists.items():
        if name:
            terms = (f"ip{6 if ':' in address else 4}:{address}" for address in addresses)
            yield normal_domain(name), ((" ".join(("v=spf1", *terms, "-all")).encode(),),)
