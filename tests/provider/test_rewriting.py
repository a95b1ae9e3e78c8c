"""What servers write into a header block, and the laws that hold for any octets."""

from email import message_from_bytes
from email.policy import compat32

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailsim.mail import Address, HeaderDefect, Message, parse_addresses
from mailsim.provider.rewriting import drop_field, prepend, renewed_id, rewrite_from, set_field
from mailsim.smtp.transmission import as_transmitted, transmitted

ACCOUNT = Address("matters", "abc.com")
ALIAS = Address("sales", "abc.com")
KEPT = "X-Google-Original-From"

LINES = st.sampled_from(
    [
        b"From: Jane <a1234@abc.com>\r\n",
        b"FROM : matters@abc.com\n",
        b"from:\r\n folded <a1@abc.com>\r\n",
        b"From:\r\n",
        b"From: a1@abc.com, a2@abc.com\r\n",
        b"From: half (a <a1@abc.com>\r\n",
        b'From: "half <a1@abc.com>\r\n',
        b"From: x\rBcc: y\r\n",
        b"From: cut",
        b"From jane@client.example Mon Jan  5 09:00:00 2026\n",
        b"\xef\xbb\xbf",
        b"Subject: \xff\x00\r\n",
        b"To: a1234@abc.com\n",
        b" folded\r\n",
        b"no field\r\n",
        b"\r\n",
        b"\n",
        b"\r",
        b"body From: b@c\r\n",
    ]
)
OCTETS = st.one_of(st.binary(max_size=200), st.lists(LINES, max_size=8).map(b"".join))


def rewritten(octets: bytes, *, keep_in: str = KEPT) -> Message:
    """What the account's server makes of a message."""
    return rewrite_from(Message(octets), ACCOUNT, passes={ACCOUNT, ALIAS}.__contains__, keep_in=keep_in)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"a1234@abc.com", b"matters@abc.com"),
        (b"<a1234@abc.com>", b"matters@abc.com"),
        (b"Smith v Jones <a1234@abc.com>", b"Smith v Jones <matters@abc.com>"),
        (b'"Smith, J." <a1234@abc.com>', b'"Smith, J." <matters@abc.com>'),
        (b"=?utf-8?Q?J=C3=BCrgen?= <a1234@abc.com>", b"=?utf-8?Q?J=C3=BCrgen?= <matters@abc.com>"),
        (b"J\xc3\xbcrgen <a1234@abc.com>", b"J\xc3\xbcrgen <matters@abc.com>"),
        (b"Jane\r\n <a1234@abc.com>", b"Jane <matters@abc.com>"),
        (b"Jane <a1234@abc.com> (of Abc)", b"Jane <matters@abc.com>"),
        (b"Jane <jane@abc.com>, John <john@abc.com>", b"matters@abc.com"),
        (b"matters@abc.com, a1234@abc.com", b"matters@abc.com"),
        (b"a1234@abc.com (<jane@x>)", b"matters@abc.com"),
        (b"half (a <a1234@abc.com>", b"half (a <matters@abc.com>"),
        (b"no address", b"matters@abc.com"),
        (b"", b"matters@abc.com"),
    ],
)
def test_a_foreign_sender_becomes_the_account(value: bytes, expected: bytes) -> None:
    """The name is kept, several mailboxes become one, and the original stands in a field of its own (R5.3)."""
    message = rewritten(b"To: jane@client.example\r\nFrom: " + value + b"\r\nSubject: Draft\r\n\r\nbody\r\n")

    assert message.raw_values("From") == [expected]
    assert message.raw_values(KEPT) == [value.replace(b"\r\n", b"")]
    assert message.octets.endswith(b"\r\nSubject: Draft\r\n\r\nbody\r\n")
    assert message.octets.startswith(b"To: jane@client.example\r\nFrom: ")


@pytest.mark.parametrize(
    "value",
    [b"matters@abc.com", b"Matters@ABC.com", b"Us <sales@abc.com>", b"sales@abc.com, matters@abc.com"],
)
def test_an_owned_sender_is_left_alone(value: bytes) -> None:
    """The account and its send-as addresses need no rewriting: the message is the very same."""
    message = Message(b"From: " + value + b"\r\n\r\nbody")

    assert rewrite_from(message, ACCOUNT, passes={ACCOUNT, ALIAS}.__contains__, keep_in=KEPT) is message


def test_several_from_fields_become_one() -> None:
    """None of them is lost: each original value is kept."""
    message = rewritten(b"From: matters@abc.com\r\nTo: x@y\r\nFrom: A <a1@abc.com>\r\n\r\nFrom: body\r\n")

    assert message.octets == (
        b"From: matters@abc.com\r\nX-Google-Original-From: matters@abc.com\r\n"
        b"X-Google-Original-From: A <a1@abc.com>\r\nTo: x@y\r\n\r\nFrom: body\r\n"
    )


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (b"From: a1@abc.com\n\nbody\n", b"From: matters@abc.com\n\nbody\n"),
        (b"Subject: x\nFrom: a1@abc.com", b"Subject: x\nFrom: matters@abc.com"),
        (b"From: a1@abc.com\ntext", b"From: matters@abc.com\ntext"),
        (b"To: x@y\r\n\r\nbody", b"From: matters@abc.com\r\nTo: x@y\r\n\r\nbody"),
        (b"\xef\xbb\xbfFrom: a1@abc.com\r\n\r\n", b"\xef\xbb\xbfFrom: matters@abc.com\r\n\r\n"),
        (b"From From:a@b\nFrom:a@b\n\nbody", b"From From:a@b\nFrom: matters@abc.com\n\nbody"),
    ],
)
def test_line_ends_and_surroundings_stay(octets: bytes, expected: bytes) -> None:
    """LF stays LF, a cut line stays cut, a missing From is added, a mark or an mbox line in front stays in front."""
    assert rewritten(octets, keep_in="").octets == expected


@pytest.mark.parametrize(
    "octets",
    [b"", b"\r\nbody", b"no header\r\n\r\nbody", b"From: a@b\rTo: c@d\r\r", b" folded\nTo: c@d\n"],
)
def test_what_cannot_be_read_stays_as_it_is(octets: bytes) -> None:
    """Without a header block, or with CR for its only line end, there is no From to write."""
    assert rewritten(octets).octets == octets


@given(OCTETS)
@example(b"From: (\r\n")
@example(b"From:a\nFrom:b")
@example(b" \x01\n!:")
def test_rewriting_keeps_the_body_and_leaves_one_from(octets: bytes) -> None:
    """Any octets: nothing raises, the body is the same, one From is there, doing it again changes nothing."""
    before, after = Message(octets), rewritten(octets)

    assert after.octets.endswith(octets[before.body_start :])
    if before.defect is not HeaderDefect.UNDECODABLE:  # whose end is a guess, by the fields that follow
        assert after.octets[after.body_start :] == octets[before.body_start :]
    if after.octets != octets:
        [value] = after.values("From")
        assert parse_addresses(value).addresses == (ACCOUNT,)
    assert rewritten(after.octets).octets == after.octets


@given(OCTETS)
def test_rewriting_makes_no_field_but_its_own(octets: bytes) -> None:
    """All other fields are there as often as before: no value of a message can make one."""
    before, after = Message(octets), rewritten(octets)

    for name in ("To", "Subject", "Bcc"):
        assert after.raw_values(name) == before.raw_values(name)


@given(OCTETS, st.text(), st.text())
def test_prepending_adds_lines_only(octets: bytes, value: str, other: str) -> None:
    """The original octets are the end of the new ones, and each value is one line, whatever is in it."""
    message = prepend(Message(octets), ("Delivered-To", value), ("Return-Path", other))

    assert message.octets.endswith(octets)
    added = message.octets.removesuffix(octets)
    assert added.count(b"\n") == 2
    assert added.count(b"\r") in (0, 2)
    assert b"\0" not in added
    sent = prepend(transmitted(Message(octets)), ("Delivered-To", value), ("Return-Path", other))
    assert sent.crlf
    assert as_transmitted(sent.octets) is sent.octets


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (b"To: x@y\r\n\r\nbody", b"A: b\r\nTo: x@y\r\n\r\nbody"),
        (b"To: x@y\n\nbody", b"A: b\nTo: x@y\n\nbody"),
        (b"", b"A: b\r\n"),
    ],
)
def test_prepending_speaks_in_the_messages_own_line_ends(octets: bytes, expected: bytes) -> None:
    """A reader that ends the block at the first mix of line ends would lose the rest."""
    assert prepend(Message(octets), ("A", "b")).octets == expected


def test_an_address_cannot_inject_a_header_line() -> None:
    """A line end in an address becomes a space, also for another parser."""
    message = prepend(Message(b"Subject: x\r\n\r\n"), ("Delivered-To", '"a\r\nBcc: evil@x\0"@abc.com'))

    parsed = message_from_bytes(message.octets, policy=compat32)
    assert parsed.keys() == ["Delivered-To", "Subject"]
    assert message.defect is None


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (b"To: x@y\r\nSENDER: a@b\r\n c\r\nCc: z@y\r\n\r\nb", b"To: x@y\r\nSender: new\r\nCc: z@y\r\n\r\nb"),
        (b"Sender: a\nTo: x@y\nSender: b\n\nb", b"Sender: new\nTo: x@y\n\nb"),
        (b"To: x@y\n\nb", b"Sender: new\nTo: x@y\n\nb"),
        (b"To: x@y\nSender: a", b"To: x@y\nSender: new"),
        (b"\r\nno header", b"\r\nno header"),
    ],
)
def test_a_field_is_set_once_and_where_it_stood(octets: bytes, expected: bytes) -> None:
    """On top where it was absent; nothing is written where there is no header block."""
    assert set_field(Message(octets), "Sender", "new").octets == expected


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (b"To: x@y\r\nReply-To: a@b\r\n c\r\n\r\nb", b"To: x@y\r\n\r\nb"),
        (b"Reply-To: a\nTo: x@y\nreply-to: b\n\nReply-To: b", b"To: x@y\n\nReply-To: b"),
        (b"To: x@y\nReply-To: a", b"To: x@y\n"),
    ],
)
def test_a_field_is_dropped_wherever_it_stands(octets: bytes, expected: bytes) -> None:
    """In the header block only."""
    assert drop_field(Message(octets), "Reply-To").octets == expected


def test_what_has_no_such_field_is_the_same_message() -> None:
    """Nothing to drop, nothing made."""
    message = Message(b"To: x@y\r\n\r\nb")

    assert drop_field(message, "Reply-To") is message


@given(OCTETS, st.text())
def test_a_field_that_is_set_makes_no_line_of_its_own(octets: bytes, value: str) -> None:
    """Whatever the value and the message: the other fields stay, and the octets behind the block."""
    before, after = Message(octets), set_field(Message(octets), "Sender", value)

    for name in ("To", "Subject", "Bcc", "From"):
        assert after.raw_values(name) == before.raw_values(name)
    assert after.octets.endswith(octets[before.body_start :])


def test_a_new_message_id_is_the_servers_own_and_the_same_again() -> None:
    """Of the header block alone, so that a long body costs nothing; another block has another id."""
    one = renewed_id(Message(b"Message-ID: <1@abc.com>\r\n\r\nbody"), "abc.com")
    again = renewed_id(Message(b"Message-ID: <1@abc.com>\r\n\r\nother body"), "abc.com")
    other = renewed_id(Message(b"Message-ID: <2@abc.com>\r\n\r\nbody"), "abc.com")

    assert one.message_id == again.message_id != other.message_id
    assert one.message_id is not None
    assert one.message_id.endswith("@abc.com>")
    assert one.octets.endswith(b"\r\n\r\nbody")
