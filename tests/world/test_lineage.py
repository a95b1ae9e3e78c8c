from mailsim.mail import Message
from mailsim.world.lineage import Lineage

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


def test_an_answer_belongs_to_the_conversation_it_is_tied_to() -> None:
    """The first tie holds: a message does not change its conversation."""
    lineage = Lineage()
    trace_id = lineage.of(FIRST)

    lineage.tie(NAMELESS, trace_id)
    lineage.tie(NAMELESS, "t999999")

    assert lineage.of(NAMELESS) == trace_id
