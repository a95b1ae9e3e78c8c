from collections.abc import Iterator

import pytest

from mailsim.study.holding import Holding, arrived, holding, whole_balance
from mailsim.world.lab import Lab


@pytest.fixture(scope="module")
def world() -> Iterator[Lab]:
    """One answer, delivered to its action."""
    mailbox = {
        "type": "catch-all",
        "default_sender": "matters@abc.com",
        "fallback_address": "help@elsewhere.example",
    }
    with Lab(
        {
            "mailbox": mailbox,
            "action": [{"id": 1234}],
            "provider": {"catch_all": "matters@abc.com"},
            "correspondent": [{"address": "jane@client.example"}],
        }
    ) as lab:
        lab.send(from_action=1234, to="jane@client.example")
        lab.settle()
        lab.collect()
        yield lab


def test_what_was_decided_is_held(world: Lab) -> None:
    """Nothing lost, nothing doubled."""
    found = whole_balance(world.trace, holding(world))

    assert (found.lost, found.doubled) == ((), ())
    assert len(list(arrived(world.trace, holding(world)))) == 1


def test_a_copy_that_is_not_held_is_lost(world: Lab) -> None:
    """Once, though it is missing at both ends."""
    [copy] = whole_balance(world.trace, Holding()).lost

    assert copy[2] == "target:action:1234"
    assert list(arrived(world.trace, Holding())) == []


def test_a_copy_too_many_is_doubled(world: Lab) -> None:
    """The same message twice, or one that nobody decided on."""
    held = holding(world)
    [known] = held

    assert len(whole_balance(world.trace, held + Holding([known])).doubled) == 1
    assert whole_balance(world.trace, held + Holding([("unassigned", "<x@y>")])).doubled == (
        ("", "<x@y>", "target:unassigned"),
    )
