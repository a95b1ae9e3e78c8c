"""Worlds whose SMTP servers go wrong on purpose: what is put off, refused, lost or doubled stands in the trace."""

from collections import Counter
from collections.abc import Callable

import pytest

from mailsim.faults.syntax import FaultError
from mailsim.trace.event import Event, Step
from mailsim.world.lab import Lab
from mailsim.world.scenario import ScenarioError
from mailsim.world.simulation import Simulation

World = Callable[[dict[str, object]], Lab | Simulation]
WORLDS = pytest.mark.parametrize("world", [Lab, Simulation])
JANE = "jane@client.example"


def tables(*faults: str, **smtp: object) -> dict[str, object]:
    """A practice whose provider fails so."""
    given = {
        "server": "smtp.abc.com",
        "port": 587,
        "authentication": "plain",
        "username": "u",
        "password": "p",
    }
    return {
        "mailbox": {
            "type": "catch-all",
            "default_sender": "matters@abc.com",
            "fallback_address": "help@elsewhere.example",
        },
        "smtp": given | smtp,
        "action": [{"id": 1234}],
        "provider": {"faults": list(faults)},
        "correspondent": [{"address": JANE}],
    }


def played(world: World, scenario: dict[str, object]) -> tuple[Counter[Step], list[Event]]:
    """A letter, its answers collected, mail conserved: how many events of each step, and what was put off or given up."""
    with world(scenario) as one:
        one.send(from_action=1234, to=JANE)
        one.settle()
        one.collect()
        one.check()
        events = list(one.trace)
    told = (Step.DEFERRED, Step.REFUSED, Step.BOUNCED, Step.DISCARDED)
    return Counter(event.step for event in events), [event for event in events if event.step in told]


@WORLDS
@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("smtp:CONNECT:1:reply 421 4.3.2 busy", "421 4.3.2 busy"),
        ("smtp:EHLO:1:reply 421 4.3.2 busy", "421 4.3.2 busy"),
        ("smtp:STARTTLS:1:reply 454 4.7.0 no TLS now", "454 4.7.0 no TLS now"),
        ("smtp:AUTH:1:reply 454 4.7.0 later", "454 4.7.0 later"),
        ("smtp:MAIL:1:reply 452 4.3.1 full", "452 4.3.1 full"),
        ("smtp:RCPT:every:greylist", "451 4.7.1 Greylisted, please try again later"),
        (f"smtp:RCPT={JANE}:1:reply 450 4.2.1 busy", "450 4.2.1 busy"),
        ("smtp:DATA:1:reply 451 4.3.0 later", "451 4.3.0 later"),
        ("smtp:DATA-END:next:reply 451 4.3.0 later", "451 4.3.0 later"),
    ],
)
def test_what_is_put_off_is_offered_again(world: World, fault: str, reason: str) -> None:
    """R3.8: with the server's code and text, at any stage; the answer comes back."""
    steps, [deferred] = played(world, tables(fault))

    assert (deferred.step, deferred.outcome, deferred.reason) == (Step.DEFERRED, reason[:3], reason)
    assert deferred.recipient == JANE
    assert "uncertain" not in deferred.detail
    assert (steps[Step.SUBMITTED], steps[Step.REPLIED], steps[Step.DELIVERED]) == (2, 1, 1)


@WORLDS
@pytest.mark.parametrize("stage", ["CONNECT", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "DATA-END"])
def test_a_refusal_is_recorded(world: World, stage: str) -> None:
    """R3.8: 5yz at any stage, with the server's code and text; nobody tries again."""
    which = "every" if stage == "EHLO" else "1"  # HELO is tried too
    steps, [refused] = played(world, tables(f"smtp:{stage}:{which}:reply 554 5.7.1 not you"))

    assert (refused.step, refused.outcome, refused.reason) == (Step.REFUSED, "554", "554 5.7.1 not you")
    assert (steps[Step.SUBMITTED], steps[Step.STORED]) == (1, 0)


@WORLDS
def test_a_lost_reply_doubles_a_message_and_the_trace_accounts_for_it(world: World) -> None:
    """R4.13: the person gets it twice and answers twice; the second answer is a duplicate."""
    steps, [deferred] = played(world, tables("smtp:DATA-END:next:drop"))

    assert '"uncertain"' in deferred.detail
    assert (steps[Step.REPLIED], steps[Step.COLLECTED], steps[Step.DELIVERED]) == (2, 2, 1)


@WORLDS
def test_a_message_broken_off_arrives_once(world: World) -> None:
    """Nobody knows that at the sender's."""
    steps, [deferred] = played(world, tables("smtp:DATA:1:drop@100"))

    assert '"uncertain"' in deferred.detail
    assert (steps[Step.REPLIED], steps[Step.DELIVERED]) == (1, 1)


@WORLDS
@pytest.mark.parametrize(("server", "lost"), [("smtp", JANE), ("mx", "a1234@abc.com")])
def test_a_message_accepted_and_lost_is_accounted_for(world: World, server: str, lost: str) -> None:
    """R6.2: `mx:` strikes the provider's server for mail from outside."""
    steps, [discarded] = played(world, tables(f"{server}:DATA-END:1:lose"))

    assert (discarded.step, discarded.recipient) == (Step.DISCARDED, lost)
    assert discarded.reason == "accepted and lost, by a fault"
    assert steps[Step.DELIVERED] == 0


@WORLDS
@pytest.mark.parametrize(("port", "moment"), [(587, "STARTTLS"), (465, "CONNECT")])
@pytest.mark.parametrize("certificate", ["expired", "foreign"])
def test_a_bad_certificate_puts_mail_off(world: World, port: int, moment: str, certificate: str) -> None:
    """Until the good one is back."""
    steps, [deferred] = played(world, tables(f"smtp:{moment}:1:{certificate}-certificate", port=port))

    assert deferred.reason.startswith("421 4.4.2 Connection lost")
    assert steps[Step.DELIVERED] == 1


@WORLDS
def test_what_is_never_taken_is_given_up(world: World) -> None:
    """R3.8: after nine more attempts."""
    steps, events = played(world, tables("smtp:MAIL:every:reply 451 4.3.0 later"))

    assert [event.step for event in events] == [Step.DEFERRED] * 9 + [Step.BOUNCED]
    assert steps[Step.SUBMITTED] == 10


@WORLDS
@pytest.mark.parametrize("authentication", ["none", "plain", "login", "cram-md5", "xoauth2"])
def test_every_authentication_works(world: World, authentication: str) -> None:
    """R1.8."""
    steps, events = played(world, tables(authentication=authentication))

    assert events == []
    assert steps[Step.DELIVERED] == 1


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("imap:FETCH:1:drop", "'imap' is no server's; write one of pop, smtp, mx"),
        ("smtp:RETR:1:drop", "write one of ANY, AUTH"),
        ("mx:RCPT:1:explode", "'explode' is no fault"),
    ],
)
def test_a_fault_of_no_server_is_refused(fault: str, told: str) -> None:
    """When the scenario is read."""
    with pytest.raises(ScenarioError, match=told):
        Simulation(tables(fault))


@pytest.mark.parametrize(
    ("tables", "told"),
    [
        ({"provider": {"faults": ["smtp:CONNECT:1:expired-certificate"]}}, "write 'STARTTLS'"),
        ({"provider": {"faults": ["mx:STARTTLS:1:expired-certificate"]}}, "a server without TLS"),
    ],
)
def test_a_certificate_that_no_server_of_the_world_shows_is_refused(
    tables: dict[str, object], told: str
) -> None:
    """Before anything happens: it would strike nothing."""
    mailbox = {
        "type": "catch-all",
        "default_sender": "matters@abc.com",
        "fallback_address": "help@elsewhere.example",
    }
    with pytest.raises(FaultError, match=told):
        Simulation({"mailbox": mailbox, **tables})


def test_a_reply_may_speak_of_a_certificate() -> None:
    """It is none."""
    mailbox = {
        "type": "catch-all",
        "default_sender": "matters@abc.com",
        "fallback_address": "help@elsewhere.example",
    }
    with Simulation({"mailbox": mailbox, "action": [{"id": 1}]}) as world:
        world.add_fault("smtp:MAIL:next:reply 550 no certificate")
        sent = world.send(from_action=1, to="jane@client.example")
    assert [str(reply) for reply in sent.refused.values()] == ["550 no certificate"]
