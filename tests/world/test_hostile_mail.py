"""Mail that is odd in every way is accounted for as any other, in memory and on sockets (R6.2)."""

from collections.abc import Callable, Sequence

import pytest

from mailsim.world.lab import Lab
from mailsim.world.orders import inline
from mailsim.world.simulation import Simulation

Made = Callable[..., Simulation | Lab]
BOM = b"\xef\xbb\xbf"
ODD = [
    b"From: a@b.example\rSubject: q\r\rhi",
    b"From: a@b.example\rMessage-ID: <1@b.example>\rSubject: q\r\rhi",
    BOM + b"From: a@b.example\r\nSubject: q\r\n\r\nhi\r\n",
    BOM + b"Message-ID: <2@b.example>\r\nFrom: a@b.example\r\nSubject: q\r\n\r\nhi\r\n",
    b"From a@b.example Mon Nov 23 10:00:00 2026\nSubject: q\n\nhi\n",
    b"\r\nFrom: a@b.example\r\n\r\nhi",
    b" folded\r\nMessage-ID: <3@b.example>\r\n\r\nhi",
    b"From: a@b.example\r\nSubj\0ect: q\r\n\r\n\r.\r\n",
    b"\xff\xfeF\0r\0o\0m\0",
    b"",
]


@pytest.fixture(params=[Simulation, Lab])
def made(request: pytest.FixtureRequest) -> Made:
    """Each kind of world."""
    kind: Made = request.param
    return kind


def tables(profile: str, **more: object) -> dict[str, object]:
    return {
        "mailbox": {
            "type": "catch-all",
            "default_sender": "matters@abc.com",
            "fallback_address": "help@elsewhere.example",
        },
        "action": [{"id": 1234}],
        "provider": {"profile": profile},
        **more,
    }


def received(letters: Sequence[bytes]) -> list[dict[str, object]]:
    files = [{"file": inline(octets), "to": "a1234@abc.com", "from": "a@b.example"} for octets in letters]
    return [{"receive": receive} for receive in files]


@pytest.mark.parametrize("profile", ["postfix", "gmail", "mailgun"])
def test_no_message_is_so_odd_that_it_is_told_as_lost(made: Made, profile: str) -> None:
    """What is read otherwise where servers have written on top of it, or mended its line ends, is the same message."""
    with made(tables(profile, event=[*received(ODD), {"collect": {}}])) as world:
        world.run()

        assert len(world.decisions) == len(ODD)


def test_odd_messages_that_a_relay_changes_are_not_told_as_lost(made: Made) -> None:
    """A Message-ID that stands behind a byte order mark is none to what comes after it."""
    relay = {
        "name": "gate.b.example",
        "domains": "b.example",
        "mangles": ["message-id-replaced", "quoted-printable"],
    }
    people = [{"address": "a@b.example"}]
    with made(
        tables("postfix", correspondent=people, relay=[relay], event=[*received(ODD), {"collect": {}}])
    ) as world:
        world.run()

        assert len(world.decisions) == len(ODD)


def test_a_corpus_may_hold_odd_messages(made: Made) -> None:
    """A workload plays them as it plays others."""
    letters = [inline(octets) for octets in ODD]
    workload = {"letters": 12, "corpus": letters, "share": 1.0}
    people = [{"address": "jane@client.example"}]
    with made(tables("postfix", correspondent=people, workload=workload, poll="1h")) as world:
        world.run()

        assert len(world.decisions) == 12
