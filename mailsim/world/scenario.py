"""A scenario: a practice, the mail internet around it, and what happens; from TOML or from Python.

    scenario = load_scenario("rewritten.toml")
    scenario = read_scenario({"mailbox": {...}, "action": [...], "event": [...]})

Its site stands in the same file, or in another by `site = "path.toml"`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from os import PathLike
from pathlib import Path

from pydantic import ValidationError

from mailsim.mail import parse_address
from mailsim.pop3.fault_kinds import Moment
from mailsim.practice.faults import Fault, SiteError, printable
from mailsim.practice.settings import Settings
from mailsim.practice.site import Site, load_site, read_site
from mailsim.practice.site_file import load_toml
from mailsim.practice.validation import faults_of
from mailsim.provider.profiles import profile
from mailsim.provider.spf_policy import SpfPolicy
from mailsim.provider.zone_file import ZoneError
from mailsim.provider.zone_table import read_zone_table
from mailsim.world.faults import certificate_moment
from mailsim.world.orders import is_inline, unknown_senders
from mailsim.world.scenario_tables import (
    CorrespondentTable,
    EventTable,
    ExpectTable,
    ProviderTable,
    ScenarioTables,
)


class ScenarioError(SiteError):
    """A scenario that cannot be run; its text is one line for each fault."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A validated scenario."""

    site: Site
    tables: ScenarioTables
    folder: Path
    """What the paths of files in it are relative to."""

    @property
    def seed(self) -> int:
        """What everything drawn by chance is drawn from."""
        return self.tables.seed

    @property
    def provider(self) -> ProviderTable:
        """Who hosts the practice's domain."""
        return self.tables.provider

    @property
    def correspondents(self) -> Sequence[CorrespondentTable]:
        """The people outside who answer."""
        return self.tables.correspondent

    @property
    def events(self) -> Sequence[EventTable]:
        """What happens, in order."""
        return self.tables.event

    @property
    def expect(self) -> ExpectTable:
        """What must have come of it at the end."""
        return self.tables.expect

    def with_seed(self, seed: int) -> "Scenario":
        """The same scenario with another seed."""
        return replace(self, tables=self.tables.model_copy(update={"seed": seed}))


def scenario_of(source: Scenario | str | PathLike[str] | Mapping[str, object]) -> Scenario:
    """A scenario as it is, from the path of a file, or from tables; raises ScenarioError."""
    if isinstance(source, Scenario):
        return source
    return read_scenario(source) if isinstance(source, Mapping) else load_scenario(source)


def load_scenario(path: str | PathLike[str]) -> Scenario:
    """The scenario that a file describes.

    Raises:
        ScenarioError: The file cannot be read, or is faulty: every fault at once, its site's included.
    """
    file = Path(path)
    try:
        tables = load_toml(file)
    except SiteError as error:
        raise ScenarioError(error.faults) from None
    return read_scenario(tables, folder=file.parent, source=str(file))


def read_scenario(tables: Mapping[str, object], *, folder: Path = Path(), source: str = "") -> Scenario:
    """The scenario that tables of the form of a scenario file describe.

    Raises:
        ScenarioError: With every fault of the tables; `source` names the file in its text.
    """
    site_tables = {key: value for key, value in tables.items() if key in Settings.model_fields}
    own_tables = {key: value for key, value in tables.items() if key not in site_tables and key != "site"}
    faults: list[Fault] = []
    own = site = None
    try:
        own = ScenarioTables.model_validate(own_tables)
    except ValidationError as error:
        faults += faults_of(error, ScenarioTables, beside=Settings.model_fields)
    try:
        site = _site(tables.get("site"), site_tables, folder)
    except SiteError as error:
        faults += error.faults
    if own is None or site is None or faults:
        raise ScenarioError(faults, source=source)
    faults = [*_file_faults(own, folder), *_action_faults(own, site), *_mailbox_faults(own.provider, site)]
    faults += [
        *_people_faults(own, site),
        *_zone_faults(own),
        *_certificate_faults(own.provider, site),
        *_time_faults(own),
        *_workload_faults(own, site),
    ]
    if faults:
        raise ScenarioError(faults, source=source)
    return Scenario(site, own, folder)


def _site(named: object, site_tables: Mapping[str, object], folder: Path) -> Site:
    if named is None:
        return read_site(site_tables)
    if not isinstance(named, str):
        raise SiteError([Fault("site", None, "must be the path of a site file", "write it in quotes")])
    if site_tables:
        both = f"stands beside the tables {', '.join(site_tables)} of a site"
        raise SiteError([Fault("site", f'"{named}"', both, "keep one of the two")])
    return load_site(folder / named)


def _file_faults(tables: ScenarioTables, folder: Path) -> list[Fault]:
    """Every message file must be there before anything runs, and lie in the scenario's folder."""
    faults = []
    for index, event in enumerate(tables.event):
        name = event.receive.file if event.receive else None
        if name is None or is_inline(name):
            continue
        path = folder / name
        if not path.resolve().is_relative_to(folder.resolve()):
            faults.append(
                Fault(
                    f"event[{index}].receive.file",
                    f'"{name}"',
                    "leaves the scenario's folder",
                    "copy it there",
                )
            )
        elif not path.is_file():
            faults.append(
                Fault(f"event[{index}].receive.file", f'"{name}"', "is no file", f"put it in {folder}")
            )
    return faults


def _action_faults(tables: ScenarioTables, site: Site) -> list[Fault]:
    """A message can be sent from a known action and by a known user only."""
    return [
        fault
        for index, event in enumerate(tables.event)
        if event.send is not None
        for fault in unknown_senders(event.send, site, f"event[{index}].send.")
    ]


def _mailbox_faults(provider: ProviderTable, site: Site) -> list[Fault]:
    """Server mailboxes, the one that catches the rest included, are on the practice's domain (R5.1, R5.2)."""
    domain = site.settings.domain
    named = [(f"provider.mailboxes[{index}]", address) for index, address in enumerate(provider.mailboxes)]
    named += [("provider.forwards", address) for row in provider.forwards.items() for address in row]
    catch_all = parse_address(provider.catch_all or "")
    if catch_all is not None:
        named.append(("provider.catch_all", catch_all))
    allowed, fix = f"must be on the practice's domain {domain}", f"use an address of {domain}"
    faults = [Fault(key, f'"{address}"', allowed, fix) for key, address in named if address.domain != domain]
    known = profile(provider.profile) if provider.profile else None
    if known and not known.can_catch_all and site.settings.catch_all and provider.catch_all is None:
        told = f"{known.name} cannot have a catch-all mailbox (R1.13)"
        fix = "add catch_all = ... to have one all the same"
        faults.append(Fault("provider.profile", f'"{provider.profile}"', told, fix))
    return faults


def _certificate_faults(provider: ProviderTable, site: Site) -> list[Fault]:
    """The provider's POP3 server shows a certificate when it speaks TLS, from the first octet."""
    pop = site.settings.pop
    speaks_tls = pop is None or pop.server is None or pop.server.tls
    return [
        Fault(
            f"provider.faults[{index}]",
            f'"{text}"',
            "the server shows its certificate at CONNECT"
            if speaks_tls
            else "a tcp:// server shows no certificate",
            "write CONNECT" if speaks_tls else "write ssl:// in [pop], or another fault",
        )
        for index, text in enumerate(provider.faults)
        if (moment := certificate_moment(text)) and not (speaks_tls and moment == Moment.CONNECT)
    ]


def _people_faults(tables: ScenarioTables, site: Site) -> list[Fault]:
    """In catch-all mode the whole domain is the practice's: nobody outside has an address there (R1.1)."""
    domain = site.settings.domain
    return [
        Fault(
            f"correspondent[{index}].address",
            f'"{row.address}"',
            f"is on the catch-all domain {domain}, where all mail is the practice's",
            "use another domain",
        )
        for index, row in enumerate(tables.correspondent)
        if site.settings.catch_all and row.address.domain == domain
    ]


def _zone_faults(tables: ScenarioTables) -> Iterator[Fault]:
    """Every record must be one, and a domain's servers can do only one thing with SPF (R5.5)."""
    for name, records in tables.zone.items():
        try:
            read_zone_table({name: records})
        except ZoneError as error:
            told, _, fix = str(error).removeprefix(f"{name}: ").partition("; ")
            yield Fault(f"zone.{printable(name[:100])}", None, told, fix or "write it as in a zone file")
    first: dict[str, SpfPolicy] = {}
    for index, row in enumerate(tables.correspondent):
        if row.spf and first.setdefault(row.address.domain, row.spf) is not row.spf:
            told = f"differs from another correspondent's at {row.address.domain}, whose servers are the same"
            yield Fault(f"correspondent[{index}].spf", f'"{row.spf}"', told, "say the same of both")


def _time_faults(tables: ScenarioTables) -> list[Fault]:
    """Events are played in order, so none can be before the one above it."""
    times = [(index, event.at) for index, event in enumerate(tables.event) if event.at is not None]
    told = "is before the event above it; times count from the start"
    return [
        Fault(f"event[{index}].at", f"{at:g} seconds", told, "put the events in the order of their times")
        for (_, before), (index, at) in pairwise(times)
        if at < before
    ]


def _workload_faults(tables: ScenarioTables, site: Site) -> list[Fault]:
    """Letters go from somebody to somebody."""
    if tables.workload is None:
        return []
    missing = {"[[action]]": not site.directory.actions, "[[correspondent]]": not tables.correspondent}
    return [
        Fault("workload", None, f"has nobody to take from: there is no {table}", f"add {table}")
        for table, gone in missing.items()
        if gone
    ]
