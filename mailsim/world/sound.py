"""What is sound of a faulty scenario, so that what one table says of another is told with the rest (R1.12).

A table with a fault is left out, an event with one stands for nothing at its place. What looks at a table that was left
out is not asked: it would tell what only follows from the fault there.
"""

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple

from pydantic import ValidationError

from mailsim.practice.faults import SiteError
from mailsim.practice.settings import Settings
from mailsim.practice.site import Site, read_site
from mailsim.world.scenario_tables import ScenarioTables

_OWN = frozenset(field.alias or name for name, field in ScenarioTables.model_fields.items())
_SITE = frozenset(Settings.model_fields)
_NO_EVENT: Mapping[str, object] = {"collect": {}}
_MAILBOX: Mapping[str, object] = {
    "type": "catch-all",
    "default_sender": "system@practice.invalid",
    "fallback_address": "help@elsewhere.invalid",
}


class SoundTables(NamedTuple):
    """A scenario's own tables but for the faulty ones."""

    tables: ScenarioTables
    left_out: Collection[str]


class SoundSite(NamedTuple):
    """A site's tables but for the faulty ones."""

    site: Site
    left_out: Collection[str]


def sound_tables(tables: Mapping[str, object], error: ValidationError) -> SoundTables:
    """What is left of the tables that were refused for this."""
    left: dict[str, Any] = dict(tables)
    rows = left.get("event")
    events = left["event"] = list(rows) if isinstance(rows, list | tuple) else []
    faulty: set[str] = set()
    for detail in error.errors(include_url=False):
        match detail["loc"]:
            case ("event", int(number), *_):
                events[number] = _NO_EVENT
                faulty.add("event")
            case (str(table), *_):
                left.pop(table, None)
                faulty.update({table} if table in _OWN else get_close_matches(table, _OWN | _SITE))
    try:
        return SoundTables(ScenarioTables.model_validate(left), faulty)
    except ValidationError:
        return SoundTables(ScenarioTables(), _OWN)


def sound_site(tables: Mapping[str, object], error: SiteError) -> SoundSite:
    """What is left of a site whose tables, or whose file, were refused for this; another mailbox stands for a faulty one."""
    faulty = {name for name in _SITE if any(_is_of(name, fault.key) for fault in error.faults)}
    left = {name: table for name, table in tables.items() if name not in faulty}
    try:
        return SoundSite(read_site({"mailbox": _MAILBOX} | left), faulty if tables else _SITE)
    except SiteError:
        return SoundSite(read_site({"mailbox": _MAILBOX}), _SITE)


def _is_of(table: str, key: str) -> bool:
    return key == table or key.startswith((f"{table}.", f"{table}["))
