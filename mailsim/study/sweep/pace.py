"""How many cells make a task of Dask, which takes some milliseconds of its own for each."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice

from mailsim.study.sweep.plan import Cell

_TASK = 1.0
"""Seconds of work that a task ought to be: what is lost at most of each worker when the sweep is killed."""
_SHARES = 4
"""Of what is left, a thread is given one in so many at most, so that none waits long while another plays the last."""


class Pace:
    """What is known of a sweep's cells while it runs."""

    def __init__(self, threads: Callable[[], int], cells: int) -> None:
        """`threads` says how many cells are played at a time; `cells` are to be played."""
        self._threads = threads
        self._left = cells
        self._played = 0
        self._seconds = 0.0

    def batches(self, cells: Iterator[Cell]) -> Iterator[Sequence[Cell]]:
        """The cells in tasks: of one cell until the first are played, then of a second's work, at the end of fewer again."""
        while batch := tuple(islice(cells, self._size())):
            self._left -= len(batch)
            yield batch

    def was(self, rows: Sequence[Mapping[str, object]]) -> None:
        """Learn from the rows of a task."""
        self._played += len(rows)
        self._seconds += sum(seconds for row in rows if isinstance(seconds := row["seconds"], float))

    def _size(self) -> int:
        if not self._seconds:
            return 1
        of_a_second = _TASK * self._played / self._seconds
        share = self._left / (_SHARES * max(1, self._threads()))
        return max(1, int(min(of_a_second, share)))
