"""What begins and ends to go wrong while time passes, in both worlds: by events of a scenario, and in Python."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from mailsim.faults.syntax import FaultError
from mailsim.study.journey.excerpt import excerpt
from mailsim.study.scenario_file import scenario_text
from mailsim.study.shrinking.scenario import shrink_scenario
from mailsim.trace.event import Step
from mailsim.world.expectation import ExpectationError
from mailsim.world.lab import Lab
from mailsim.world.scenario import ScenarioError, load_scenario, read_scenario
from mailsim.world.simulation import Simulation

NOT_YET = "mx:RCPT:every:reply 451 4.7.1 not yet"
OUTSIDE = "mx.client.example"
TABLES: dict[str, Any] = {
    "mailbox": {
        "type": "catch-all",
        "default_sender": "matters@abc.com",
        "fallback_address": "help@elsewhere.example",
    },
    "action": [{"id": 1234}],
    "correspondent": [{"address": "jane@client.example"}],
}
LETTER = {"from_action": 1234, "to": "jane@client.example"}
worlds = pytest.mark.parametrize("kind", [Simulation, Lab])


def playing(*events: Mapping[str, object], **more: object) -> dict[str, Any]:
    """The scenario with these events."""
    return TABLES | more | {"event": list(events)}


@worlds
def test_the_provider_puts_off_for_an_hour(kind: type[Simulation | Lab]) -> None:
    """The answer comes in when that has ended; nothing else was put off, and a later one comes at once."""
    tables = playing(
        {"send": LETTER},
        {"at": "1h", "remove_fault": {"fault": NOT_YET}},
        {"at": "9h", "send": LETTER},
        {"collect": {}},
        provider={"faults": [NOT_YET]},
        expect={"delivered": {"action:1234": 2}},
    )
    with kind(tables) as world:
        world.run()
        put_off = [event.time - world.scenario.tables.start for event in world.trace.steps(Step.DEFERRED)]
        again: Any = world.trace.scenario

    assert put_off
    assert max(put_off).total_seconds() < 3600
    assert again is not None
    assert [next(iter(event.keys() - {"at"})) for event in again["event"]] == [
        "send", "remove_fault", "send", "collect",
    ]  # fmt: skip
    read_scenario(again)


@worlds
def test_a_server_outside_fails_from_some_time_on(kind: type[Simulation | Lab]) -> None:
    """What went there before has arrived, what goes there later comes back."""
    broken = {"fault": "mx:RCPT:every:reply 550 5.7.1 no", "server": OUTSIDE}
    tables = playing({"send": LETTER}, {"at": "1h", "add_fault": broken}, {"send": LETTER})
    with kind(tables) as world:
        world.run()
        steps = [event.step for event in world.trace.steps(Step.REPLIED, Step.BOUNCED)]
        world.remove_fault(broken["fault"], server=OUTSIDE)
        world.send(**LETTER)  # type: ignore[arg-type] # from tables
        world.settle()

    assert steps == [Step.REPLIED, Step.BOUNCED]
    assert len(world.trace.steps(Step.REPLIED)) == 2


def test_what_strikes_by_chance_stays_the_same_when_another_fault_ends() -> None:
    """It is drawn from its place among the faults, which it keeps."""
    often = "mx:RCPT:p=0.5:reply 451 4.3.0 often"

    def struck(*, ends: bool) -> list[str]:
        with Simulation(TABLES | {"seed": 5, "provider": {"faults": ["mx:MAIL:9999:drop", often]}}) as world:
            if ends:
                world.remove_fault("mx:MAIL:9999:drop")
            for _ in range(9):
                world.receive(to="a1234@abc.com", from_address="jane@client.example")
            world.settle()
            return [f"{event.time}" for event in world.trace.steps(Step.DEFERRED)]

    assert struck(ends=True) == struck(ends=False) != []


@pytest.mark.parametrize(
    ("event", "key", "told"),
    [
        ({"remove_fault": {"fault": NOT_YET}}, "event[0].remove_fault.fault", "does not go wrong there at that time"),
        ({"add_fault": {"fault": "mx:RCPT:1:fly"}}, "event[0].add_fault", "'fly' is no fault"),
        ({"add_fault": {"fault": "pop:CONNECT:1:expired-certificate"}}, "event[0].add_fault", "in the scenario's faults"),
        ({"add_fault": {"fault": "pop:RETR:1:drop", "server": OUTSIDE}}, "event[0].add_fault", "write one of mx"),
        (
            {"add_fault": {"fault": "mx:RCPT:1:drop", "server": "mx.nowhere.example"}},
            "event[0].add_fault.server",
            f"is no server outside; known are {OUTSIDE}",
        ),
        (
            {"add_fault": {"fault": "mx:RCPT:1:drop", "server": OUTSIDE}, "practice": "abc.com"},
            "event[0]",
            "remove practice, or server",
        ),
        ({"add_fault": {"fault": "mx:RCPT:1:drop"}, "collect": {}}, "event[0]", "exactly one of send, receive"),
    ],
)  # fmt: skip
def test_a_fault_that_cannot_begin_or_end_is_told_with_the_others(
    event: Mapping[str, object], key: str, told: str
) -> None:
    """Before anything runs."""
    with pytest.raises(ScenarioError) as caught:
        read_scenario(playing(event))
    [found] = [fault for fault in caught.value.faults if fault.key == key]
    assert told in str(found)


@pytest.mark.parametrize(
    ("more", "begins"),
    [
        ({"provider": {"faults": [NOT_YET]}}, {"fault": NOT_YET}),
        ({"fault": [{"server": OUTSIDE, "faults": [NOT_YET]}]}, {"fault": NOT_YET, "server": "MX.Client.Example"}),
    ],
)  # fmt: skip
def test_what_has_ended_cannot_end_again(more: Mapping[str, object], begins: Mapping[str, str]) -> None:
    """Unless it has begun again."""
    end, begin = {"remove_fault": begins}, {"add_fault": begins}
    read_scenario(playing(end, begin, end, **more))
    with pytest.raises(ScenarioError, match=r"event\[1\]\.remove_fault\.fault"):
        read_scenario(playing(end, end, **more))


def test_removing_what_is_not_there_says_what_is() -> None:
    """A world's own faults, as they were written."""
    with Simulation(TABLES | {"provider": {"faults": [NOT_YET]}}) as world:
        with pytest.raises(FaultError, match="does not go wrong there; what does: mx:RCPT:every"):
            world.remove_fault("mx:RCPT:1:drop")
        with pytest.raises(FaultError, match="'fly' is no fault"):
            world.remove_fault("mx:RCPT:1:fly")
        world.remove_fault(NOT_YET)
        with pytest.raises(FaultError, match="what does: none"):
            world.remove_fault(NOT_YET)


def test_who_is_to_blame_is_found_of_a_fault_that_ends_too(tmp_path: Path) -> None:
    """The run is tried without it, where it cannot end any more; what is shrunk keeps both or neither."""
    lose = "mx:DATA-END:every:lose"
    path = tmp_path / "scenario.toml"
    tables = playing(
        {"send": LETTER},
        {"at": "1h", "remove_fault": {"fault": lose}},
        {"collect": {}},
        provider={"profile": "postfix", "faults": [lose]},
        expect={"delivered": {"action:1234": 1}},
    )
    path.write_text(scenario_text(tables, ()), "utf-8")
    with Simulation(path) as world, suppress(ExpectationError):
        world.run()
    assert f"the fault {lose}" in str(world.trace.why())
    found = shrink_scenario(load_scenario(path))
    assert lose in str(found.tables["provider"])
    read_scenario(found.tables)


def test_one_message_s_scenario_keeps_what_goes_wrong() -> None:
    """They are no messages: the second message is the second that is sent."""
    scenario = read_scenario(
        playing(
            {"add_fault": {"fault": NOT_YET}},
            {"send": LETTER},
            {"collect": {}},
            {"send": LETTER | {"subject": "2"}},
        )
    )
    kept = excerpt(scenario, 2)
    assert kept is not None
    assert [event.send.subject if event.send else None for event in kept.tables.event] == [None, None, "2"]
