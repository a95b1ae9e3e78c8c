"""What a sweep plays: its cells, each a scenario with some values changed. Pure but for reading the files.

Laws:
- A cell is all that its result depends on, its message files included, so it can be played on another machine; its key
  is the digest of it and of its axes, so the same row has the same key in every sweep, and two rows never have one.
- Cells are made when they are taken: a grid of a million takes no room.
- No cell holds a password (R1.11): any will do in a world.
"""

import hashlib
import json
import math
import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import date, time
from functools import cache, cached_property, partial
from importlib.metadata import version
from os import PathLike
from pathlib import Path
from typing import Any, cast

from mailsim.practice.faults import Fault, SiteError, may_be_secret, names_server, without_userinfo
from mailsim.practice.settings import Settings
from mailsim.practice.site import read_site
from mailsim.practice.site_file import load_toml
from mailsim.study.scenario_file import without_secrets
from mailsim.study.sweep.file import Method, SampleTable, SweepError, SweepTables, read_tables
from mailsim.study.sweep.keys import unknown_key
from mailsim.world.orders import inline, message_file
from mailsim.world.scenario import read_scenario

SCENARIO, SITE, SEED = "scenario", "site", "seed"
"""The axes that are no keys of the grid."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One simulation of a sweep."""

    key: str
    """A digest of its axes and of all that decides its result, 16 hexadecimal digits."""
    axes: Mapping[str, object]
    """Axis -> the value of this cell, as its row shows it."""
    tables: Mapping[str, object]
    """A scenario file's tables; a message file is in them as a `data:` URL."""


@dataclass(frozen=True)
class Sweep:
    """Every cell of a sweep, in a fixed order."""

    axes: Mapping[str, Sequence[object]]
    """Axis -> its values: `scenario`, `site` and `seed` as places in the lists below, then the keys of the grid."""
    scenarios: Sequence[tuple[str, Mapping[str, object]]]
    """Name and tables of each."""
    sites: Sequence[tuple[str, Mapping[str, object]]]
    """Name and tables of each that takes the place of a scenario's own."""
    sample: SampleTable | None
    trace: bool
    """Whether each cell's trace is kept."""

    @cached_property
    def _places(self) -> Sequence[int]:
        """Of a sample, the places of its cells in the grid; else of all."""
        whole = math.prod(map(len, self.axes.values()))
        return range(whole) if self.sample is None else _drawn(self.sample, [*map(len, self.axes.values())])

    def __len__(self) -> int:
        return len(self._places)

    @property
    def columns(self) -> Mapping[str, Sequence[object]]:
        """Axis -> the values that its column has, as rows show them."""
        shown = {key: [_shown(value) for value in values] for key, values in self.axes.items()}
        shown[SCENARIO] = [name for name, _ in self.scenarios]
        if self.sites:
            shown[SITE] = [name for name, _ in self.sites]
        return shown | {SEED: [0]}

    def __iter__(self) -> Iterator[Cell]:
        for place in self._places:
            yield self._cell(place)

    def _cell(self, place: int) -> Cell:
        values = self._values(place)
        scenario, base = self.scenarios[values.pop(SCENARIO)]
        axes: dict[str, object] = {SCENARIO: scenario}
        tables: dict[str, object] = deepcopy(dict(base))
        if self.sites:
            axes[SITE], site = self.sites[values.pop(SITE)]
            tables = _on_site(tables, site)
        seed = values.pop(SEED)
        if seed is not None:
            tables[SEED] = seed
        for key, value in values.items():
            _set(tables, key.split("."), value)
            axes[key] = _shown(value)
        axes[SEED] = tables.get(SEED, 0)
        return Cell(_digest(axes, tables), axes, tables)

    def _values(self, place: int) -> dict[str, Any]:
        """Axis -> its value at a place of the grid, where the last axis turns fastest."""
        found = {}
        for name, values in reversed([*self.axes.items()]):
            place, which = divmod(place, len(values))
            found[name] = values[which]
        return {name: found[name] for name in self.axes}


def sweep_of(source: str | PathLike[str] | Mapping[str, object] | Sweep) -> Sweep:
    """A sweep as it is, from the path of a file, or from tables whose paths are relative to the current folder.

    Raises:
        SweepError: With every fault of the file, of the scenarios and of the sites it names.
    """
    if isinstance(source, Sweep):
        return source
    if isinstance(source, Mapping):
        return _sweep(read_tables(source), Path(), "")
    try:
        tables = load_toml(source)
    except SiteError as error:
        raise SweepError(error.faults) from None
    return _sweep(read_tables(tables, str(source)), Path(source).parent, str(source))


def _sweep(tables: SweepTables, folder: Path, source: str) -> Sweep:
    faults = [fault for key in tables.grid if (fault := unknown_key(key, tables.grid[key]))]
    scenarios, sites = [], []
    for name in tables.sites:
        try:
            site = without_secrets(load_toml(folder / name))
            read_site(site)
            sites.append((name, site))
        except SiteError as error:
            faults += _named(error, name)
    for name in tables.scenarios:
        try:
            scenarios.append((name, _scenario(folder / name, sites)))
        except SiteError as error:
            faults += _named(error, name)
    axes: dict[str, Sequence[object]] = {SCENARIO: range(len(tables.scenarios))}
    axes |= {SITE: range(len(tables.sites))} if tables.sites else {}
    axes |= {key: [_bare(key, value) for value in values] for key, values in tables.grid.items()}
    axes |= {SEED: tables.seeds or (None,)}
    whole = math.prod(map(len, axes.values()))
    if tables.sample and tables.sample.cells > whole:
        allowed, fix = f"is more than the {whole:,} cells of the grid", "remove [sample] to play all of them"
        faults.append(Fault("sample.cells", str(tables.sample.cells), allowed, fix))
    if not tables.sample and whole > sys.maxsize:
        fix = "draw some of them with [sample], or try fewer values"
        faults.append(Fault("grid", None, f"has {whole:,} cells, more than can be counted", fix))
    if faults:
        raise SweepError(faults, source=source)
    return Sweep(axes, scenarios, sites, tables.sample, tables.trace)


def _scenario(path: Path, sites: Sequence[tuple[str, Mapping[str, object]]]) -> Mapping[str, object]:
    """A scenario's tables, with the site and the message files that it names; it must be one that can be played."""
    tables = load_toml(path)
    named = tables.pop(SITE, None)
    if isinstance(named, str) and not sites:
        tables |= load_toml(path.parent / named)
    tables = without_secrets(tables)
    read_scenario(_on_site(tables, sites[0][1]) if sites else tables, folder=path.parent)
    for event in cast("Sequence[dict[str, Any]]", tables.get("event", ())):
        if name := event.get("receive", {}).get("file"):
            event["receive"]["file"] = inline(message_file(path.parent, name))
    return tables


def _on_site(tables: Mapping[str, object], site: Mapping[str, object]) -> dict[str, object]:
    kept = {key: one for key, one in tables.items() if key not in Settings.model_fields}
    return kept | deepcopy(dict(site))


def _named(error: SiteError, file: str) -> Sequence[Fault]:
    """The faults, each with the name of its file."""
    return [
        fault if fault.key.endswith(file) else replace(fault, key=f"{file}: {fault.key}")
        for fault in error.faults
    ]


def _set(table: dict[str, object], path: Sequence[str], value: object) -> None:
    """Put a value at a path, in each table of an array on the way; an empty table leaves the key out."""
    name, *rest = path
    if not rest:
        if value == {}:
            table.pop(name, None)
        else:
            table[name] = deepcopy(value)
        return
    inner = table.setdefault(name, {})
    for one in inner if isinstance(inner, list) else [inner]:
        if isinstance(one, dict):
            _set(one, rest, value)


def _bare(key: str, value: object) -> object:
    """The value with "any" for what may be a secret, and user names and passwords in servers' addresses masked."""
    if may_be_secret(key):
        return "any"
    if isinstance(value, Mapping):
        return {name: _bare(name, one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_bare(key, one) for one in value]
    return without_userinfo(value, server=True) if isinstance(value, str) and names_server(key) else value


_version = cache(
    partial(version, "mailsim")
)  # it is read from a file, which takes longer than a cell's digest


def _digest(axes: Mapping[str, object], tables: Mapping[str, object]) -> str:
    text = json.dumps([_version(), axes, tables], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _shown(value: object) -> object:
    """A value as a row shows it: a time as files have it, what else is no word or number as JSON, one that is left out as nothing."""
    if isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, date | time):  # a datetime is a date
        return _moment(value)
    return "" if value == {} else json.dumps(value, ensure_ascii=False, default=_moment)


def _moment(value: date | time) -> str:
    """What TOML has beside words, numbers and tables, as RFC 3339 writes it."""
    return value.isoformat().replace("+00:00", "Z")


def _some_of(whole: int, number: int, chance: random.Random) -> Sequence[int]:
    """So many of the numbers below `whole`, in order, which may be more than a sequence can have (Floyd, CACM 30.9, 1987)."""
    drawn: set[int] = set()
    for last in range(whole - number, whole):
        one = chance.randint(0, last)
        drawn.add(last if one in drawn else one)
    return sorted(drawn)


def _drawn(sample: SampleTable, lengths: Sequence[int]) -> Sequence[int]:
    """Places in a grid of those lengths, without repeats, in order."""
    chance = random.Random(sample.seed)  # noqa: S311 - repeatable on purpose
    if sample.method is Method.RANDOM:
        return _some_of(math.prod(lengths), sample.cells, chance)
    columns = []
    for (
        length
    ) in lengths:  # each value equally often: McKay, Beckman, Conover 1979, for axes of listed values
        column = [number * length // sample.cells for number in range(sample.cells)]
        chance.shuffle(column)
        columns.append(column)
    places = set()
    for values in zip(*columns, strict=True):
        place = 0
        for value, length in zip(values, lengths, strict=True):
            place = place * length + value
        places.add(place)
    return sorted(places)
