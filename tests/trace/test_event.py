"""Events and the trace: append-only, numbered, found again by conversation and by step (R6.1)."""

import gc
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsim.trace import Event, Step, Trace
from mailsim.trace.recorder import BATCH, Recorder
from tests.trace.following import recorder_and_trace

START = datetime(2026, 11, 23, 9, tzinfo=UTC)


class Outcome(StrEnum):
    """An enumeration of some other room."""

    DELIVERED = "delivered"


@pytest.fixture
def trace() -> Trace:
    """Two conversations, interleaved."""
    minutes = iter(range(100))
    recorder, trace = recorder_and_trace(lambda: START + timedelta(minutes=next(minutes)))
    for step, trace_id in [
        (Step.COMPOSED, "t1"),
        (Step.COMPOSED, "t2"),
        (Step.SUBMITTED, "t1"),
        (Step.REFUSED, "t2"),
        (Step.ACCEPTED, "t1"),
    ]:
        recorder.record(step, "practice", trace_id=trace_id, message_id="<1@abc.com>")
    return trace


def serials(events: Sequence[Event]) -> list[int]:
    """Which events these are."""
    return [event.serial for event in events]


def test_events_are_numbered_and_stamped(trace: Trace) -> None:
    """From 0, with the world's time."""
    assert serials(trace) == [0, 1, 2, 3, 4]
    assert [event.time for event in trace] == [START + timedelta(minutes=minute) for minute in range(5)]


def test_a_recorded_event_holds_what_was_said() -> None:
    """Enumerations as plain words, detail as JSON text that keeps its letters."""
    recorder, trace = recorder_and_trace(lambda: START)
    recorder.record(
        Step.DECIDED,
        "practice",
        trace_id="t1",
        message_id="<1@abc.com>",
        peer="p",
        sender="s",
        recipient="r",
        size=5,
        outcome=Outcome.DELIVERED,
        reason=Outcome.DELIVERED,
        rule="R4.5",
        detail={"name": "Jürgen", "targets": ["action:1"]},
    )

    assert trace[0] == Event(
        serial=0,
        time=START,
        trace_id="t1",
        message_id="<1@abc.com>",
        step=Step.DECIDED,
        place="practice",
        peer="p",
        sender="s",
        recipient="r",
        size=5,
        outcome="delivered",
        reason="delivered",
        rule="R4.5",
        detail='{"name": "Jürgen", "targets": ["action:1"]}',
    )
    assert type(trace[0].outcome) is type(trace[0].reason) is str


def test_until_somebody_looks_an_event_is_a_tuple_that_no_garbage_collector_looks_at(trace: Trace) -> None:
    """Plain values alone; who looks is given an event with a step."""
    rows = trace.rows
    gc.collect()

    assert not any(map(gc.is_tracked, rows))
    assert [type(event.step) for event in (trace[0], *trace)] == [Step] * 6


def test_detail_is_json_even_when_there_is_none(trace: Trace) -> None:
    """An empty object."""
    assert [json.loads(event.detail) for event in trace] == [{}] * 5


def test_keepers_are_told_of_every_event_once_in_order_a_batch_at_a_time() -> None:
    """When so many wait, or when somebody asks."""
    told: list[list[int]] = []
    recorder = Recorder(lambda: START, lambda events: told.append([event[0] for event in events]))
    for _ in range(BATCH + 3):
        recorder.record(Step.COMPOSED, "practice", trace_id="t1", message_id="<1@abc.com>")

    assert told == [list(range(BATCH))]
    recorder.hand_out()
    recorder.hand_out()
    assert told[1:] == [[BATCH, BATCH + 1, BATCH + 2]]


@given(st.dictionaries(st.text(), st.one_of(st.text(), st.integers(), st.none(), st.sampled_from(Outcome))))
def test_detail_is_the_json_of_the_standard_library(detail: dict[str, object]) -> None:
    """Whatever the text, and whether or not all of it is text."""
    recorder, trace = recorder_and_trace(lambda: START)
    recorder.record(Step.STORED, "p", trace_id="t1", message_id="<1@abc.com>", detail=detail)

    assert trace[0].detail == json.dumps(detail, ensure_ascii=False)


def test_a_story_is_one_conversation_in_order(trace: Trace) -> None:
    """A trace of its own; empty for an id that there is not."""
    story = trace.story("t1")

    assert isinstance(story, Trace)
    assert serials(story) == [0, 2, 4]
    assert serials(trace.story("t3")) == []


def test_events_are_found_by_step(trace: Trace) -> None:
    """Of any number of steps."""
    assert serials(trace.steps(Step.COMPOSED)) == [0, 1]
    assert serials(trace.steps(Step.REFUSED, Step.ACCEPTED)) == [3, 4]
    assert serials(trace.steps()) == []


def test_a_trace_is_a_sequence(trace: Trace) -> None:
    """Indexed, sliced, counted, searched; a slice is a trace."""
    assert len(trace) == 5
    assert trace[-1].step is Step.ACCEPTED
    assert isinstance(trace[1:3], Trace)
    assert serials(trace[1:3]) == [1, 2]
    assert trace[0] in trace
    assert serials(Trace(list(trace)[:2])) == [0, 1]
    assert repr(trace) == "Trace(5 events, 2 conversations)"


def test_a_trace_shares_no_list_with_its_maker(trace: Trace) -> None:
    """What is added to a story is not in the trace."""
    story = trace.story("t2")
    story.extend([trace[0]])

    assert (len(story), len(trace)) == (3, 5)


def test_a_fact_cannot_be_changed(trace: Trace) -> None:
    """Events are past."""
    with pytest.raises(AttributeError):
        trace[0].size = 7  # type: ignore[misc] # what is tried


def test_a_notebook_shows_the_trace(trace: Trace) -> None:
    """How many of what, and what was lost."""
    html = trace._repr_html_()

    assert "5 events" in html
    assert "2 conversations" in html
    assert "1 refused" in html
