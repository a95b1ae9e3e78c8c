from collections.abc import Iterator

import pytest

from mailsim.practice.store import Forward, Store
from mailsim.trace.event import Step
from mailsim.world.simulation import Simulation

TABLES: dict[str, object] = {
    "mailbox": {
        "type": "catch-all",
        "default_sender": "matters@abc.com",
        "fallback_address": "help@elsewhere.example",
    }
}


def unreadable(text: bytes) -> bytes:
    return b"From: jane@client.example\r\nno field\r\nTo: matters@abc.com\r\n\r\n" + text + b"\r\n"


def test_each_unreadable_message_is_forwarded_whenever_it_comes() -> None:
    """R4.8: also where the store gives a new forward the number of one that is done."""
    with Simulation(TABLES) as world:
        for text in (b"one", b"two"):
            world.receive(to="matters@abc.com", from_address="jane@client.example", octets=unreadable(text))
            world.collect()
        world.settle()
        world.check()

        arrived = [event for event in world.trace if event.place == "help@elsewhere.example"]
        assert len(arrived) == 2


@pytest.mark.parametrize(
    ("fault", "stays"),
    [
        ("smtp:MAIL:every:reply 550 5.7.1 no", [1, 2, 3, 4, 5, 6]),
        ("smtp:MAIL:1:reply 550 5.7.1 no", [1]),
        ("smtp:MAIL:2:reply 550 5.7.1 no", [2]),
        ("smtp:MAIL:2:reply 451 4.3.0 later", []),
    ],
)
def test_each_forward_is_read_from_the_store_once(
    monkeypatch: pytest.MonkeyPatch, fault: str, stays: list[int]
) -> None:
    """Also one that was refused for good: it stays there (R3.8), and no later collection is slower for it."""
    read: list[int] = []
    left: list[int] = []
    forwards = Store.forwards

    def noted(store: Store, *, after: int = 0) -> Iterator[Forward]:
        for one in forwards(store, after=after):
            read.append(one.id)
            yield one

    def closing(store: Store) -> None:
        left[:] = [one.id for one in forwards(store)]
        close(store)

    close = Store.close
    monkeypatch.setattr(Store, "forwards", noted)
    monkeypatch.setattr(Store, "close", closing)
    with Simulation(TABLES | {"provider": {"profile": "postfix", "faults": [fault]}}) as world:
        for number in range(6):
            world.receive(
                to="matters@abc.com", from_address="jane@client.example", octets=unreadable(b"%d" % number)
            )
            world.collect()
        world.settle()
        world.check()
        refused = world.trace.steps(Step.REFUSED)

    assert read == [1, 2, 3, 4, 5, 6]
    assert left == stays
    assert len(refused) == len(stays)
