"""Traces in files: Parquet for tables, JSON Lines for eyes and other programs.

Both hold the columns of the contract; the words that repeat are dictionary-encoded in Parquet. A file
is there whole or not at all: one that exists is replaced when the new one is complete.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mailsim.trace.columns import CATEGORIES, COLUMNS, columns
from mailsim.trace.event import Trace


def write_parquet(trace: Trace, path: Path) -> None:
    """Write the trace as one Parquet file (zstd), `detail` as JSON text; raises OSError where it cannot."""
    import pyarrow as pa  # noqa: PLC0415 - heavy: loads only where a file is written
    import pyarrow.parquet as pq  # noqa: PLC0415 - heavy: loads only where a file is written

    words = pa.dictionary(pa.int32(), pa.string())
    types = {name: words if name in CATEGORIES else pa.string() for name in COLUMNS}
    types |= {"serial": pa.int64(), "size": pa.int64(), "time": pa.timestamp("us", tz="UTC")}
    with _replacing(path) as new:
        pq.write_table(pa.table(columns(trace), schema=pa.schema(types)), new, compression="zstd")


def write_json_lines(trace: Trace, path: Path) -> None:
    """Write one JSON object an event, `time` in ISO 8601, `detail` as an object; raises OSError where it cannot."""
    with _replacing(path) as new, new.open("w", encoding="utf-8", newline="\n") as file:
        for event in trace:
            row = {name: getattr(event, name) for name in COLUMNS}
            row |= {"time": event.time.isoformat(), "detail": json.loads(event.detail)}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """A new file beside `path`, put in its place at the end; gone when the writing fails."""
    new = path.with_name(f".{path.name}.new")
    try:
        yield new
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
