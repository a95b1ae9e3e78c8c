"""A world watched while it runs: what is told grows, ends at all of it, and changes nothing."""

import threading
from itertools import pairwise

import mailsim
from mailsim.trace import Step
from mailsim.world.watching import watched

SCENARIO = {
    "mailbox": {
        "type": "catch-all",
        "default_sender": "matters@abc.com",
        "fallback_address": "help@elsewhere.example",
    },
    "action": [{"id": 1234}],
    "correspondent": [{"address": "jane@client.example", "delay": "2h"}],
    "workload": {"letters": 300, "over": "8h"},
    "poll": "1h",
}


def test_what_is_told_grows_to_all_that_was_written() -> None:
    """Letters and answers; the trace is that of an unwatched world."""
    told: list[int] = []
    with mailsim.Simulation(SCENARIO) as world, watched(world, told.append):
        world.run()
    with mailsim.Simulation(SCENARIO) as unwatched:
        unwatched.run()

    assert told[-1] == 600
    assert all(before <= after for before, after in pairwise(told))
    assert list(world.trace) == list(unwatched.trace)


def test_it_is_told_while_the_world_runs() -> None:
    """From another thread, before the block is over; none is left."""
    heard = threading.Event()

    def hear(written: int) -> None:
        if written:
            heard.set()

    with mailsim.Simulation(SCENARIO) as world, watched(world, hear):
        world.send(from_action=1234, to="jane@client.example")
        assert heard.wait(30)
        assert len(world.trace.steps(Step.COMPOSED)) == 1

    assert "mailsim-watching" not in {thread.name for thread in threading.enumerate()}
