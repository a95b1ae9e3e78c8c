import quopri

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailsim.mail import Message
from mailsim.world.mangling import GATEWAY, Mangle, mangled

LETTER = (
    "From: jane@client.example",
    "To: a1234@abc.com,",
    "\t a1235@abc.com",
    "Subject: Re: Lease of the mill [a1234]",
    "Reply-To: boss@client.example",
    "Message-ID: <3@client.example>",
    "In-Reply-To: <2@abc.com>",
    "References: <1@abc.com>",
    " <2@abc.com>",
)
MESSAGE = Message("\r\n".join([*LETTER, "", "5 = 2 + 3, and Grüße", ""]).encode())


@pytest.mark.parametrize(
    ("mangle", "name", "value"),
    [
        ("top-dropped", "From", None),
        ("top-dropped", "To", None),
        ("top-dropped", "Subject", "Re: Lease of the mill [a1234]"),
        ("subject-rewritten", "Subject", "[EXTERN] of the mill"),
        ("reply-to-dropped", "Reply-To", None),
        ("in-reply-to-dropped", "In-Reply-To", None),
        ("references-dropped", "References", None),
        ("references-cut", "References", "<1@abc.com>"),
        ("references-commas", "References", "<1@abc.com>,<2@abc.com>"),
        ("quoted-printable", "Content-Transfer-Encoding", "quoted-printable"),
    ],
)
def test_each_damage_is_done_to_its_field(mangle: str, name: str, value: str | None) -> None:
    """And to nothing else: the body is as it was, but for its encoding."""
    done = mangled(MESSAGE, {Mangle(mangle)})

    assert done.value(name) == value
    assert done.message_id == MESSAGE.message_id
    if mangle != "quoted-printable":
        assert done.octets[done.body_start :] == MESSAGE.octets[MESSAGE.body_start :]


def test_an_encoded_body_says_the_same() -> None:
    """RFC 2045 section 6.7, as the standard library reads it."""
    done = mangled(MESSAGE, {Mangle.QUOTED_PRINTABLE})
    body = done.octets[done.body_start :]

    assert b"=C3=BC" in body
    assert quopri.decodestring(body) == MESSAGE.octets[MESSAGE.body_start :]


def test_another_message_id_is_the_gateway_s_and_the_same_each_time() -> None:
    """A world is repeatable, and on sockets it takes time (R6.3)."""
    later = Message(b"Date: Mon, 23 Nov 2026 09:00:01 +0000\r\n" + MESSAGE.octets)
    done = mangled(MESSAGE, {Mangle.MESSAGE_ID_REPLACED})

    assert (done.message_id or "").endswith(f"@{GATEWAY}>")
    assert mangled(later, {Mangle.MESSAGE_ID_REPLACED}).message_id == done.message_id


def test_what_is_not_there_cannot_be_damaged() -> None:
    """The same message comes back."""
    bare = Message(b"From: jane@client.example\r\nTo: a1234@abc.com\r\n\r\nHello\r\n")
    encoded = Message(b"Content-Transfer-Encoding: base64\r\nSubject: x\r\n\r\nSGVsbG8=\r\n")
    everything = set(Mangle) - {Mangle.SUBJECT_REWRITTEN, Mangle.QUOTED_PRINTABLE, Mangle.MESSAGE_ID_REPLACED}

    assert mangled(bare, everything) is bare
    assert mangled(encoded, {Mangle.QUOTED_PRINTABLE}) is encoded


@example(b"", frozenset(Mangle))
@example(b"\r\n\r\n", frozenset(Mangle))
@example(b" folded\r\nReferences:\r\n\r\nx", frozenset(Mangle))
@example(b"A: 1\r\rB: 2\r", frozenset(Mangle))
@example(b"A:\r\nB:\r\n\r\n\x00", frozenset(Mangle))
@given(st.binary(max_size=200), st.frozensets(st.sampled_from(Mangle)))
def test_no_octets_raise_and_the_body_stays(octets: bytes, mangles: frozenset[Mangle]) -> None:
    """Whatever comes by."""
    hostile = Message(octets)
    done = mangled(hostile, mangles)

    assert mangled(hostile, mangles).octets == done.octets
    if Mangle.QUOTED_PRINTABLE not in mangles:
        assert done.octets.endswith(octets[hostile.body_start :])
