"""Zones from zone-file text (RFC 1035 section 5)."""

from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsim.provider.dns import Zone
from mailsim.provider.zone_file import ZoneError, datum_of, read_zone_file

TEXT = r"""
$TTL 1h
$ORIGIN abc.example.
@       SOA  ns root 1 2 3 4 5
        NS   ns
        MX   10 mx
        MX   0 .
        TXT  "v=spf1 mx " "-all"  ; two strings
mx  5m  A    192.0.2.1
        AAAA 2001:db8::1
www     CNAME mx.ABC.example.
$ORIGIN other.example.
@       SOA  ns root 1 2 3 4 5
*       MX   10 mx.abc.example.
1.2.0.192.in-addr.arpa. PTR mx.abc.example.
"""


def test_a_zone_file() -> None:
    """Of several domains, each with its SOA; what zones do not hold is read over."""
    assert read_zone_file(TEXT) == Zone(
        mx={
            "abc.example": ((10, "mx.abc.example"), (0, ".")),
            "*.other.example": ((10, "mx.abc.example"),),
        },
        a={"mx.abc.example": (IPv4Address("192.0.2.1"),)},
        aaaa={"mx.abc.example": (IPv6Address("2001:db8::1"),)},
        txt={"abc.example": ((b"v=spf1 mx ", b"-all"),)},
        ptr={"1.2.0.192.in-addr.arpa": ("mx.abc.example",)},
        cname={"www.abc.example": "mx.abc.example"},
    )


def test_relative_names_are_under_the_origin() -> None:
    """Until the file says another."""
    zone = read_zone_file("mx A 192.0.2.1\n@ MX 10 mx\n", origin="abc.example")

    assert zone.exchangers("abc.example") == ("mx.abc.example",)
    assert read_zone_file("") == Zone()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("\na.example. A 1.2.3", "zone:2: Text input is malformed; "),
        ("a.example. MX ten b", "zone:1: expecting an integer; "),
        ('a.example. TXT "a', "zone:1: Text input ended unexpectedly; "),
        ("a.example. WHAT x", "zone:1: unknown rdatatype 'WHAT'; "),
        ("$INCLUDE /etc/passwd", "zone:1: zone file directive '$INCLUDE' is not allowed; "),
        ("$GENERATE 1-999999999 a$ A 192.0.2.1", "zone:1: zone file directive '$GENERATE' is not allowed; "),
        (
            "a.example. CNAME b.\na.example. A 192.0.2.1",
            "rdataset type is not compatible with a CNAME node; ",
        ),
        (f"{'x' * 64} A 192.0.2.1", "zone:1: A DNS label is > 63 octets long; "),
        ("\ud800 A 192.0.2.1", "IDNA processing exception: "),
    ],
)
def test_what_is_no_zone_file_is_told_in_one_line(text: str, told: str) -> None:
    """The line, what is wrong there, and what to write."""
    with pytest.raises(ZoneError) as caught:
        read_zone_file(text)

    assert str(caught.value).startswith(told)
    assert "\n" not in str(caught.value)


def test_another_record_is_no_datum() -> None:
    """Types that a zone does not hold are named."""
    from dns.rdata import from_text

    with pytest.raises(ZoneError, match="SRV: no type that a zone holds; choose one of A, AAAA, MX"):
        datum_of(from_text("IN", "SRV", "0 0 25 a.example."))


@given(st.text(st.sampled_from('a.*@$;"\\()\n\t 0A\x00éIN MX TXT1.2.3.4')))
def test_no_text_raises_anything_else(text: str) -> None:
    """A zone or a ZoneError."""
    with suppress(ZoneError):
        assert isinstance(read_zone_file(text), Zone)
