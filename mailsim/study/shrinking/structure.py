"""The least part of nested tables that still fails: rows, keys and values left out, one level after the other.

Lists are made smaller by delta debugging (`diagnosis/ddmin.py`), tables key by key; what is left is looked into, and a
message that stands in it. Nothing else is known here of what a scenario may hold: a candidate that is none does not fail.
"""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from mailsim.mail import Message
from mailsim.study.diagnosis.ddmin import ddmin
from mailsim.study.diagnosis.shrink import smaller_message
from mailsim.world.orders import inline, is_inline, message_file

Fails = Callable[[object], bool]


def smaller(value: object, fails: Fails) -> object:
    """The value with less in it; `fails(value)` must hold, and holds of the result."""
    if isinstance(value, Mapping):
        table = dict(value)
        for key in list(table):
            less = {name: one for name, one in table.items() if name != key}
            table = less if fails(less) else table
        for key in list(table):
            table[key] = smaller(table[key], partial(_fails_with_key, table, key, fails))
        return table
    if isinstance(value, list | tuple) and value:
        rows: list[object] = list(ddmin(value, lambda some: fails(list(some))))
        for index in range(len(rows)):
            rows[index] = smaller(rows[index], partial(_fails_with_row, rows, index, fails))
        return rows
    if isinstance(value, str) and is_inline(value):
        message = Message(message_file(Path(), value))
        return inline(smaller_message(message, lambda less: fails(inline(less.octets))).octets)
    return value


def _fails_with_key(table: Mapping[str, object], key: str, fails: Fails, value: object) -> bool:
    return fails({**table, key: value})


def _fails_with_row(rows: list[object], index: int, fails: Fails, value: object) -> bool:
    return fails([*rows[:index], value, *rows[index + 1 :]])
