"""What a line to the control port does, in either world; the port itself over a socket."""

import json
import socket
from collections.abc import Iterator

import pytest

from mailsim.world.control import COMMANDS, Control, obeyed
from mailsim.world.lab import Lab
from mailsim.world.simulation import Simulation

TABLES: dict[str, object] = {
    "mailbox": {
        "type": "catch-all",
        "default_sender": "matters@abc.com",
        "fallback_address": "help@elsewhere.example",
    },
    "action": [{"id": 1234}],
    "provider": {"profile": "postfix"},
    "event": [{"collect": {}}],
}


@pytest.fixture
def world() -> Iterator[Simulation]:
    """A world in memory."""
    with Simulation(TABLES) as world:
        yield world


def ask(world: Simulation, command: str, **arguments: object) -> dict[str, object]:
    return dict(obeyed(world, json.dumps({command: arguments}).encode()))


def test_every_command_does_what_the_world_does(world: Simulation) -> None:
    """One after the other: the answer has what the method returns."""
    sent = ask(world, "send", from_action=1234, to="joe@other.example", subject="Grüße")
    assert (sent["refused"], sent["deferred"], sent["warnings"]) == ({}, {}, [])
    assert ask(world, "reply", message_id=sent["message_id"], text="Nein.") == {}
    assert (
        ask(
            world,
            "receive",
            to="a1234@abc.com",
            octets="From: x@shop.example\r\nTo: a1234@abc.com\r\n\r\nGrüße\r\n",
        )
        == {}
    )
    assert ask(world, "settle") == {}
    assert ask(world, "add_fault", fault="pop:DELE:next:reply -ERR no") == {}
    assert ask(world, "add_fault", fault="mx:RCPT:9:drop", server="mx.elsewhere.example") == {}
    decisions = ask(world, "collect")["decisions"]
    assert isinstance(decisions, list)
    assert [one["targets"] for one in decisions] == [["action:1234"], ["action:1234"]]
    assert ask(world, "run") == {}
    assert ask(world, "targets") == {"targets": {"action:1234": 2}}
    events = ask(world, "trace", after=len(world.trace) - 3)["events"]
    assert isinstance(events, list)
    assert [event["serial"] for event in events] == [len(world.trace) - 2, len(world.trace) - 1]
    assert "Grüße".encode() in world.mailbox("action:1234")[1].octets


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b"\xff\n", "no JSON"),
        (b"nonsense", "no JSON"),
        (b'{"send": {}, "collect": {}}', f"one of {', '.join(COMMANDS)}"),
        (b'{"shout": {}}', "'shout' is nothing to do here"),
        (b'{"send": {"to": "jane"}}', "must be one address"),
        (b'{"collect": {"now": true}}', "now"),
        (b'{"collect": 7}', "mapping"),
    ],
)
def test_a_wrong_line_is_told_and_does_nothing(world: Simulation, line: bytes, told: str) -> None:
    """Whatever it is."""
    answer = obeyed(world, line)
    assert told in str(answer["error"])
    assert len(world.trace) == 0


def test_lines_are_answered_one_by_one_on_each_connection() -> None:
    """A connection that is left open keeps nobody from ending."""
    with Lab(TABLES) as lab, Control(lab) as control:
        with socket.create_connection((control.host, control.port), timeout=30) as connection:
            file = connection.makefile("rwb")
            file.write(b'{"settle": {}}\n{"shout": {}}\n')
            file.flush()
            answers = [json.loads(file.readline()) for _ in range(2)]
            file.close()
        left_open = socket.create_connection((control.host, control.port), timeout=30)
    left_open.close()

    assert answers[0] == {}
    assert "shout" in answers[1]["error"]
