"""Where replies would end, and which header tells the recipient: pure, from one message that made the round."""

import pytest

from mailsim.check.prospect import EnvelopeHeader, envelope_headers, header_advice, prospects
from mailsim.mail import Address, Message
from mailsim.practice.settings import ActionAddressIn
from tests.check.servers import site_for

ACTION, SYSTEM = Address("a1234", "abc.com"), Address("matters", "abc.com")
SENT = Message(
    b"From: a1234@abc.com\r\nReply-To: a1234@abc.com\r\nTo: a1234@abc.com\r\nMessage-ID: <p@abc.com>\r\n\r\nx\r\n"
)


def received(*lines: str, **changed: str) -> Message:
    fields = {
        "From": "a1234@abc.com",
        "Reply-To": "a1234@abc.com",
        "To": "a1234@abc.com",
        "Message-ID": "<p@abc.com>",
    }
    fields |= {name.replace("_", "-"): value for name, value in changed.items()}
    return Message(
        "\r\n".join([*lines, *(f"{k}: {v}" for k, v in fields.items() if v), "", "x", ""]).encode()
    )


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (["Delivered-To: a1234@abc.com"], [("Delivered-To", True)]),
        (
            ["X-Original-To: a1234@abc.com", "Delivered-To: matters@abc.com"],
            [("X-Original-To", True), ("Delivered-To", False)],
        ),
        (["Delivered-To: abc.com-a1234@abc.com"], [("Delivered-To", True)]),
        (
            [
                "Received: by x for <a1234@abc.com>",
                "Return-Path: <a1234@abc.com>",
                "X-Google-Original-From: a1234@abc.com",
            ],
            [],
        ),
        (["X-Spam: no"], []),
    ],
)
def test_a_field_that_tells_the_recipient(lines: list[str], found: list[tuple[str, bool]]) -> None:
    """Not one that tells the way or the sender, though they be the same address."""
    headers = envelope_headers(SENT, received(*lines), ACTION, SYSTEM)
    assert [(header.name, header.names_recipient) for header in headers] == found


@pytest.mark.parametrize(
    ("headers", "configured", "told"),
    [
        ([("Delivered-To", True)], None, ""),
        ([("X-Original-To", True)], "x-original-to", ""),
        ([("X-Original-To", True)], None, 'catch_all_header = "X-Original-To"'),
        ([("X-Original-To", True)], "Envelope-To", 'catch_all_header = "X-Original-To"'),
        ([("Delivered-To", False)], None, "guessed"),
        ([], None, "guessed"),
    ],
)
def test_which_header_to_set(headers: list[tuple[str, bool]], configured: str | None, told: str) -> None:
    """Nothing where it is well."""
    seen = tuple(EnvelopeHeader(name, "a1234@abc.com", recipient) for name, recipient in headers)
    advice = header_advice(seen, configured)
    assert told in advice
    assert bool(advice) is bool(told)


@pytest.mark.parametrize(
    ("message", "reaching"),
    [
        (
            received("Delivered-To: a1234@abc.com"),
            "from/From from/Reply-To reply-to/Reply-To both/From both/Reply-To",
        ),
        (received(From="matters@abc.com"), "reply-to/Reply-To both/Reply-To"),
        (received(From="matters@abc.com", Reply_To=""), ""),
        (received(From="matters@abc.com", Reply_To="matters@abc.com"), ""),
        (received(From="practice@gmail.example", Reply_To=""), ""),
        (received(From="", Reply_To=""), ""),
    ],
)
def test_each_way_of_replying(message: Message, reaching: str) -> None:
    """By the site's own decision; three placements, two kinds of mail programs."""
    ways = prospects(site_for(), 1234, SENT, message)
    assert [(way.placement, way.answered) for way in ways] == [
        (placement, answered) for placement in ActionAddressIn for answered in ("From", "Reply-To")
    ]
    assert " ".join(f"{way.placement}/{way.answered}" for way in ways if way.reaches) == reaching


def test_why_a_reply_does_not_come_back() -> None:
    """In the decision's own words."""
    rewritten = prospects(site_for(), 1234, SENT, received(From="matters@abc.com"))[0]
    assert (rewritten.address, rewritten.outcome) == (
        "matters@abc.com",
        "unassigned (sender-rewritten), guessed",
    )
    own = prospects(site_for(), 1234, SENT, received())[2]
    assert (own.placement, own.answered, own.outcome) == (
        ActionAddressIn.REPLY_TO,
        "From",
        "unassigned (system-address), guessed",
    )
    gone = prospects(site_for(), 1234, SENT, received(From="x@gmail.example"))[0]
    assert gone.outcome == "it leaves for another domain"
    nobody = prospects(site_for(), 1234, SENT, received(From=""))[0]
    assert nobody.outcome == "there is no address to reply to"


def test_the_envelope_header_of_the_reply_is_the_providers() -> None:
    """With a decorated value and none that explains it, the set header is no address that anybody has."""
    site = site_for(
        mailbox={
            "type": "catch-all",
            "default_sender": "matters@abc.com",
            "fallback_address": "help@elsewhere.example",
            "catch_all_header": "X-To",
        }
    )
    ways = prospects(site, 1234, SENT, received("X-To: abc.com-a1234@abc.com"))
    assert not any(way.reaches for way in ways)
    assert ways[0].outcome == "unassigned (unknown-address)"
