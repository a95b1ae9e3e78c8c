"""A message taken apart and put together."""

from hypothesis import given
from hypothesis import strategies as st

from mailsim.mail import Message
from mailsim.study.diagnosis.fields import Anatomy

PLAIN = b"From: a@x.example\r\nTo: b@x.example,\r\n c@x.example\r\nto: d@x.example\r\n\r\nBody\r\n"


@given(st.binary(max_size=300) | st.text("ab:\r\n \t\0-", max_size=200).map(str.encode))
def test_any_octets_come_together_again(octets: bytes) -> None:
    """Whatever they are."""
    assert Anatomy.of(Message(octets)).message().octets == octets


def test_a_field_has_its_folds() -> None:
    """And its name in lower case."""
    anatomy = Anatomy.of(Message(PLAIN))

    assert [field.name for field in anatomy.fields] == ["from", "to", "to"]
    assert anatomy.fields[1].value == b" b@x.example,\r\n c@x.example\r\n"
    assert anatomy.body == b"Body\r\n"


def test_a_field_takes_the_place_of_all_of_its_name() -> None:
    """Where the topmost stood; a new one comes on top."""
    anatomy = Anatomy.of(Message(PLAIN))

    assert anatomy.with_field("TO", "e@x.example").message().octets == (
        b"From: a@x.example\r\nTO: e@x.example\r\n\r\nBody\r\n"
    )
    assert anatomy.with_field("Cc", "e@x.example").message().octets.startswith(b"Cc: e@x.example\r\nFrom")
    assert anatomy.without("to").message().octets == b"From: a@x.example\r\n\r\nBody\r\n"


def test_no_value_makes_a_line_of_its_own() -> None:
    """Controls become spaces; line ends are the message's own."""
    anatomy = Anatomy.of(Message(b"From: a@x\n\n"))

    assert anatomy.with_field("To", "b@x\r\nBcc: c@x").message().octets == b"To: b@x  Bcc: c@x\nFrom: a@x\n\n"


def test_a_message_without_a_header_gets_one() -> None:
    """With the empty line that ends it."""
    octets = Anatomy.of(Message(b"")).with_field("To", "a@x").message().octets

    assert octets == b"To: a@x\r\n\r\n"
