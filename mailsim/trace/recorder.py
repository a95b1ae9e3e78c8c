"""Making events: numbered, stamped with the world's time, and handed to whoever keeps them a batch at a time.

An event is made for every hop of every message, so until somebody looks at it, it is a plain tuple: that is what a
garbage collector need not look at again, and what keepers go through fastest.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from threading import Lock

from mailsim.json_text import json_of
from mailsim.trace.event import Row, Step

BATCH = 500
"""Events that wait for their keepers, unless somebody asks."""

Keeper = Callable[[Sequence[Row]], object]


class Recorder:
    """Makes the events of one world, in its thread; they can be asked for from any."""

    def __init__(self, now: Callable[[], datetime], *keepers: Keeper) -> None:
        """`keepers` are told all events in order, such as `trace.extend`."""
        self._now = now
        self._keepers = keepers
        self._serial = 0
        self._waiting: list[Row] = []
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
        self._waiting.append(
            (
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
                str(outcome),
                str(reason),
                rule,
                (detail if isinstance(detail, str) else json_of(detail)) if detail else "{}",
            )
        )
        self._serial += 1
        if len(self._waiting) >= BATCH:
            self.hand_out()

    def hand_out(self) -> None:
        """Tell the keepers of all events made so far."""
        with self._handing_out:
            events = self._waiting[:]
            if events:
                del self._waiting[: len(events)]  # the world may have added one meanwhile
                for keep in self._keepers:
                    keep(events)
