"""Traces in files: Parquet for tables, JSON Lines for eyes and other programs.

Both hold the columns of the contract; the words that repeat are dictionary-encoded in Parquet. Events are written in
batches as they come, so that no run is too long for memory. A file is there whole or not at all: one that exists is
replaced when the new one is complete.
"""

import errno
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Protocol

from mailsim.disk import replacing
from mailsim.errors import MailsimError
from mailsim.trace.batch import Batch
from mailsim.trace.columns import add, columns
from mailsim.trace.event import Event, Retold, Row, Trace
from mailsim.trace.exports import ChromeTrace, Csv, OpenTelemetry
from mailsim.trace.recorder import Keeper

BATCH = 50_000
"""Events that wait in memory: at least those of a row group of a Parquet file, and what other formats are given at once."""


class TraceFileError(MailsimError):
    """A file that no trace can be written to."""


class Writer(Protocol):
    """An open file of one format."""

    def write(self, events: Batch) -> None:
        """Add a batch; raises OSError."""

    def close(self) -> None:
        """End the file; raises OSError."""


class Parquet:
    """A Parquet file (zstd), `detail` as JSON text."""

    def __init__(self, path: Path) -> None:
        import pyarrow.parquet as pq  # noqa: PLC0415 - heavy: loads only where a file is written

        from mailsim.trace.arrow import SCENARIO_KEY, SCHEMA, of_columns  # noqa: PLC0415 - as above

        self._table = of_columns
        self._key = SCENARIO_KEY
        self._writer = pq.ParquetWriter(
            path,
            SCHEMA,
            compression="zstd",
            use_dictionary=[name for name in SCHEMA.names if name != "serial"],
            column_encoding={"serial": "DELTA_BINARY_PACKED"},  # no two are equal: a third of the file
            write_statistics=["serial", "time", "trace_id", "message_id"],  # bounds of what is looked for
        )
        self._waiting = columns(())

    def write(self, events: Batch) -> None:
        """Add to the row group under way, and write it when it is full."""
        add(self._waiting, events)
        if len(self._waiting["serial"]) >= BATCH:
            self._add_group()

    def _add_group(self) -> None:
        self._writer.write_table(self._table(self._waiting))
        self._waiting = columns(())

    def finish(self, scenario: Mapping[str, object] | None) -> None:
        """Write the last row group, and note what plays the run again."""
        self._add_group()
        if scenario is not None:
            self._writer.add_key_value_metadata({self._key: json.dumps(scenario)})

    def close(self) -> None:
        """Write what stands at the end."""
        self._writer.close()


class JsonLines:
    """One JSON object an event, `time` in ISO 8601, `detail` as an object."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8", newline="\n")

    def write(self, events: Batch) -> None:
        """Add a line for each."""
        self._file.writelines(map(json_line, map(Event.of, events)))

    def close(self) -> None:
        """Write what is left."""
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


@contextmanager
def streamed(path: Path, form: Callable[[Path], Writer], retold: Retold) -> Iterator[Keeper]:
    """A trace on its way to a file: what takes its events; where the block ends well, the file is there.

    What plays the run again goes along where the format has a place for it: in Parquet's metadata.

    Raises:
        OSError: It cannot be written.
    """
    with replacing(path) as new, closing(_made(form, new, path)) as writer:
        yield writer.write
        if isinstance(writer, Parquet):
            writer.finish(retold())


def write(trace: Iterable[Row], path: Path, retold: Retold) -> None:
    """Write events in the format that the file's name says.

    Raises:
        TraceFileError: It says none, or the file cannot be written.
    """
    form = format_of(path)
    try:
        _write(trace, path, form, retold)
    except OSError as error:
        raise TraceFileError(
            f"{path}: cannot be written: {error.strerror or error}; name another file"
        ) from None


def _made(form: Callable[[Path], Writer], new: Path, path: Path) -> Writer:
    """The writer; its error bears the name that was given, not that of the file beside it."""
    try:
        return form(new)
    except OSError as error:
        number = error.errno or errno.EIO
        raise OSError(number, os.strerror(number), str(path)) from None


def write_parquet(trace: Trace, path: Path) -> None:
    """Write a whole trace as one Parquet file; raises OSError where it cannot."""
    _write(trace.rows, path, Parquet, lambda: trace.scenario)


def write_json_lines(trace: Trace, path: Path) -> None:
    """Write a whole trace as JSON Lines; raises OSError where it cannot."""
    _write(trace.rows, path, JsonLines, lambda: None)


def _write(events: Iterable[Row], path: Path, form: Callable[[Path], Writer], retold: Retold) -> None:
    left = iter(events)
    with streamed(path, form, retold) as extend:
        while some := Batch.of(islice(left, BATCH)):
            extend(some)
