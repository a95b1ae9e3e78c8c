"""The world in the making: what the Givens of a specification say, until the first When starts it."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from mailsim.errors import MailsimError


class BlueprintError(MailsimError):
    """A Given that comes after the world was started."""


class Blueprint:
    """The tables of a scenario file, written one Given after the other; BlueprintError once the world has started."""

    def __init__(self) -> None:
        self._tables: dict[str, Any] = {}  # checked as a whole when the world reads them
        self._started = False

    def set(self, table: str, **keys: object) -> None:
        """Write keys of a table such as `[mailbox]`, over what stood there."""
        self._open(table, {}).update(keys)

    def extend(self, table: str, key: str, value: object) -> None:
        """Add a value to a key of a table that holds several, such as `registered` of `[provider]`."""
        self._open(table, {}).setdefault(key, []).append(value)

    def enter(self, table: str, key: str, name: str, value: object) -> None:
        """Write one entry of a key that is a table itself, such as `forwards` of `[provider]`, over what stood there."""
        self._open(table, {}).setdefault(key, {})[name] = value

    def add(self, table: str, **keys: object) -> None:
        """Add one more table of a name, such as `[[action]]`."""
        self._open(table, []).append(keys)

    def load(self, tables: Mapping[str, Any]) -> None:
        """Take the tables of a file: keys over what stood there, rows behind it."""
        for table, content in tables.items():
            if isinstance(content, Mapping):
                self.set(table, **content)
            elif isinstance(content, list):
                self._open(table, []).extend(deepcopy(content))
            else:
                self._fill(table, content)

    def _fill(self, key: str, value: object) -> None:
        self._open(key, {})
        self._tables[key] = value

    def start(self) -> Mapping[str, object]:
        """The tables for the world that starts now; from here on nothing more can be written."""
        self._started = True
        return deepcopy(self._tables)

    def _open(self, table: str, empty: dict[str, object] | list[object]) -> Any:
        if self._started:
            raise BlueprintError(
                f"{table}: was set after the world had started; move this Given before the first When"
            )
        return self._tables.setdefault(table, empty)
