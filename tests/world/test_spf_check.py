"""What receiving servers make of SPF (R5.5): the event, the stamp, the refusal."""

import json
from datetime import UTC, datetime

import pytest

from mailsim.mail import Address, Envelope, Message, Reply
from mailsim.provider.spf_policy import SpfPolicy
from mailsim.provider.zone_table import read_zone_table
from mailsim.smtp.backend import Peer
from mailsim.trace.event import Step, Trace
from mailsim.trace.recorder import Recorder
from mailsim.world.journal import Journal
from mailsim.world.spf_check import SpfCheck
from tests.trace.following import recorder_and_trace

ZONE = read_zone_table(
    {
        "abc.com": {"txt": "v=spf1 ip4:192.0.2.1 -all"},
        "_dmarc.abc.com": {"txt": "v=DMARC1; p=quarantine"},
        "smtp.abc.com": {"txt": "v=spf1 a -all", "a": "192.0.2.1"},
        "ill.example": {"fault": "servfail"},
    }
)
ADDRESSES = {"smtp.abc.com": "192.0.2.1", "mx.elsewhere.example": "192.0.2.2"}
MESSAGE = Message(b"From: a1@abc.com\r\nMessage-ID: <1@abc.com>\r\n\r\nHello\r\n")
SENDER, JANE = Address("a1", "abc.com"), Address("jane", "client.example")


def admitted(
    policy: SpfPolicy,
    *,
    peer: str = "smtp.abc.com",
    sender: Address | None = SENDER,
    message: Message = MESSAGE,
    recipient: Address = JANE,
) -> tuple[Message | Reply, Trace]:
    recorder, trace = recorder_and_trace(lambda: datetime(2026, 1, 5, tzinfo=UTC))
    journal = Journal(recorder)
    check = SpfCheck(ZONE, ADDRESSES, {"": SpfPolicy.MARK, "client.example": policy}, journal)
    return check.admit("mx.client.example", Peer(peer), Envelope(sender, (recipient,)), message), trace


@pytest.mark.parametrize(
    ("peer", "sender", "result"),
    [
        ("smtp.abc.com", SENDER, "pass"),
        ("mx.elsewhere.example", SENDER, "fail"),
        ("a.program.on.this.machine", SENDER, "fail"),
        ("smtp.abc.com", None, "pass"),
        ("smtp.abc.com", Address("x", "nobody.example"), "none"),
        ("smtp.abc.com", Address("x", "ill.example"), "temperror"),
    ],
)
def test_the_client_s_address_and_the_sender_are_asked_about(
    peer: str, sender: Address | None, result: str
) -> None:
    """A server of the world has its address there, any other client 127.0.0.1; of a null sender the EHLO name counts."""
    taken, trace = admitted(SpfPolicy.MARK, peer=peer, sender=sender)

    [event] = trace.steps(Step.CHECKED)
    assert isinstance(taken, Message)
    assert (event.outcome, event.rule, event.place, event.peer) == (result, "R5.5", "mx.client.example", peer)
    assert (taken.value("Received-SPF") or "").startswith(f"{result} (mx.client.example: ")
    assert taken.octets.endswith(MESSAGE.octets)


def test_who_ignores_spf_asks_nothing_and_stamps_nothing() -> None:
    """The very message, and no event."""
    taken, trace = admitted(SpfPolicy.IGNORE, peer="mx.elsewhere.example")

    assert taken is MESSAGE
    assert len(trace) == 0


def test_a_world_in_which_everybody_ignores_it_loses_no_time() -> None:
    """The common case, decided once."""
    journal = Journal(Recorder(lambda: datetime(2026, 1, 5, tzinfo=UTC)))
    check = SpfCheck(ZONE, ADDRESSES, {"": SpfPolicy.IGNORE}, journal)

    assert check.admit("mx", Peer("x"), Envelope(SENDER, (JANE,)), MESSAGE) is MESSAGE


@pytest.mark.parametrize(
    ("peer", "sender", "refused"),
    [
        ("smtp.abc.com", SENDER, False),
        ("mx.elsewhere.example", SENDER, True),
        ("smtp.abc.com", Address("x", "ill.example"), False),
    ],
)
def test_who_refuses_a_fail_refuses_nothing_else(peer: str, sender: Address, refused: bool) -> None:
    """With 550 5.7.23 (RFC 7372); the event is there in any case."""
    taken, trace = admitted(SpfPolicy.REFUSE, peer=peer, sender=sender)

    assert isinstance(taken, Reply) is refused
    if isinstance(taken, Reply):
        assert (taken.code, taken.enhanced) == (550, "5.7.23")
        assert "abc.com" in taken.text
    assert len(trace.steps(Step.CHECKED)) == 1


def test_a_domain_that_says_nothing_of_its_own_does_as_the_others() -> None:
    """Here: it marks."""
    taken, _ = admitted(SpfPolicy.REFUSE, peer="mx.elsewhere.example", recipient=Address("x", "shop.example"))

    assert isinstance(taken, Message)


@pytest.mark.parametrize(
    ("message", "dmarc"),
    [
        (MESSAGE, {"policy": "quarantine", "aligned": True}),
        (Message(b"From: x@shop.example\r\n\r\n"), {"policy": "none published", "aligned": False}),
        (Message(b"Subject: no author\r\n\r\n"), None),
    ],
)
def test_how_it_counts_for_dmarc_stands_beside_it(message: Message, dmarc: object) -> None:
    """By the domain of From; where there is none, nothing."""
    _, trace = admitted(SpfPolicy.MARK, message=message)

    detail = json.loads(trace.steps(Step.CHECKED)[0].detail)
    assert detail.get("dmarc") == dmarc
    assert (detail["ip"], detail["domain"], detail["mechanism"]) == ("192.0.2.1", "abc.com", "ip4:192.0.2.1")
