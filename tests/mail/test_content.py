"""What people read in a message: its texts, its HTML, what is attached; whatever the octets are."""

from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsim.mail import Message
from mailsim.mail.content import MOST, Attachment, Content, content
from mailsim.practice.body import body


def read(octets: bytes) -> Content:
    return content(Message(octets))


def test_text_html_and_what_is_attached() -> None:
    """Each part is found where MIME says."""
    message = EmailMessage()
    message["From"] = "jane@client.example"
    message.set_content("Grüße\n")
    message.add_alternative("<p>Grüße</p>\n", subtype="html")
    message.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename="Vertrag ü.pdf")
    message.add_attachment("no text of the letter", filename="notes.txt")

    found = read(message.as_bytes())
    assert found.text == "Grüße\n"
    assert found.html == "<p>Grüße</p>\n"
    assert found.attached == (
        Attachment("Vertrag ü.pdf", "application/pdf"),
        Attachment("notes.txt", "text/plain"),
    )
    assert found.whole


def test_a_message_inside_is_read_too() -> None:
    """What is forwarded as a message (RFC 2046 section 5.2.1) is text as well."""
    inside = b"Content-Type: message/rfc822\r\n\r\nFrom: jane@client.example\r\n\r\nI agree.\r\n"

    assert read(inside).text == "I agree.\r\n"


def test_what_the_practice_composes_is_read_back() -> None:
    """The practice's own composer is the judge."""
    octets = b"From: a1234@abc.com\r\n" + body("Do you agree?", "<p>Do you <b>agree</b>?</p>", 3000, "7")
    found = read(octets)

    assert found.text.strip() == "Do you agree?"
    assert found.html.strip() == "<p>Do you <b>agree</b>?</p>"
    assert found.attached == (Attachment("attachment.bin", "application/octet-stream"),)


@pytest.mark.parametrize(
    ("head", "octets", "text"),
    [
        ("", b"plain\r\n", "plain\r\n"),
        ("Content-Type: text/plain; charset=iso-8859-1\r\n", b"Gr\xfc\xdfe", "Grüße"),
        ("Content-Type: text/plain; charset=nonsense\r\n", b"Gr\xfc\xdfe", "Gr\ufffd\ufffde"),
        ("Content-Type: text/plain; charset=zip\r\n", b"x", "x"),
        ("Content-Type: text/plain; charset=undefined\r\n", b"x", "x"),
        ('Content-Type: text/plain; charset="a\0b"\r\n', b"x", "x"),
        ("Content-Transfer-Encoding: base64\r\n", b"aGVsbG8", "hello"),
        ("Content-Transfer-Encoding: base64\r\n", b"!!!", ""),
        ("Content-Transfer-Encoding: quoted-printable\r\n", b"a=3Db=\r\nc", "a=bc"),
        ("Content-Transfer-Encoding: x-uuencode\r\n", b"nonsense", "nonsense"),
        ("Content-Type: nonsense\r\n", b"x", "x"),
        ("Content-Type: multipart/mixed\r\n", b"no boundary", ""),
    ],
)
def test_texts_are_decoded_as_far_as_they_can_be(head: str, octets: bytes, text: str) -> None:
    """Unknown charsets and broken encodings are read over."""
    assert read(b"From: a@b.example\r\n" + head.encode() + b"\r\n" + octets).text == text


@pytest.mark.parametrize(
    "disposition",
    [
        "attachment; filename*=nonsense''x",
        "attachment; filename*=\"a\0b''x%FF\"",
        "attachment; filename*0*=;filename*1",
    ],
)
def test_odd_names_are_no_error(disposition: str) -> None:
    """RFC 2231 in the hands of others."""
    [attached] = read(f"Content-Disposition: {disposition}\r\n\r\nx".encode()).attached

    assert attached.kind == "text/plain"


def test_what_is_nested_too_deep_is_not_read() -> None:
    """Nor does it take long, or raise."""
    levels = [f"Content-Type: multipart/mixed; boundary={n}\r\n\r\n--{n}\r\n" for n in range(1500)]

    assert read("".join(levels).encode()) == Content("", "", (), whole=True)


def test_only_the_beginning_of_a_body_is_looked_at() -> None:
    """What follows plays no part."""
    found = read(b"From: a@b.example\r\n\r\n" + b"x" * (MOST + 1))

    assert len(found.text) == MOST
    assert not found.whole


_LINES = [
    b"Content-Type: multipart/mixed; boundary=b\r\n",
    b"Content-Type: text/html; charset=utf-7\r\n",
    b"Content-Type: message/rfc822\r\n",
    b"Content-Type: text/plain; charset*=%00''%FF; charset*0=x\r\n",
    b"Content-Disposition: attachment; filename*=idna''%FF; filename*1*=x\r\n",
    b"Content-Transfer-Encoding: base64\r\n",
    b"Content-Transfer-Encoding: uuencode\r\n",
    b"begin 644 x\r\n",
    b"--b\r\n",
    b"--b--\r\n",
    b"\r\n",
    b"From: x\r\n",
]


@given(st.lists(st.sampled_from(_LINES) | st.binary(max_size=20), max_size=20).map(b"".join))
def test_no_octets_raise(octets: bytes) -> None:
    """The law."""
    assert isinstance(read(octets), Content)
