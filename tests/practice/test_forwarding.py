import email
import email.policy
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailsim.mail import Address, Message
from mailsim.practice.decision import Decision, Outcome, Reason, Resolver
from mailsim.practice.forwarding import forward

MATTERS, HELP = Address("matters", "abc.com"), Address("help", "elsewhere.example")
DECISION = Decision(
    message=None,
    message_id=None,
    outcome=Outcome.FALLBACK,
    targets=("fallback:help@elsewhere.example",),
    reason=Reason.NO_ORIGINATOR,
    resolver=Resolver.ADDRESS,
    guessed=False,
    address=None,
    meant_for=None,
    evidence=(),
)
BOUNDARY_GUESS = b"--=_fallback__1_abc_com_--"


def forwarded(octets: bytes) -> tuple[Message, "email.message.EmailMessage"]:
    """The forward of these octets, ours and as the standard library reads it."""
    envelope, message = forward(
        Message(octets),
        DECISION,
        sender=MATTERS,
        fallback=HELP,
        message_id="<1@abc.com>",
        date=datetime(2026, 11, 23, tzinfo=UTC),
    )
    assert envelope.sender is None
    assert envelope.recipients == (HELP,)
    parsed = email.message_from_bytes(message.octets, policy=email.policy.SMTP)
    assert isinstance(parsed, email.message.EmailMessage)
    return message, parsed


def test_the_forward_says_what_it_is_and_cannot_loop() -> None:
    """From the system, automatic (RFC 3834), with the loop header (R4.9) and the reason."""
    message, parsed = forwarded(b"Subject: x\r\n\r\nbody\r\n")

    assert message.defect is None
    assert message.value("From") == "matters@abc.com"
    assert message.value("X-Mailsim-Loop") == "matters@abc.com"
    assert message.value("Auto-Submitted") == "auto-generated"
    assert "no-originator" in (message.value("Subject") or "")
    assert "no-originator" in parsed.get_body().get_content()  # type: ignore[union-attr] # it has a text part


@pytest.mark.parametrize(
    ("octets", "kind"),
    [
        (b"Subject: x\r\n\r\nbody\r\n", "message/rfc822"),
        (b"Subject: x\r\n\r\nno final line end", "message/rfc822"),
        (b"Subject: x\n\nbare line feeds\n", "application/octet-stream"),
        (b"Subject: x\r\n\r\n" + b"y" * 1200 + b"\r\n", "application/octet-stream"),
        (b"Subject: \0\r\n\r\n", "application/octet-stream"),
        (b"", "application/octet-stream"),
        (b"\x89PNG\r\n\x1a\n\0\0", "application/octet-stream"),
    ],
)
def test_the_original_travels_in_the_form_that_keeps_it(octets: bytes, kind: str) -> None:
    """message/rfc822 where SMTP carries its lines as they are, octets in base64 elsewhere (R4.8)."""
    _, parsed = forwarded(octets)

    [_, attached] = parsed.iter_parts()
    assert attached.get_content_type() == kind


@given(st.binary(max_size=2000))
@example(b"Subject: x\r\n\r\n" + BOUNDARY_GUESS + b"\r\n")
@example(b"Subject: x\r\n\r\n\r\n" + BOUNDARY_GUESS[:-2] + b"\r\n\r\n")
def test_not_one_octet_of_the_original_is_lost(octets: bytes) -> None:
    """Whatever was collected can be taken out again whole; and the forward itself can always be sent."""
    message, parsed = forwarded(octets)

    [_, attached] = parsed.iter_parts()
    if attached.get_content_type() == "message/rfc822":
        assert b"\r\n\r\n" + octets + b"\r\n--" in message.octets
    else:
        assert attached.get_payload(decode=True) == octets
    assert all(len(line) <= 998 and b"\r" not in line[:-1] for line in message.octets.split(b"\n"))
