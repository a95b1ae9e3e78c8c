"""RFC 2045 and 2046: the bodies that the system composes, read back by the standard library."""

import email
import email.policy
from email.message import EmailMessage

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailsim.practice.body import body


def read(octets: bytes) -> EmailMessage:
    """The message of that body."""
    message = email.message_from_bytes(b"MIME-Version: 1.0\r\n" + octets, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=400))
@example("--=_mixed.t--\r\nContent-Type: text/html\r\n\r\nx")
@example("x" * 2000)
@example(".\r\nFrom me\r\n")
@example("a\rb\nc\r\nd")
@example("trailing \t\n= é\n")
def test_any_text_comes_back(text: str) -> None:
    """Alone, beside HTML, and with an attachment; only line ends are made equal, and the last one is added."""
    wanted = text.replace("\r\n", "\n").replace("\r", "\n")
    wanted += "" if not wanted or wanted.endswith("\n") else "\n"
    for html, size in (("", 0), ("<p>" + text, 0), (text or "h", 100)):
        octets = body(text, html, size, "t")

        assert octets.isascii()
        assert b"\n" not in octets.replace(b"\r\n", b"")
        assert b"\r" not in octets.replace(b"\r\n", b"")
        assert all(len(line) <= 998 for line in octets.split(b"\r\n"))
        part = read(octets).get_body(("plain",))
        assert part is not None
        decoded = part.get_payload(decode=True)
        assert isinstance(decoded, bytes)
        assert decoded.decode().replace("\r\n", "\n") == wanted


@pytest.mark.parametrize("size", [1, 56, 57, 58, 57 * 3, 40 * 1024])
def test_an_attachment_has_its_size(size: int) -> None:
    """Counted before the transfer encoding, which adds more than a third."""
    octets = body("hello", "", size, "t")

    (attachment,) = read(octets).iter_attachments()
    content = attachment.get_payload(decode=True)
    assert isinstance(content, bytes)
    assert len(content) == size
    assert len(octets) > size * 4 / 3


def test_plain_text_stays_readable() -> None:
    """7-bit text is sent as it is."""
    assert body("Dear Jane\n\nBye\n", "", 0, "t") == (
        b"Content-Type: text/plain; charset=us-ascii\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
        b"Dear Jane\r\n\r\nBye\r\n"
    )


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("one\ttwo ~ three", "7bit"),
        ("rung out\x7f", "quoted-printable"),
        ("a page\x0cbreak", "quoted-printable"),
        ("Grüße", "quoted-printable"),
        ("half a letter\ud800", "quoted-printable"),
    ],
)
def test_what_cannot_stand_as_it_is_is_encoded(text: str, encoding: str) -> None:
    """Of ASCII what is printable and a tab can; all else is UTF-8, half a letter too, of which a question mark is left."""
    head = body(text, "", 0, "t").partition(b"\r\n\r\n")[0].decode()

    assert f"Content-Transfer-Encoding: {encoding}" in head
    assert f"charset={'us-ascii' if encoding == '7bit' else 'utf-8'}" in head


def test_html_is_the_better_alternative() -> None:
    """RFC 2046 section 5.1.4: the last part is the richest."""
    message = read(body("plain", "<p>rich", 0, "t"))

    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
