"""The keys that a grid may change: those of a scenario file, as its schema has them."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from typing import Any

from mailsim.practice.faults import Fault, shown
from mailsim.world.schema import scenario_schema

_ELSEWHERE = {"seed": "write seeds = ... above [grid]", "site": "write sites = ... above [grid]"}
"""What has a key of its own in a sweep file."""


@cache
def _scenario() -> dict[str, Any]:
    return scenario_schema()


def unknown_key(key: str, values: Sequence[object]) -> Fault | None:
    """What is wrong with a key such as `provider.profile`, whose values are not looked at; None if it is one."""
    place = f'grid."{key}"' if "." in key else f"grid.{key}"
    tables: list[Mapping[str, Any]] = [_scenario()]
    path: list[str] = []
    for name in key.split("."):
        known = [one for table in tables for one in table.get("properties", ())]
        inner = [_child(table, name) for table in tables]
        tables = [one for node in inner for one in _tables(node)]
        if not tables or (not path and name in _ELSEWHERE):
            near = [".".join([*path, one]) for one in get_close_matches(name, known, n=1)]
            fix = f'write "{near[0]}"' if near else 'write such as "provider.profile"'
            allowed = f"is no key of a scenario; {_told(path, known)}"
            return Fault(place, shown(key, list(values)), allowed, _ELSEWHERE.get(key, fix))
        path.append(name)
    return None


def _told(path: Sequence[str], known: Sequence[str]) -> str:
    names = ", ".join(name for name in known if path or name not in _ELSEWHERE)
    if not path:
        return f"its tables are {names}"
    return f"those of {'.'.join(path)} are {names}" if names else f"{'.'.join(path)} has none"


def _child(table: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """What may stand under that name, in a table or in one of any names; empty if nothing may."""
    others = table.get("additionalProperties")
    named = table.get("properties", {}).get(name)
    return named or (others if name and isinstance(others, dict) else {})


def _tables(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The schema itself, or what it stands for: each of several, and what the tables of an array have."""
    if "$ref" in node:
        yield from _tables(_scenario()["$defs"][node["$ref"].rpartition("/")[2]])
    elif "items" in node:
        yield from _tables(node["items"])
    elif "anyOf" in node and "properties" not in node:
        for one in node["anyOf"]:
            yield from _tables(one)
    elif node:
        yield node
