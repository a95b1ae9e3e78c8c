import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mailsim.mail import Address
from mailsim.pop3.collection import Retrieved
from mailsim.practice.composing import Draft, Recipient
from mailsim.practice.decision import Outcome, Reason
from mailsim.practice.site import read_site
from mailsim.practice.store import Store
from mailsim.practice.store_error import StoreError
from mailsim.trace.event import Step, Trace
from mailsim.world.journal import Journal
from mailsim.world.office import Office
from tests.trace.following import recorder_and_trace

MATTERS = Address("matters", "abc.com")
NOW = datetime(2026, 11, 23, tzinfo=UTC)
SITE = read_site(
    {
        "mailbox": {
            "type": "catch-all",
            "default_sender": "matters@abc.com",
            "fallback_address": "help@elsewhere.example",
        },
        "action": [{"id": 1234}],
    }
)
REPLY = b"From: jane@client.example\r\nTo: a1234@abc.com\r\nMessage-ID: <1@client.example>\r\n\r\nYes.\r\n"


def office(store: Store) -> tuple[Office, Trace]:
    recorder, trace = recorder_and_trace(lambda: NOW)
    return Office(SITE, store, Journal(recorder), now=lambda: NOW, seed=7, limits={}), trace


def retrieved(octets: bytes, number: int = 1) -> Retrieved:
    return Retrieved(number, f"uid{number}", len(octets), octets, truncated=False)


def test_a_batch_that_could_not_be_stored_is_not_taken_for_collected(tmp_path: Path) -> None:
    """R4.2: the same message, collected again after the disk came back, is delivered and no duplicate."""
    with Store(tmp_path / "store.sqlite", patience=0) as store:
        practice, trace = office(store)
        other = sqlite3.connect(tmp_path / "store.sqlite", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError):
            practice.take([retrieved(REPLY)])
        other.execute("ROLLBACK")
        other.close()

        assert not practice.decided
        assert len(trace) == 0
        intake = practice.take([retrieved(REPLY)])

        assert [one.decision.outcome for one in intake.taken] == [Outcome.DELIVERED]
        assert practice.decided == {(Outcome.DELIVERED, Reason.ACTION_ADDRESS): 1}
        assert store.targets() == {"action:1234": 1}


def test_a_second_copy_in_the_same_batch_is_a_duplicate() -> None:
    """R4.13: one copy in the action, and the trace tells both decisions."""
    with Store() as store:
        practice, trace = office(store)
        practice.take([retrieved(REPLY), retrieved(b"Received: from x\r\n" + REPLY, 2)])

        assert store.targets() == {"action:1234": 1}
    assert [event.outcome for event in trace.steps(Step.DECIDED)] == ["delivered", "duplicate"]


def test_a_copy_that_comes_back_reaches_nobody_who_got_it_inside() -> None:
    """R4.13: a letter to an action, and to an address outside of it that leads back, is in the action once."""
    with Store() as store:
        practice, _ = office(store)
        to = Recipient(Address("a1234", "abc.com")), Recipient(MATTERS)
        outgoing = practice.compose(Draft(to=to, from_action=1234))

        assert outgoing.envelope.recipients == (MATTERS,)
        assert store.targets() == {"action:1234": 1}

        intake = practice.take([retrieved(b"Delivered-To: matters@abc.com\r\n" + outgoing.message.octets)])

        assert [one.decision.outcome for one in intake.taken] == [Outcome.DUPLICATE]
        assert store.targets() == {"action:1234": 1}
