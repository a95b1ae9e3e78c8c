"""The world in the making: what the Givens of a specification say, until the first When starts it."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, TypeVar

from mailsim.errors import MailsimError

_Kind = TypeVar("_Kind", dict[str, Any], list[Any])


class BlueprintError(MailsimError):
    """A Given that comes after the world was started, or writes what its table cannot hold."""


class Blueprint:
    """The tables of a scenario file, written one Given after the other; BlueprintError once the world has started.

    Attributes:
        writer: The Given that writes now, as reports show it.
    """

    def __init__(self) -> None:
        self.writer = ""
        self._tables: dict[str, Any] = {}  # checked as a whole when the world reads them
        self._writers: dict[str, str] = {}
        self._started = False

    def set(self, table: str, **keys: object) -> None:
        """Write keys of a table such as `[mailbox]`, over what stood there."""
        self._open(table, dict).update(keys)
        self._writers.update({f"{table}.{key}": self.writer for key in keys})

    def extend(self, table: str, key: str, value: object) -> None:
        """Add a value to a key of a table that holds several, such as `registered` of `[provider]`."""
        values = _of_kind(f"{table}.{key}", self._open(table, dict).setdefault(key, []), list)
        values.append(value)
        self._writers[f"{table}.{key}[{len(values) - 1}]"] = self.writer

    def enter(self, table: str, key: str, name: str, value: object) -> None:
        """Write one entry of a key that is a table itself, such as `forwards` of `[provider]`, over what stood there."""
        _of_kind(f"{table}.{key}", self._open(table, dict).setdefault(key, {}), dict)[name] = value
        self._writers[f"{table}.{key}.{name}"] = self.writer

    def add(self, table: str, **keys: object) -> None:
        """Add one more table of a name, such as `[[action]]`."""
        rows = self._open(table, list)
        rows.append(keys)
        self._writers[f"{table}[{len(rows) - 1}]"] = self.writer

    def load(self, tables: Mapping[str, Any]) -> None:
        """Take the tables of a file: keys over what stood there, rows behind it."""
        for table, content in tables.items():
            if isinstance(content, Mapping):
                self.set(table, **content)
            elif isinstance(content, list):
                rows = self._open(table, list)
                begin = len(rows)
                rows.extend(deepcopy(content))
                self._writers.update({f"{table}[{at}]": self.writer for at in range(begin, len(rows))})
            else:
                self._fill(table, content)

    def _fill(self, key: str, value: object) -> None:
        self._demand_unstarted(key)
        self._tables[key] = value
        self._writers[key] = self.writer

    def start(self) -> Mapping[str, object]:
        """The tables for the world that starts now; from here on nothing more can be written."""
        self._started = True
        return deepcopy(self._tables)

    def written_by(self, key: str) -> str:
        """The Given that wrote a key as faults name it (`alias[2].address`), or the row that it is in; empty where none did."""
        while key:
            if key in self._writers:
                return self._writers[key]
            key = key[: max(key.rfind("."), key.rfind("["), 0)]
        return ""

    def _open(self, table: str, kind: type[_Kind]) -> _Kind:
        self._demand_unstarted(table)
        return _of_kind(table, self._tables.setdefault(table, kind()), kind)

    def _demand_unstarted(self, table: str) -> None:
        if self._started:
            raise BlueprintError(
                f"{table}: was set after the world had started; move this Given before the first When"
            )


def _of_kind(key: str, content: Any, kind: type[_Kind]) -> _Kind:
    """What a key holds; a Given that takes it for something else has mistaken the key."""
    if not isinstance(content, kind):
        told = f"{key}: holds {_told(type(content))}, where this step writes {_told(kind)}"
        raise BlueprintError(f"{told}; correct the key, or write these tables in a site file")
    return content


def _told(kind: type[object]) -> str:
    return "several" if kind is list else "keys" if kind is dict else "one value"
