"""What goes over the wire: paths that inject nothing, messages in canonical form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsim.mail import Address, Message, parse_address
from mailsim.smtp.transmission import as_transmitted, path_of, transmitted

PIECES = st.sampled_from(
    [b"\r\n", b"\r", b"\n", b".", b".\r\n", b"\r\n.\r\n", b"a: b", b" ", b"\0\xff", b"x" * 80]
)
OCTETS = st.one_of(st.binary(), st.lists(PIECES).map(b"".join))


@pytest.mark.parametrize(
    ("address", "path"),
    [
        (Address("a1234", "abc.com"), "a1234@abc.com"),
        (Address("two words", "abc.com"), '"two words"@abc.com'),
        (Address('quo"te', "abc.com"), '"quo\\"te"@abc.com'),
        (Address("a>b", "abc.com"), '"a>b"@abc.com'),
        (Address("jürgen", "bücher.example"), "jürgen@xn--bcher-kva.example"),
        (Address("jane", "[127.0.0.1]"), "jane@[127.0.0.1]"),
        (Address("jane", "[IPv6:::1]"), "jane@[ipv6:::1]"),
        (Address("a\r\nRCPT TO:<evil@x>", "abc.com"), None),
        (Address("a\0b", "abc.com"), None),
        (Address("a\udcffb", "abc.com"), None),
        (Address("jane", "[x> SIZE=1]"), None),
        (Address("jane", "abc.com> BODY=8BITMIME"), None),
        (Address("jane", "abc\x7f.com"), None),
    ],
)
def test_a_path_is_what_smtp_can_carry(address: Address, path: str | None) -> None:
    """Quoted strings and UTF-8 can be carried; what would end the command or the path cannot."""
    assert path_of(address) == path


@given(st.text(), st.text())
def test_a_path_stays_between_its_brackets(local: str, domain: str) -> None:
    """Any address: no control character, octets for each character, and outside quotes no space or bracket."""
    path = path_of(Address(local, domain))

    if path is not None:
        assert path.encode()
        assert not any(ord(char) < 32 or ord(char) == 127 for char in path)
        assert not any(char in path.rpartition("@")[2] for char in "<> ")
        assert parse_address(path) == Address(local, domain)


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (b"", b"\r\n"),
        (b"a: b\r\n\r\nbody\r\n", b"a: b\r\n\r\nbody\r\n"),
        (b"a: b\n\nbody\n", b"a: b\r\n\r\nbody\r\n"),
        (b"no end", b"no end\r\n"),
        (b"a: b\rBcc: evil@x\r\n\r\n", b"a: b Bcc: evil@x\r\n\r\n"),
        (b"ends in CR\r", b"ends in CR \r\n"),
        (b"x\r\r\ny\n\r\n", b"x \r\ny\r\n\r\n"),
        (b"\n.\n", b"\r\n.\r\n"),
    ],
)
def test_every_line_ends_in_crlf(octets: bytes, expected: bytes) -> None:
    """LF is a line end, a stray CR is none."""
    assert as_transmitted(octets) == expected


@given(OCTETS)
def test_the_transmitted_form_is_canonical(octets: bytes) -> None:
    """No CR or LF stands alone, nothing else changes, and doing it again changes nothing."""
    sent = as_transmitted(octets)

    assert sent.endswith(b"\r\n")
    assert sent.count(b"\r") == sent.count(b"\n") == sent.count(b"\r\n")
    assert as_transmitted(sent) is sent
    assert sent.replace(b"\r\n", b"\n").removesuffix(b"\n") == (
        octets.replace(b"\r\n", b"\n").replace(b"\r", b" ").removesuffix(b"\n")
    )


@given(OCTETS)
def test_a_message_is_looked_at_once(octets: bytes) -> None:
    """What goes over the wire is the message itself where it is fit for it, and is known to be."""
    message = Message(octets)
    sent = transmitted(message)

    assert sent.octets == as_transmitted(octets)
    assert (sent is message) == (sent.octets == octets)
    assert sent.crlf
    assert transmitted(sent) is sent


@given(OCTETS)
def test_what_is_canonical_is_not_touched(octets: bytes) -> None:
    """Octet for octet: the same object."""
    canonical = octets.replace(b"\r", b"").replace(b"\n", b"\r\n") + b"\r\n"

    assert as_transmitted(canonical) is canonical


@given(st.binary())
def test_no_value_becomes_a_header_line(value: bytes) -> None:
    """What was one field goes out as one field."""
    message = Message(b"Subject: " + value.replace(b"\n", b"") + b"\r\n\r\n")

    assert Message(as_transmitted(message.octets)).raw_values("Bcc") == []
