"""A session's view of a mailbox, against a model of it."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from mailsim.pop3.maildrop import Maildrop, MalformedUidError, WireMessage
from mailsim.pop3.wire import stuff, wire_form


class MaildropAgainstModel(RuleBasedStateMachine):
    """The model is a dictionary of what is left, by number."""

    @initialize(messages=st.lists(st.binary(max_size=20), max_size=8))
    def opened(self, messages: list[bytes]) -> None:
        """Open a maildrop."""
        self.messages = [WireMessage(f"u{number}", octets) for number, octets in enumerate(messages, 1)]
        self.maildrop = Maildrop("alice", self.messages)
        self.left = dict(enumerate(self.messages, 1))

    @rule(number=st.integers(-2, 10))
    def marked(self, number: int) -> None:
        """A mark is taken once, of a number that is there."""
        assert self.maildrop.mark(number) is (self.left.pop(number, None) is not None)

    @rule()
    def unmarked(self) -> None:
        """RSET brings all back, under their numbers."""
        self.maildrop.unmark()
        self.left = dict(enumerate(self.messages, 1))

    @invariant()
    def agree(self) -> None:
        """Number, size, order and marks are the model's."""
        assert self.maildrop.count == len(self.left)
        assert self.maildrop.octets == sum(len(wire_form(message.octets)) for message in self.left.values())
        assert dict(self.maildrop.numbered()) == self.left
        assert len(self.maildrop) == len(self.messages)
        assert all(self.maildrop[number] is self.left.get(number) for number in range(-2, 12))
        gone = [message.uid for number, message in enumerate(self.messages, 1) if number not in self.left]
        assert list(self.maildrop.marked) == gone


TestMaildropAgainstModel = MaildropAgainstModel.TestCase


def test_sessions_share_the_stuffed_form() -> None:
    """It is made once; without a leading dot or bare LF it is the message itself."""
    message = WireMessage("u1", b"H: h\r\n\r\n.dot")
    plain = WireMessage("u2", b"H: h\r\n")

    assert message.stuffed == stuff(message.octets)
    assert message.stuffed is message.stuffed
    assert plain.stuffed is plain.octets


@pytest.mark.parametrize("octets", [b"H: h\r\n\r\n.dot\r\n..\r\n", b"H: h\r\n\r\n", b".\r\n"])
def test_what_is_known_of_a_message_changes_nothing(octets: bytes) -> None:
    """Its size and wire form are those that a look at its line ends tells."""
    known, looked_at = WireMessage("u1", octets, crlf=True), WireMessage("u1", octets)

    assert (known.size, known.stuffed) == (looked_at.size, looked_at.stuffed) == (len(octets), stuff(octets))


@pytest.mark.parametrize("uid", ["", "a b", "x" * 71, "ü"])
def test_a_uid_that_pop3_cannot_carry_is_refused(uid: str) -> None:
    """The error says what is allowed (RFC 1939 §7)."""
    with pytest.raises(MalformedUidError, match="1 to 70 characters"):
        WireMessage(uid, b"")


def test_displays_are_short() -> None:
    """They name user, uid and numbers, not the mail."""
    maildrop = Maildrop("alice", [WireMessage("u1", b"private\r\n")])
    maildrop.mark(1)

    assert repr(maildrop) == "Maildrop('alice', 1 messages, 1 marked)"
    assert repr(WireMessage("u1", b"private\r\n")) == "WireMessage('u1', 9 octets)"
