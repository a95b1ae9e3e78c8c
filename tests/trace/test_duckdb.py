"""DuckDB asks the same Parquet file, without mailsim: the same totals as pandas, and the same story."""

import duckdb
import pandas as pd
import pytest

import mailsim
from mailsim.trace.recorded import RecordedTrace

SCENARIO = {
    "mailbox": {
        "type": "catch-all",
        "default_sender": "matters@abc.com",
        "fallback_address": "help@elsewhere.example",
    },
    "action": [{"id": 1234}, {"id": 5}],
    "provider": {"profile": "gmail"},
    "correspondent": [{"address": "jane@client.example", "delay": "2h"}],
}


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> RecordedTrace:
    """A run of two letters, written as it happened."""
    path = tmp_path_factory.mktemp("run") / "trace.parquet"
    with mailsim.Simulation(SCENARIO, out=path) as world:
        for action in (1234, 5):
            world.send(from_action=action, to="jane@client.example")
        world.settle()
        world.collect()
    return mailsim.read_trace(path)


def test_totals_are_those_of_pandas(trace: RecordedTrace) -> None:
    """By words that repeat, and of numbers and times."""
    grouped = (
        trace.frame()
        .groupby(["step", "place", "outcome"], observed=True)
        .agg(events=("serial", "size"), octets=("size", "sum"), last=("time", "max"))
    )
    found = duckdb.execute(
        "select step, place, outcome, count(*) as events, sum(size)::bigint as octets, max(time) as last "
        "from read_parquet(?) group by all order by all",
        [str(trace.path)],
    ).df()

    expected = grouped.reset_index().astype({"step": "str", "place": "str", "outcome": "str"})
    expected = expected.sort_values(["step", "place", "outcome"], ignore_index=True)
    pd.testing.assert_frame_equal(found.astype(expected.dtypes), expected)


def test_a_story_is_that_of_the_trace(trace: RecordedTrace) -> None:
    """By the id of one message, and what is inside its details."""
    [name] = duckdb.execute(
        "select distinct message_id from read_parquet(?) where step = 'decided' and (detail ->> 'meant_for') = 'action:5'",
        [str(trace.path)],
    ).fetchone() or [""]
    rows = duckdb.execute(
        "select serial, step from read_parquet(?) where trace_id in "
        "(select trace_id from read_parquet(?) where message_id = ?) order by serial",
        [str(trace.path), str(trace.path), name],
    ).fetchall()

    assert len(rows) > 10
    assert rows == [(event.serial, event.step.value) for event in trace.story(name)]
