"""What happens in a scenario, in order: its events, and the letters of its workload between them."""

from collections.abc import Iterator
from heapq import merge
from typing import NamedTuple

from mailsim.mail import Address
from mailsim.world.practices import Practice, working
from mailsim.world.scenario import Scenario
from mailsim.world.scenario_tables import EventTable
from mailsim.world.workload import Desk, letters


class _Timed(NamedTuple):
    """An event and when it happens, which for one without a time is when the one before does."""

    at: float
    event: EventTable
    made_up: bool


class Programme:
    """What is still to happen, one thing after the other."""

    def __init__(self, scenario: Scenario) -> None:
        streams = [_timed(iter(scenario.events), made_up=False)]
        if (workload := scenario.tables.workload) is not None:
            made_up = letters(
                workload,
                desks=[desk for one in working(scenario.tables, scenario.practices) for desk in _desks(one)],
                people=[row.address for row in scenario.correspondents],
                folder=scenario.folder,
                seed=scenario.seed,
            )
            streams.append(_timed(made_up, made_up=True))
        self._rest = merge(*streams, key=lambda timed: timed.at)
        self._next = next(self._rest, None)

    def peek(self) -> EventTable | None:
        """What happens next; None when all has happened."""
        return self._next.event if self._next else None

    @property
    def made_up(self) -> bool:
        """Whether that is a letter of the workload."""
        return self._next is not None and self._next.made_up

    def take(self) -> None:
        """Go on: it has happened."""
        self._next = next(self._rest, None)


def _desks(practice: Practice) -> Iterator[Desk]:
    """The actions of a practice."""
    settings = practice.site.settings
    system = settings.mailbox.default_sender
    for number in practice.site.directory.actions:
        address = Address(f"a{number}", system.domain) if settings.catch_all else system
        yield Desk(number, address, practice.domain if practice.key else None)


def _timed(events: Iterator[EventTable], *, made_up: bool) -> Iterator[_Timed]:
    at = 0.0
    for event in events:
        at = at if event.at is None else event.at
        yield _Timed(at, event, made_up)
