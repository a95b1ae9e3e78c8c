"""The faults of one server, and how often each moment has come to it. Pure, but for its counts.

Laws: a plan belongs to one server, and what strikes, strikes one session; occurrences are counted over all sessions
of the server, so that a client which comes again after `pop:RETR:3:drop` is served; the same faults, seed and
commands strike the same replies.
"""

from collections import Counter, deque
from collections.abc import Hashable, Sequence
from itertools import count
from typing import Generic, Protocol, TypeVar

from mailsim.faults.syntax import FaultSpec


class Specified(Hashable, Protocol):
    """A fault of any protocol."""

    @property
    def spec(self) -> FaultSpec:
        """It as it was written."""
        ...


Faulty = TypeVar("Faulty", bound=Specified)
_TOLD = 10_000


class Plan(Generic[Faulty]):
    """Faults in the order given, and what has come and struck so far.

    Attributes:
        seed: What is drawn from for faults that strike by chance.
        struck: What has struck so far, in order; of much the latest 10,000.
    """

    def __init__(self, *, seed: int = 0) -> None:
        self.seed = seed
        self.struck: deque[Faulty] = deque(maxlen=_TOLD)
        self._faults: list[tuple[int, Faulty, int]] = []  # each with its place, and the occurrences before
        self._places = count()
        self._seen: Counter[str] = Counter()
        self._quiet: dict[Faulty, None] = {}  # given, and not struck so far

    def __bool__(self) -> bool:
        return bool(self._faults)

    def take(self, fault: Faulty) -> None:
        """Take one more fault; `next` in it counts from now."""
        spec = fault.spec
        self._quiet[fault] = None
        self._faults.append((next(self._places), fault, self._seen[spec.moment] if spec.again else 0))

    def drop(self, text: str) -> bool:
        """Take away what was written so, and say whether it was there; what strikes by chance of the others stays the same."""
        left = [one for one in self._faults if one[1].spec.text != text]
        was_there = len(left) < len(self._faults)
        self._faults = left
        return was_there

    @property
    def texts(self) -> tuple[str, ...]:
        """The faults that may strike, as they were written."""
        return tuple(fault.spec.text for _, fault, _ in self._faults)

    def seen(self, moment: str) -> int:
        """Return how often a moment has come."""
        return self._seen[moment]

    def strike(self, *moments: str) -> tuple[Faulty, ...]:
        """Count these moments, which have come together, and return what strikes now."""
        now = self.due(*moments)
        self.note(now)
        return now

    def note(self, now: Sequence[Faulty]) -> None:
        """Remember what has struck."""
        self.struck.extend(now)
        for fault in now:
            self._quiet.pop(fault, None)

    def never_struck(self) -> tuple[Faulty, ...]:
        """Return the faults that have not struck so far, in the order given."""
        return tuple(self._quiet)

    def due(self, *moments: str) -> tuple[Faulty, ...]:
        """As `strike`, for one who notes himself what struck: not all that is due need have an effect."""
        self._seen.update(moments)
        return tuple(
            fault
            for place, fault, before in self._faults
            if fault.spec.moment in moments
            and fault.spec.which.strikes(
                self._seen[fault.spec.moment] - before, f"{self.seed} {place} {fault.spec.text}"
            )
        )
