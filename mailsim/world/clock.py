"""The world's time: a start, what is due later, and jumps to it instead of waiting.

What is due is a heap of (time, serial, action), so equal times keep the order in which they were
asked for. In the Lab real time passes too while sockets work; a jump leaves out only the waiting.
"""

import heapq
import time
from collections.abc import Callable
from datetime import datetime, timedelta

Action = Callable[[], object]


class Clock:
    """Time from a start, with things due at given times."""

    def __init__(self, start: datetime, *, ticks: Callable[[], float] | None = time.monotonic) -> None:
        """`ticks` counts real seconds; without them the time is purely virtual."""
        self._start = start
        self._ticks = ticks
        self._zero = ticks() if ticks else 0.0
        self._due: list[tuple[datetime, int, Action]] = []
        self._serial = 0

    def now(self) -> datetime:
        """The world's time, with the start's time zone."""
        if self._ticks is None:
            return self._start
        return self._start + timedelta(seconds=self._ticks() - self._zero)

    def at(self, due: datetime, action: Action) -> None:
        """Have `action` called when the clock is moved past `due`."""
        heapq.heappush(self._due, (due, self._serial, action))
        self._serial += 1

    @property
    def idle(self) -> bool:
        """Whether nothing is due any more."""
        return not self._due

    def step(self, *, until: datetime | None = None) -> bool:
        """Jump to the next thing due and do it; False when nothing is due any more, or nothing up to `until`."""
        if not self._due or (until is not None and self._due[0][0] > until):
            return False
        due, _, action = heapq.heappop(self._due)
        self.jump(due)
        action()
        return True

    def jump(self, time: datetime) -> None:
        """Move on to a time; time never goes back."""
        if time > self.now():
            self._start = time
            if self._ticks is not None:
                self._zero = self._ticks()
