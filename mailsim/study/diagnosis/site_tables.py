"""A site as the tables of a site file again, and as TOML; without the accounts and their secrets (R1.11)."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
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
    """A site or scenario file: its own keys, then tables and arrays of tables, of all that such a file can hold."""
    own = {name: one for name, one in tables.items() if not isinstance(one, Mapping) and not _is_rows(one)}
    parts = [_table("", own)] if own else []
    for name, content in tables.items():
        if isinstance(content, Mapping):
            parts.append(_table(f"[{name}]\n", content))
        elif isinstance(content, Sequence) and _is_rows(content):
            parts += [_table(f"[[{name}]]\n", one) for one in content]
    return "\n".join(parts)


def _is_rows(content: object) -> bool:
    return isinstance(content, list | tuple) and all(isinstance(one, Mapping) for one in content)


def _table(head: str, content: Mapping[str, object]) -> str:
    return head + "".join(f"{_key(key)} = {_value(value)}\n" for key, value in content.items())


def _key(key: str) -> str:
    return key if re.fullmatch("[A-Za-z0-9_-]+", key) else _value(key)


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(key)} = {_value(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, datetime):
        return value.isoformat()
    # JSON's strings, numbers and booleans are TOML's too, where letters outside ASCII stand as they are but DEL
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
