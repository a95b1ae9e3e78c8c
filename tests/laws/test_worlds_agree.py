"""The worlds agree, and in memory nothing is lost whatever goes wrong.

`python tests/fuzz/fuzz_worlds.py --examples 500` tries as many scenarios as one likes.
"""

from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from mailsim.pop3.collection import CollectError
from mailsim.testing.fault_sets import EVERY_FAULT, HARSH_FAULTS
from mailsim.testing.strategies import scenarios
from mailsim.trace.event import Step
from mailsim.world.scenario import load_scenario
from mailsim.world.simulation import Simulation
from tests.laws.agreeing import assert_agree

SCENARIOS = sorted((Path(__file__).parents[2] / "fixtures" / "scenarios").glob("*.toml"))
MOST_COLLECTIONS = 10


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_the_worlds_agree_on_each_scenario_of_the_fixtures(path: Path) -> None:
    """Whatever it is about."""
    assert_agree(load_scenario(path))


LIMITS = (
    "smtp:MAIL:every:rate-limit 2",
    "smtp:RCPT:every:rate-limit 1",
    "mx:MAIL:every:rate-limit 1",
    "mx:RCPT:every:rate-limit 2",
)


@pytest.mark.parametrize("fault", LIMITS)
def test_the_worlds_agree_on_limits_of_a_connection(fault: str) -> None:
    """Where one message goes at a time: of several at once it is chance on sockets which shares a connection."""
    people = (
        {"address": "jane@client.example", "delay": "17m"},
        {"address": "joe@other.example", "delay": "19m"},
    )
    letter = {"to": [person["address"] for person in people], "from_action": 1234}
    assert_agree(
        {
            "mailbox": {
                "type": "catch-all",
                "default_sender": "matters@abc.com",
                "fallback_address": "help@elsewhere.example",
            },
            "action": [{"id": 1234}],
            "provider": {"faults": [fault]},
            "correspondent": people,
            "event": [*({"at": f"{71 * number}m", "send": letter} for number in range(6)), {"collect": {}}],
        }
    )


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(scenarios())
def test_the_worlds_agree(tables: dict[str, Any]) -> None:
    """On decisions, deliveries and each message's events."""
    assert_agree(tables)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(scenarios(faults=(*HARSH_FAULTS, *EVERY_FAULT)))
def test_once_faults_stop_every_message_is_where_it_belongs(tables: dict[str, Any]) -> None:
    """Whatever went wrong before: collected as often as it takes, nothing is lost, and nothing twice anywhere (R4.2).

    Practices that poll do so by themselves, unless their server is broken for good.
    """
    broken = any(fault.startswith("pop:") and ":every:" in fault for fault in tables["provider"]["faults"])
    with Simulation(tables) as world:
        world.run()
        practices = [practice.domain for practice in world.scenario.practices]
        for practice in practices * (0 if "poll" in tables and not broken else MOST_COLLECTIONS):
            with suppress(CollectError):
                world.collect(practice=practice)
            world.settle(until=world.now + timedelta(minutes=2))  # some take no login so soon after another
        world.settle()
        world.check()

        decided = {event.message_id for event in world.trace.steps(Step.DECIDED)}
        provider = tables["provider"]
        # What it gave once, deleted or not.
        never_shown_again = provider.get("profile") == "gmail" or provider.get("quirks") == ["gmail"]
        waiting = [one for practice in practices for one in world.waiting(practice=practice)]
        assert [one for one in waiting if not (never_shown_again and one.message_id in decided)] == []
        assert len(world.trace.steps(Step.DECIDED)) == len(world.trace.steps(Step.COLLECTED))
