"""Figures hold the numbers of what they are made from, whatever its size."""

from dataclasses import asdict

import pandas as pd
import pytest

import mailsim
from mailsim.notebook.plots import arrivals, latency, misroute_share, outcome_flow
from mailsim.study.matrix import matrix
from mailsim.trace import Trace


@pytest.fixture(scope="module")
def messages() -> pd.DataFrame:
    """Three letters an hour after each other, and their answers two hours later."""
    hours: list[dict[str, object]] = [
        {"at": f"{hour}h", "send": {"from_action": 1234, "to": ["jane@client.example"]}} for hour in range(3)
    ]
    scenario: dict[str, object] = {
        "mailbox": {
            "type": "catch-all",
            "default_sender": "matters@abc.com",
            "fallback_address": "help@elsewhere.example",
        },
        "action": [{"id": 1234}],
        "provider": {"profile": "postfix"},
        "correspondent": [{"address": "jane@client.example", "delay": "2h"}],
        "event": [*hours, {"at": "9h", "collect": {}}],
    }
    with mailsim.Simulation(scenario) as world:
        world.run()
    return world.trace.messages()


def test_the_flow_has_every_message_in_each_of_its_two_steps(messages: pd.DataFrame) -> None:
    """Its stations are kinds of origin, outcomes and reasons."""
    [sankey] = outcome_flow(messages).data

    assert sum(sankey.link.value) == 2 * len(messages) == 12
    assert {"actions", "outside", "stored", "delivered", "action-address"} <= set(sankey.node.label)


def test_arrivals_are_counted_by_hour(messages: pd.DataFrame) -> None:
    """Letters in the first three hours, answers two later."""
    bars = {bar.name: list(bar.y) for bar in arrivals(messages).data}

    assert bars == {"stored": [1, 1, 1], "delivered": [1, 1, 1]}
    assert [list(bar.y) for bar in arrivals(messages, every="1D").data] == [[3], [3]]


def test_latency_rises_to_all(messages: pd.DataFrame) -> None:
    """The answers lay in the mailbox until the ninth hour."""
    curves = {curve.name: curve for curve in latency(messages).data}

    assert list(curves["delivered"].x) == [5 * 3600, 6 * 3600, 7 * 3600]
    assert curves["delivered"].y[-1] == 1


def test_a_large_figure_stays_small(messages: pd.DataFrame) -> None:
    """Of a curve five hundred points are drawn."""
    many = pd.concat([messages] * 2000, ignore_index=True)

    assert max(len(curve.x) for curve in latency(many).data) == 500


def test_the_share_of_answers_lost() -> None:
    """As the matrix has it; unknown providers are left out."""
    rows = pd.DataFrame(
        map(asdict, matrix(world=mailsim.Simulation, providers=["gmail", "postfix", "comcast"]))
    )
    [heat] = misroute_share(rows).data
    shares = {name: dict(zip(heat.x, row, strict=True)) for name, row in zip(heat.y, heat.z, strict=True)}

    assert set(shares) == {"gmail", "postfix"}
    assert shares["gmail"] == {"both": 0.5, "from": 1.0, "reply-to": 0.5}
    assert shares["postfix"]["from"] == 0


def test_nothing_is_a_figure_too() -> None:
    """Of a trace without messages."""
    empty = Trace().messages()

    for draw in (outcome_flow, latency, arrivals):
        assert draw(empty).layout.title.text
