"""A plot: a scenario in the making, and of each letter what only its maker knows. Data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_PUT_OFF = 10 * 24 * 60
"""Minutes: by then all that was put off has been tried for the last time; by twice that, what came of it."""


@dataclass(frozen=True, slots=True)
class Written:
    """What the maker of a letter from outside knows of it."""

    message_id: str
    body: bytes
    hints: Mapping[str, int] = field(default_factory=dict)
    """By resolver, the action that it names besides its address."""
    unreadable: str = ""
    """Why it goes to the fallback address (R4.8); empty where it can be read."""
    automatic: bool = False
    """Whether it says that no person sent it (RFC 3834)."""
    shown: tuple[str, ...] = ()
    """Whom To names; none where it names all that it is for."""


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that happens."""

    event: Mapping[str, Any]
    """A row of `[[event]]`, without its time."""
    written: Written | None = None
    """Of `receive`."""
    note: tuple[str, ...] = ()
    """What a reader of the scenario should be told."""


@dataclass(slots=True)
class Plot:
    """What a scenario has besides its site."""

    profile: str | None = None
    """Who hosts, as whoever explores says; the rest of the provider is made up."""
    provider: dict[str, Any] = field(default_factory=dict)
    """Of what varies from one example to the next."""
    people: list[dict[str, Any]] = field(default_factory=list)
    acts: list[tuple[int, Act]] = field(default_factory=list)
    """Minutes after the start, and what happens then."""
    faults: list[str] = field(default_factory=list)
    ends: tuple[int, ...] | None = None
    """Minutes after the start at which the practice collects at last; None for as often as the faults may ask for."""

    def last(self) -> tuple[int, ...]:
        """When the practice collects at last."""
        return (*[_PUT_OFF] * len(self.faults), _PUT_OFF, 2 * _PUT_OFF) if self.ends is None else self.ends
