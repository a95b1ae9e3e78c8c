"""Events that wait for their keepers: as rows and as columns."""

from datetime import UTC, datetime

from mailsim.trace import Event, Step
from mailsim.trace.batch import Batch

EVENTS = [
    Event(number, datetime(2026, 11, 23, 9, number, tzinfo=UTC), "t1", f"<{number}@a>", Step.STORED, "p")
    for number in range(3)
]


def test_rows_and_columns_are_those_of_the_events_as_often_as_one_looks() -> None:
    """In their order."""
    batch = Batch.of(EVENTS)

    assert [list(batch), list(batch)] == [EVENTS, EVENTS]
    columns = [batch.column(number) for number in range(len(Event._fields))]
    assert columns == [list(column) for column in zip(*EVENTS, strict=True)]


def test_a_batch_is_as_long_as_it_has_events() -> None:
    """One of none is false."""
    assert len(Batch.of(EVENTS)) == 3
    assert not Batch.of([])
