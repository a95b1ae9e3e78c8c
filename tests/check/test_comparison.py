"""The difference between the header sent and the header received."""

from hypothesis import given
from hypothesis import strategies as st

from mailsim.check.comparison import Change, Kind, compare
from mailsim.mail import Message


def message(*lines: str) -> Message:
    return Message("\r\n".join([*lines, "", "body", ""]).encode())


def test_each_field_added_changed_or_dropped() -> None:
    """And none that only was folded otherwise, or named in other letters."""
    sent = message("From: a1234@abc.com", "Reply-To: a1234@abc.com", "Subject: one two", "X-A: 1", "X-A: 2")
    received = message("Received: by x", "From: matters@abc.com", "SUBJECT: one\r\n two", "X-A: 2", "X-A: 1")

    assert compare(sent, received) == (
        Change("Received", Kind.ADDED, (), ("by x",)),
        Change("From", Kind.CHANGED, ("a1234@abc.com",), ("matters@abc.com",)),
        Change("X-A", Kind.CHANGED, ("1", "2"), ("2", "1")),
        Change("Reply-To", Kind.DROPPED, ("a1234@abc.com",), ()),
    )


@given(st.binary(max_size=400), st.binary(max_size=400))
def test_no_octets_raise_and_all_that_is_shown_is_printable(sent: bytes, received: bytes) -> None:
    """Mail is hostile; what is equal has no changes."""
    for change in compare(Message(sent), Message(received)):
        assert all(
            text == "" or text.isprintable() for text in (change.field, *change.sent, *change.received)
        )
    assert compare(Message(sent), Message(sent)) == ()


def test_a_header_without_end_is_bounded() -> None:
    """Fields and values."""
    many = message(*(f"X-{number}: {'v' * 2000}" for number in range(1000)))
    changes = compare(message("From: a@b.example"), many)
    assert len(changes) == 200
    assert max(len(value) for change in changes for value in change.received) <= 500
