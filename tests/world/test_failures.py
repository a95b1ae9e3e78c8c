"""What did not go through, counted by server and reply."""

from datetime import UTC, datetime

import pytest

from mailsim.trace.batch import Batch
from mailsim.trace.event import Event, Step
from mailsim.world.failures import Failure, Failures
from mailsim.world.simulation import Simulation

SITE = {
    "mailbox": {
        "type": "catch-all",
        "default_sender": "matters@abc.com",
        "fallback_address": "help@elsewhere.example",
    },
    "pop": {"server": "ssl://pop.abc.com:995", "username": "matters@abc.com", "password": "open sesame"},
    "smtp": {
        "server": "smtp.abc.com",
        "port": 587,
        "authentication": "plain",
        "username": "matters@abc.com",
        "password": "open sesame",
    },
    "action": [{"id": 1234}],
}


def event(serial: int, step: Step, reason: str, *, rule: str = "R3.8") -> Event:
    """Something at one server."""
    return Event(
        serial, datetime(2026, 11, 23, tzinfo=UTC), "t", "<m>", step, "smtp.abc.com", reason=reason, rule=rule
    )


def test_failures_are_counted_by_what_happened_where_and_in_which_words() -> None:
    """What went through is none."""
    failures = Failures()
    failures.note(
        Batch.of(
            [
                event(0, Step.ACCEPTED, "250 OK"),
                event(1, Step.REFUSED, "550 no"),
                event(2, Step.DEFERRED, "451 later"),
                event(3, Step.DEFERRED, "451 later"),
                event(4, Step.DISCARDED, "", rule="R5.2"),
            ]
        )
    )

    assert failures.counted() == [
        (Failure(Step.DEFERRED, "smtp.abc.com", "451 later"), 2),
        (Failure(Step.REFUSED, "smtp.abc.com", "550 no"), 1),
        (Failure(Step.DISCARDED, "smtp.abc.com", "by policy (R5.2)"), 1),
    ]


@pytest.mark.parametrize(
    ("step", "peer", "at"),
    [
        (Step.DEFERRED, "mx.client.example", "mx.client.example"),
        (Step.BOUNCED, "mx.client.example", "mx.client.example"),
        (Step.BOUNCED, "", "smtp.abc.com"),
        (Step.DEFERRED, "practice", "smtp.abc.com"),
        (Step.BOUNCED, "xyz.example/practice", "smtp.abc.com"),
        (Step.REFUSED, "mx.client.example", "smtp.abc.com"),
        (Step.DISCARDED, "mx.client.example", "smtp.abc.com"),
    ],
)
def test_a_failure_is_told_of_the_server_that_was_asked(step: Step, peer: str, at: str) -> None:
    """One that tries again, or reports, has only heard it: of one cause at one server there is one row."""
    failures = Failures()
    failures.note(Batch.of([event(0, step, "451 later")._replace(peer=peer)]))

    assert failures.counted() == [(Failure(step, at, "451 later"), 1)]


def test_replies_that_all_differ_are_counted_together_in_the_end() -> None:
    """None is forgotten, and memory does not grow."""
    failures = Failures()
    failures.note(
        Batch.of(event(serial, Step.REFUSED, f"550 nobody{serial}@client.example") for serial in range(2000))
    )

    counted = failures.counted()
    assert sum(count for _, count in counted) == 2000
    assert len(counted) <= 501
    assert counted[0][0].reply == "(other words)"


def test_a_world_tells_why_its_mail_did_not_leave_and_which_faults_did_not_strike() -> None:
    """Every kind of them, in the words of the server that failed."""
    faults = [
        "smtp:RCPT:1:reply 550 5.1.1 nobody",
        "smtp:DATA-END:next:lose",
        "smtp:MAIL:3:reply 451 4.3.0 later",
        "smtp:MAIL:9:drop",
        "mx:RCPT:1:drop",
        "pop:RETR:next:drop",
    ]
    with Simulation(SITE | {"provider": {"faults": faults}}) as world:
        for _ in range(3):
            world.send(from_action=1234, to="jane@client.example")
        world.settle()

        assert {(one.step, one.place, one.reply): count for one, count in world.failures} == {
            (Step.REFUSED, "smtp.abc.com", "550 5.1.1 nobody"): 1,
            (Step.DISCARDED, "smtp.abc.com", "accepted and lost, by a fault"): 1,
            (Step.DEFERRED, "smtp.abc.com", "451 4.3.0 later"): 1,
        }
        assert set(world.never_struck) == {"smtp:MAIL:9:drop", "mx:RCPT:1:drop", "pop:RETR:next:drop"}
