"""BIND's dig agrees with our name server: it warns of nothing, and comes again by TCP for what was cut."""

import subprocess

import pytest

from mailsim.nameserver.embedded import DnsServer

ZONE = {
    "abc.example": {
        "mx": ["10 mx.abc.example", "20 backup.example"],
        "txt": ["v=spf1 mx -all", ["two ", "strings"]],
    },
    "mx.abc.example": {"a": "192.0.2.1", "aaaa": "2001:db8::1"},
    "www.abc.example": {"cname": "mx.abc.example"},
    "1.2.0.192.in-addr.arpa": {"ptr": "mx.abc.example"},
    "long.example": {"txt": "x" * 4000},
    "ill.example": {"fault": "servfail"},
}


def dig(server: DnsServer, *question: str) -> str:
    command = ["dig", f"@{server.host}", "-p", str(server.port), "+tries=1", "+timeout=5", *question]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout


@pytest.mark.peers
@pytest.mark.parametrize(
    ("question", "lines"),
    [
        (("abc.example", "MX"), ["10 mx.abc.example.", "20 backup.example."]),
        (("abc.example", "TXT"), ['"v=spf1 mx -all"', '"two " "strings"']),
        (("www.abc.example", "AAAA"), ["mx.abc.example.", "2001:db8::1"]),
        (("-x", "192.0.2.1"), ["mx.abc.example."]),
        (("+tcp", "mx.abc.example", "A"), ["192.0.2.1"]),
        (("abc.example", "SOA"), []),
    ],
)
def test_dig_reads_what_the_zone_holds(question: tuple[str, ...], lines: list[str]) -> None:
    """In the zone's order."""
    with DnsServer(ZONE) as server:
        assert dig(server, "+short", *question).splitlines() == lines


@pytest.mark.peers
def test_dig_comes_again_by_tcp() -> None:
    """With and without EDNS."""
    with DnsServer(ZONE) as server:
        for how in ("+edns", "+noedns"):
            told = dig(server, how, "long.example", "TXT")

            assert ";; Truncated, retrying in TCP mode." in told
            assert told.count("x") > 4000
            assert "WARNING" not in told


@pytest.mark.peers
@pytest.mark.parametrize(
    ("question", "status"),
    [
        (("nowhere.example",), "NXDOMAIN"),
        (("ill.example",), "SERVFAIL"),
        (("version.bind", "CH", "TXT"), "REFUSED"),
    ],
)
def test_dig_is_told_how_it_failed(question: tuple[str, ...], status: str) -> None:
    """The response code."""
    with DnsServer(ZONE) as server:
        assert f"status: {status}" in dig(server, *question)
