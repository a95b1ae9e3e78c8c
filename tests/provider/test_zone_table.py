"""Zones from a table, as TOML has it."""

import tomllib
from ipaddress import IPv4Address

import pytest

from mailsim.provider.dns import DnsFault, RecordType, Status, Zone
from mailsim.provider.zone_file import ZoneError
from mailsim.provider.zone_table import read_zone_table

TOML = """
["abc.example"]
mx = ["10 mx.abc.example", "20 backup.example."]
txt = ["v=spf1 mx -all", ["two ", "strings"], ""]
fault = { mx = "timeout", txt = "slow 2.5" }
["MX.abc.example"]
a = "192.0.2.1"
fault = "servfail"
["münchen.example"]
cname = "mx.abc.example"
"""


def test_a_table() -> None:
    """One record or several; a long text is cut into strings; names in comparison form."""
    assert read_zone_table(tomllib.loads(TOML)) == Zone(
        mx={"abc.example": ((10, "mx.abc.example"), (20, "backup.example"))},
        a={"mx.abc.example": (IPv4Address("192.0.2.1"),)},
        txt={"abc.example": ((b"v=spf1 mx -all",), (b"two ", b"strings"), (b"",))},
        cname={"xn--mnchen-3ya.example": "mx.abc.example"},
        faults={
            ("abc.example", RecordType.MX): DnsFault(Status.TIMEOUT),
            ("abc.example", RecordType.TXT): DnsFault(seconds=2.5),
            ("mx.abc.example", None): DnsFault(Status.SERVFAIL),
        },
    )


def test_a_long_text_is_cut_into_strings() -> None:
    """Of 255 octets (RFC 1035 section 3.3)."""
    zone = read_zone_table({"a.example": {"txt": "x" * 600}})

    assert [len(string) for string in zone.txt["a.example"][0]] == [255, 255, 90]


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ({"a..example": {}}, "'a..example': no domain name (A DNS label is empty.)"),
        ({"a.example": "x"}, "a.example: 'x' is no table"),
        ({"a.example": {"srv": "x"}}, "a.example: 'srv' is no key here; write one of a, aaaa, mx"),
        ({"a.example": {"a": 3}}, "a.example: a = 3: must be text"),
        ({"a.example": {"a": ["1.2.3"]}}, "a.example: a = '1.2.3': Text input is malformed; write it as"),
        ({"a.example": {"mx": "mx.a.example"}}, "a.example: mx = 'mx.a.example': expecting an integer"),
        ({"a.example": {"txt": 3}}, "a.example: txt = 3: must be text, or a list of strings"),
        ({"a.example": {"txt": [["x" * 256]]}}, "a.example: txt = ['xxx"),
        ({"a.example": {"fault": "broken"}}, "a.example: fault = 'broken': write 'servfail', 'nxdomain'"),
        ({"a.example": {"fault": 3}}, "a.example: fault = 3: write"),
        ({"a.example": {"fault": {"srv": "timeout"}}}, "a.example: fault of 'srv': write one of a, aaaa"),
    ],
)
def test_what_is_no_table_is_told_in_one_line(table: dict[str, object], told: str) -> None:
    """The name, what stands there, what to write."""
    with pytest.raises(ZoneError) as caught:
        read_zone_table(table)

    assert str(caught.value).startswith(told)
