"""Traces in files: read back they are the same; a file is there whole or not at all."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsim.trace import Event, Step, Trace
from mailsim.trace.batch import Batch
from mailsim.trace.columns import CATEGORIES, COLUMNS
from mailsim.trace.files import Parquet, TraceFileError, streamed, write_json_lines, write_parquet

WRITERS = pytest.mark.parametrize("write", [write_parquet, write_json_lines])
Write = Callable[[Trace, Path], None]

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
EVENTS = st.builds(
    Event,
    serial=st.integers(0, 2**62),
    time=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds
    trace_id=TEXT,
    message_id=TEXT,
    step=st.sampled_from(Step),
    place=TEXT,
    peer=TEXT,
    sender=TEXT,
    recipient=TEXT,
    size=st.integers(0, 2**62),
    outcome=TEXT,
    reason=TEXT,
    rule=TEXT,
    detail=st.dictionaries(TEXT, TEXT, max_size=2).map(lambda detail: json.dumps(detail, ensure_ascii=False)),
)
TRACES = st.lists(EVENTS, max_size=5).map(Trace)
ONE = Trace(
    [
        Event(
            serial=0,
            time=datetime(2026, 11, 23, 9, tzinfo=UTC) + timedelta(microseconds=1),
            trace_id="t1",
            message_id="<1@abc.com>",
            step=Step.COMPOSED,
            place="practice",
            detail='{"name": "Jürgen"}',
        )
    ]
)


def event(row: dict[str, object]) -> Event:
    """A row as the event it was."""
    return Event(**row | {"step": Step(str(row["step"]))})  # type: ignore[arg-type] # the columns are the fields


@given(TRACES)
@settings(deadline=None)
def test_parquet_keeps_every_event(trace: Trace) -> None:
    """Whatever text is in it."""
    with TemporaryDirectory() as folder:
        write_parquet(trace, Path(folder) / "trace.parquet")
        rows = pq.read_table(Path(folder) / "trace.parquet").to_pylist()

    assert [event(row) for row in rows] == list(trace)


@given(TRACES)
@settings(deadline=None)
def test_json_lines_keep_every_event(trace: Trace) -> None:
    """One object a line; `detail` is an object too."""
    with TemporaryDirectory() as folder:
        write_json_lines(trace, Path(folder) / "trace.jsonl")
        text = (Path(folder) / "trace.jsonl").read_bytes().decode()

    rows = [json.loads(line) for line in text.split("\n")[:-1]]
    assert [tuple(row) for row in rows] == [COLUMNS] * len(trace)
    assert [
        event(
            row
            | {
                "time": datetime.fromisoformat(row["time"]),
                "detail": json.dumps(row["detail"], ensure_ascii=False),
            }
        )
        for row in rows
    ] == list(trace)


@pytest.mark.parametrize("trace", [ONE, Trace()], ids=["one", "none"])
def test_parquet_has_the_contract_s_types(tmp_path: Path, trace: Trace) -> None:
    """Repeated words dictionary-encoded, time in microseconds UTC; the same for an empty trace."""
    write_parquet(trace, tmp_path / "trace.parquet")
    schema = pq.read_schema(tmp_path / "trace.parquet")

    words = pa.dictionary(pa.int32(), pa.string())
    expected = {name: words if name in CATEGORIES else pa.string() for name in COLUMNS}
    expected |= {"serial": pa.int64(), "size": pa.int64(), "time": pa.timestamp("us", tz="UTC")}
    assert dict(zip(schema.names, schema.types, strict=True)) == expected
    assert tuple(schema.names) == COLUMNS


def test_parquet_is_written_group_by_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three events are a group, however many come at once: the same events make the same file. All are there in order."""
    monkeypatch.setattr("mailsim.trace.files.BATCH", 3)
    path = tmp_path / "trace.parquet"
    rows = [(serial, *ONE.rows[0][1:]) for serial in range(14)]
    with streamed(path, Parquet, lambda: None) as stream:
        for begin, end in ((0, 1), (1, 2), (2, 3), (3, 5), (5, 9), (9, 10), (10, 12), (12, 14)):
            stream.write(Batch.of(rows[begin:end]))
            stream.complain()

    held = pq.read_metadata(path)
    assert [held.row_group(number).num_rows for number in range(held.num_row_groups)] == [3, 3, 3, 3, 2]
    assert pq.read_table(path)["serial"].to_pylist() == list(range(14))


def test_parquet_tells_the_bounds_of_what_is_looked_for(tmp_path: Path) -> None:
    """So that of a long run only those row groups are read that can hold a conversation or a time."""
    path = tmp_path / "trace.parquet"
    write_parquet(ONE, path)

    group = pq.read_metadata(path).row_group(0)
    chunks = [group.column(number) for number in range(group.num_columns)]
    told = {one.path_in_schema for one in chunks if one.statistics and one.statistics.has_min_max}
    assert told >= {"serial", "time", "trace_id", "message_id"}


def test_pandas_reads_parquet_as_the_frame(tmp_path: Path) -> None:
    """The two ways to a table end in the same one, but that pandas alone makes no categories of ids and addresses."""
    import pandas as pd

    write_parquet(ONE, tmp_path / "trace.parquet")

    read = pd.read_parquet(tmp_path / "trace.parquet")
    pd.testing.assert_frame_equal(read, ONE.frame().astype(read.dtypes))


@WRITERS
def test_an_existing_file_is_replaced(tmp_path: Path, write: Write) -> None:
    """By the new one alone; nothing else stays in the folder."""
    path = tmp_path / "trace"
    write(Trace([*ONE, *ONE]), path)
    both = path.read_bytes()
    write(ONE, path)

    assert path.read_bytes() != both
    assert list(tmp_path.iterdir()) == [path]


@WRITERS
def test_a_failure_leaves_the_old_file_and_nothing_half_written(tmp_path: Path, write: Write) -> None:
    """Such as an event that no file can hold."""
    path = tmp_path / "trace"
    write(ONE, path)
    old = path.read_bytes()
    lone = Event(serial=1, time=ONE[0].time, trace_id="\ud800", message_id="", step=Step.COMPOSED, place="p")
    with pytest.raises(ValueError, match="surrogates"):
        write(Trace([*ONE, lone]), path)

    assert path.read_bytes() == old
    assert list(tmp_path.iterdir()) == [path]


@WRITERS
def test_a_place_that_cannot_be_written_is_an_error(tmp_path: Path, write: Write) -> None:
    """A folder that there is not, and a folder in the file's place."""
    with pytest.raises(
        TraceFileError, match="trace: cannot be written: No such file or directory; name another"
    ):
        write(ONE, tmp_path / "nowhere" / "trace")
    with pytest.raises(TraceFileError, match=f"{tmp_path}: cannot be written: Is a directory; name another"):
        write(ONE, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_json_lines_load_no_table_library(tmp_path: Path) -> None:
    """Who writes lines does not wait for pandas or pyarrow."""
    program = (
        "import sys, pathlib; from mailsim.trace import Trace; from mailsim.trace.files import write_json_lines;"
        f"write_json_lines(Trace(), pathlib.Path({str(tmp_path / 'trace.jsonl')!r}));"
        "print({'pandas', 'pyarrow'} & set(sys.modules))"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout == "set()\n"
