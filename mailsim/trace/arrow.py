"""The trace as Arrow columns, typed as the contract has them: what files hold, and tables for analysis are made from."""

from collections.abc import Callable, Sequence

import pyarrow as pa

from mailsim.trace.columns import CATEGORIES, COLUMNS, Columns, columns
from mailsim.trace.event import Event, Row, Step, Trace

_WORDS = pa.dictionary(pa.int32(), pa.string())
_TYPES = {"serial": pa.int64(), "size": pa.int64(), "time": pa.timestamp("us", tz="UTC")}
SCHEMA = pa.schema(
    {name: _TYPES.get(name, _WORDS if name in CATEGORIES else pa.string()) for name in COLUMNS}
)
SCENARIO_KEY = b"mailsim.scenario"
"""Under which the metadata of a Parquet file holds the scenario that plays the run again, as JSON."""

Read = Callable[[Sequence[str]], pa.Table]
"""Gives these columns of a trace, wherever it is; asked for few at a time, so that few are in memory."""


def table(events: Sequence[Row]) -> pa.Table:
    """All columns of events in memory."""
    return of_columns(columns(events))


def of_columns(columns: Columns) -> pa.Table:
    """All columns, typed."""
    return pa.table(columns, schema=SCHEMA)


def reader(trace: Trace) -> Read:
    """The columns of a trace in memory; they are made once."""
    read: Read = table(trace.rows).select
    return read


def events(rows: pa.Table) -> list[Event]:
    """The events that rows of all columns are; raises ValueError for a step that is none."""
    return [Event(**row | {"step": Step(row["step"])}) for row in rows.to_pylist()]
