"""What only a world in memory does: its time is virtual, and it does the same things again."""

import gc
import time
from datetime import timedelta
from pathlib import Path

import pytest

from mailsim.pop3.maildrop import Maildrop
from mailsim.trace.event import Step
from mailsim.trace.files import write_json_lines, write_parquet
from mailsim.world.network import NameTakenError
from mailsim.world.simulation import Simulation

TABLES: dict[str, object] = {
    "mailbox": {
        "type": "catch-all",
        "default_sender": "matters@abc.com",
        "fallback_address": "help@elsewhere.example",
    },
    "action": [{"id": 1234}],
    "correspondent": [{"address": "jane@client.example", "delay": "30d"}],
    "provider": {"profile": "gmail"},
}


def played(**changes: object) -> Simulation:
    """A letter and its answer, collected; a world after its end."""
    with Simulation(TABLES | changes) as world:
        world.send(from_action=1234, to="jane@client.example", subject="Draft")
        world.settle()
        world.collect()
        world.check()
    return world


def test_a_world_says_whose_it_is_and_how_much_has_happened() -> None:
    """Before it begins, too."""
    world = played()
    assert repr(Simulation(TABLES)) == "Simulation('abc.com', 0 events)"
    assert repr(world) == f"Simulation('abc.com', {len(world.trace)} events)"


@pytest.mark.parametrize("write", [write_json_lines, write_parquet])
def test_the_same_scenario_and_seed_give_the_same_bytes(write: object, tmp_path: Path) -> None:
    """R6.3: of the whole trace; another seed gives others."""
    files = []
    for number, seed in enumerate([7, 7, 8]):
        path = tmp_path / f"{number}"
        write(played(seed=seed).trace, path)  # type: ignore[operator] # one of the two
        files.append(path.read_bytes())

    assert files[0] == files[1]
    assert files[0] != files[2]


def maildrops() -> int:
    """How many views of server mailboxes there are, each with all its mail."""
    return sum(isinstance(one, Maildrop) for one in gc.get_objects())


def test_a_collection_leaves_nothing_to_the_garbage_collector() -> None:
    """It may come late: what was collected is gone when the session is over."""
    with Simulation(TABLES) as world:
        world.receive(to="a1234@abc.com", from_address="jane@client.example")
        world.settle()
        gc.collect()
        gc.disable()
        try:
            before = maildrops()
            assert len(world.collect()) == 1
            assert maildrops() == before
        finally:
            gc.enable()


def test_a_month_takes_no_time() -> None:
    """The clock jumps, and does not run by itself."""
    begin = time.monotonic()
    world = played()

    [replied] = world.trace.steps(Step.REPLIED)
    assert replied.time - world.trace[0].time == timedelta(days=30)
    assert time.monotonic() - begin < 10


@pytest.mark.parametrize(
    ("fault", "seconds", "outcome"),
    [
        ("pop:RETR:1:stall 40", 40, "ended"),
        ("pop:RETR:1:stall", 60, "failed"),
        ("pop:RETR:1:slow 10", 1, "ended"),
        ("pop:RETR:1:unterminated", 60, "failed"),
        ("pop:QUIT:1:drop", 0, "failed"),
    ],
)
def test_a_slow_server_takes_virtual_time(fault: str, seconds: int, outcome: str) -> None:
    """A stall, a slow line, and the silence after which the collector gives up; then the mail is collected all the same."""
    begin = time.monotonic()
    with Simulation(TABLES | {"provider": {"faults": [fault]}}) as world:
        world.receive(to="a1234@abc.com", from_address="x@shop.example")
        world.settle()
        before = world.trace[-1].time
        world.collect()
        opened = world.trace.steps(Step.OPENED)
        world.collect()
        world.check()

    assert opened[0].outcome == outcome
    assert (opened[0].time - before).total_seconds() >= seconds
    assert world.trace.steps(Step.DECIDED)[0].outcome == "delivered"
    assert len(world.trace.steps(Step.DECIDED)) == 1
    assert time.monotonic() - begin < 10


@pytest.mark.parametrize(
    ("fault", "seconds"),
    [
        ("smtp:CONNECT:every:tarpit 2s", 18),  # the greeting and eight replies
        ("smtp:DATA-END:1:stall 40", 40),
        ("smtp:DATA:1:stall 40@10", 40),
        ("smtp:MAIL:1:stall", 60),
        ("mx:RCPT:1:slow 10", 1.4),
        ("smtp:MAIL:1:drop", 0),
    ],
)
def test_a_slow_smtp_server_takes_virtual_time(fault: str, seconds: float) -> None:
    """As long as real clients would wait; what is put off after it arrives all the same."""
    begin = time.monotonic()
    with Simulation(TABLES | {"provider": {"faults": [fault]}}) as world:
        if fault.startswith("mx"):
            world.receive(to="a1234@abc.com", from_address="x@shop.example")
        else:
            world.send(from_action=1234, to="x@shop.example")
        world.settle(until=world.now)
        took = (world.now - world.scenario.tables.start).total_seconds()
        world.settle()
        world.check()

    assert took == pytest.approx(seconds)
    assert time.monotonic() - begin < 10


def test_two_servers_with_one_name_are_told() -> None:
    """As on sockets."""
    pop = {"server": "tcp://smtp.abc.com:587", "username": "matters@abc.com", "password": "secret"}
    with (
        pytest.raises(NameTakenError, match=r"smtp\.abc\.com:587"),
        Simulation(TABLES | {"pop": pop, "provider": {}}),
    ):
        pass
