"""A scenario: practices, the mail internet around it, and what happens; from TOML or from Python.

    scenario = load_scenario("rewritten.toml")
    scenario = read_scenario({"mailbox": {...}, "action": [...], "event": [...]})

Its site stands in the same file, or in another by `site = "path.toml"`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path

from pydantic import ValidationError

from mailsim.practice.faults import Fault, SiteError
from mailsim.practice.settings import Settings
from mailsim.practice.site import Site, load_site, read_site
from mailsim.practice.site_file import load_toml
from mailsim.practice.validation import faults_of
from mailsim.world.outside_tables import CorrespondentTable
from mailsim.world.practices import Practice
from mailsim.world.scenario_faults import scenario_faults
from mailsim.world.scenario_tables import (
    EventTable,
    ExpectTable,
    PracticeTable,
    ProviderTable,
    ScenarioTables,
)
from mailsim.world.sound import sound_site, sound_tables
from mailsim.world.workload import made_up_people


class ScenarioError(SiteError):
    """A scenario that cannot be run; its text is one line for each fault."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A validated scenario."""

    site: Site
    tables: ScenarioTables
    folder: Path
    """What the paths of files in it are relative to."""
    others: tuple[Practice, ...] = ()
    """The practices beside the first."""

    @property
    def practices(self) -> Sequence[Practice]:
        """All of them, the first one first."""
        return (Practice(self.site, self.provider), *self.others)

    @property
    def warnings(self) -> Sequence[Fault]:
        """What in the settings of its practices will go wrong, or has no effect."""
        return tuple(
            replace(one, key=f"{practice.key}{one.key}")
            for practice in self.practices
            for one in practice.site.warnings
        )

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
    rows, others, faults = _other_practices(tables.get("practice"), folder)
    left_out = {"practice"} if faults else set()
    if rows is not None:
        own_tables["practice"] = rows
    try:
        own = ScenarioTables.model_validate(own_tables)
    except ValidationError as error:
        faults += faults_of(error, ScenarioTables, beside=Settings.model_fields)
        own, faulty = sound_tables(own_tables, error)
        left_out.update(faulty)
    try:
        site = _site(tables.get("site"), site_tables, folder)
    except SiteError as error:
        faults += error.faults
        site, faulty = sound_site(site_tables, error)
        left_out.update(faulty)
    practices = [
        Practice(other, row.provider, f"practice[{index}].")
        for index, (other, row) in enumerate(zip(others, own.practice, strict="practice" not in left_out))
    ]
    faults += scenario_faults(own, [Practice(site, own.provider), *practices], folder, left_out)
    if faults:
        raise ScenarioError(faults, source=source)
    return Scenario(site, _peopled(own), folder, tuple(practices))


def _other_practices(rows: object, folder: Path) -> tuple[object, list[Site], list[Fault]]:
    """The rows of `[[practice]]` without their sites, these, and their faults; what is no table stays as it is."""
    sites: list[Site] = []
    faults: list[Fault] = []
    if not isinstance(rows, list | tuple):
        return rows, sites, faults
    own: list[object] = []
    for index, row in enumerate(rows):
        if not isinstance(row, Mapping):
            own.append(row)
            continue
        own.append({key: row[key] for key in PracticeTable.model_fields if key in row})
        tables = {key: value for key, value in row.items() if key not in PracticeTable.model_fields}
        try:
            sites.append(_site(row.get("site"), tables, folder))
        except SiteError as error:
            faults += [replace(one, key=f"practice[{index}].{one.key}") for one in error.faults]
    return own, sites, faults


def _peopled(tables: ScenarioTables) -> ScenarioTables:
    """The tables with those people whom the workload asks for, as if they were written there."""
    workload = tables.workload
    if workload is None or not workload.people:
        return tables
    people = made_up_people(workload, tables.correspondent, seed=tables.seed)
    return tables.model_copy(
        update={
            "correspondent": (*tables.correspondent, *people),
            "workload": workload.model_copy(update={"people": 0, "delay": 0}),
        }
    )


def _site(named: object, site_tables: Mapping[str, object], folder: Path) -> Site:
    if named is None:
        return read_site(site_tables)
    if not isinstance(named, str):
        raise SiteError([Fault("site", None, "must be the path of a site file", "write it in quotes")])
    if site_tables:
        both = f"stands beside the tables {', '.join(site_tables)} of a site"
        raise SiteError([Fault("site", f'"{named}"', both, "keep one of the two")])
    return load_site(folder / named)
