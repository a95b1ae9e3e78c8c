from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailsim.mail import Address, Envelope, Message
from mailsim.smtp.transmission import as_transmitted
from mailsim.world.correspondent import (
    MOST_ANSWERED,
    Correspondent,
    Habit,
    RepliesTo,
    acts_on,
    answer,
    answered,
)
from mailsim.world.mangling import Mangle

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


@example(b"Subject: a\0b\rc\x0b", RepliesTo.FROM, "a\rb\nc\x0bd\x85")
@example(b"Message-ID: \0\r\nReferences: <a>\0", RepliesTo.FROM, "")
@given(st.binary(max_size=300), st.sampled_from(list(RepliesTo)), st.text(st.characters(codec="utf-8")))
def test_no_mail_makes_a_correspondent_write_a_broken_header(
    octets: bytes, replies_to: RepliesTo, text: str
) -> None:
    """Whatever a message holds, the answer is readable, has one of each of its fields, and is fit for the wire."""
    hostile = Message(b"From: a@abc.com\r\n" + octets + b"\r\n\r\n")
    person = Correspondent(JANE.address, replies_to)

    answered_with = answer(person, hostile, message_id="<r@c>", date=DATE, text=text)

    if answered_with is not None:
        _, reply = answered_with
        assert reply.defect is None
        assert Message(reply.octets).message_id == reply.message_id
        assert reply.crlf
        assert as_transmitted(reply.octets) is reply.octets
        for name in ("From", "To", "Subject", "Date", "Message-ID"):
            assert len(reply.values(name)) == 1


@pytest.mark.parametrize("field", ["From", "Reply-To", "To", "Cc"])
def test_an_answer_goes_to_no_more_than_any_server_takes(field: str) -> None:
    """A header that names thousands makes nobody send thousands of copies (RFC 5321 section 4.5.3.1.8)."""
    many = ", ".join(f"p{number}@crowd.example" for number in range(3000))
    fields = {"From": "a1234@abc.com", "To": JANE.address.text} | {field: many}
    asked = message(*(f"{name}: {value}" for name, value in fields.items()))
    person = Correspondent(JANE.address, habit=Habit.REPLY_ALL)

    wrote = answer(person, asked, message_id="<r@c>", date=DATE)

    assert wrote is not None
    assert len(wrote[0].recipients) == MOST_ANSWERED >= 100


LETTER = (
    "From: Matters <matters@abc.com>",
    "Reply-To: a1234@abc.com",
    "To: jane@client.example, joe@other.example",
    "Cc: ann@third.example, a1234@abc.com",
    "Subject: Draft",
    "Message-ID: <2@abc.com>",
)
SENDER = Address("bounces", "abc.com")


@pytest.mark.parametrize(
    ("habit", "envelope", "fields", "threads"),
    [
        (Habit.REPLY, "jane@client.example", ("a1234@abc.com", None, "Re: Draft"), True),
        (Habit.REPLY_ALL, "jane@client.example", ("a1234@abc.com", "joe@other.example, ann@third.example", "Re: Draft"), True),
        (Habit.FORWARD, "jane@client.example", ("boss@client.example", None, "Fwd: Draft"), False),
        (Habit.WRITE_ANEW, "jane@client.example", ("matters@abc.com", None, "Another question"), False),
        (Habit.AUTO_REPLY, None, ("bounces@abc.com", None, "Auto: Draft"), True),
        (Habit.OUT_OF_OFFICE, "jane@client.example", ("matters@abc.com", None, "Re: Draft"), True),
    ],
)  # fmt: skip
def test_each_habit_writes_what_it_does(
    habit: Habit, envelope: str | None, fields: tuple[str, str | None, str], threads: bool
) -> None:
    """Whom it reaches, under which sender, and whether it stays in the thread."""
    person = Correspondent(JANE.address, habit=habit, forwards_to=(Address("boss", "client.example"),))
    wrote = answer(person, message(*LETTER), sender=SENDER, message_id="<r@client.example>", date=DATE)

    assert wrote is not None
    sent, written = wrote
    assert (None if sent.sender is None else str(sent.sender)) == envelope
    assert (written.value("To"), written.value("Cc"), written.value("Subject")) == fields
    assert ", ".join(map(str, sent.recipients)) == ", ".join(filter(None, fields[:2]))
    assert (written.value("In-Reply-To") == "<2@abc.com>") is threads
    assert (written.value("Auto-Submitted") == "auto-replied") is (habit is Habit.AUTO_REPLY)


def test_what_came_under_the_null_sender_is_forwarded_under_it() -> None:
    """Else two servers would report to each other for ever where it cannot be delivered (RFC 5228 section 4.2)."""
    person = Correspondent(
        JANE.address, habit=Habit.FORWARD, forwards_to=(Address("boss", "client.example"),)
    )
    wrote = answer(person, message(*LETTER), sender=None, message_id="<r@client.example>", date=DATE)

    assert wrote is not None
    assert wrote[0].sender is None


@pytest.mark.parametrize(
    ("fields", "sender", "acting"),
    [
        ((), SENDER, set(Habit) - {Habit.BOUNCE}),
        (("Auto-Submitted: auto-replied",), None, {Habit.FORWARD, Habit.OUT_OF_OFFICE}),
        (("Auto-Submitted: no",), SENDER, set(Habit) - {Habit.BOUNCE}),
        ((), None, set(Habit) - {Habit.AUTO_REPLY, Habit.BOUNCE}),
        (("List-Id: <rules.list.example>",), SENDER, set(Habit) - {Habit.AUTO_REPLY, Habit.BOUNCE}),
        (("In-Reply-To: <own@client.example>",), SENDER, {Habit.FORWARD, Habit.OUT_OF_OFFICE, Habit.AUTO_REPLY}),
    ],
)  # fmt: skip
def test_who_acts_on_what(fields: tuple[str, ...], sender: Address | None, acting: set[Habit]) -> None:
    """People leave automatic mail and answers to their own alone; RFC 3834 programs automatic mail and the null sender."""
    mail = message(*LETTER, *fields)
    own = {"<own@client.example>"}

    assert {
        habit
        for habit in Habit
        if acts_on(Correspondent(JANE.address, habit=habit), mail, sender=sender, own=own)
    } == acting


def test_nobody_answers_an_answer_to_an_answer() -> None:
    """By hand, however little is left in it of the thread; programs do."""
    mail = message(*LETTER)
    people = [Correspondent(JANE.address, habit=habit) for habit in Habit]
    acting = {person.habit for person in people if acts_on(person, mail, sender=SENDER, own=(), depth=2)}

    assert acting == {Habit.FORWARD, Habit.OUT_OF_OFFICE, Habit.AUTO_REPLY}
    assert acts_on(JANE, mail, sender=SENDER, own=(), depth=1)


def test_what_a_mail_program_mangles_is_its_answer() -> None:
    """Not whom it reaches."""
    person = Correspondent(JANE.address, mangles=(Mangle.REFERENCES_DROPPED, Mangle.SUBJECT_REWRITTEN))
    plain = answer(JANE, message(*LETTER), message_id="<r@c>", date=DATE)
    wrote = answer(person, message(*LETTER), message_id="<r@c>", date=DATE)

    assert plain is not None
    assert wrote is not None
    assert wrote[0] == plain[0]
    assert wrote[1].value("Subject") == "[EXTERN] Draft"
    assert wrote[1].value("References") is None
    assert wrote[1].value("In-Reply-To") == "<2@abc.com>"


def test_a_program_that_keeps_rfc_3834_writes_to_nobody_without_a_sender() -> None:
    """There is no address that it may answer."""
    person = Correspondent(JANE.address, habit=Habit.AUTO_REPLY)
    assert answer(person, message(*LETTER), message_id="<r@c>", date=DATE) is None
