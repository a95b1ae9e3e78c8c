"""Traces in files: Parquet for tables, JSON Lines for eyes and other programs.

Both hold the columns of the contract; the words that repeat are dictionary-encoded in Parquet.
"""

import json
from dataclasses import asdict
from pathlib import Path

from mailsim.trace.event import Event, Trace
from mailsim.trace.frame import CATEGORIES


def write_parquet(trace: Trace, path: Path) -> None:
    """Write the trace as one Parquet file (zstd); an existing file is replaced."""
    import pyarrow as pa  # noqa: PLC0415 - heavy: loads only where a file is written
    import pyarrow.parquet as pq  # noqa: PLC0415

    words = pa.dictionary(pa.int32(), pa.string())
    types = {name: words if name in CATEGORIES else pa.string() for name in Event.__dataclass_fields__}
    types |= {"serial": pa.int64(), "size": pa.int64(), "time": pa.timestamp("us", tz="UTC")}
    columns = {name: [getattr(event, name) for event in trace] for name in types}
    columns["step"] = [step.value for step in columns["step"]]
    pq.write_table(pa.table(columns, schema=pa.schema(types)), path, compression="zstd")


def write_json_lines(trace: Trace, path: Path) -> None:
    """Write one JSON object an event, `time` in ISO 8601, `detail` as an object; an existing file is replaced."""
    with path.open("w", encoding="utf-8") as file:
        for event in trace:
            row = asdict(event) | {"time": event.time.isoformat(), "detail": json.loads(event.detail)}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
