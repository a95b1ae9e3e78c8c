"""A site as the tables of a site file again, and as TOML; without the accounts and their secrets (R1.11)."""

import json
from collections.abc import Mapping, Sequence
from enum import Enum

from mailsim.practice.settings import Settings

_ACCOUNT = {"server", "port", "authentication", "username", "password", "password_env"}


def site_tables(settings: Settings) -> dict[str, object]:
    """What `read_site` reads, with what was set alone."""
    hidden = dict.fromkeys(("pop", "smtp"), _ACCOUNT)
    dumped = settings.model_dump(by_alias=True, exclude_unset=True, exclude_none=True, exclude=hidden)
    return {name: plain for name, table in dumped.items() if (plain := _plain(table)) not in ({}, [])}


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    return value if isinstance(value, bool | int | str) else str(value)


def toml(tables: Mapping[str, object]) -> str:
    """Tables, and arrays of tables, of strings, numbers and lists, as a site file."""
    parts = []
    for name, content in tables.items():
        if isinstance(content, Mapping):
            parts.append(_table(f"[{name}]", content))
        elif isinstance(content, Sequence):
            parts += [_table(f"[[{name}]]", one) for one in content if isinstance(one, Mapping)]
    return "\n".join(parts)


def _table(head: str, content: Mapping[str, object]) -> str:
    # JSON's strings, numbers, booleans and arrays are TOML's too, where letters outside ASCII stand as they are but DEL
    lines = (
        f"{key} = {json.dumps(value, ensure_ascii=False)}".replace("\x7f", "\\u007f")
        for key, value in content.items()
    )
    return "\n".join([head, *lines, ""])
