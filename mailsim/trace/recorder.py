"""Making events: numbered, stamped with the world's time, and handed to whoever keeps them a batch at a time.

An event is made for every hop of every message, so until somebody looks at it, it is but its fields in a list.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from threading import Lock
from typing import Any

from mailsim.json_text import json_of
from mailsim.trace.batch import WIDTH, Batch
from mailsim.trace.event import Step

BATCH = 5000
"""Events that wait for their keepers, unless somebody asks."""

Keeper = Callable[[Batch], object]


class Recorder:
    """Makes the events of one world, in its thread; they can be asked for from any."""

    def __init__(self, now: Callable[[], datetime], *keepers: Keeper) -> None:
        """`keepers` are told all events in order, such as `trace.extend`; none may raise, for a batch is told once."""
        self._now = now
        self._keepers = keepers
        self._serial = 0
        self._waiting: list[Any] = []
        self._handing_out = Lock()

    def record(
        self,
        step: Step,
        place: str,
        *,
        trace_id: str,
        message_id: str,
        peer: str = "",
        sender: str = "",
        recipient: str = "",
        size: int = 0,
        outcome: str = "",
        reason: str = "",
        rule: str = "",
        detail: Mapping[str, object] | str = "",
    ) -> None:
        """Make one event; `detail`, a JSON object or its text, is kept as text, members of enumerations as plain words."""
        self._waiting += (
            self._serial,
            self._now(),
            trace_id,
            message_id,
            step._value_,  # `value` takes a microsecond
            place,
            peer,
            sender,
            recipient,
            size,
            outcome and str(outcome),
            reason and str(reason),
            rule,
            (detail if isinstance(detail, str) else json_of(detail)) if detail else "{}",
        )
        self._serial += 1
        if len(self._waiting) >= BATCH * WIDTH:
            self.hand_out()

    def hand_out(self) -> None:
        """Tell the keepers of all events made so far."""
        with self._handing_out:
            fields = self._waiting[:]
            if fields:
                del self._waiting[: len(fields)]  # the world may have added one meanwhile, whole
                for keep in self._keepers:
                    keep(Batch(fields))
