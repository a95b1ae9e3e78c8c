"""What a line to the control port does, in either world; the port itself over a socket."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mailsim.world import kept as kept_by_worlds
from mailsim.world.commands import COMMANDS
from mailsim.world.control import Control, obeyed
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


def ask(world: Simulation, command: str, **arguments: object) -> dict[str, Any]:
    return dict(obeyed(world, json.dumps({command: arguments}).encode()))


def only(told: object) -> dict[str, object]:
    """The one of a list."""
    assert isinstance(told, list)
    [one] = told
    return dict(one)


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
    outside = {"fault": "mx:RCPT:9:drop", "server": "mx.elsewhere.example"}
    assert ask(world, "add_fault", **outside) == {}
    assert ask(world, "remove_fault", **outside) == {}
    assert "does not go wrong there" in str(ask(world, "remove_fault", **outside)["error"])
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
        (b"[" * 100_000, "no JSON"),
        (b'{"shout": {}}', '"shout" is no order; write one of send, receive'),
        (b'{"send": {"to": "jane"}}', "must be one address"),
        (b'{"collect": {"now": true}}', "collect.now = true: is no key here; known are practice"),
        (b'{"collect": {"practice": 5}}', "collect.practice = 5: must be text"),
        (b'{"collect": {"practice": "\\ud800"}}', "\\ud800"),
        (b'{"collect": 7}', "collect: 7 must be an object of its arguments; write such as"),
        (b'{"reply": {}}', "reply.message_id: is required: The message's"),
        (b'{"reply": {"message_id": "<1@x>"}}', "settle first"),
        (b'{"add_fault": {"fault": 5}}', "add_fault.fault = 5: must be text"),
        (b'{"receive": {"to": "a1234@abc.com"}}', "receive: must say who sends; add from, or octets"),
        (b'{"receive": {"to": "a1234@abc.com", "octets": 5}}', "octets = 5: must be text"),
        (b'{"receive": {"to": "a1234@abc.com", "from": "jane"}}', "receive.from = "),
        (b'{"settle": {"until": "soon"}}', 'until = "soon": is neither a time nor how long'),
        (b'{"run": {"until": "2026-01-05T10:00:00"}}', "with its zone"),
        (b'{"run": {"until": "1999-01-05T10:00:00Z"}}', "not before the start"),
        (b'{"run": {"until": "9999-12-31T00:00:00Z"}}', "and before 9000"),
        (b'{"trace": {"most": 0}}', "trace.most = 0: must be at least 1"),
        (b'{"mailbox": {"target": "action:77"}}', "is no target of abc.com"),
    ],
)
def test_a_wrong_line_is_told_and_does_nothing(world: Simulation, line: bytes, told: str) -> None:
    """Whatever it is."""
    answer = obeyed(world, line)
    assert told in str(answer["error"])
    assert "\n" not in str(answer["error"])
    assert len(world.trace) == 0


def test_half_a_letter_becomes_a_question_mark(world: Simulation) -> None:
    """JSON can hold it, no message can."""
    who = {"to": "a1234@abc.com", "from": "x@shop.example"}
    assert ask(world, "receive", **who, subject="half \ud800", text="half \ud800") == {}
    ask(world, "collect")

    assert world.mailbox("action:1234")[0].octets.endswith(b"half ?\r\n")


def test_time_is_moved_in_steps_and_what_is_there_is_looked_at(world: Simulation) -> None:
    """So long after the start, or up to a time; the laws are held when asked."""
    assert ask(world, "now") == {"now": "2026-01-05T09:00:00+00:00"}
    ask(world, "add_fault", fault="mx:RCPT:1:reply 451 4.3.0 later")
    ask(world, "receive", to="a1234@abc.com", subject="Grüße", **{"from": "x@shop.example"})
    ask(world, "settle", until="2h")
    assert ask(world, "now") == {"now": "2026-01-05T11:00:00+00:00"}
    assert ask(world, "run", until="2026-01-05T12:30:00+01:00") == {}
    assert ask(world, "now") == {"now": "2026-01-05T11:30:00+00:00"}
    failure = only(ask(world, "failures")["failures"])
    assert failure == {
        "step": "deferred",
        "place": "mx.abc.com",
        "reply": "451 4.3.0 later",
        "count": 1,
    }
    held = only(ask(world, "mailbox", target="action:1234")["messages"])
    assert "Subject: =?utf-8?" in str(held["octets"])
    ask(
        world, "receive", to="a1234@abc.com", octets="From: x@shop.example\r\nMessage-ID: <1@x>\r\n\r\nHi\r\n"
    )
    ask(world, "settle")
    waits = only(ask(world, "waiting")["messages"])
    assert waits["message_id"] == "<1@x>"
    assert ask(world, "check") == {}


def test_python_s_name_of_the_sender_is_taken_too(world: Simulation) -> None:
    """As it was before orders had the words of a scenario."""
    assert ask(world, "receive", to="a1234@abc.com", from_address="x@shop.example") == {}


def test_the_trace_is_read_in_parts_and_says_what_it_no_longer_holds(
    world: Simulation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Each part goes on behind the serial of the last; with a file few events are held."""
    ask(world, "send", from_action=1234, to="joe@other.example")
    ask(world, "settle")
    whole = ask(world, "trace")["events"]
    first = ask(world, "trace", most=2)
    assert first == {"events": whole[:2], "missing": 0}
    assert ask(world, "trace", after=1)["events"] == whole[2:]
    assert ask(world, "trace", after=99) == {"events": [], "missing": 0}
    monkeypatch.setattr(kept_by_worlds, "KEPT", 2)
    with Simulation(TABLES, out=tmp_path / "trace.jsonl") as long:
        ask(long, "send", from_action=1234, to="joe@other.example")
        ask(long, "settle")
        kept = ask(long, "trace", after=0)
    assert kept == {"events": whole[-2:], "missing": len(whole) - 3}


def test_lines_are_answered_one_by_one_on_each_connection() -> None:
    """A connection that is left open keeps nobody from ending."""
    with Lab(TABLES) as lab, Control(lab) as control:
        late = socket.create_connection((control.host, control.port), timeout=30)
        with socket.create_connection((control.host, control.port), timeout=30) as connection:
            file = connection.makefile("rwb")
            file.write(b'{"settle": {}}\n{"shout": {}}\n')
            file.flush()
            answers = [json.loads(file.readline()) for _ in range(2)]
            file.close()
        left_open = socket.create_connection((control.host, control.port), timeout=30)
    left_open.close()
    with late, late.makefile("rwb") as file:
        file.write(b'{"settle": {}}\n')
        file.flush()
        ended = json.loads(file.readline())

    assert answers[0] == {}
    assert "shout" in answers[1]["error"]
    assert ended == {"error": "the servers have ended; start them again"}
