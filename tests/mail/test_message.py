r"""What of a message can be read, and what cannot (R4.8; section 7 "Unreadable" and fine print 6)."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailsim.mail import HeaderDefect, Message
from mailsim.mail.message import MOST_FOLDS

NO_HEADER, UNDECODABLE, TRUNCATED = HeaderDefect.NO_HEADER, HeaderDefect.UNDECODABLE, HeaderDefect.TRUNCATED
HEAD = b"From: jane@client.example\r\nTo: a7@abc.com\r\n"
LINE = b"QUJD" * 19 + b"\r\n"
MULTIPART = HEAD + b'Content-Type: multipart/mixed;\r\n boundary="=_b"\r\n\r\n--=_b\r\n'
BASE64 = MULTIPART + b"Content-Transfer-Encoding: BASE64\r\n\r\n"

READABLE = {
    "CRLF": HEAD + b"\r\nbody\r\n",
    "LF": HEAD.replace(b"\r", b"") + b"\nbody\n",
    "mixed line ends": b"From: jane@client.example\nTo: a7@abc.com\r\n\nbody",
    "a header block without body": HEAD,
    "an empty body": HEAD + b"\r\n",
    "a byte order mark": b"\xef\xbb\xbf" + HEAD + b"\r\nbody",
    "an mbox separator": b"From jane@client.example Mon Nov 23 09:00:00 2026\n" + HEAD + b"\r\n",
    "both": b"\xef\xbb\xbfFrom - x\r\n" + HEAD + b"\r\nbody",
    "obsolete spaces before the colon": b"From : jane@client.example\r\nTo\t:a7@abc.com\r\n\r\n",
    "8-bit values": "Subject: Grüße\r\n".encode("latin-1") + HEAD + b"\r\n",
    "an empty line of CRs": HEAD + b"\r\r\nbody",
    "a folded line of white space only": b"From: jane@client.example\r\n \r\nTo: a7@abc.com\r\n\r\n",
    "a bare CR in a value": b"From: jane@client.example\r \r\nTo: a7@abc.com\r\n\r\nbody",
    "an empty value": b"Subject:\r\n" + HEAD + b"\r\n",
    "text right after the fields": HEAD + b"Hello Jane,\r\nhow are you?\r\n\r\nNote: well\r\n",
    "text to the end": HEAD + b"Hello Jane,\r\nhow are you?",
    "a NUL in an mbox separator": b"From \0\n" + HEAD + b"Hello Jane\r\n",
    "a NUL behind text right after the fields": HEAD + b"Hello Jane\r\n\r\n\0",
    "a NUL in the body": HEAD + b"\r\n\0",
    "a multipart that is whole": MULTIPART + b"\r\nHello\r\n--=_b--\r\n",
    "a multipart that ends in its closing boundary": MULTIPART + b"\r\nHello\r\n--=_b--",
    "a multipart with an epilogue": MULTIPART + b"\r\nHello\r\n--=_b--\r\nbye",
    "a multipart without closing boundary, its last line whole": MULTIPART + b"\r\nHello there,\r\n",
    "and its base64 whole": BASE64 + LINE + b"QUJD\r\n",
    "and its text looks like base64": MULTIPART + b"\r\nHello\r\n",
    "and its text is one word as long as a line": MULTIPART + b"\r\n" + b"x" * 75 + b"\r\n",
    "and its text quotes a part's header": MULTIPART
    + b"Content-Type: text/plain\r\n\r\nContent-Transfer-Encoding: base64\r\n\r\nQUJDR\r\n",
    "and its text is base64 beside words": BASE64 + b"not base64!\r\nQUJ\r\n",
    "and no part yet": MULTIPART,
    "no boundary parameter": HEAD + b"Content-Type: multipart/mixed\r\n\r\nHello",
    "another type": HEAD + b"Content-Type: text/plain; boundary=b\r\n\r\nHello",
    "no type": HEAD + b"\r\nQUJ\r\n",
    "lines of long text, no base64": MULTIPART + b"\r\n" + b"x" * 9000 + b" y\r\nQUJ\r\n",
    "a short line among base64": MULTIPART + b"\r\n" + LINE * 200 + b"QUJ\r\nQUJ\r\n",
    "a long line that is no whole quantum": MULTIPART
    + b"\r\n"
    + (b"QUJDR" * 15 + b"\r\n") * 200
    + b"QUJ\r\n",
}

DEFECTS = {
    "nothing": (b"", NO_HEADER),
    "an empty line first": (b"\r\n" + HEAD, NO_HEADER),
    "an empty line of LF first": (b"\n" + HEAD, NO_HEADER),
    "empty after the mbox separator": (b"From jane\n\nTo: x\n", NO_HEADER),
    "text only": (b"Hello Jane,\r\nhow are you?\r\n\r\nTo: a7@abc.com\r\n", NO_HEADER),
    "one word": (b"Subject", NO_HEADER),
    "a folded line only": (b" Subject: x\r\n\r\n", NO_HEADER),
    "binary": (bytes(range(128, 255)), NO_HEADER),
    "a NUL in a value": (HEAD + b"Subject: a\0b\r\n\r\nbody", UNDECODABLE),
    "a NUL in a name": (HEAD + b"Sub\0ject: x\r\n\r\nbody", UNDECODABLE),
    "a NUL before text": (HEAD + b"X: \0\r\nHello Jane\r\n", UNDECODABLE),
    "a NUL in a cut line": (HEAD + b"Subject: \0", UNDECODABLE),
    "UTF-16, little end first": (b"\xff\xfe" + HEAD.decode().encode("utf-16-le"), UNDECODABLE),
    "UTF-16, big end first": (b"\xfe\xff" + HEAD.decode().encode("utf-16-be"), UNDECODABLE),
    "UTF-16 without mark": (HEAD.decode().encode("utf-16-le"), UNDECODABLE),
    "UTF-16 big without mark": (HEAD.decode().encode("utf-16-be"), UNDECODABLE),
    "CR as the only line end": (HEAD.replace(b"\n", b"") + b"\rbody\r", UNDECODABLE),
    "CR only, and no field": (b"Hello Jane\rhow are you\r", UNDECODABLE),
    "CR only behind an mbox separator": (
        b"From x\nFrom: jane@client.example\rTo: a7@abc.com\r\rbody",
        UNDECODABLE,
    ),
    "CR only behind an mbox separator, and no field": (b"From x\nHello Jane\rhow are you\r", UNDECODABLE),
    "UTF-16 behind an mbox separator": (b"From x\n\xff\xfe" + HEAD.decode().encode("utf-16-le"), UNDECODABLE),
    "CR only, no body": (HEAD.replace(b"\n", b""), UNDECODABLE),
    "a line that is no field, with fields after it": (
        b"From: jane@client.example\r\nno field\r\nTo: a7@abc.com\r\n\r\nbody",
        UNDECODABLE,
    ),
    "such a line first": (b"no field\r\n" + HEAD + b"\r\nbody", UNDECODABLE),
    "a folded line first": (b" no field\r\n" + HEAD + b"\r\nbody", UNDECODABLE),
    "a cut value": (HEAD + b"Subject: Hel", TRUNCATED),
    "a cut folded line": (HEAD + b"Subject: Hello\r\n Ja", TRUNCATED),
    "cut before the LF": (HEAD + b"Subject: Hello\r", TRUNCATED),
    "cut where a name could begin": (HEAD + b"Subj", TRUNCATED),
    "cut before the colon": (HEAD + b"Subject ", TRUNCATED),
    "cut in mid-line of a multipart": (MULTIPART + b"\r\nHello Ja", TRUNCATED),
    "cut in the closing boundary": (MULTIPART + b"\r\nHello\r\n--=_b-", TRUNCATED),
    "cut in mid-quantum": (BASE64 + LINE + b"QUJDR\r\n", TRUNCATED),
    "and its lines end in LF": ((BASE64 + LINE + b"QUJDR\n").replace(b"\r", b""), TRUNCATED),
    "and empty lines follow": (BASE64 + LINE + b"QUJDR\r\n\r\n\r\n", TRUNCATED),
    "and it is indented": (BASE64 + LINE + b" QUJDR\r\n", TRUNCATED),
    "and one octet stands alone": (BASE64 + LINE + b"Q\n", TRUNCATED),
    "cut in mid-quantum of the first line": (BASE64 + b"QUJDR\r\n", TRUNCATED),
    "cut in mid-quantum, far from the part's header": (BASE64 + LINE * 200 + b"QUJDR\r\n", TRUNCATED),
    "and after the shortest full lines": (
        BASE64 + (b"QUJD" * 15 + b"\r\n") * 200 + b"QUJDR\r\n",
        TRUNCATED,
    ),
    "and after lines of 6,000 octets": (BASE64 + (b"QUJD" * 1500 + b"\r\n") * 3 + b"QUJDR\r\n", TRUNCATED),
    "cut in a boundary without quotes": (
        HEAD + b"Content-Type: Multipart/Mixed; x=y; Boundary=b\r\n\r\n--b\r\n\r\nHello",
        TRUNCATED,
    ),
    "only an inner multipart is closed": (MULTIPART + b"\r\n--inner--\r\nHello", TRUNCATED),
}


@pytest.mark.parametrize("octets", READABLE.values(), ids=READABLE)
def test_what_can_be_read(octets: bytes) -> None:
    """No defect, and the recipient is read."""
    message = Message(octets)

    assert message.defect is None
    assert message.value("To") == "a7@abc.com"


@pytest.mark.parametrize(("octets", "defect"), DEFECTS.values(), ids=DEFECTS)
def test_what_cannot_be_read(octets: bytes, defect: HeaderDefect) -> None:
    """Each cause of R4.8 that the octets alone show; the first in rank where there are several."""
    assert Message(octets).defect is defect


@pytest.mark.parametrize(
    ("octets", "header", "body"),
    [
        (HEAD + b"\r\nbody", HEAD, b"body"),
        (HEAD + b"\nbody", HEAD, b"body"),
        (HEAD, HEAD, b""),
        (HEAD + b"Hello Jane\r\n\r\nbye", HEAD, b"Hello Jane\r\n\r\nbye"),
        (b"\xef\xbb\xbf" + HEAD + b"\r\nbody", HEAD, b"body"),
        (b"From x\n" + HEAD + b"\r\nbody", HEAD, b"body"),
        (b"From x\n" + HEAD + b"Hello Jane\r\n\r\nbye", HEAD, b"Hello Jane\r\n\r\nbye"),
        (b"From x\n" + HEAD + b"no field\r\nX: y\r\n\r\nbody", HEAD + b"no field\r\nX: y\r\n", b"body"),
        (b"", b"", b""),
        (b"\r\nbody", b"", b"\r\nbody"),
        (b"no field\nno field\n\nbody", b"", b"no field\nno field\n\nbody"),
        (b"A: b\rC: d\r\rbody", b"A: b\rC: d", b"body"),
        (b"A: b\rC: d", b"A: b\rC: d", b""),
        (HEAD + b"no field\r\nX: y\r\n\r\nbody", HEAD + b"no field\r\nX: y\r\n", b"body"),
        (HEAD + b"no field\r\nX: y\r\n", HEAD + b"no field\r\nX: y\r\n", b""),
        (HEAD + b"Subj", HEAD + b"Subj", b""),
    ],
)
def test_where_the_header_block_ends(octets: bytes, header: bytes, body: bytes) -> None:
    """At the first empty line, or where text follows the fields; the octets stay as they are."""
    message = Message(octets)

    assert (message.header, octets[message.body_start :]) == (header, body)
    assert message.octets is octets


FIELDS = b"""\
From: Jane Doe <jane@client.example>
received: one
to:a7@abc.com
Received : two
RECEIVED:
\tthree,
   and\tthree
Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\t
X-8bit: Gr\xfc\xdfe \xc3\xbc
X-CR: a\rb
Message-ID: <m1@client.example>
x-mailsim-loop: matters@abc.com
To : a8@abc.com
Empty:
Tolerant: x

Received: four
"""


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("from", ["Jane Doe <jane@client.example>"]),
        ("Received", ["one", "two", "three,   and\tthree"]),
        ("TO", ["a7@abc.com", "a8@abc.com"]),
        ("Subject", ["=?utf-8?Q?Gr=C3=BC=C3=9Fe?="]),
        ("X-8bit", ["Gr\ufffd\ufffde \u00fc"]),
        ("X-CR", ["a b"]),
        ("X-Mailsim-Loop", ["matters@abc.com"]),
        ("Empty", [""]),
        ("Cc", []),
        ("Sub", []),
        ("Tolérant", []),
    ],
)
def test_values_are_read_by_name_from_the_top(name: str, expected: list[str], line_end: bytes) -> None:
    """In any letter case, unfolded, without outer white space; the body has no fields."""
    message = Message(FIELDS.replace(b"\n", line_end))

    assert message.values(name) == expected
    assert message.value(name) == (expected[0] if expected else None)


def test_raw_values_are_the_octets() -> None:
    """As `values`, before any decoding."""
    assert Message(FIELDS).raw_values("X-8bit") == [b"Gr\xfc\xdfe \xc3\xbc"]


@pytest.mark.parametrize(
    ("octets", "expected"),
    [(FIELDS, "<m1@client.example>"), (HEAD, None), (b"Message-ID:\r\nA: b\r\n\r\n", None)],
)
def test_the_message_id_keeps_its_brackets(octets: bytes, expected: str | None) -> None:
    """None where it is absent or empty."""
    assert Message(octets).message_id == expected


@pytest.mark.parametrize(
    "octets",
    [b"A: b\rX-Mailsim-Loop: x@y.example\r\rTo: z", b"A: b\nno field\nX-Mailsim-Loop : x@y.example\nTo: z\n"],
)
def test_in_an_undecodable_block_every_line_that_is_a_field_counts(octets: bytes) -> None:
    """Fine print 8: so that a loop is seen even there."""
    message = Message(octets)

    assert message.defect is UNDECODABLE
    assert message.values("X-Mailsim-Loop") == ["x@y.example"]


def test_a_message_is_shown_by_size_and_id() -> None:
    """Never by its content."""
    assert (
        repr(Message(HEAD + b"Message-ID: <m1@client.example>\r\n\r\n"))
        == "Message(78 octets, '<m1@client.example>')"
    )


def test_a_notebook_shows_the_fields_each_in_its_row() -> None:
    """Name and value apart, unfolded; the text below."""
    html = Message(HEAD + b"Subject: Hello:\r\n Jane\r\n\r\nlovely")._repr_html_()
    texts = [text for text in re.split(r"<[^>]*>", html) if text]

    assert texts[:2] == ["Message", "75 octets, 6 in the body"]
    assert texts[2:] == [
        "From",
        "jane@client.example",
        "To",
        "a7@abc.com",
        "Subject",
        "Hello: Jane",
        "lovely",
    ]


@pytest.mark.parametrize("size", [100_000, 1_000_000])
def test_hostile_header_blocks_are_read_in_linear_time(size: int) -> None:
    """A line of 100 KB, thousands of fields or of folds: each read, none of them slow."""
    long_line = Message(b"To: " + b"x" * size + b"\r\nA: b\r\n\r\n")
    many_fields = Message(b"To: x\r\n" * (size // 7) + b"\r\n")
    folds = min(size // 4, MOST_FOLDS)
    many_folds = Message(b"To:" + b"\r\n x" * (size // 4) + b"\r\nCc: y\r\n\r\n")
    no_end = Message(b"A: b\r\n" + b"word " * (size // 5))

    assert len(long_line.values("To")[0]) == size
    assert len(many_fields.values("To")) == size // 7
    assert len(many_folds.values("To")[0]) == folds * 2 - 1
    assert many_folds.values("Cc") == ["y"]
    assert no_end.defect is None


@given(
    st.lists(
        st.sampled_from(
            [
                b"\xef\xbb\xbf",
                b"From x\n",
                b"From: y",
                b"Message-ID: <1@x>",
                b" folded",
                b"text",
                b"\r\n",
                b"\n",
                b"\r",
            ]
        )
    )
)
@example([b"From: y", b"\r", b"Message-ID: <1@x>", b"\r"])
@example([b"text", b"\r\n", b"Message-ID: <1@x>", b"\r\n"])
@example([b"\xef\xbb\xbf", b"Message-ID: <1@x>", b"\r\n", b"\r\n"])
def test_below_other_lines_the_message_id_is_what_is_read_there(parts: list[bytes]) -> None:
    """Whether or not it was read before, and whatever the octets are."""
    message = Message(b"".join(parts))
    lines = b"Received: here\r\nX-Other: y\r\n"
    unread = message.under(lines).message_id

    assert message.message_id == Message(message.octets).message_id
    assert message.under(lines).message_id == unread == Message(lines + message.octets).message_id
    assert message.known_by == message.under(lines).known_by == (unread or "")


def test_line_ends_are_known_where_both_parts_are_known() -> None:
    """Lines that end in LF above a message make another."""
    message = Message(b"From: y\r\n\r\n", crlf=True)

    assert message.under(b"Received: here\r\n").crlf
    assert not message.under(b"Received: here\n").crlf
    assert not Message(message.octets).under(b"Received: here\r\n").crlf
