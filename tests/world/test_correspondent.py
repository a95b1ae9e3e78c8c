from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailsim.mail import Address, Envelope, Message
from mailsim.world.correspondent import Correspondent, RepliesTo, answer, answered

JANE = Correspondent(Address("jane", "client.example"))
DATE = datetime(2026, 11, 23, 9, tzinfo=UTC)


def message(*lines: str) -> Message:
    return Message("\r\n".join([*lines, "", "body", ""]).encode())


@pytest.mark.parametrize(
    ("replies_to", "fields", "expected"),
    [
        ("from", ["From: a1234@abc.com"], ["a1234@abc.com"]),
        ("from", ["From: matters@abc.com", "Reply-To: a1234@abc.com"], ["matters@abc.com"]),
        ("reply-to", ["From: matters@abc.com", "Reply-To: a1234@abc.com"], ["a1234@abc.com"]),
        ("reply-to", ["From: a1234@abc.com"], ["a1234@abc.com"]),
        ("reply-to", ["From: a1234@abc.com", "Reply-To: nobody"], ["a1234@abc.com"]),
        ("reply-to", ["Reply-To: a@b.example, c@d.example"], ["a@b.example", "c@d.example"]),
        ("from", ["Subject: no originator"], []),
    ],
)
def test_a_program_answers_to_from_or_honours_reply_to(
    replies_to: str, fields: list[str], expected: list[str]
) -> None:
    """RFC 5322 section 3.6.3; an unusable Reply-To is as none."""
    assert [str(address) for address in answered(RepliesTo(replies_to), message(*fields))] == expected


def test_an_answer_threads_and_quotes_nothing_it_must_not() -> None:
    """In-Reply-To names the message, References the whole thread (RFC 5322 section 3.6.4)."""
    asked = message(
        "From: a1234@abc.com", "Subject: Draft", "Message-ID: <2@abc.com>", "References: <1@abc.com>"
    )

    answered_with = answer(JANE, asked, message_id="<r@client.example>", date=DATE)

    assert answered_with is not None
    envelope, reply = answered_with
    assert envelope == Envelope(JANE.address, (Address("a1234", "abc.com"),))
    assert reply.defect is None
    assert reply.value("From") == "jane@client.example"
    assert reply.value("To") == "a1234@abc.com"
    assert reply.value("Subject") == "Re: Draft"
    assert reply.value("In-Reply-To") == "<2@abc.com>"
    assert (reply.value("References") or "").split() == ["<1@abc.com>", "<2@abc.com>"]
    assert reply.message_id == "<r@client.example>"


def test_an_answer_to_an_answer_keeps_its_subject_and_needs_no_message_id() -> None:
    """`Re:` is not doubled; a message without Message-ID cannot be threaded."""
    answered_with = answer(
        JANE, message("From: a@abc.com", "Subject: RE: Draft"), message_id="<r@c>", date=DATE
    )

    assert answered_with is not None
    assert answered_with[1].value("Subject") == "RE: Draft"
    assert answered_with[1].value("In-Reply-To") is None


def test_a_message_without_originator_gets_no_answer() -> None:
    """There is nobody to answer."""
    assert answer(JANE, message("Subject: hello"), message_id="<r@c>", date=DATE) is None


@example(b"Subject: a\0b\rc\x0b", RepliesTo.FROM)
@example(b"Message-ID: \0\r\nReferences: <a>\0", RepliesTo.FROM)
@given(st.binary(max_size=300), st.sampled_from(list(RepliesTo)))
def test_no_mail_makes_a_correspondent_write_a_broken_header(octets: bytes, replies_to: RepliesTo) -> None:
    """Whatever a message holds, the answer is readable and has one of each of its fields."""
    hostile = Message(b"From: a@abc.com\r\n" + octets + b"\r\n\r\n")

    answered_with = answer(Correspondent(JANE.address, replies_to), hostile, message_id="<r@c>", date=DATE)

    if answered_with is not None:
        _, reply = answered_with
        assert reply.defect is None
        for name in ("From", "To", "Subject", "Date", "Message-ID"):
            assert len(reply.values(name)) == 1
