"""What goes wrong on purpose outside: at the servers of people, and at relays; in both worlds, and nothing is lost."""

from typing import Any

import pytest

from mailsim.faults.syntax import FaultError
from mailsim.trace.event import Step
from mailsim.world.lab import Lab
from mailsim.world.parts import UnknownServerError, WorldError
from mailsim.world.scenario import ScenarioError, read_scenario
from mailsim.world.simulation import Simulation

LATER, NO = "reply 451 4.3.0 later", "reply 550 5.7.1 no"
TABLES: dict[str, Any] = {
    "mailbox": {
        "type": "catch-all",
        "default_sender": "matters@abc.com",
        "fallback_address": "help@elsewhere.example",
    },
    "action": [{"id": 1234}],
    "correspondent": [{"address": "jane@client.example"}],
    "relay": [{"name": "relay.client.example", "domains": "client.example"}],
}
worlds = pytest.mark.parametrize("kind", [Simulation, Lab])


def at(server: str, *faults: str) -> dict[str, Any]:
    """The scenario with faults there."""
    return TABLES | {"fault": [{"server": server, "faults": list(faults)}]}


@worlds
@pytest.mark.parametrize(
    ("server", "place", "peer"),
    [
        ("mx.client.example", "smtp.abc.com", "mx.client.example"),
        ("Relay.client.example", "mx.client.example", "relay.client.example"),
    ],
)
def test_what_a_server_outside_puts_off_is_tried_again(
    kind: type[Simulation | Lab], server: str, place: str, peer: str
) -> None:
    """The server of the person written to, and the relay that the answer goes through (R3.8)."""
    with kind(at(server, f"mx:RCPT:1:{LATER}")) as world:
        world.send(from_action=1234, to="jane@client.example")
        world.settle()
        world.collect()
        world.check()

        [deferred] = world.trace.steps(Step.DEFERRED)
        assert (deferred.place, deferred.peer, deferred.reason) == (place, peer, "451 4.3.0 later")
        assert world.targets() == {"action:1234": 1}
        assert world.never_struck == []


@worlds
def test_who_cannot_send_through_a_relay_is_told(kind: type[Simulation | Lab]) -> None:
    """What it refuses comes back to the person as a report."""
    with kind(at("relay.client.example", f"mx:MAIL:1:{NO}")) as world:
        world.receive(to="a1234@abc.com", from_address="jane@client.example")
        world.settle()
        world.check()

        [bounced] = world.trace.steps(Step.BOUNCED)
        assert (bounced.peer, bounced.recipient) == ("relay.client.example", "a1234@abc.com")
        assert [event.place for event in world.trace.steps(Step.STORED)] == ["jane@client.example"]


@worlds
@pytest.mark.parametrize("what", ["lose", "drop"])
def test_what_a_server_outside_loses_is_accounted_for(kind: type[Simulation | Lab], what: str) -> None:
    """Answered 250 and gone; or perhaps taken, so that it is sent again."""
    with kind(at("mx.client.example", f"mx:DATA-END:1:{what}")) as world:
        world.send(from_action=1234, to="jane@client.example")
        world.settle()
        world.check()

        ends = [event.place for event in world.trace.steps(Step.DISCARDED)]
        assert ends == (["mx.client.example"] if what == "lose" else [])


@worlds
def test_it_can_begin_while_the_world_runs(kind: type[Simulation | Lab]) -> None:
    """At one server alone; a fault that is not its kind, and a server that is not there, are told."""
    with kind(TABLES) as world:
        world.add_fault(f"mx:RCPT:next:{NO}", server="MX.elsewhere.example")
        world.add_fault("mx:RCPT:9:drop", server="relay.client.example")
        for address in ("jane@client.example", "joe@shop.example"):
            world.send(from_action=1234, to=address)
        world.settle()

        assert [event.recipient for event in world.trace.steps(Step.BOUNCED)] == ["joe@shop.example"]
        assert world.never_struck == ["mx:RCPT:9:drop"]
        assert world.trace.scenario is None
        with pytest.raises(FaultError, match=r"'pop' is no server's; write one of mx$"):
            world.add_fault("pop:RETR:1:drop", server="mx.client.example")
        with pytest.raises(
            UnknownServerError, match=r"server 'mx.abc.com': is no server outside; write one of mx.client"
        ):
            world.add_fault("mx:RCPT:1:drop", server="mx.abc.com")
        with pytest.raises(WorldError, match=r"give practice=\.\.\. or server=\.\.\."):
            world.add_fault("mx:RCPT:1:drop", server="mx.client.example", practice="abc.com")


def test_a_run_with_them_is_told_again() -> None:
    """They stand in the trace's scenario."""
    with Simulation(at("mx.client.example", f"mx:RCPT:1:{LATER}")) as world:
        world.send(from_action=1234, to="jane@client.example")
        told = world.trace.scenario
    assert told is not None
    with Simulation({**told, "start": read_scenario(TABLES).tables.start}) as again:
        again.run()

        assert len(again.trace.steps(Step.DEFERRED)) == 1


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (
            {"server": "mx.abc.com", "faults": ["mx:RCPT:1:drop"]},
            'fault[0].server = "mx.abc.com": is no server outside; known are mx.client.example, mx.elsewhere.example, relay.client.example',
        ),
        ({"server": "mx.client.example", "faults": ["pop:RETR:1:drop"]}, "must be a fault; 'pop' is no server's; write one of mx"),
        ({"server": "mx.client.example", "faults": ["mx:RCPT:1:fly"]}, "must be a fault; 'fly'"),
        ({"server": "mx.client.example", "faults": ["mx:CONNECT:1:expired-certificate"]}, "shows no certificate"),
        ({"server": "mx.client.example"}, "fault[0].faults: is required"),
        ({"faults": []}, "fault[0].server: is required"),
    ],
)  # fmt: skip
def test_a_row_that_is_wrong_is_told(row: dict[str, Any], told: str) -> None:
    """In one line, when the scenario is read."""
    with pytest.raises(ScenarioError) as caught:
        read_scenario(TABLES | {"fault": [row]})

    [line] = str(caught.value).splitlines()
    assert told in line
