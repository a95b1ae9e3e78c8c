"""What did not go through in a world, and in whose words: counted by what happened, server and reply.

Law: what is kept does not grow with the run; replies that name what they refuse may all differ.
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from mailsim.trace.batch import Batch
from mailsim.trace.event import STEP, Event, Row, Step, speaker

_STEPS = frozenset((Step.REFUSED, Step.BOUNCED, Step.DISCARDED, Step.DEFERRED))
_MOST = 500
_OTHER = "(other words)"


class Failure(NamedTuple):
    """What happened to copies at one server for one reason."""

    step: Step
    """Refused, bounced, discarded, removed by a fault or, to be offered again later, deferred."""
    place: str
    """The server that said so: whoever was asked, not who tries again; or the server mailbox."""
    reply: str
    """Its words."""


class Failures:
    """The account of one world's failures; told of all events."""

    def __init__(self) -> None:
        self._counted: Counter[Failure] = Counter()

    def note(self, events: Batch) -> None:
        """Take events."""
        if _STEPS.isdisjoint(events.column(STEP)):  # as mostly
            return
        for row in events:
            if row[STEP] in _STEPS:
                self.count(row)

    def count(self, row: Row) -> None:
        """Take one event, of any step."""
        event = Event.of(row)
        failure = Failure(event.step, speaker(event), event.reason or f"by policy ({event.rule})")
        if failure not in self._counted and len(self._counted) >= _MOST:
            failure = failure._replace(reply=_OTHER)
        self._counted[failure] += 1

    def counted(self) -> Sequence[tuple[Failure, int]]:
        """Each failure and of how many copies, or how often they were deferred; the most frequent first."""
        return self._counted.most_common()
