r"""Traces read from files: of a large one no more than what is asked for.

    trace = read_trace("trace.parquet")
    trace.messages().groupby("outcome").size()
    print(*told(trace.story("<0.1.a1234@abc.com>")), sep="\n")

A Parquet file is read a column, or a few row groups, at a time. JSON Lines have neither, so they are read whole, when
something is first asked for. Which of the two a file is, its first octets say, not its name.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from itertools import accumulate, islice
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mailsim.display import Tone, badge, block, heading, note
from mailsim.errors import MailsimError
from mailsim.trace.arrow import SCENARIO_KEY, SCHEMA, events
from mailsim.trace.columns import COLUMNS
from mailsim.trace.event import Event, Trace
from mailsim.trace.files import write

if TYPE_CHECKING:
    import pandas as pd

    from mailsim.study.replay import SiteSource

_MAGIC = b"PAR1"
_BATCH = 50_000  # lines that are Python objects at the same time


class TraceError(MailsimError):
    """A file that is no trace, or cannot be read."""


class _Columns(Protocol):
    """Where the columns of a trace are read from."""

    def rows(self) -> int: ...
    def read(self, names: Sequence[str]) -> pa.Table: ...
    def take(self, which: pa.ChunkedArray) -> pa.Table: ...
    def batches(self) -> Iterable[pa.RecordBatch]: ...
    def scenario(self) -> Mapping[str, object] | None: ...


class RecordedTrace:
    """A trace in a file; it has the methods of `Trace`, and holds none of the file between two calls."""

    def __init__(self, path: Path, columns: _Columns) -> None:
        self.path = path
        self._columns = columns

    def __len__(self) -> int:
        return self._columns.rows()

    def __iter__(self) -> Iterator[Event]:
        """The events in order, few of them in memory at a time."""
        for batch in self._columns.batches():
            yield from events(pa.table(batch))

    def __repr__(self) -> str:
        return f"RecordedTrace({str(self.path)!r}, {len(self):,} events)"

    def _repr_html_(self) -> str:
        """For notebooks: what came of its messages; of a large file that takes as long as `messages`."""
        outcomes = self.messages()["outcome"].value_counts()
        return block(
            heading(
                self.path.name, *(badge(f"{count:,} {end}", Tone.NEUTRAL) for end, count in outcomes.items())
            ),
            note(f"{len(self):,} events", str(self.path)),
        )

    @property
    def scenario(self) -> Mapping[str, object] | None:
        """The tables that play the run again, without secrets; None where the file holds none, as JSON Lines do."""
        return self._columns.scenario()

    def read(self, names: Sequence[str]) -> pa.Table:
        """These columns, as an Arrow table."""
        return self._columns.read(names)

    def frame(self) -> "pd.DataFrame":
        """The trace as a pandas table: one row an event, columns and types as in the contract."""
        from mailsim.trace.frame import frame  # noqa: PLC0415 - pandas loads only where a table is asked for

        return frame(self.read)

    def write(self, path: str | PathLike[str]) -> None:
        """Write all events to a file, in the format that its name says.

        `.parquet` and `.jsonl`, which `mailsim.read_trace` reads; `.csv`; `.chrome.json`, a timeline for
        ui.perfetto.dev; `.otlp.jsonl`, spans for OpenTelemetry's tools. Raises TraceFileError.
        """
        write(self, Path(path), lambda: self.scenario)

    def messages(self) -> "pd.DataFrame":
        """One row a message: from where, meant for whom, what became of it and why, and how long that took."""
        from mailsim.trace.messages import messages  # noqa: PLC0415 - as above

        return messages(self.read)

    def replay(self, *, site: "SiteSource | None" = None, provider: str | None = None) -> "pd.DataFrame":
        """The same mail under another site or at another provider: see `Trace.replay`."""
        from mailsim.study.replay import replay  # noqa: PLC0415 - above this room: a trace is read without a world

        return replay(self, site=site, provider=provider)

    def story(self, name: str) -> Trace:
        """The events of one conversation, in order; empty when there is none of that name.

        `name` is its trace id, or the Message-ID of one of its messages.
        """
        trace_ids, message_ids = self.read(["trace_id", "message_id"]).columns
        named = pc.or_(pc.equal(trace_ids, name), pc.equal(message_ids, name))
        told = pc.is_in(trace_ids, pc.unique(trace_ids.filter(named)))
        return Trace(events(self._columns.take(pc.and_(told, pc.not_equal(trace_ids, "")))))


def read_trace(path: str | PathLike[str]) -> RecordedTrace:
    """The trace in a Parquet or JSON Lines file.

    Raises:
        TraceError: The file cannot be read, or is no trace. Of a line that is no event it is raised when lines are read.
    """
    file = Path(path)
    try:
        with file.open("rb") as opened:
            parquet = opened.read(len(_MAGIC)) == _MAGIC
        return RecordedTrace(file, _Parquet(file) if parquet else _JsonLines(file))
    except OSError as error:
        raise TraceError(f"{file}: cannot be read: {error.strerror or error}; name a trace's file") from None


class _Parquet:
    """A Parquet file, open while something is read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            schema = pq.read_schema(path)
        except pa.ArrowInvalid as error:
            reason = str(error).splitlines()[0]
            raise TraceError(f"{path}: is no whole Parquet file: {reason}; write it again") from None
        missing = [name for name in COLUMNS if name not in schema.names]
        if missing:
            columns = ", ".join(missing)
            raise TraceError(f"{path}: is no trace, for it has no column {columns}; name a trace's file")

    def _open(self) -> pq.ParquetFile:
        return pq.ParquetFile(self._path, read_dictionary=["sender", "recipient"])

    def rows(self) -> int:
        with self._open() as file:
            return file.metadata.num_rows  # type: ignore[no-any-return] # pyarrow has no types

    def read(self, names: Sequence[str]) -> pa.Table:
        with self._open() as file:
            return file.read(columns=list(names)).select(names)

    def take(self, which: pa.ChunkedArray) -> pa.Table:
        """The rows where the mask is true; row groups without any are not read."""
        with self._open() as file:
            lengths = [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)]
            begins = accumulate(lengths, initial=0)
            masks = {
                n: which.slice(begin, length)
                for n, (begin, length) in enumerate(
                    zip(begins, lengths, strict=False)
                )  # the last begin is the end
            }
            found = [
                file.read_row_group(n, COLUMNS).filter(mask)
                for n, mask in masks.items()
                if pc.any(mask).as_py()
            ]
        return pa.concat_tables(found) if found else SCHEMA.empty_table()

    def batches(self) -> Iterator[pa.RecordBatch]:
        with self._open() as file:
            yield from file.iter_batches(columns=list(COLUMNS))

    def scenario(self) -> Mapping[str, object] | None:
        with self._open() as file:
            kept = (file.metadata.metadata or {}).get(SCENARIO_KEY)
        return None if kept is None else json.loads(kept)


class _JsonLines:
    """A JSON Lines file: read once, kept as columns."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @cached_property
    def _table(self) -> pa.Table:
        tables = [SCHEMA.empty_table()]
        with self._path.open("rb") as file:
            numbered = enumerate(file, 1)
            while lines := list(islice(numbered, _BATCH)):
                rows = [self._row(number, line) for number, line in lines if not line.isspace()]
                tables.append(self._typed(rows, lines[0][0]))
        return pa.concat_tables(tables).unify_dictionaries()

    def _typed(self, rows: list[dict[str, object]], first: int) -> pa.Table:
        try:
            return pa.Table.from_pylist(rows, schema=SCHEMA)
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise TraceError(
                f"{self._path}: from line {first} on: a value has another type than its column: {error}"
            ) from None

    def _row(self, number: int, line: bytes) -> dict[str, object]:
        try:
            row = json.loads(line)
            found = {name: row[name] for name in COLUMNS}
            detail = json.dumps(found["detail"], ensure_ascii=False)
            return found | {"time": datetime.fromisoformat(found["time"]), "detail": detail}
        except (ValueError, KeyError, TypeError):
            raise TraceError(
                f"{self._path}: line {number} is no event; a trace has one JSON object a line, with the keys "
                f"{', '.join(COLUMNS)}"
            ) from None

    def rows(self) -> int:
        return len(self._table)

    def read(self, names: Sequence[str]) -> pa.Table:
        return self._table.select(names)

    def take(self, which: pa.ChunkedArray) -> pa.Table:
        return self._table.filter(which)

    def batches(self) -> Iterator[pa.RecordBatch]:
        yield from self._table.to_batches(_BATCH)

    def scenario(self) -> None:
        """Lines are events only."""
