"""The laws of a running world: each is broken from inside, and told (R6.2)."""

from collections.abc import Callable, Iterable
from datetime import timedelta

import pytest

from mailsim.mail import Message
from mailsim.pop3.maildrops import Maildrops
from mailsim.practice.decision import Decision
from mailsim.practice.ledger import Intake
from mailsim.practice.store import Kept, Store
from mailsim.trace.event import Step
from mailsim.world.broken_laws import ConservationError
from mailsim.world.clock import Clock
from mailsim.world.failures import Failure
from mailsim.world.hosts import Exchanger, Outside, SubmissionHost
from mailsim.world.lab import Lab
from mailsim.world.post import LONGEST_QUEUED
from mailsim.world.relay import Relay
from mailsim.world.simulation import Simulation

Made = Callable[..., Simulation | Lab]
TABLES: dict[str, object] = {
    "mailbox": {
        "type": "catch-all",
        "default_sender": "matters@abc.com",
        "fallback_address": "help@elsewhere.example",
    },
    "action": [{"id": 1234}],
    "provider": {"profile": "postfix"},
}
LETTER = b"From: x@shop.example\r\nTo: a1234@abc.com\r\nMessage-ID: <1@shop.example>\r\n\r\nHello.\r\n"


@pytest.fixture(params=[Simulation, Lab])
def made(request: pytest.FixtureRequest) -> Made:
    """Each kind of world."""
    kind: Made = request.param
    return kind


def receive(world: Simulation | Lab) -> None:
    world.receive(to="a1234@abc.com", from_address="x@shop.example", octets=LETTER)


def test_a_practice_that_keeps_a_message_twice_is_told(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though each copy is accounted for (R4.13)."""

    def unchanged(decision: Decision, _reached: object) -> Decision:
        return decision

    monkeypatch.setattr("mailsim.practice.ledger.beside_copies", unchanged)
    with made(TABLES) as world:
        receive(world)
        world.collect()
        receive(world)
        world.collect()

        with pytest.raises(ConservationError, match=r"action:1234 holds <1@shop\.example> more than once"):
            world.check()


def test_a_practice_that_keeps_another_message_than_it_was_told_is_told(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though it keeps as many, in the right places."""
    keep = Store.keep

    def keep_another(store: Store, batch: Iterable[Kept]) -> None:
        keep(store, (kept._replace(message=Message(LETTER)) for kept in batch))

    with made(TABLES) as world:
        receive(world)
        world.collect()
        world.check()
        monkeypatch.setattr(Store, "keep", keep_another)
        world.receive(to="a1234@abc.com", from_address="x@shop.example")
        world.collect()

        with pytest.raises(ConservationError, match=r"action:1234: .* of other messages"):
            world.check()


def test_mail_that_is_put_off_and_never_tried_again_is_told_as_lost(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As long as something is due it may be tried still; then it is told."""
    provider = {"profile": "postfix", "faults": ["mx:RCPT:1:reply 451 4.3.0 later"]}
    with made(TABLES | {"provider": provider}) as world:
        receive(world)
        world.settle(until=world.now)
        world.check()  # it is due in half an hour

    monkeypatch.setattr(Clock, "at", lambda *_: None)
    with made(TABLES | {"provider": provider}) as world:
        receive(world)
        world.settle()
        with pytest.raises(ConservationError, match=r"lost: <1@shop\.example> for a1234@abc\.com"):
            world.check()
        assert world.trace[-1].step is Step.DEFERRED


def test_mail_that_is_forgotten_in_a_queue_is_told_as_overdue(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Something is due, but later than any schedule says."""
    monkeypatch.setattr("mailsim.world.post.RETRIES", (timedelta(days=99),))
    provider = {"profile": "postfix", "faults": ["mx:RCPT:1:reply 451 4.3.0 later"]}
    with made(TABLES | {"provider": provider}) as world:
        receive(world)
        world.settle(until=world.now + LONGEST_QUEUED - timedelta(hours=1))
        world.check()
        world.settle(until=world.now + timedelta(hours=2))

        with pytest.raises(ConservationError, match=r"overdue: <1@shop\.example> for a1234@abc\.com"):
            world.check()


def _divide(*_: object) -> object:
    return 1 / 0


def _say_nothing(*_: object) -> None:
    return None


@pytest.mark.parametrize(
    ("server", "verb"),
    [
        (SubmissionHost, "mail"),
        (SubmissionHost, "rcpt"),
        (Relay, "data"),
        (Outside, "mail"),
        (Exchanger, "data"),
        (Maildrops, "open"),
    ],
)
@pytest.mark.parametrize("answer", [_divide, _say_nothing])
def test_a_bug_of_a_server_is_no_weather(
    made: Made, monkeypatch: pytest.MonkeyPatch, server: type, verb: str, answer: Callable[..., object]
) -> None:
    """Once is enough, though what was put off for it arrives later."""
    right, bugs = getattr(server, verb), iter([answer])

    def once(*given: object) -> object:
        return next(bugs, right)(*given)

    monkeypatch.setattr(server, verb, once)
    tables = TABLES | {
        "correspondent": [{"address": "jane@client.example"}],
        "relay": [{"name": "gate.client.example", "domains": "client.example"}],
        "poll": "1h",
        "event": [{"send": {"from_action": 1234, "to": "jane@client.example"}}],
    }
    with made(tables) as world, pytest.raises((ZeroDivisionError, TypeError, AttributeError)):
        world.run(until=timedelta(days=1))


@pytest.mark.parametrize(
    ("profile", "fault", "lost"),
    [
        ("postfix", "pop:RETR:1:vanish", 1),
        ("postfix", "pop:LIST:1:vanish@2", 1),
        ("postfix", "pop:RETR:every:vanish", 3),
        ("gmail", "pop:RETR:every:vanish", 3),  # and the copy that it kept of the letter
        ("postfix", "pop:DELE:1:vanish", 0),  # it is stored already
        ("postfix", "pop:RETR:2:vanish@1", 0),  # it is retrieved, and about to be
        ("postfix", "pop:DELE:every:eager-delete", 0),
    ],
)
def test_what_a_fault_takes_out_of_a_mailbox_is_accounted_for(
    made: Made, profile: str, fault: str, lost: int
) -> None:
    """As what a fault has a server lose: it was asked for, so no law is broken, and it is told."""
    with made(TABLES | {"provider": {"profile": profile, "faults": [fault]}}) as world:
        world.send(from_action=1234, to="jane@client.example", subject="Draft")
        for number in range(3):
            world.receive(to="a1234@abc.com", from_address="x@shop.example", subject=f"{number}")
        world.settle()
        world.collect()
        world.check()
        told = dict(world.failures)
        arrived = len(world.trace.steps(Step.DELIVERED))

    expected = {Failure(Step.REMOVED, "matters@abc.com", "removed by a fault"): lost} if lost else {}
    assert (told, arrived) == (expected, 3 - lost)


def test_mail_that_is_removed_before_it_was_stored_is_lost_though_a_fault_removed_it_at_once(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The program that collects asked for it (R4.2)."""
    monkeypatch.setattr("mailsim.world.office.Office.take", lambda *_: Intake((), {}))
    provider = {"profile": "postfix", "faults": ["pop:DELE:every:eager-delete"]}
    with made(TABLES | {"provider": provider}) as world:
        receive(world)
        world.collect()
        with pytest.raises(ConservationError, match=r"lost: <1@shop\.example> for collection"):
            world.check()
