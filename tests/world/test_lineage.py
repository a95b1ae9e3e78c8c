import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailsim.mail import Message
from mailsim.smtp.transmission import as_transmitted
from mailsim.world.lineage import Lineage, key_of

FIRST = Message(b"Message-ID: <1@a.example>\r\nSubject: one\r\n\r\nbody\r\n")
ADDED_TO = Message(
    b"Delivered-To: b@b.example\r\nMessage-ID: <1@a.example>\r\nSubject: [x] one\r\n\r\nbody\r\n"
)
NAMELESS = Message(b"From: a@a.example\r\nSubject: two\r\n\r\nbody\r\n")


def test_messages_get_trace_ids_in_the_order_they_are_first_seen() -> None:
    """One id for each conversation, and the same one again when the message comes by again."""
    lineage = Lineage()

    assert [lineage.of(FIRST), lineage.of(NAMELESS), lineage.of(FIRST)] == ["t000001", "t000002", "t000001"]


def test_a_message_is_known_again_after_a_server_added_to_its_header() -> None:
    """Over sockets only octets travel: the Message-ID tells, and without one originator, date, subject and body."""
    lineage = Lineage()
    stamped = Message(b"Received: from x\r\n" + NAMELESS.octets)

    assert lineage.of(FIRST) == lineage.of(ADDED_TO)
    assert lineage.of(NAMELESS) == lineage.of(stamped)
    assert lineage.of(NAMELESS) != lineage.of(Message(NAMELESS.octets + b"more"))


def test_text_without_a_header_is_known_again_under_what_a_server_wrote() -> None:
    """It begins with an empty line, or with words: both are the body of what arrives."""
    lineage = Lineage()
    for text in (b"\r\nFrom: jane@client.example\r\n\r\nYes.\r\n", b"Yes, I agree.\r\n"):
        stamped = Message(b"Return-Path: <jane@client.example>\r\n" + text)

        assert lineage.of(Message(text)) == lineage.of(stamped)


_PIECES = (b"\xef\xbb\xbf", b"From x@y Mon\r\n", b"From: a@b.example\r\n", b"Message-ID: <1@a.example>\r\n")
_OTHERS = (b"Subject: q\r\n", b"\r\n", b" ", b"\t", b"words", b"\r", b"\n", b"\0", b":", b"\xff\xfe")


@given(st.lists(st.sampled_from(_PIECES + _OTHERS), max_size=8).map(b"".join))
@example(b"\xef\xbb\xbfMessage-ID: <1@a.example>\r\nSubject: q\r\n\r\nhi\r\n")
@example(b"From: a@b.example\rMessage-ID: <1@a.example>\r\rhi")
def test_whatever_a_message_is_it_is_known_again_further_on(octets: bytes) -> None:
    """Under what servers write on top a mark, an mbox line or words are read otherwise; one name holds all the way."""
    lineage = Lineage()
    sent = Message(as_transmitted(octets))
    trace_id = lineage.of(sent)
    for stamps in (b"Received: from x\r\n", b"Return-Path: <a@b.example>\r\nDelivered-To: c@d.example\r\n"):
        stamped = sent.under(stamps)

        assert lineage.of(stamped) == trace_id
        assert stamped.known_by == Message(stamped.octets).known_by == sent.known_by


def test_an_answer_belongs_to_the_conversation_it_is_tied_to() -> None:
    """The first tie holds: a message does not change its conversation."""
    lineage = Lineage()
    trace_id = lineage.of(FIRST)

    lineage.tie(NAMELESS, trace_id)
    lineage.tie(NAMELESS, "t999999")

    assert lineage.of(NAMELESS) == trace_id


def pass_by(lineage: Lineage, number: int) -> None:
    """Have so many other messages be met."""
    for other in range(number):
        lineage.named(f"<{other}@other.example>")


@pytest.mark.parametrize("message", [FIRST, NAMELESS])
def test_what_waits_is_not_forgotten(message: Message) -> None:
    """However many others go by, until it waits nowhere; then it is forgotten as any other."""
    lineage = Lineage(most=4)
    key = key_of(message)
    trace_id = lineage.of(message)
    lineage.hold(key)
    lineage.hold(key)
    pass_by(lineage, 10)
    lineage.release(key)
    pass_by(lineage, 10)

    lineage.tie(message, "t999999")
    assert lineage.of(message) == trace_id

    lineage.release(key)
    assert lineage.of(message) == trace_id
    pass_by(lineage, 10)
    assert lineage.of(message) != trace_id


@pytest.mark.parametrize("before", range(5))
def test_what_waits_no_more_is_as_young_as_what_was_just_met(before: int) -> None:
    """It goes on now, whether it was among the last messages still or not."""
    lineage = Lineage(most=4)
    trace_id = lineage.of(FIRST)
    act = lineage.holding(FIRST, list)
    pass_by(lineage, before)
    act()
    lineage.named("<next@other.example>")

    assert lineage.of(FIRST) == trace_id
