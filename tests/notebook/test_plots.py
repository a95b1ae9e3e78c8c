"""Figures hold the numbers of what they are made from, whatever its size."""

from dataclasses import asdict

import pandas as pd
import pytest

import mailsim
from mailsim.notebook.plots import arrivals, latency, misroute_share, outcome_flow
from mailsim.study.matrix import matrix
from mailsim.trace import Step, Trace
from mailsim.trace.pictures import COLOURS
from tests.trace.test_files import ONE

OUTCOMES = list(COLOURS)


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
    assert {"actions 3", "people outside 3", "stored 3", "delivered 3", "action-address 3"} <= set(
        sankey.node.label
    )


def test_a_flow_of_many_reasons_is_bounded() -> None:
    """What servers say, each time with another address, is one reason by its codes; of other words nine are shown."""
    refused = [f"550 5.7.1 {n}@abc.com may not send" for n in range(20)]
    events = [
        ONE[0]._replace(serial=n, message_id=f"<{n}>", step=Step.REFUSED, reason=reason)
        for n, reason in enumerate([*refused, *(f"word{n}" for n in range(20))])
    ]
    [sankey] = outcome_flow(Trace(events).messages()).data

    assert "550 5.7.1 20" in sankey.node.label
    assert "others 12" in sankey.node.label
    assert len(sankey.node.label) == 2 + 10


def test_outcomes_are_told_apart_by_more_than_colour(messages: pd.DataFrame) -> None:
    """Each curve has a dash of its own, each bar a pattern."""
    every = pd.concat(
        [messages.assign(outcome=pd.Categorical([name] * len(messages))) for name in OUTCOMES]
    ).astype({"outcome": "category"})
    curves, bars = latency(every.reset_index(drop=True)).data, arrivals(every).data

    assert (
        len({curve.line.dash for curve in curves})
        == len({curve.line.color for curve in curves})
        == len(OUTCOMES)
    )
    assert len({bar.marker.pattern.shape for bar in bars}) == len(OUTCOMES)


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


def test_an_axis_of_a_few_hours_names_several(messages: pd.DataFrame) -> None:
    """Its reader can tell five hours from seven; an axis of months names no more than it has room for."""

    def named(*hours: float) -> list[str]:
        times = pd.Series(pd.to_timedelta([0.5, *hours], unit="h"))
        layout = latency(messages[: len(times)].assign(latency=times)).layout.xaxis
        seconds = times.dt.total_seconds()
        ticks = zip(layout.tickvals, layout.ticktext, strict=True)
        return [name for tick, name in ticks if seconds.min() <= tick <= seconds.max()]

    assert named(9) == ["1 h", "2 h", "5 h"]
    assert named(90) == ["1 h", "2 h", "5 h", "10 h", "1 d", "2 d"]  # three of the usual ones
    assert named(2400) == ["1 h", "10 h", "1 d", "10 d", "100 d"]


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
