"""The columns of a trace, as the contract names and orders them: what tables and files are made from."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from mailsim.trace.batch import Batch
from mailsim.trace.event import Event, Row

COLUMNS = Event._fields
CATEGORIES = ("step", "place", "peer", "outcome", "reason", "rule")
"""Columns whose words repeat: dictionary-encoded in files, `category` in pandas."""
REPEATING = (*CATEGORIES, "trace_id", "message_id", "sender", "recipient")
"""What Parquet files are read as dictionaries: ids and addresses repeat from one event of a message to the next."""

Columns = dict[str, list[Any]]
"""Each column's name and its values, one an event, in order; times in microseconds since 1970."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def columns(events: Iterable[Row]) -> Columns:
    """The columns of events."""
    found: Columns = {name: [] for name in COLUMNS}
    add(found, Batch.of(events))
    return found


def add(to: Columns, events: Batch) -> None:
    """Put events behind those that are in columns already."""
    for number, name in enumerate(COLUMNS):
        values = events.column(number)
        to[name] += _micros(values) if name == "time" else values


def _micros(times: Iterable[datetime]) -> Iterator[int]:
    """Under a virtual clock many events in a row are of one moment."""
    last, micros = None, 0
    for time in times:
        if time is not last:
            last, micros = time, (time - _EPOCH) // _MICROSECOND
        yield micros
