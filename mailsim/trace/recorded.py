r"""Traces read from files: of a large one no more than what is asked for.

    trace = read_trace("trace.parquet")
    trace.messages().groupby("outcome").size()
    print(*told(trace.story("<0.1.a1234@abc.com>")), sep="\n")

A Parquet file is read a column, or a few row groups, at a time; which row groups a story is in, the bounds that the
file notes for each say first. JSON Lines have neither, so they are read whole, when something is first asked for. Which of the two a file is, its first octets say, not its name.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from itertools import islice
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from mailsim.display import Tone, badge, block, heading, note
from mailsim.errors import MailsimError
from mailsim.plain import in_words, printable
from mailsim.trace.arrow import SCENARIO_KEY, SCHEMA, events
from mailsim.trace.columns import COLUMNS, REPEATING
from mailsim.trace.event import Event, Trace
from mailsim.trace.files import FORMATS, write

if TYPE_CHECKING:
    import pandas as pd

    from mailsim.study.journey.journey import Journey
    from mailsim.study.replay import SiteSource, Watch

_MAGIC = b"PAR1"
_BATCH = 5_000  # rows or lines that are Python objects at the same time
_COUNTED = 500_000
"""Events of a trace whose display counts what came of its messages: a second or less."""
_NOT_COUNTED = "messages() tells what came of them"
_FOR_OTHERS = tuple(ending for ending in FORMATS if ending not in (".parquet", ".jsonl"))
"""How the names end of traces that are written for other tools, and not read."""


class TraceError(MailsimError):
    """A file that is no trace, or cannot be read."""


class _Columns(Protocol):
    """Where the columns of a trace are read from."""

    def rows(self) -> int: ...
    def read(self, names: Sequence[str]) -> pa.Table: ...
    def where(self, condition: pc.Expression, names: Sequence[str]) -> pa.Table: ...
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

    def __str__(self) -> str:
        came = ", ".join(self._outcomes()) or ("no messages" if len(self) <= _COUNTED else _NOT_COUNTED)
        return printable(f"{self.path}: {len(self):,} events; {came}")

    def _outcomes(self) -> list[str]:
        """What came of its messages; nothing of a large file, which would be read for it."""
        if len(self) > _COUNTED:
            return []
        outcomes = self.messages()["outcome"].value_counts()
        return [f"{count:,} {end}" for end, count in outcomes.items() if count]

    def _repr_html_(self) -> str:
        """For notebooks: what came of its messages."""
        return block(
            heading(self.path.name, *(badge(came, Tone.NEUTRAL) for came in self._outcomes())),
            note(f"{len(self):,} events", str(self.path), *[_NOT_COUNTED] * (len(self) > _COUNTED)),
        )

    _repr_pretty_ = in_words

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
        """One row a message: see `Trace.messages`; a file that holds no scenario tells of answers alone whom they were meant for."""
        from mailsim.trace.messages import messages  # noqa: PLC0415 - as above

        return messages(self.read, self.scenario)

    def replay(
        self,
        *,
        site: "SiteSource | None" = None,
        provider: str | None = None,
        watch: "Watch | None" = None,
    ) -> "pd.DataFrame":
        """The same mail under another site or at another provider: see `Trace.replay`."""
        from mailsim.study.replay import replay  # noqa: PLC0415 - above this room: a trace is read without a world

        return replay(self, site=site, provider=provider, watch=watch)

    def why(self, message: str | int | None = None, *, expect: str | None = None) -> "Journey":
        """The whole story of one message: see `Trace.why`."""
        from mailsim.study.journey.inquiry import journey  # noqa: PLC0415 - above this room, as `replay` is

        return journey(self, message, expect=expect)

    def story(self, name: str) -> Trace:
        """The events of one conversation, in order; empty when there is none of that name.

        `name` is its trace id, or the Message-ID of one of its messages.
        """
        trace_id = pc.field("trace_id")
        found = self._columns.where((trace_id == name) | (pc.field("message_id") == name), ["trace_id"])
        told = trace_id.isin(pc.unique(found["trace_id"])) & (trace_id != "")
        return Trace(events(self._columns.where(told, COLUMNS)))


def read_trace(path: str | PathLike[str]) -> RecordedTrace:
    """The trace in a Parquet or JSON Lines file; what is written for other tools, such as CSV, is not read.

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


_FORMAT = ds.ParquetFileFormat(dictionary_columns=set(REPEATING))
_ONE_BY_ONE = {
    "use_threads": False,  # two threads that decode long strings take three times as long: they wait for each other's memory
    "fragment_scan_options": ds.ParquetFragmentScanOptions(pre_buffer=False),
}


class _Parquet:
    """A Parquet file, opened anew for each question: a run may have replaced it since the last."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            names = pq.read_schema(path).names
        except pa.ArrowInvalid as error:
            reason = str(error).splitlines()[0]
            raise TraceError(f"{path}: is no whole Parquet file: {reason}; write it again") from None
        missing = [name for name in COLUMNS if name not in names]
        if missing:
            columns = ", ".join(missing)
            raise TraceError(f"{path}: is no trace, for it has no column {columns}; name a trace's file")

    def rows(self) -> int:
        with self._reading():
            return pq.read_metadata(self._path).num_rows  # type: ignore[no-any-return] # pyarrow has no types

    def read(self, names: Sequence[str]) -> pa.Table:
        with self._reading():
            return ds.dataset(self._path, format=_FORMAT).to_table(columns=list(names), **_ONE_BY_ONE)

    def where(self, condition: pc.Expression, names: Sequence[str]) -> pa.Table:
        """Of row groups whose bounds exclude the condition nothing is read, of others without such a row what it asks."""
        with self._reading():
            [file] = ds.dataset(self._path).get_fragments()
            found = [
                group.to_table(columns=list(names), filter=condition, **_ONE_BY_ONE)
                for group in file.split_by_row_group(condition)
                if group.count_rows(filter=condition, **_ONE_BY_ONE)
            ]
        return pa.concat_tables(found) if found else SCHEMA.empty_table().select(names)

    def batches(self) -> Iterator[pa.RecordBatch]:
        with self._reading(), pq.ParquetFile(self._path) as file:
            yield from file.iter_batches(_BATCH, columns=list(COLUMNS))

    def scenario(self) -> Mapping[str, object] | None:
        with self._reading():
            kept = (pq.read_metadata(self._path).metadata or {}).get(SCENARIO_KEY)
        return None if kept is None else json.loads(kept)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except (OSError, pa.ArrowInvalid) as error:
            reason = str(error).splitlines()[0]
            raise TraceError(f"{self._path}: cannot be read: {reason}; write it again") from None


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
            raise TraceError(f"{self._path}: {self._no_event(number)}") from None

    def _no_event(self, number: int) -> str:
        """Lines without an event: the name may say that they are another format's."""
        for ending in _FOR_OTHERS:
            if self._path.name.endswith(ending):
                return f"{ending} is written for other tools, and not read; name the run's .parquet or .jsonl"
        keys = ", ".join(COLUMNS)
        return f"line {number} is no event; a trace has one JSON object a line, with the keys {keys}"

    def rows(self) -> int:
        return len(self._table)

    def read(self, names: Sequence[str]) -> pa.Table:
        return self._table.select(names)

    def where(self, condition: pc.Expression, names: Sequence[str]) -> pa.Table:
        return self._table.filter(condition).select(names)

    def batches(self) -> Iterator[pa.RecordBatch]:
        yield from self._table.to_batches(_BATCH)

    def scenario(self) -> None:
        """Lines are events only."""
