"""SPF in a whole world: who sends through what, and what becomes of it at the other end (R5.5, R5.6)."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from mailsim.provider.spf_advice import advise
from mailsim.trace.event import Step
from mailsim.world.lab import Lab
from mailsim.world.simulation import Simulation

DAEMON = "Mail Delivery System <MAILER-DAEMON@localhost>"
SITE: dict[str, object] = {
    "mailbox": {
        "type": "catch-all",
        "default_sender": "matters@abc.com",
        "fallback_address": "help@elsewhere.example",
    },
    "action": [{"id": 1234}],
}


Made = Callable[[Mapping[str, object] | Path], Simulation | Lab]
SCENARIO = Path(__file__).parents[2] / "fixtures" / "scenarios" / "spf.toml"


@pytest.fixture(params=[Simulation, Lab])
def made(request: pytest.FixtureRequest) -> Made:
    """Each kind of world."""
    kind: Made = request.param
    return kind


def checks(world: Simulation | Lab) -> list[tuple[str, str, str]]:
    """Server, sender and result of each check, in order."""
    return [(event.place, event.sender, event.outcome) for event in world.trace.steps(Step.CHECKED)]


@pytest.mark.parametrize(
    ("record", "result"),
    [("v=spf1 mx -all", "fail"), (advise(["v=spf1 mx -all"]).advised, "pass")],
    ids=["without", "with"],
)
def test_mail_through_localhost_needs_the_include(made: Made, record: str, result: str) -> None:
    """R5.6: without it a correspondent whose server refuses gets nothing, and the action a report; with it the reply."""
    tables = {
        "smtp": {"server": "localhost"},
        "zone": {"abc.com": {"txt": record}},
        "correspondent": [{"address": "jane@client.example", "spf": "refuse"}],
    }
    with made(SITE | tables) as world:
        world.send(from_action=1234, to="jane@client.example")
        world.settle()
        decisions = world.collect()
        world.check()

        assert checks(world)[0] == ("mx.client.example", "a1234@abc.com", result)
        [decision] = decisions
        [message] = world.mailbox("action:1234")
        assert decision.targets == ("action:1234",)
        assert message.value("From") == ("jane@client.example" if result == "pass" else DAEMON)
        bounced = world.trace.steps(Step.BOUNCED)
        assert [event.outcome for event in bounced] == ["550"] * (result == "fail")


@pytest.mark.parametrize(("spf", "kept"), [("mark", 1), ("refuse", 0), ("ignore", 1)])
def test_what_the_provider_does_with_a_forged_sender(made: Made, spf: str, kept: int) -> None:
    """Somebody outside writes as the practice itself: told, refused, or let through unseen."""
    tables = {"provider": {"spf": spf}, "zone": {"abc.com": {"txt": "v=spf1 a:smtp.abc.com -all"}}}
    with made(SITE | tables) as world:
        world.receive(to="a1234@abc.com", from_address="matters@abc.com")
        world.settle()

        waiting = world.waiting()
        assert len(waiting) == kept
        stamps = [message.value("Received-SPF") for message in waiting]
        assert all((stamp or "").startswith("fail ") for stamp in stamps) is (spf != "ignore")
        assert checks(world) == [("mx.abc.com", "matters@abc.com", "fail")] * (spf != "ignore")
        world.collect()
        world.check()


def test_a_stamped_reply_is_routed_as_any_other(made: Made) -> None:
    """The fields that name the recipient stay on top of the stamp."""
    tables = {
        "zone": {
            "client.example": {"txt": "v=spf1 mx -all"},
            "_dmarc.client.example": {"txt": "v=DMARC1; p=reject"},
        },
        "correspondent": [{"address": "jane@client.example"}],
    }
    with made(SITE | tables) as world:
        world.send(from_action=1234, to="jane@client.example")
        world.settle()
        [decision] = world.collect()

        assert decision.targets == ("action:1234",)
        [message] = world.mailbox("action:1234")
        assert (message.value("Received-SPF") or "").startswith("pass (mx.abc.com: ")
        detail = json.loads(world.trace.steps(Step.CHECKED)[-1].detail)
        assert detail["dmarc"] == {"policy": "reject", "aligned": True}


def test_mail_goes_where_the_mx_record_says(made: Made) -> None:
    """A record that was forgotten when the provider changed: replies lie at the old one, and nothing is lost."""
    tables = {
        "zone": {"abc.com": {"mx": "10 mx.old.example"}},
        "correspondent": [{"address": "jane@client.example"}],
    }
    with made(SITE | tables) as world:
        world.send(from_action=1234, to="jane@client.example")
        world.settle()

        assert world.collect() == []
        assert [event.peer for event in world.trace.steps(Step.STORED)] == [
            "mx.client.example",
            "mx.old.example",
        ]
        world.check()


def test_the_scenario_beside_the_others_comes_out_as_it_says(made: Made) -> None:
    """`mailsim run fixtures/scenarios/spf.toml`: its expectations hold, mail is conserved."""
    with made(SCENARIO) as world:
        world.run()

        told = {(event.place, event.sender): event.outcome for event in world.trace.steps(Step.CHECKED)}
        assert told["mx1.client.example", "a1234@abc.com"] == "fail"
        assert told["mx.abc.com", "matters@abc.com"] == "fail"
        assert told["mx.abc.com", "jane@client.example"] == "pass"
