"""Traces in files: Parquet for tables, JSON Lines for eyes and other programs.

Both hold the columns of the contract; the words that repeat are dictionary-encoded in Parquet. Events are written in
batches as they come, so that no run is too long for memory. A file is there whole or not at all: one that exists is
replaced when the new one is complete.
"""

import errno
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Protocol

from mailsim.disk import replacing
from mailsim.errors import MailsimError
from mailsim.trace.batch import Batch
from mailsim.trace.columns import add, columns
from mailsim.trace.event import Event, Retold, Row, Trace
from mailsim.trace.exports import ChromeTrace, Csv, OpenTelemetry

BATCH = 50_000
"""Events that wait in memory: those of a row group of a Parquet file, and what other formats are given at once."""


_FULL = {errno.EDQUOT, errno.EFBIG, errno.ENOSPC}


class TraceFileError(MailsimError):
    """A file that no trace can be written to."""


class Writer(Protocol):
    """An open file of one format."""

    def write(self, events: Batch) -> None:
        """Add a batch; raises OSError."""

    def finish(self) -> None:
        """Write what stands at the end, once; raises OSError."""

    def close(self) -> None:
        """Let go of the file, finished or not, more than once too; raises OSError."""


class Parquet:
    """A Parquet file (zstd), `detail` as JSON text."""

    def __init__(self, path: Path) -> None:
        import pyarrow as pa  # noqa: PLC0415 - heavy: loads only where a file is written
        import pyarrow.parquet as pq  # noqa: PLC0415 - as above

        from mailsim.trace.arrow import SCENARIO_KEY, SCHEMA, of_columns  # noqa: PLC0415 - as above

        self._table = of_columns
        self._key = SCENARIO_KEY
        self._file = pa.OSFile(str(path), "wb")
        self._writer = pq.ParquetWriter(
            self._file,
            SCHEMA,
            compression="zstd",
            use_dictionary=[name for name in SCHEMA.names if name != "serial"],
            column_encoding={"serial": "DELTA_BINARY_PACKED"},  # no two are equal: a third of the file
            write_statistics=["serial", "time", "trace_id", "message_id"],  # bounds of what is looked for
        )
        self._waiting = columns(())

    def write(self, events: Batch) -> None:
        """Add to the row group under way, and write each that is full."""
        add(self._waiting, events)
        while len(self._waiting["serial"]) >= BATCH:
            self._add_group()

    def _add_group(self) -> None:
        """Write what waits, up to a whole group: so the file is the same however its events came (R6.3)."""
        group, self._waiting = self._waiting, {name: rows[BATCH:] for name, rows in self._waiting.items()}
        for rows in group.values():
            del rows[BATCH:]
        self._writer.write_table(self._table(group))

    def retell(self, scenario: Mapping[str, object]) -> None:
        """Note what plays the run again."""
        self._writer.add_key_value_metadata({self._key: json.dumps(scenario)})

    def finish(self) -> None:
        """Write the last row group, and the footer."""
        self._add_group()
        self._writer.close()

    def close(self) -> None:
        """Let go of the file."""
        self._writer.is_open = False  # one that failed would try to end the file when it is forgotten
        self._file.close()


class JsonLines:
    """One JSON object an event, `time` in ISO 8601, `detail` as an object."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8", newline="\n")

    def write(self, events: Batch) -> None:
        """Add a line for each."""
        self._file.writelines(map(json_line, map(Event.of, events)))

    def finish(self) -> None:
        """Write what is left."""
        self._file.flush()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def json_line(event: Event) -> str:
    """One event as a line of JSON, its end included."""
    row = event._asdict() | {"time": event.time.isoformat(), "detail": json.loads(event.detail)}
    return json.dumps(row, ensure_ascii=False) + "\n"


FORMATS: dict[str, Callable[[Path], Writer]] = {
    ".parquet": Parquet,
    ".otlp.jsonl": OpenTelemetry,
    ".jsonl": JsonLines,
    ".csv": Csv,
    ".chrome.json": ChromeTrace,
}
"""By how the file's name ends; the first that fits. `read_trace` reads Parquet and plain JSON Lines."""


def format_of(path: Path) -> Callable[[Path], Writer]:
    """The format of a trace's file, by its name; raises TraceFileError."""
    for ending, form in FORMATS.items():
        if path.name.endswith(ending):
            return form
    raise TraceFileError(f"{path}: no file for a trace; name one that ends in {' or '.join(FORMATS)}")


class Stream:
    """A trace on its way to a file.

    What could not be written breaks it: no more is written, so that no file has a gap. Batches come from whoever has
    made the world's events known, such as who only looks at its trace: none of them is told, but who asks.
    """

    def __init__(self, path: Path, writer: Writer) -> None:
        self._path = path
        self._writer = writer
        self._broken: Exception | None = None

    def write(self, events: Batch) -> None:
        """Add a batch, if all before it could be written."""
        if self._broken is None:
            try:
                with _told_of(self._path):
                    self._writer.write(events)
            except Exception as error:  # noqa: BLE001 - `complain` raises it
                self._broken = error

    def complain(self) -> None:
        """Raises what has broken it: TraceFileError, where that was the file."""
        if self._broken is not None:
            raise self._broken


@contextmanager
def streamed(path: Path, form: Callable[[Path], Writer], retold: Retold) -> Iterator[Stream]:
    """A trace on its way to a file; where the block ends well and all could be written, the file is there.

    What plays the run again goes along where the format has a place for it: in Parquet's metadata.

    Raises:
        TraceFileError: It cannot be written; what stood there before stands there still.
    """
    with ExitStack() as stack:
        with _told_of(path):
            writer = form(stack.enter_context(replacing(path)))
        stack.callback(_let_go, writer)
        stream = Stream(path, writer)
        yield stream
        stream.complain()
        with _told_of(path):
            if isinstance(writer, Parquet) and (scenario := retold()) is not None:
                writer.retell(scenario)
            writer.finish()
            writer.close()
            stack.close()


def _let_go(writer: Writer) -> None:
    with suppress(OSError):  # that it could not be written is told already
        writer.close()


@contextmanager
def _told_of(path: Path) -> Iterator[None]:
    """What the system says of the file beside it is told of the file that was named, as TraceFileError."""
    try:
        yield
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else error  # Arrow's own words are many
        cure = "make room there, or name another file" if error.errno in _FULL else "name another file"
        raise TraceFileError(f"{path}: cannot be written: {why}; {cure}") from None


def write(trace: Iterable[Row], path: Path, retold: Retold) -> None:
    """Write events in the format that the file's name says.

    Raises:
        TraceFileError: It says none, or the file cannot be written.
    """
    _write(trace, path, format_of(path), retold)


def write_parquet(trace: Trace, path: Path) -> None:
    """Write a whole trace as one Parquet file; raises TraceFileError where it cannot."""
    _write(trace.rows, path, Parquet, lambda: trace.scenario)


def write_json_lines(trace: Trace, path: Path) -> None:
    """Write a whole trace as JSON Lines; raises TraceFileError where it cannot."""
    _write(trace.rows, path, JsonLines, lambda: None)


def _write(events: Iterable[Row], path: Path, form: Callable[[Path], Writer], retold: Retold) -> None:
    left = iter(events)
    with streamed(path, form, retold) as stream:
        while some := Batch.of(islice(left, BATCH)):
            stream.write(some)
            stream.complain()
