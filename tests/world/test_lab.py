import asyncio
import signal
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from mailsim.pop3.collection import CollectError
from mailsim.trace.event import Step
from mailsim.world.lab import Lab
from mailsim.world.parts import WorldError
from mailsim.world.plan import plan
from mailsim.world.post import RETRIES
from mailsim.world.scenario import read_scenario
from mailsim.world.wire import StartError, Wire

REWRITTEN = Path(__file__).parents[2] / "fixtures" / "scenarios" / "rewritten.toml"
TABLES: dict[str, object] = {
    "mailbox": {
        "type": "catch-all",
        "default_sender": "matters@abc.com",
        "fallback_address": "help@elsewhere.example",
    },
    "action": [{"id": 1234, "name": "Smith v Jones"}],
    "user": [{"name": "mary"}, {"name": "john"}],
    "alias": [{"address": "sales@abc.com", "mailboxes": ["mary", "john"]}],
    "correspondent": [{"address": "jane@client.example"}],
}


CALLERS_OWN = ("asyncio_", "AnyIO worker")
"""Threads of the caller's loop, which end in their own time."""


BCC = b"From: jane@client.example\r\nSubject: a Bcc\r\n\r\nHello.\r\n"


def tables(**changes: object) -> dict[str, object]:
    return TABLES | changes


def steps(world: Lab) -> list[str]:
    return [event.step.value for event in world.trace]


def test_a_lab_outside_its_block_says_so() -> None:
    """Before and after."""
    lab = Lab(TABLES)

    assert lab.decisions == ()
    for use in (lab.settle, lab.waiting, lambda: lab.addresses):
        with pytest.raises(WorldError, match="with Lab"):
            use()


def test_a_lab_that_is_entered_again_is_a_new_world() -> None:
    """Nothing of the first run is left, and the same mail gets the same ids."""
    lab = Lab(TABLES)
    with lab:
        first = lab.send(to="jane@client.example").message_id
        lab.settle()
    before = lab.trace
    with lab:
        assert len(lab.trace) == 0
        assert lab.send(to="jane@client.example").message_id == first

    assert before[0].message_id == first


def test_a_lab_that_is_interrupted_while_a_server_keeps_it_waiting_ends() -> None:
    """Ctrl-C: nobody waits for an answer that comes no more."""
    caller = threading.get_ident()

    def interrupt(mute: socket.socket) -> socket.socket:
        connection, _ = mute.accept()
        signal.pthread_kill(caller, signal.SIGINT)
        return connection

    with socket.create_server(("127.0.0.1", 0)) as mute, ThreadPoolExecutor() as pool:
        with Lab(TABLES) as lab:
            lab.redirect("smtp.abc.com", 587, mute.getsockname())
            asked = pool.submit(interrupt, mute)
            with pytest.raises(KeyboardInterrupt):
                lab.send(to="jane@client.example")
        asked.result().close()


def test_a_lab_leaves_no_thread_and_can_be_used_in_a_running_loop() -> None:
    """`async with`: its servers live in a loop of their own."""
    before = set(threading.enumerate())

    async def use() -> int:
        async with Lab(tables(provider={"profile": "postfix"})) as world:
            await asyncio.to_thread(world.send, from_action=1234, to="jane@client.example")
            return len(world.collect())

    assert asyncio.run(use()) == 1
    assert {thread for thread in threading.enumerate() if not thread.name.startswith(CALLERS_OWN)} == before


def test_a_server_that_does_not_start_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are stopped, and the error says which and why."""
    import mailsim.world.wire

    async def refuse(*_: object, hostname: str, **__: object) -> None:
        raise OSError(98, f"Address already in use by {hostname}")

    monkeypatch.setattr(mailsim.world.wire, "listen", refuse)

    with (
        pytest.raises(StartError, match=r"smtp.abc.com:587 did not start: Address already in use"),
        Lab(TABLES),
    ):
        pass


def test_other_programs_find_every_server() -> None:
    """Names and ports as in the settings, and where they lead."""
    with Lab(TABLES) as world:
        host, port = world.addresses["pop.abc.com", 995]

        assert host == "127.0.0.1"
        assert port > 0
        assert b"BEGIN CERTIFICATE" in world.authority


def test_mail_for_a_server_that_is_away_is_tried_again_and_arrives(nobody: tuple[str, int]) -> None:
    """R3.8: 4yz is put off on a schedule; here the server is back at the second try."""
    with Lab(tables(provider={"profile": "postfix"})) as world:
        name = ("smtp.abc.com", 587)
        there = world.addresses[name]
        world.redirect(*name, nobody)
        sent = world.send(from_action=1234, to="jane@client.example")
        world.redirect(*name, there)
        world.settle()
        [decision] = world.collect()

        assert decision.targets == ("action:1234",)
        assert sent.refused == {}
        assert sent.deferred["jane@client.example"].code == 421
        world.check()

    deferred, submitted = world.trace.steps(Step.DEFERRED), world.trace.steps(Step.SUBMITTED)
    assert len(deferred) == 1
    assert submitted[1].time - submitted[0].time >= timedelta(minutes=30)


def test_mail_for_a_server_that_stays_away_bounces_after_four_days(nobody: tuple[str, int]) -> None:
    """R3.8: nothing disappears; the last try is told as a bounce."""
    with Lab(TABLES) as world:
        world.redirect("smtp.abc.com", 587, nobody)
        world.send(from_action=1234, to="jane@client.example")
        world.settle()
        world.check()

    assert [event.step for event in world.trace][-1] is Step.BOUNCED
    assert len(world.trace.steps(Step.DEFERRED)) == len(RETRIES)
    assert world.trace[-1].time - world.trace[0].time >= sum(RETRIES, timedelta())


def test_in_single_mode_an_address_like_an_action_s_may_be_a_stranger_s() -> None:
    """R3.5: actions have addresses in catch-all mode only, so this mail leaves by SMTP."""
    mailbox = {"type": "single", "default_sender": "lawfirm@mail.example", "fallback_address": "h@e.example"}

    with Lab(tables(mailbox=mailbox, correspondent=[], alias=[])) as world:
        world.send(to="a1234@mail.example", subject="Not for us")
        world.settle()
        world.check()

        assert world.targets() == {}
    assert [event.recipient for event in world.trace.steps(Step.SUBMITTED)] == ["a1234@mail.example"]


def test_two_collections_at_once_forward_nothing_twice() -> None:
    """They take turns; each unreadable message is forwarded once (R4.8)."""
    with Lab(TABLES) as world:
        for number in range(20):
            world.receive(
                to="a1234@abc.com", from_address="x@shop.example", octets=b"Subject: %d\0\r\n\r\n" % number
            )
        world.settle()
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda _: world.collect(), range(2)))
        world.settle()
        world.check()

    assert len(world.trace.steps(Step.FORWARDED)) == 20
    at_help = [event for event in world.trace.steps(Step.STORED) if event.place == "help@elsewhere.example"]
    assert len(at_help) == 20


def test_a_forward_that_the_server_puts_off_is_tried_again_and_not_doubled(nobody: tuple[str, int]) -> None:
    """The store forgets it only when a server has taken it."""
    with Lab(TABLES) as world:
        there = world.addresses["smtp.abc.com", 587]
        world.receive(to="a1234@abc.com", from_address="x@shop.example", octets=b"Subject: \0\r\n\r\n")
        world.settle()
        world.redirect("smtp.abc.com", 587, nobody)
        world.collect()
        world.collect()
        world.redirect("smtp.abc.com", 587, there)
        world.settle()
        world.check()

    assert len(world.trace.steps(Step.FORWARDED)) == 1
    assert world.trace.steps(Step.STORED)[-1].place == "help@elsewhere.example"


def test_a_failed_session_is_in_the_trace(nobody: tuple[str, int]) -> None:
    """What the practice could not collect has a cause that can be read afterwards."""
    with Lab(TABLES) as world:
        world.redirect("pop.abc.com", 995, nobody)
        with pytest.raises(CollectError):
            world.collect()

    [opened] = world.trace.steps(Step.OPENED)
    assert (opened.outcome, opened.peer) == ("failed", "pop.abc.com:995")


def test_a_lab_that_runs_is_not_entered_again() -> None:
    """The inner end would stop it for the outer."""
    lab = Lab(TABLES)
    with lab, pytest.raises(WorldError, match="make another Lab"):
        lab.__enter__()


def test_what_the_loop_is_told_comes_out_of_the_next_call(caplog: pytest.LogCaptureFixture) -> None:
    """But not what the garbage collector tells, of a task that nobody asked: that is logged, as everywhere."""

    async def life() -> None:
        loop, wire = asyncio.get_running_loop(), Wire(plan(read_scenario(TABLES)))
        await wire.start((), ())
        late = {"message": "never retrieved", "exception": KeyError("late"), "future": loop.create_future()}
        loop.call_exception_handler(late)
        await wire.quiet()
        loop.call_exception_handler({"message": "a server failed", "exception": ZeroDivisionError("a bug")})
        with pytest.raises(ZeroDivisionError, match="a bug"):
            await wire.quiet()
        await wire.stop()

    asyncio.run(life())

    assert [record.message.partition("\n")[0] for record in caplog.records] == ["never retrieved"]
