"""Octets in, octets out: what a name server answers (RFC 1035)."""

import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsim.nameserver.response import Response, respond
from mailsim.provider.zone_table import read_zone_table

ZONE = read_zone_table(
    {
        "abc.example": {
            "mx": ["10 mx.abc.example", "0 ."],
            "txt": ["v=spf1 mx -all", ["a", "b"]],
            "ptr": "x.example",
        },
        "mx.abc.example": {"a": ["192.0.2.1", "192.0.2.2"], "aaaa": "2001:db8::1"},
        "www.abc.example": {"cname": "mx.abc.example"},
        "*.wild.example": {"a": "192.0.2.9"},
        "long.example": {"txt": ["x" * 2000]},
        "servfail.example": {"fault": "servfail"},
        "silent.example": {"fault": {"mx": "timeout"}},
        "slow.example": {"a": "192.0.2.3", "fault": "slow 2.5"},
    }
)


def asked(
    name: str, type_: str, *, tcp: bool = False, edns: int = -1, payload: int = 1232
) -> dns.message.Message:
    query = dns.message.make_query(name, type_, use_edns=edns, payload=payload)
    octets = respond(ZONE, query.to_wire(), tcp=tcp).octets
    assert octets is not None
    answer = dns.message.from_wire(octets)
    assert answer.id == query.id
    return answer


@pytest.mark.parametrize(
    ("name", "type_", "records"),
    [
        ("mx.abc.example", "A", ["mx.abc.example. 0 IN A 192.0.2.1", "mx.abc.example. 0 IN A 192.0.2.2"]),
        ("mx.abc.example", "AAAA", ["mx.abc.example. 0 IN AAAA 2001:db8::1"]),
        ("ABC.example", "MX", ["ABC.example. 0 IN MX 0 .", "ABC.example. 0 IN MX 10 mx.ABC.example."]),
        ("abc.example", "TXT", ['abc.example. 0 IN TXT "v=spf1 mx -all"', 'abc.example. 0 IN TXT "a" "b"']),
        ("abc.example", "PTR", ["abc.example. 0 IN PTR x.example."]),
        ("any.wild.example", "A", ["any.wild.example. 0 IN A 192.0.2.9"]),
        ("www.abc.example", "CNAME", ["www.abc.example. 0 IN CNAME mx.abc.example."]),
        ("www.abc.example", "SOA", ["www.abc.example. 0 IN CNAME mx.abc.example."]),
        (
            "www.abc.example",
            "AAAA",
            ["www.abc.example. 0 IN CNAME mx.abc.example.", "mx.abc.example. 0 IN AAAA 2001:db8::1"],
        ),
        ("abc.example", "A", []),
        ("abc.example", "SOA", []),
        ("example", "A", []),
    ],
)
def test_records_are_told_as_they_are(name: str, type_: str, records: list[str]) -> None:
    """Under the name as it was asked for, in its letters, with the CNAME that led there."""
    answer = asked(name, type_)

    lines = [line for rrset in answer.answer for line in rrset.to_text().splitlines()]
    assert sorted(lines) == sorted(records)
    assert answer.rcode() == dns.rcode.NOERROR
    assert answer.flags & dns.flags.AA


@pytest.mark.parametrize(
    ("name", "code"), [("nowhere.example", dns.rcode.NXDOMAIN), ("servfail.example", dns.rcode.SERVFAIL)]
)
def test_how_a_question_fails(name: str, code: dns.rcode.Rcode) -> None:
    """A name that is not there, and one whose server is ill."""
    assert (asked(name, "A").rcode(), asked(name, "A").answer) == (code, [])


def test_the_same_query_has_the_same_answer() -> None:
    """Records come in the zone's order, not by chance."""
    query = dns.message.make_query("abc.example", "MX", id=1).to_wire()

    [octets] = {respond(ZONE, query, tcp=False).octets for _ in range(30)}

    assert octets is not None
    assert octets.index(b"\x02mx") < octets.rindex(b"\x00\x03\x00\x00\x00")


def test_time_is_told_not_spent() -> None:
    """A silent server says nothing; a slow one is right in the end."""
    silent = respond(ZONE, dns.message.make_query("silent.example", "MX").to_wire(), tcp=False)
    slow = respond(ZONE, dns.message.make_query("slow.example", "A").to_wire(), tcp=False)

    assert silent == Response(asked=("silent.example", "MX"))
    assert slow.seconds == 2.5
    assert slow.octets is not None


@pytest.mark.parametrize(
    ("how", "cut"),
    [
        ({}, True),
        ({"edns": 0, "payload": 1232}, True),
        ({"edns": 0, "payload": 4096}, False),
        ({"tcp": True}, False),
    ],
)
def test_what_does_not_fit_is_cut(how: dict[str, int], cut: bool) -> None:
    """512 octets without EDNS, what the client takes with it, all by TCP."""
    answer = asked("long.example", "TXT", **how)  # type: ignore[arg-type] # words of a table

    assert bool(answer.flags & dns.flags.TC) is cut
    assert bool(answer.answer) is not cut


def test_what_is_no_question() -> None:
    """Another operation, class, number of questions: each has its code; a response is never answered."""
    notify = dns.message.make_query("abc.example", "SOA")
    notify.set_opcode(dns.opcode.STATUS)
    chaos = dns.message.make_query("version.bind", "TXT", "CH")
    none = dns.message.Message()
    codes = []
    for query in (notify, chaos, none):
        octets = respond(ZONE, query.to_wire(), tcp=False).octets
        assert octets is not None
        codes.append(dns.message.from_wire(octets).rcode())

    assert codes == [dns.rcode.NOTIMP, dns.rcode.REFUSED, dns.rcode.FORMERR]
    assert respond(ZONE, dns.message.make_response(chaos).to_wire(), tcp=False) == Response()


def test_what_cannot_be_read_is_said_to_be_so() -> None:
    """FORMERR under the query's id; what has no id gets nothing."""
    octets = dns.message.make_query("abc.example", "MX", id=4711).to_wire()

    told = respond(ZONE, octets[:-3], tcp=False).octets

    assert told is not None
    answer = dns.message.from_wire(told)
    assert (answer.id, answer.rcode()) == (4711, dns.rcode.FORMERR)
    assert respond(ZONE, octets[:11], tcp=False) == Response()


@given(octets=st.binary(max_size=600), tcp=st.booleans())
def test_no_octets_raise(octets: bytes, tcp: bool) -> None:
    """Whatever comes, an answer or nothing."""
    response = respond(ZONE, octets, tcp=tcp)

    assert response.octets is None or len(response.octets) >= 12


@given(tail=st.binary(max_size=300), place=st.integers(2, 40))
def test_no_damaged_query_raises(tail: bytes, place: int) -> None:
    """A good beginning and a bad end: what a parser meets last."""
    octets = dns.message.make_query("www.abc.example", "AAAA", use_edns=0).to_wire()

    respond(ZONE, octets[:place] + tail, tcp=False)
