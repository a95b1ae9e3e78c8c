"""SMTP replies: code, enhanced status code, text (RFC 5321 section 4.2, RFC 3463)."""

import pytest

from mailsim.mail import Reply


@pytest.mark.parametrize(
    ("reply", "accepted", "transient"),
    [
        (Reply(250, "OK"), True, False),
        (Reply(354, "go on"), True, False),
        (Reply(400, "later"), False, True),
        (Reply(451, "later"), False, True),
        (Reply(550, "never"), False, False),
    ],
)
def test_the_code_says_what_follows(reply: Reply, *, accepted: bool, transient: bool) -> None:
    """2yz and 3yz accept, 4yz may be tried again, 5yz not."""
    assert (reply.accepted, reply.transient) == (accepted, transient)
    assert repr(reply) == f"Reply(code={reply.code}, text={reply.text!r}, enhanced='')"


@pytest.mark.parametrize(
    ("code", "text", "reply", "shown", "wire"),
    [
        (250, "OK", Reply(250, "OK"), "250 OK", "250 OK"),
        (250, "2.0.0 OK", Reply(250, "OK", "2.0.0"), "250 2.0.0 OK", "250 2.0.0 OK"),
        (250, "2.0.0", Reply(250, "", "2.0.0"), "250 2.0.0", "250 2.0.0"),
        (
            550,
            "5.7.1 one\n5.7.1 two",
            Reply(550, "one\ntwo", "5.7.1"),
            "550 5.7.1 one 5.7.1 two",
            "550-5.7.1 one\r\n550 5.7.1 two",
        ),
    ],
)
def test_a_reply_is_read_and_written(code: int, text: str, reply: Reply, shown: str, wire: str) -> None:
    """The enhanced status code stands apart from the text, and comes back on every line."""
    assert Reply.parse(code, text) == reply
    assert str(reply) == shown
    assert reply.wire() == wire
