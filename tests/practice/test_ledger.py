"""The ledger: each message once, whatever uids and copies do (R4.2, R4.8, R4.13)."""

import sqlite3
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsim.mail import Message
from mailsim.pop3.collection import Retrieved
from mailsim.pop3.spool import Spool
from mailsim.practice.decision import Decision
from mailsim.practice.ledger import Intake, Ledger, forwarding
from mailsim.practice.site import read_site
from mailsim.practice.store import Store
from mailsim.practice.store_error import StoreError

SITE = read_site(
    {
        "mailbox": {
            "type": "catch-all",
            "default_sender": "matters@abc.com",
            "fallback_address": "help@elsewhere.example",
        },
        "action": [{"id": 7}, {"id": 1234}],
        "sent": [{"message_id": "<before@abc.com>", "action": 7}],
    }
)
NOW = datetime(2026, 11, 23, tzinfo=UTC)
UNREADABLE = b"no header here\r\n\r\nat all\r\n"


def letter(to: str, *, message_id: str = "<1@client.example>", body: bytes = b"Yes.\r\n") -> bytes:
    head = f"Delivered-To: {to}\r\nFrom: jane@client.example\r\nMessage-ID: {message_id}\r\n\r\n"
    return head.encode() + body


def retrieved(
    octets: bytes, uid: str | None = "u1", number: int = 1, *, truncated: bool = False
) -> Retrieved:
    return Retrieved(number, uid, len(octets), octets, truncated=truncated)


def ledger(store: Store, mailbox: str = "matters@abc.com") -> Ledger:
    return Ledger(SITE, store, mailbox, {**SITE.sent, **store.sent}, forwarding(SITE, lambda: NOW))


def outcomes(book: Ledger, *batch: Retrieved) -> list[str]:
    return [str(one.decision.outcome) for one in book.take(batch).taken]


ONE = letter("a7@abc.com")
OTHER = letter("a7@abc.com", message_id="<2@client.example>", body=b"No.\r\n")
# What comes first, what comes then, the outcomes of the latter, and how many copies action 7 holds at the end.
# fmt: off
CASES = {
    "the same again: its deletion was lost": (retrieved(ONE), retrieved(ONE), [], 1),
    "the same uid, another message: a uid used again": (retrieved(ONE), retrieved(OTHER), ["delivered"], 2),
    "another uid, the same octets": (retrieved(ONE), retrieved(ONE, "u2"), ["duplicate"], 1),
    "no uids, the same octets": (retrieved(ONE, None), retrieved(ONE, None), [], 1),
    "no uids, another message": (retrieved(ONE, None), retrieved(OTHER, None), ["delivered"], 2),
    "the same message with another header, same uid": (retrieved(ONE), retrieved(b"X: y\r\n" + ONE), ["duplicate"], 1),
    "a copy for another target too": (retrieved(ONE), retrieved(letter("a7@abc.com, a1234@abc.com"), "u2"), ["delivered"], 1),
    "odd uids": (retrieved(ONE, "\xff\0 \U0001f600" * 50), retrieved(ONE, "\xff\0 \U0001f600" * 50), [], 1),
    "an unreadable one again": (retrieved(UNREADABLE), retrieved(UNREADABLE), [], 0),
    "an unreadable one under another uid": (retrieved(UNREADABLE), retrieved(UNREADABLE, "u2"), ["duplicate"], 0),
    "cut short, then whole": (retrieved(ONE[:-2], truncated=True), retrieved(ONE), ["delivered"], 1),
    "a copy of what was sent": (
        retrieved(b"From: a7@abc.com\r\nMessage-ID: <before@abc.com>\r\nTo: jane@client.example\r\n\r\n"), retrieved(ONE, "u2"), ["delivered"], 1),
}
# fmt: on


@pytest.mark.parametrize(("first", "then", "expected", "copies"), CASES.values(), ids=CASES)
@pytest.mark.parametrize("together", [True, False])
def test_the_same_message_has_no_effect_and_another_copy_only_where_none_was(
    tmp_path: Path, first: Retrieved, then: Retrieved, expected: list[str], copies: int, *, together: bool
) -> None:
    """In one batch, and in another process after a crash."""
    path = tmp_path / "store.sqlite"
    store = Store(path)
    if together:
        found = outcomes(ledger(store), first, then)[1:]
    else:
        ledger(store).take([first])
        with Store(path) as other:  # the first was not even closed
            found = outcomes(ledger(other), then)

    assert found == expected
    assert store.targets().get("action:7", 0) == copies
    store.close()


def test_a_copy_reaches_what_no_copy_before_did() -> None:
    """Fine print 9: also the third, each in a batch of its own."""
    with Store() as store:
        for number, to in enumerate(["a7@abc.com", "a7@abc.com, a1234@abc.com", "a1234@abc.com"]):
            ledger(store).take([retrieved(letter(to), f"u{number}")])

        assert store.targets() == {"action:1234": 1, "action:7": 1}


def test_every_server_mailbox_has_uids_of_its_own() -> None:
    """What is known of one says nothing of another."""
    with Store() as store:
        first, other = ledger(store), ledger(store, "other@abc.com")
        first.take([retrieved(ONE)])

        assert (first.known(["u1", "u2"]), other.known(["u1"])) == ({"u1"}, set())
        assert outcomes(other, retrieved(OTHER)) == ["delivered"]


def test_what_cannot_be_read_waits_to_be_forwarded_until_it_was_sent(tmp_path: Path) -> None:
    """R4.8: once, under the same Message-ID and octets, after a crash too."""
    path = tmp_path / "store.sqlite"
    with Store(path) as store:
        ledger(store).take(
            [retrieved(UNREADABLE), retrieved(b"worse\r\n\r\n", "u2", 2), retrieved(ONE, "u3", 3)]
        )
        before = list(store.forwards())
    with Store(path) as store:
        assert [(one.id, str(one.recipient)) for one in store.forwards()] == [
            (1, "help@elsewhere.example"),
            (2, "help@elsewhere.example"),
        ]
        assert [one.message.octets for one in store.forwards()] == [one.message.octets for one in before]
        assert len({one.message.message_id for one in before}) == 2
        assert [one.id for one in store.forwards(after=1)] == [2]
        store.forwarded(before[0])
        assert [one.id for one in store.forwards()] == [2]
        store.forwarded(before[1])
        ledger(store).take([retrieved(b"and again\r\n\r\n", "u4", 4)])
        assert [one.id for one in store.forwards()] == [3]


class ExplosionError(Exception):
    """What no message should cause."""


def test_a_message_that_makes_something_raise_holds_up_no_other() -> None:
    """It is refused and told; the others of its batch are kept, each once."""

    def exploding(original: Message, decision: Decision) -> Message:
        raise ExplosionError("boom")

    batch = [retrieved(ONE), retrieved(UNREADABLE, "u2", 2), retrieved(OTHER, "u3", 3)]
    with Store() as store:
        intake = Ledger(SITE, store, "m", {}, exploding).take(batch)

        assert [one.retrieved.number for one in intake.taken] == [1, 3]
        assert intake.refused == {2: "it cannot be taken: ExplosionError: boom"}
        assert store.targets() == {"action:7": 2}


class Interrupted(list[Retrieved]):
    """A batch that somebody writes into the store beside, when its second message is reached again."""

    def __init__(self, path: Path, *messages: Retrieved) -> None:
        super().__init__(messages)
        self.other = sqlite3.connect(path, isolation_level=None)
        self.rounds = 0

    def __iter__(self) -> Iterator[Retrieved]:
        """Yield the messages."""
        self.rounds += 1
        yield self[0]
        if self.rounds == 2:
            self.other.execute("BEGIN IMMEDIATE")
        yield self[1]


def test_a_store_that_cannot_be_written_ends_it_also_among_messages_that_raise(tmp_path: Path) -> None:
    """That is no message's fault: none is refused for it."""

    def exploding(original: Message, decision: Decision) -> Message:
        raise ExplosionError("boom")

    path = tmp_path / "store.sqlite"
    with Store(path, patience=0) as store:
        batch = Interrupted(path, retrieved(UNREADABLE), retrieved(ONE, "u2", 2))
        with pytest.raises(StoreError, match="locked"):
            Ledger(SITE, store, "m", {}, exploding).take(batch)
        batch.other.close()

        assert store.targets() == {}


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["u1", "u2", None]), st.integers(0, 2), st.sampled_from(["a7", "a1234", "x"])
        ),
        max_size=12,
    ),
    st.lists(st.integers(0, 12), max_size=4),
)
def test_no_target_ever_holds_a_message_twice_and_none_misses_one(
    listing: list[tuple[str | None, int, str]], cuts: list[int]
) -> None:
    """A law over uids, copies and batches, everything collected twice."""
    messages = [
        retrieved(letter(f"{to}@abc.com", message_id=f"<{which}@c.example>"), uid, number)
        for number, (uid, which, to) in enumerate(listing)
    ]
    edges = [0, *sorted(cuts), len(messages)]
    wanted = {
        ({"a7": "action:7", "a1234": "action:1234", "x": "unassigned"}[to], f"<{which}@c.example>")
        for _, which, to in listing
    }
    with Store() as store:
        for _ in range(2):
            for start, end in pairwise(edges):
                ledger(store).take(messages[start:end])
        held = [
            (target, message.message_id) for target in store.targets() for message in store.messages(target)
        ]

    assert sorted(held, key=str) == sorted(wanted)


def test_what_lies_on_the_disk_fills_no_memory(tmp_path: Path) -> None:
    """Of a batch of large messages one is in memory at a time, and none when it was taken."""
    batch: list[Retrieved] = []
    for number in range(1, 11):
        spool = Spool(tmp_path)
        spool.write(letter("a7@abc.com", message_id=f"<{number}@c.example>", body=b"x" * 2_000_000 + b"\r\n"))
        batch.append(Retrieved(number, f"u{number}", spool.size, spool))
    with Store(tmp_path / "store.sqlite") as store:
        tracemalloc.start()
        intake = ledger(store).take(batch)
        held, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    for one in batch:
        assert isinstance(one.body, Spool)
        one.body.close()

    assert (len(intake.taken), intake.refused) == (10, {})
    assert held < 1_000_000
    assert most < 12_000_000


def test_what_was_taken_before_may_be_deleted(tmp_path: Path) -> None:
    """It is not taken again, and it is not refused."""
    with Store(tmp_path / "store.sqlite") as store:
        ledger(store).take([retrieved(ONE)])

        assert ledger(store).take([retrieved(ONE)]) == Intake((), {})
