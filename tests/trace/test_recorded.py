"""Traces read from files: what was written is read, and a file that is no trace is told in one line."""

import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings

import mailsim
from mailsim.trace import Event, Step, Trace
from mailsim.trace.arrow import table
from mailsim.trace.files import write_json_lines, write_parquet
from mailsim.trace.recorded import RecordedTrace, TraceError

from .test_files import ONE, TRACES, Write

WRITERS = pytest.mark.parametrize("write", [write_parquet, write_json_lines])


def written(trace: Trace, folder: Path, write: Write) -> RecordedTrace:
    write(trace, folder / "trace")
    return mailsim.read_trace(folder / "trace")


@WRITERS
@given(trace=TRACES)
@settings(deadline=None)
def test_what_is_written_is_read(trace: Trace, write: Write) -> None:
    """Every event, in order, and the same tables, whatever text is in it and whatever the file is called."""
    with TemporaryDirectory() as folder:
        read = written(trace, Path(folder), write)

        assert list(read) == list(trace)
        assert len(read) == len(trace)
        pd.testing.assert_frame_equal(read.frame(), trace.frame())
        pd.testing.assert_frame_equal(read.messages(), trace.messages())
        for name in {"", *(event.trace_id for event in trace), *(event.message_id for event in trace)}:
            assert list(read.story(name)) == list(trace.story(name))


def test_a_story_is_found_in_any_row_group(tmp_path: Path) -> None:
    """Its events stand far apart in a large file."""
    events = [
        Event(
            serial=serial,
            time=ONE[0].time,
            trace_id=f"t{serial % 3}",
            message_id=f"<{serial}>",
            step=Step.STORED,
            place="p",
        )
        for serial in range(9)
    ]
    pq.write_table(table(Trace(events)), tmp_path / "trace.parquet", row_group_size=2)
    read = mailsim.read_trace(tmp_path / "trace.parquet")

    assert [event.serial for event in read.story("t1")] == [1, 4, 7]
    assert [event.serial for event in read.story("<5>")] == [2, 5, 8]
    assert [event.serial for event in read.story("<9>")] == []
    assert repr(read).endswith("trace.parquet', 9 events)")


def test_what_is_not_asked_for_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of events, the first of them and a story are told of a file whose other row groups cannot be read.

    So is a large file's display.
    """
    monkeypatch.setattr("mailsim.trace.recorded._COUNTED", 14_999)
    events = [ONE[0]._replace(serial=n, trace_id=f"t{n // 5000}", message_id=f"<{n}>") for n in range(15_000)]
    path = tmp_path / "trace.parquet"
    pq.write_table(table(Trace(events)), path, row_group_size=5000)
    metadata, octets = pq.read_metadata(path), bytearray(path.read_bytes())
    for column in map(metadata.row_group(2).column, range(metadata.num_columns)):
        begin = column.dictionary_page_offset or column.data_page_offset
        octets[begin : begin + column.total_compressed_size] = bytes(column.total_compressed_size)
    path.write_bytes(octets)
    read = mailsim.read_trace(path)

    assert len(read) == 15_000
    assert next(iter(read)) == events[0]
    assert list(read.story("t1")) == events[5000:10_000]
    assert str(read).endswith("15,000 events; messages() tells what came of them")
    assert "messages() tells what came of them" in read._repr_html_()
    for ask in (read.frame, read.messages, lambda: list(read), lambda: read.story("t2")):
        with pytest.raises(TraceError, match=r"trace.parquet: cannot be read: .*; write it again"):
            ask()


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """The path, why, and what to do."""
    with pytest.raises(
        TraceError, match=r"no\.parquet: cannot be read: No such file or directory; name a trace"
    ):
        mailsim.read_trace(tmp_path / "no.parquet")


def test_a_parquet_file_cut_short(tmp_path: Path) -> None:
    """Such as of a run that was killed."""
    write_parquet(ONE, tmp_path / "trace")
    (tmp_path / "trace").write_bytes((tmp_path / "trace").read_bytes()[:-20])

    with pytest.raises(TraceError, match="is no whole Parquet file"):
        mailsim.read_trace(tmp_path / "trace")


def test_another_table(tmp_path: Path) -> None:
    """The columns that it lacks are named."""
    pq.write_table(table(ONE).drop_columns(["rule", "detail"]), tmp_path / "other.parquet")

    with pytest.raises(TraceError, match="has no column rule, detail"):
        mailsim.read_trace(tmp_path / "other.parquet")


GOOD = {
    **dict.fromkeys(table(ONE).column_names, "x"),
    "serial": 0,
    "size": 1,
    "time": "2026-11-23T09:00:00+00:00",
    "detail": {},
}


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda row: "{", "line 2 is no event"),
        (lambda row: json.dumps([]), "line 2 is no event"),
        (lambda row: json.dumps({**row, "time": "noon"}), "line 2 is no event"),
        (lambda row: json.dumps({**row, "time": 7}), "line 2 is no event"),
        (lambda row: json.dumps({key: row[key] for key in row if key != "rule"}), "line 2 is no event"),
        (lambda row: json.dumps({**row, "size": "big"}), "from line 1 on: a value has another type"),
    ],
)
def test_a_line_that_is_no_event(
    tmp_path: Path, spoil: Callable[[dict[str, object]], str], told: str
) -> None:
    """Its number is said."""
    path = tmp_path / "trace.jsonl"
    path.write_text("\n".join([json.dumps(GOOD), spoil(GOOD), ""]))

    with pytest.raises(TraceError, match=told) as raised:
        mailsim.read_trace(path).frame()
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("ending", [".csv", ".chrome.json", ".otlp.jsonl"])
def test_what_is_written_for_other_tools_is_not_read(tmp_path: Path, ending: str) -> None:
    """Who names such a file is told which to name instead."""
    ONE.write(path := tmp_path / f"trace{ending}")

    with pytest.raises(TraceError) as raised:
        mailsim.read_trace(path).frame()
    told = f"{ending} is written for other tools, and not read; name the run's .parquet or .jsonl"
    assert str(raised.value) == f"{path}: {told}"


def test_what_a_file_holds_counts_not_its_name(tmp_path: Path) -> None:
    """JSON Lines under the name of another format are read."""
    path = tmp_path / "trace.csv"
    path.write_text(json.dumps(GOOD) + "\n")

    assert len(mailsim.read_trace(path)) == 1


def test_empty_lines_are_passed_over(tmp_path: Path) -> None:
    """As an editor may leave one at the end."""
    path = tmp_path / "trace.jsonl"
    path.write_text(json.dumps(GOOD) + "\n\n")

    assert len(mailsim.read_trace(path)) == 1


def test_other_parquet_writers_are_read(tmp_path: Path) -> None:
    """Plain strings where mailsim writes dictionaries."""
    plain = table(ONE)
    plain = plain.cast(
        pa.schema([(f.name, pa.string() if pa.types.is_dictionary(f.type) else f.type) for f in plain.schema])
    )
    pq.write_table(plain, tmp_path / "plain.parquet")

    pd.testing.assert_frame_equal(mailsim.read_trace(tmp_path / "plain.parquet").frame(), ONE.frame())
