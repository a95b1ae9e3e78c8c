"""An SPF record's grammar (RFC 7208 section 12)."""

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mailsim.provider.dns import RecordType, zone_of
from mailsim.provider.spf import Result, evaluate
from mailsim.provider.spf_record import is_record, read_term, read_terms

GRAMMAR = re.compile(
    "Invalid|invalid-macro|Unknown|Do not separate|CIDR|implicit exists|empty domain|missing domain|c,r,t macros|Use the ip4"
)
"""How pyspf tells of a term's grammar, not of what came of it."""
SUITE = Path(__file__).parent / "rfc7208" / "rfc7208-tests.yml"


def suite_records() -> list[str]:
    """Every SPF record of the RFC's test suite that is plain ASCII text."""
    zones = [scenario["zonedata"] for scenario in yaml.load_all(SUITE.read_text("utf-8"), yaml.CSafeLoader)]
    rows = (row for zone in zones for rows in zone.values() for row in rows if isinstance(row, dict))
    values = (value for row in rows for type_, value in row.items() if type_ in ("SPF", "TXT"))
    texts = {value if isinstance(value, str) else "".join(value) for value in values}
    return sorted(text for text in texts if is_record(text) and text.isascii())


@pytest.mark.parametrize("record", suite_records())
def test_what_is_at_fault_is_what_pyspf_refuses(record: str) -> None:
    """A record alone in its zone: pyspf calls it a permanent error for its grammar just when a term has a fault."""
    zone = zone_of([("e.example", RecordType.TXT, (record.encode(),))])
    found = evaluate(zone, ip="192.0.2.200", sender="a@e.example", helo="e.example")

    refused = found.result is Result.PERMERROR and bool(GRAMMAR.search(found.explanation))
    assert refused is (any(term.fault for term in read_terms(record)) or "\r" in record)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("v=spf1", True),
        ("V=SPF1 a", True),
        ("v=spf10", False),
        ("v=spf1;a", False),
        (" v=spf1", False),
        ("", False),
    ],
)
def test_what_is_a_record(text: str, is_one: bool) -> None:
    """RFC 7208 section 4.5: the version, then a space or nothing."""
    assert is_record(text) is is_one


@pytest.mark.parametrize(
    ("text", "name", "qualifier", "domain"),
    [
        ("a", "a", "+", ""),
        ("-ALL", "all", "-", ""),
        ("?mx:Mail.example./24//64", "mx", "?", "Mail.example."),
        ("ptr", "ptr", "+", ""),
        ("ptr:a.example", "ptr", "+", "a.example"),
        ("~include:_spf.a.example", "include", "~", "_spf.a.example"),
        ("ip4:192.0.2.0/24", "ip4", "+", "192.0.2.0"),
        ("ip6:2001:db8::/32", "ip6", "+", "2001:db8::"),
        ("exists:%{ir}.%{l1r+-}._spf.%{d}", "exists", "+", "%{ir}.%{l1r+-}._spf.%{d}"),
        ("redirect=a.example", "redirect", "", "a.example"),
        ("Exp=a.example", "exp", "", "a.example"),
        ("x-y.z=%%", "x-y.z", "", "%%"),
    ],
)
def test_a_good_term(text: str, name: str, qualifier: str, domain: str) -> None:
    """Cut into its parts."""
    term = read_term(text)

    assert (term.name, term.qualifier, term.domain, term.fault) == (name, qualifier, domain, "")
    assert term.is_modifier is (qualifier == "")


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("all:x", "all"),
        ("-all.", ""),
        ("ip:192.0.2.1", "ip4:192.0.2.1"),
        ("-IPv6:2001:db8::1", "-ip6:2001:db8::1"),
        ("ipv4:x", ""),
        ("prt", "ptr"),
        ("192.0.2.1", "ip4:192.0.2.1"),
        ("~192.0.2.0/24", "~ip4:192.0.2.0/24"),
        ("2001:db8::1", "ip6:2001:db8::1"),
        ("192.0.2.0/33", ""),
        ("IP4:2001:db8::/32", "ip6:2001:db8::/32"),
        ("-ip6:192.0.2.1", "-ip4:192.0.2.1"),
        ("ip4", ""),
        ("ip4:192.0.2", ""),
        ("ip4:192.0.2.0/33", ""),
        ("ip6:fe80::1%eth0", ""),
        ("ip6:2001:db8::/129", ""),
        ("a:192.0.2.1", "ip4:192.0.2.1"),
        ("-A:192.0.2.1/24//64", "-ip4:192.0.2.1/24"),
        ("a/33", ""),
        ("mx//129", ""),
        ("a:", ""),
        ("a/", ""),
        ("mx:nodots", ""),
        ("a:a.example:25", ""),
        ("include", ""),
        ("include:", ""),
        ("include/24", ""),
        ("exists", ""),
        ("exists:%{x}.example", ""),
        ("ptr/24", ""),
        ("redirect=", ""),
        ("exp=a b", ""),
        ("x=%", ""),
        ("exp=%{r}.example", ""),
        ("mx,", "mx"),
        ("a,mx,ip:192.0.2.1", "a mx ip4:192.0.2.1"),
        ("a,what", ""),
        (",", ""),
        ("-", ""),
        ("what", ""),
        ("é", ""),
        ("İ:x", ""),
    ],
)
def test_a_bad_term(text: str, instead: str) -> None:
    """Has a fault, and what was meant where that can be told; that is good."""
    term = read_term(text)

    assert term.fault
    assert term.instead == instead
    assert not any(read_term(part).fault for part in instead.split())


def test_white_space_parts_terms() -> None:
    """Any of it, any number."""
    assert [term.name for term in read_terms("v=spf1  a\tmx \n -all ")] == ["a", "mx", "all"]
    assert read_terms("v=spf1") == ()


@given(st.text(min_size=1))
def test_no_term_raises(text: str) -> None:
    """And what is advised instead is good."""
    term = read_term(text)

    assert term.text == text
    assert not any(read_term(part).fault for part in term.instead.split())
