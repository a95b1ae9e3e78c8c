"""The post in a whole world: where DNS leads mail nowhere (RFC 5321 section 5.1)."""

from datetime import timedelta

import pytest

from mailsim.trace.event import Step
from mailsim.world.lab import Lab
from mailsim.world.post import RETRIES, SMTP_PORT
from mailsim.world.simulation import Simulation

SITE: dict[str, object] = {
    "mailbox": {
        "type": "catch-all",
        "default_sender": "matters@abc.com",
        "fallback_address": "help@elsewhere.example",
    },
}


@pytest.mark.parametrize(
    ("said", "code", "deferred"),
    [({"mx": "0 ."}, "550", 0), ({"fault": "servfail"}, "451", len(RETRIES))],
    ids=["takes no mail", "does not tell"],
)
def test_mail_to_a_domain_without_a_route_bounces(said: dict[str, object], code: str, deferred: int) -> None:
    """At once where DNS says that there is none, after the whole schedule where it says nothing (R3.8)."""
    with Lab(SITE | {"zone": {"shut.example": said}}) as world:
        world.send(to="jane@shut.example")
        world.settle()
        world.check()

    [bounced] = world.trace.steps(Step.BOUNCED)
    assert (bounced.recipient, bounced.outcome) == ("jane@shut.example", code)
    assert len(world.trace.steps(Step.DEFERRED)) == deferred


BACKUP = {"client.example": {"mx": ["10 mx1.client.example", "20 mx2.client.example"]}}


def test_mail_goes_to_the_next_exchanger_where_the_first_is_away(nobody: tuple[str, int]) -> None:
    """At once, in the order of preference (RFC 5321 section 5.1); the next mail tries the first again."""
    with Lab(SITE | {"zone": BACKUP}) as world:
        first = ("mx1.client.example", SMTP_PORT)
        there = world.addresses[first]
        world.redirect(*first, nobody)
        world.send(to="jane@client.example")
        world.settle()
        world.redirect(*first, there)
        world.send(to="jane@client.example")
        world.settle()
        world.check()

    stored = world.trace.steps(Step.STORED)
    [deferred] = world.trace.steps(Step.DEFERRED)
    assert [event.peer for event in stored] == ["mx2.client.example", "mx1.client.example"]
    assert deferred.peer == "mx1.client.example"
    assert stored[0].time - deferred.time < RETRIES[0]


def test_where_every_exchanger_is_away_mail_waits_and_at_last_comes_back(nobody: tuple[str, int]) -> None:
    """Each is asked at each try; nothing is lost."""
    with Lab(SITE | {"zone": BACKUP}) as world:
        for name in ("mx1.client.example", "mx2.client.example"):
            world.redirect(name, SMTP_PORT, nobody)
        world.send(to="jane@client.example")
        world.settle()
        world.check()

    [bounced] = world.trace.steps(Step.BOUNCED)
    tries = [event.peer for event in world.trace.steps(Step.DEFERRED)]
    assert bounced.peer == "mx2.client.example"
    assert tries.count("mx1.client.example") == len(RETRIES) + 1
    assert tries.count("mx2.client.example") == len(RETRIES)


@pytest.mark.parametrize("kind", [Simulation, Lab])
def test_a_slow_answer_of_dns_is_waited_for(kind: type[Simulation] | type[Lab]) -> None:
    """In the world's time."""
    with kind(SITE | {"zone": {"client.example": {"fault": {"mx": "slow 90"}}}}) as world:
        world.send(to=["jane@client.example", "joe@other.example"])
        world.settle()
        world.check()

    at = {event.recipient: event.time for event in world.trace.steps(Step.STORED)}
    assert at["jane@client.example"] - at["joe@other.example"] >= timedelta(seconds=85)


def test_a_message_that_the_first_exchanger_may_have_taken_is_not_offered_to_the_next() -> None:
    """Two servers would have it: it goes to the same one again, later (RFC 5321 section 4.2.5)."""
    zone = {"abc.com": {"mx": ["10 mx.abc.com", "20 mx2.abc.com"]}}
    with Simulation(SITE | {"zone": zone, "provider": {"faults": ["mx:DATA-END:1:drop"]}}) as world:
        world.receive(to="a1@abc.com", from_address="jane@client.example")
        world.settle()
        world.check()

    [deferred] = world.trace.steps(Step.DEFERRED)
    assert "uncertain" in deferred.detail
    assert {event.peer for event in world.trace.steps(Step.STORED)} == {"mx.abc.com"}
