"""Exports, each read by a reader of its format that is not ours: pandas, protobuf with OpenTelemetry's schema, JSON."""

import csv
import json
import re
from datetime import UTC, timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import pytest
from google.protobuf.json_format import Parse
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

import mailsim
from mailsim.trace import Trace
from mailsim.trace.files import FORMATS, TraceFileError

from .test_files import ONE

HOSTILE = "<script>\"\r\n\u2028,;\t'=1+1"


@pytest.fixture(scope="module")
def trace() -> Trace:
    """A letter and its answer, and hostile words."""
    scenario: dict[str, object] = {
        "mailbox": {
            "type": "catch-all",
            "default_sender": "matters@abc.com",
            "fallback_address": "help@elsewhere.example",
        },
        "action": [{"id": 1234}],
        "provider": {"profile": "gmail"},
        "correspondent": [{"address": "jane@client.example", "delay": "2h"}],
    }
    with mailsim.Simulation(scenario) as world:
        world.send(from_action=1234, to="jane@client.example")
        world.send(from_action=1234, to="jane@client.example")
        world.settle()
        world.collect()
    last = world.trace[-1]._replace(
        serial=len(world.trace),
        trace_id=HOSTILE,
        reason=HOSTILE,
        detail=json.dumps({"a": HOSTILE}, ensure_ascii=False),
    )
    return Trace([*world.trace, last])


def test_pandas_reads_the_csv(trace: Trace, tmp_path: Path) -> None:
    """The same table as the frame."""
    trace.write(tmp_path / "trace.csv")

    read = pd.read_csv(tmp_path / "trace.csv", keep_default_na=False, dtype=str)
    frame = trace.frame()
    assert list(read.columns) == list(frame.columns)
    for name in ("serial", "trace_id", "message_id", "step", "size", "reason", "detail"):
        assert list(read[name]) == list(frame[name].astype(str)), name
    assert list(pd.to_datetime(read["time"], format="ISO8601")) == list(frame["time"])


FORMULAS = ["=1+1@x.example", "+1@x", "-1@x", "@SUM(1)", "\tx", "\r=1", "\n=1", "＝1", "'=1", "'", ""]  # noqa: RUF001 - the wide forms are what is tested


@given(st.sampled_from(FORMULAS) | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_no_cell_of_the_csv_is_a_formula(text: str) -> None:
    """No text from mail is obeyed by a spreadsheet, and each is what it was once a leading apostrophe is taken away."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "trace.csv"
        Trace([ONE[0]._replace(sender=text, message_id=text)]).write(path)
        with path.open(encoding="utf-8", newline="") as file:
            [row] = csv.DictReader(file)

    for cell in (row["sender"], row["message_id"]):
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))  # noqa: RUF001 - the wide forms are what is tested
        assert cell.removeprefix("'") == text


def spans(path: Path) -> list[Any]:
    """What OpenTelemetry's own schema makes of the file; an unknown or mistyped field raises."""
    return [
        span
        for line in path.read_text("utf-8").split("\n")[:-1]
        for resource in Parse(line, TracesData()).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


def test_opentelemetry_takes_the_spans(trace: Trace, tmp_path: Path) -> None:
    """One a hop; those of a conversation follow each other, each the child of the one before."""
    trace.write(tmp_path / "trace.otlp.jsonl")

    found = spans(tmp_path / "trace.otlp.jsonl")
    assert len(found) == len(trace)
    story = trace.story("t000001")
    own = [
        span
        for span in found
        if {a.key: a.value.string_value for a in span.attributes}["mailsim.conversation"] == "t000001"
    ]
    assert [span.name for span in own] == [event.step for event in story]
    assert (
        own[0].start_time_unix_nano
        == int(story[0].time.timestamp()) * 10**9 + story[0].time.microsecond * 1000
    )
    assert own[0].parent_span_id == b""
    assert len({span.trace_id for span in own}) == 1
    assert len({span.span_id for span in found}) == len(found)
    for before, after in pairwise(own):
        assert before.end_time_unix_nano == after.start_time_unix_nano
        assert after.parent_span_id == before.span_id


def test_ids_of_spans_are_hexadecimal(trace: Trace, tmp_path: Path) -> None:
    """As OTLP's JSON has them, other than protobuf's own, which would be base64: 16 octets and 8."""
    trace.write(tmp_path / "trace.otlp.jsonl")

    ids = re.findall(
        r'"(traceId|spanId|parentSpanId)": "(.*?)"', (tmp_path / "trace.otlp.jsonl").read_text("utf-8")
    )
    assert {name for name, _ in ids} == {"traceId", "spanId", "parentSpanId"}
    for name, value in ids:
        assert re.fullmatch("[0-9a-f]{32}" if name == "traceId" else "[0-9a-f]{16}", value)


def test_chrome_trace_events(trace: Trace, tmp_path: Path) -> None:
    """Complete events in microseconds, one thread a conversation with its name, none overlapping another in its thread."""
    trace.write(tmp_path / "trace.chrome.json")

    document = json.loads((tmp_path / "trace.chrome.json").read_text("utf-8"))
    hops = [event for event in document["traceEvents"] if event["ph"] == "X"]
    names = {e["tid"]: e["args"]["name"] for e in document["traceEvents"] if e["name"] == "thread_name"}
    assert len(hops) == len(trace)
    assert set(names.values()) == {event.trace_id or "no message" for event in trace}
    own = [hop for hop in hops if names[hop["tid"]] == "t000001"]
    assert [hop["cat"] for hop in own] == [event.step for event in trace.story("t000001")]
    for before, after in pairwise(own):
        assert before["ts"] + before["dur"] == after["ts"]
    assert own[0]["ts"] == trace[0].time.replace(tzinfo=UTC).timestamp() * 1e6
    assert own[-1]["dur"] == 1
    assert min(hop["dur"] for hop in hops) == 1
    for hop, event in zip(own, trace.story("t000001"), strict=True):
        assert 0 <= hop["ts"] - event.time.timestamp() * 1e6 < len(own)


@pytest.mark.parametrize("ending", FORMATS)
def test_an_empty_trace_and_batches(tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing written is a file too, and batches change nothing but where lines of spans end."""
    Trace().write(tmp_path / f"none{ending}")
    many = Trace(
        [ONE[0]._replace(serial=n, trace_id=f"t{n % 2}", time=ONE[0].time + timedelta(n)) for n in range(7)]
    )
    many.write(tmp_path / f"whole{ending}")
    monkeypatch.setattr("mailsim.trace.files.BATCH", 3)
    many.write(tmp_path / f"parts{ending}")

    assert (tmp_path / f"none{ending}").exists()
    whole, parts = (tmp_path / f"{name}{ending}" for name in ("whole", "parts"))
    if ending == ".parquet":
        assert list(mailsim.read_trace(whole)) == list(mailsim.read_trace(parts)) == list(many)
    elif ending == ".otlp.jsonl":
        assert spans(whole) == spans(parts)
    else:
        assert whole.read_bytes() == parts.read_bytes()


def test_what_is_read_can_be_written_again(trace: Trace, tmp_path: Path) -> None:
    """From one format to the other."""
    trace.write(tmp_path / "a.parquet")
    mailsim.read_trace(tmp_path / "a.parquet").write(tmp_path / "b.jsonl")

    assert list(mailsim.read_trace(tmp_path / "b.jsonl")) == list(trace)


def test_files_that_cannot_be(tmp_path: Path) -> None:
    """A name that says no format, and a folder that there is not: the value, what is allowed, what to do."""
    with pytest.raises(
        TraceFileError, match=r"trace.txt: no file for a trace; name one that ends in .parquet or"
    ):
        ONE.write(tmp_path / "trace.txt")
    with pytest.raises(TraceFileError, match="cannot be written: No such file or directory"):
        ONE.write(tmp_path / "no" / "trace.csv")
    assert list(tmp_path.iterdir()) == []
