"""Events one behind another, as one list of their fields.

A tuple for each would be one thing more for the garbage collector to count and look at, twelve for every message.
"""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, Self

from mailsim.trace.event import Event, Row

WIDTH = len(Event._fields)


class Batch(Iterable[Row]):
    """Events in the order they happened, to be gone through as rows or as columns, as often as one likes."""

    __slots__ = ("_fields",)

    def __init__(self, fields: list[Any]) -> None:
        """All fields of the first event, all of the second, and so on."""
        self._fields = fields

    @classmethod
    def of(cls, rows: Iterable[Row]) -> Self:
        """The events that rows hold."""
        return cls(list(chain.from_iterable(rows)))

    def __len__(self) -> int:
        return len(self._fields) // WIDTH

    def __iter__(self) -> Iterator[Row]:
        return zip(*[iter(self._fields)] * WIDTH, strict=True)

    def column(self, number: int) -> list[Any]:
        """That field of each, counted from 0."""
        return self._fields[number::WIDTH]
