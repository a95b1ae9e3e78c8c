"""Messages that wait while many others go by keep their trace ids, from compose to the last mailbox (R6.1)."""

from functools import partial

import pytest

from mailsim.trace.event import Step
from mailsim.world.lineage import Lineage
from mailsim.world.simulation import Simulation

LETTERS = 60
MOST = 20
TABLES: dict[str, object] = {
    "mailbox": {
        "type": "catch-all",
        "default_sender": "matters@abc.com",
        "fallback_address": "help@elsewhere.example",
    },
    "action": [{"id": 1}],
    "poll": "1h",
    "provider": {"profile": "postfix"},
    "correspondent": [{"address": "jane@client.example"}],
    "workload": {"letters": LETTERS, "size": "200"},
}


@pytest.fixture(autouse=True)
def _forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Worlds that remember few messages, and have fewer on their way at once."""
    monkeypatch.setattr("mailsim.world.journal.Lineage", partial(Lineage, MOST))
    monkeypatch.setattr("mailsim.world.memory.MOST_MOVING", 4)


def provider(**said: object) -> dict[str, object]:
    return {"provider": {"profile": "postfix", **said}}


@pytest.mark.parametrize(
    "said",
    [
        {},
        provider(sent_copies=True),
        provider(faults=["mx:RCPT:p=0.5:reply 451 4.3.0 later"]),
        provider(faults=["smtp:RCPT:p=0.5:reply 451 4.3.0 later"]),
        {"correspondent": [{"address": "jane@client.example", "delay": "1d"}]},
        {"zone": {"client.example": {"fault": {"mx": "slow 86400"}}}},
    ],
    ids=["in its server mailbox", "a copy there", "at its server", "at the practice", "for an answer", "for DNS"],
)  # fmt: skip
def test_a_conversation_keeps_its_trace_id(said: dict[str, object]) -> None:
    """Wherever its messages wait; and so none is told as lost (R6.2)."""
    with Simulation(TABLES | said) as world:
        world.run()
        begun, ended = (
            [event.trace_id for event in world.trace if event.step is step]
            for step in (Step.COMPOSED, Step.DELIVERED)
        )

    assert len(set(begun)) == LETTERS
    assert sorted(ended) == sorted(begun)


def test_what_people_write_at_once_waits_for_room() -> None:
    """Not all of it is on its way at once, in memory either."""
    with Simulation({key: TABLES[key] for key in ("mailbox", "action", "provider")}) as world:
        for _ in range(LETTERS):
            world.receive(to="a1@abc.com", from_address="x@shop.example")
        world.collect()
        world.check()

        assert len({event.trace_id for event in world.trace if event.trace_id}) == LETTERS


def test_an_answer_that_is_told_belongs_to_its_conversation_however_late() -> None:
    """What people have got waits to be answered."""
    with Simulation({key: TABLES[key] for key in ("mailbox", "action", "provider")}) as world:
        sent = world.send(to="jane@client.example", from_action=1)
        world.settle()
        for _ in range(LETTERS):
            world.receive(to="a1@abc.com", from_address="x@shop.example")
        world.settle()
        world.reply(sent.message_id)
        world.settle()
        [reply] = [event for event in world.trace if event.step is Step.REPLIED]

        assert reply.trace_id == world.trace[0].trace_id
