"""Questions about runs of several practices: whose mail went astray is known of all, the hops are tried for the first alone."""

from pathlib import Path
from typing import Any

import pytest

import mailsim
from mailsim.study.diagnosis.shrink import ShrinkError
from mailsim.study.diagnosis.why import WhyError
from mailsim.study.journey.inquiry import scenario_again
from mailsim.study.shrinking.scenario import shrink_scenario
from mailsim.study.shrinking.scenario_files import feature
from mailsim.trace import Trace

SCENARIOS = Path(__file__).parents[2] / "fixtures" / "scenarios"


def _practice(address: str, action: int, policy: str) -> dict[str, Any]:
    return {
        "mailbox": {
            "type": "catch-all",
            "default_sender": address,
            "fallback_address": "help@elsewhere.example",
        },
        "action": [{"id": action}],
        "provider": {"sender_policy": policy},
    }


def tables(first: str, other: str) -> dict[str, Any]:
    """Each practice writes to Jane, who answers, and collects; `first` and `other` are their providers' ways with senders."""
    return _practice("matters@abc.com", 1234, first) | {
        "practice": [_practice("office@xyz.example", 7, other)],
        "correspondent": [{"address": "jane@client.example"}],
        "event": [
            {"send": {"from_action": 7, "to": "jane@client.example"}, "practice": "xyz.example"},
            {"send": {"from_action": 1234, "to": "jane@client.example"}},
            {"at": "1h", "collect": {}},
            {"collect": {}, "practice": "xyz.example"},
        ],
    }


def ran(first: str, other: str) -> Trace:
    """The trace of these."""
    with mailsim.Simulation(tables(first, other)) as world:
        world.run()
    return world.trace


def test_the_story_of_another_practice_s_answer_says_what_it_does_not_prove() -> None:
    """That it did not reach its action, which hop may be to blame, and how to have that proved."""
    told = ran("accept", "rewrite").why()

    assert (told.meant_for, told.as_meant) == (("xyz.example/action:7",), False)
    assert [(loss.cause, loss.place, loss.proof) for loss in told.losses] == [
        ("sender-rewritten", "smtp.xyz.example", "")
    ]
    assert told.unproved.startswith("it is mail of xyz.example, and hops are tried for a scenario's first")
    assert told.explanation is None


def test_the_first_practice_s_answer_is_explained_with_proof() -> None:
    """However many others there are."""
    told = ran("rewrite", "accept").why()

    assert (told.meant_for, told.unproved) == (("action:1234",), "")
    assert [(loss.cause, bool(loss.proof)) for loss in told.losses] == [("sender-rewritten", True)]


def test_what_was_expected_may_be_another_practice_s() -> None:
    """A target behind its domain; words that are none are refused as ever."""
    trace = ran("accept", "accept")
    row = trace.messages().query("meant_for == 'xyz.example/action:7'").index[0]

    assert trace.why(int(row), expect="xyz.example/action:7").as_meant
    assert not trace.why(int(row), expect="action:7").as_meant
    with pytest.raises(WhyError, match=r"xyz\.example/nobody"):
        trace.why(int(row), expect="xyz.example/nobody")


def test_a_letter_that_another_practice_got_did_not_go_astray() -> None:
    """Its addresses are inside for them: one whose single mailbox takes all is for nobody of its targets."""
    found = mailsim.load_scenario(SCENARIOS / "two_practices.toml")

    with pytest.raises(ShrinkError, match="nothing is wrong with this run"):
        shrink_scenario(found)


def test_a_scenario_is_made_small_for_another_practice_s_misrouted_answer() -> None:
    """The first practice's mail goes; the specification names the target as steps do."""
    found = shrink_scenario(tables("accept", "rewrite"), keep=True)

    assert "for xyz.example/action:7 went astray: unassigned (sender-rewritten)" in found.finding.words
    events = scenario_again(found.tables).events
    assert {event.practice for event in events} == {"xyz.example"}
    assert "Then action 7 of xyz.example holds 1 copy" in feature(found)


def test_a_run_of_several_practices_is_played_again_elsewhere() -> None:
    """The other provider is the first practice's."""
    rows = ran("rewrite", "rewrite").replay(provider="postfix")

    assert list(rows[rows["changed"]]["meant_for"]) == ["action:1234"]
