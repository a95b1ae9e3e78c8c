"""How many cells make a task."""

from collections.abc import Iterator, Sequence

import pytest

from mailsim.study.sweep.pace import Pace
from mailsim.study.sweep.plan import Cell

CELL = Cell("key", {}, {})


def sizes(pace: Pace, batches: Iterator[Sequence[Cell]], seconds: float) -> list[int]:
    """Of each task, when a thread takes so long for each cell."""
    found = []
    for batch in batches:
        found.append(len(batch))
        pace.was([{"seconds": seconds} for _ in batch])
    return found


@pytest.mark.parametrize(("seconds", "most"), [(1 / 1024, 124), (1 / 16, 16), (0.5, 2), (32.0, 1)])
def test_a_task_is_a_second_s_work(seconds: float, most: int) -> None:
    """One cell as long as nobody knows, and fewer at the end: of 1,000 cells and two threads at most an eighth of what is left."""
    pace = Pace(lambda: 2, 1_000)
    found = sizes(pace, pace.batches(iter([CELL] * 1_000)), seconds)

    assert sum(found) == 1_000
    assert found[0] == 1
    assert max(found) == most
    assert found[-1] == 1
    assert found[1:] == sorted(found[1:], reverse=True)


def test_cells_that_were_not_counted_are_played_too() -> None:
    """On a cluster whose workers are still to come, and of cells that took no time."""
    pace = Pace(lambda: 0, -5)
    assert sum(sizes(pace, pace.batches(iter([CELL] * 9)), 0.0)) == 9
