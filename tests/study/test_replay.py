"""A trace played again: unchanged under its own settings, and as the other settings would have it under others (R6.4)."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import mailsim
from mailsim.practice.faults import SiteError
from mailsim.provider.profiles import UnknownProfile
from mailsim.study.replay import ReplayError
from mailsim.trace import Trace
from mailsim.world.scenario import read_scenario

SCENARIOS = sorted((Path(__file__).parents[2] / "fixtures" / "scenarios").glob("*.toml"))
SCENARIO: dict[str, object] = {
    "mailbox": {
        "type": "catch-all",
        "default_sender": "matters@abc.com",
        "fallback_address": "help@elsewhere.example",
    },
    "pop": {"server": "ssl://pop.gmail.com:995", "username": "matters@abc.com", "password": "hunter2"},
    "action": [{"id": 1234, "name": "Smith v Jones"}],
    "provider": {"profile": "gmail"},
    "correspondent": [{"address": "jane@client.example", "delay": "2h"}],
}
RAW = b"From: peter@shop.example\r\nTo: a1234@abc.com\r\nSubject: \xff\r\n\r\nHello\r\n"


def story(world: "mailsim.Simulation | mailsim.Lab") -> None:
    """A letter and its answer, a raw message, one to nobody; collected twice."""
    world.send(from_action=1234, to="jane@client.example", subject="Draft", size="40 KB")
    world.receive(to="a1234@abc.com", from_address="peter@shop.example", octets=RAW)
    world.collect()
    world.receive(to="a9@abc.com", from_address="peter@shop.example", subject="Offer")
    world.settle()
    world.collect()


@pytest.fixture(scope="module", params=["memory", "wire"])
def trace(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> "mailsim.trace.recorded.RecordedTrace":
    """Of the story in either world, as read from a file."""
    with (mailsim.Simulation if request.param == "memory" else mailsim.Lab)(SCENARIO) as world:
        story(world)
        path = tmp_path_factory.mktemp("trace") / "trace.parquet"
        world.trace.write(path)
    return mailsim.read_trace(path)


def test_under_its_own_settings_nothing_changes(trace: Trace) -> None:
    """Every message is found again, whatever world it was recorded in."""
    rows = trace.replay()

    assert len(rows) == len(trace.messages()) == 4
    assert not rows["changed"].any()
    assert list(rows["outcome_before"]) == list(trace.messages()["outcome"])


def test_another_provider(trace: Trace) -> None:
    """One that takes any sender brings the answer home; nothing else changes."""
    rows = trace.replay(provider="postfix")

    [changed] = rows[rows["changed"]].to_dict("records")
    assert (changed["outcome_before"], changed["reason_before"]) == ("unassigned", "sender-rewritten")
    assert (changed["outcome_after"], changed["targets_after"]) == ("delivered", "action:1234")
    assert (changed["misrouted_before"], changed["misrouted_after"]) == (True, False)


def test_a_provider_that_refuses(trace: Trace) -> None:
    """The letter is refused, so there is no answer to lose; with no catch-all mailbox the other mail bounces."""
    rows = trace.replay(provider="m365").set_index("origin")

    assert rows.loc["action:1234", "outcome_after"] == "refused"
    assert rows.loc["jane@client.example", "outcome_after"] == "not written"
    assert set(rows.loc[["peter@shop.example"], "outcome_after"]) == {"bounced"}


@pytest.mark.parametrize("given", [Path, str])
def test_another_site(trace: Trace, tmp_path: Path, given: Callable[[Path], str | Path]) -> None:
    """Its settings and its directory are taken whole."""
    path = tmp_path / "site.toml"
    path.write_text(
        '[mailbox]\ntype = "catch-all"\ndefault_sender = "matters@abc.com"\nfallback_address = "help@elsewhere.example"\n'
        '[routing]\naction_address_in = "reply-to"\n[[action]]\nid = 1234\n[[action]]\nid = 9\n'
    )
    rows = trace.replay(site=given(path)).query("changed")

    assert sorted(rows["targets_after"]) == ["action:1234", "action:9"]


def test_secrets_are_not_recorded(trace: "mailsim.trace.recorded.RecordedTrace") -> None:
    """Nor does playing it again need them (R1.11)."""
    assert b"hunter2" not in trace.path.read_bytes()


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_scenario_files_can_be_played_again(path: Path, tmp_path: Path) -> None:
    """With their message files, from the trace alone; the trace streams to its file as it is made."""
    with mailsim.Simulation(path, out=tmp_path / "trace.parquet") as world:
        world.run()

    assert not mailsim.read_trace(tmp_path / "trace.parquet").replay()["changed"].any()


def test_what_is_told_is_a_scenario() -> None:
    """It may be written to a file and changed by hand."""
    with mailsim.Simulation(SCENARIO) as world:
        story(world)
    scenario = read_scenario(dict(world.trace.scenario or {}))

    assert [event.at for event in scenario.events] == [0, 0, 0, 0, 7200]
    assert scenario.events[0].send is not None
    assert scenario.events[0].send.size == 40 * 1024


def test_a_trace_that_cannot_be_played(tmp_path: Path) -> None:
    """It is of JSON Lines, or somebody answered by hand; the message says what to take instead."""
    with mailsim.Simulation(SCENARIO) as world:
        sent = world.send(from_action=1234, to="jane@client.example")
        world.trace.write(tmp_path / "trace.jsonl")
        world.reply(sent.message_id)
    for trace in (world.trace, mailsim.read_trace(tmp_path / "trace.jsonl"), Trace()):
        with pytest.raises(ReplayError, match="holds no scenario that plays it again; take a Parquet trace"):
            trace.replay()


def test_too_many_orders_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory does not grow with a run that Python drives."""
    monkeypatch.setattr("mailsim.world.retelling.MOST_ORDERS", 2)
    with mailsim.Simulation(SCENARIO) as world:
        world.collect()
        world.collect()
        assert world.trace.scenario is not None
        world.collect()
        world.collect()
        assert world.trace.scenario is None


def test_wrong_arguments(trace: Trace) -> None:
    """A provider that there is not, and a site file that cannot be read."""
    with pytest.raises(UnknownProfile):
        trace.replay(provider="gmial")
    with pytest.raises(SiteError, match="cannot be read"):
        trace.replay(site="nowhere.toml")


def test_the_frame_is_typed(trace: Trace) -> None:
    """Words are words and answers yes or no, also where a side is missing."""
    kinds = trace.replay(provider="m365").dtypes

    assert kinds["misrouted_after"] == kinds["changed"] == pd.Series([True]).dtype
    assert not trace.replay(provider="m365").isna().any().any()
