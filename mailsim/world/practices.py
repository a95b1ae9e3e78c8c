"""The practices of one scenario: each has a site, a provider, and a domain that the others do not have."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from mailsim.mail import normal_domain
from mailsim.practice.faults import Fault
from mailsim.practice.settings import LOCALHOST
from mailsim.practice.site import Site
from mailsim.world.scenario_tables import ALL_OF, ProviderTable, ScenarioTables


class Practice(NamedTuple):
    """One practice, and who hosts its domain."""

    site: Site
    provider: ProviderTable
    key: str = ""
    """What stands before its keys in the scenario file, such as `practice[0].`; empty of the first."""

    @property
    def domain(self) -> str:
        """Its own, by which events name it."""
        return self.site.settings.domain

    @property
    def exchanger(self) -> str:
        """Its provider's server for mail from outside."""
        return exchanger_of(self.provider, self.domain)


def exchanger_of(provider: ProviderTable, domain: str) -> str:
    """The name of a provider's server for mail of a domain from outside."""
    return normal_domain(provider.exchanger or f"mx.{domain}")


def by_domain(practices: Sequence[Practice]) -> Mapping[str, Practice]:
    """Each of them by its domain, the first one first."""
    return {one.domain: one for one in practices}


def working(tables: ScenarioTables, practices: Sequence[Practice]) -> Sequence[Practice]:
    """Those that the workload is of; none where there is none."""
    if tables.workload is None:
        return ()
    named = tables.workload.practices
    return practices[:1] if named is None else [one for one in practices if one.domain in named]


def domain_faults(practices: Sequence[Practice]) -> Iterator[Fault]:
    """By their domains mail finds practices, and events name them."""
    known: dict[str, str] = {}
    for one in practices:
        key = f"{one.key}mailbox.default_sender"
        if known.setdefault(one.domain, key) != key:
            told = f"has the domain of {known[one.domain]}, which is that practice's alone"
            yield Fault(key, f'"{one.site.settings.mailbox.default_sender}"', told, "use another domain")


def server_faults(practices: Sequence[Practice]) -> Iterator[Fault]:
    """Who takes mail from outside is found by name, and the system's own server has but one."""
    known: dict[str, Practice] = {}
    for one in practices:
        first = known.setdefault(one.exchanger, one)
        if first.domain != one.domain:
            told = f"is {first.key}provider.exchanger too, which takes the mail of {first.domain}"
            yield Fault(f"{one.key}provider.exchanger", f'"{one.exchanger}"', told, "use another name")
        smtp = one.site.settings.smtp
        if smtp and smtp.server == LOCALHOST and (first := known.setdefault(LOCALHOST, one)) is not one:
            told = f"is {first.key}smtp.server too, and each practice has a server of its own"
            yield Fault(f"{one.key}smtp.server", f'"{LOCALHOST}"', told, "use another name")


def naming_faults(tables: ScenarioTables, practices: Sequence[Practice]) -> Iterator[Fault]:
    """Whoever is named is there."""
    known = by_domain(practices)
    allowed, fix = f"is no practice's domain; known are {', '.join(known)}", "add [[practice]]"
    for index, event in enumerate(tables.event):
        if event.practice is not None and event.practice not in known:
            yield Fault(f"event[{index}].practice", f'"{event.practice}"', allowed, fix)
    for domain in (tables.workload and tables.workload.practices) or ():
        if domain not in known:
            yield Fault("workload.practices", f'"{domain}"', allowed, fix)
    yield from _target_faults(tables, practices)


def _target_faults(tables: ScenarioTables, practices: Sequence[Practice]) -> Iterator[Fault]:
    first, *others = practices
    known = by_domain(others)
    for target in tables.expect.delivered:
        key = f"expect.delivered.{target}"
        domain, slash, own = target.partition("/")
        if not slash or ":" in domain:
            practice, own = first, target
        elif domain in known:
            practice = known[domain]
        else:
            told = f"names no other practice's domain; known are {', '.join(known) or 'none'}"
            yield Fault(key, None, told, "add [[practice]], or remove the domain")
            continue
        if own not in ALL_OF and not practice.site.has_target(own):
            told = f"is no target of {practice.domain}; known are {practice.site.named_targets()}"
            yield Fault(key, None, told, "write one of its targets, or add it")
