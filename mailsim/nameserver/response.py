"""What a name server answers to one query's octets (RFC 1035, EDNS of RFC 6891), by dnspython: pure.

Laws: no octets raise; what is no query gets no answer, so that two servers cannot talk to each other for ever; what
does not fit a datagram is cut and says so by TC, and the client comes again by TCP (RFC 7766).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailsim.provider.dns import Answer, Datum, RecordType, Status, Zone
from mailsim.provider.zone_file import plain_name

if TYPE_CHECKING:
    from dns.message import Message
    from dns.name import Name
    from dns.rdata import Rdata

_LARGEST = 65535
_SMALLEST = 512
"""Octets of a datagram that every client takes (RFC 1035 section 4.2.1)."""
_HEADER = 12
_IS_RESPONSE = 0x80


@dataclass(frozen=True, slots=True)
class Response:
    """What a client gets.

    Attributes:
        octets: The message; None where the client hears nothing.
        seconds: How long it takes.
        asked: Name and type that were asked for; None where the query was none.
    """

    octets: bytes | None = None
    seconds: float = 0.0
    asked: tuple[str, str] | None = None


def respond(zone: Zone, octets: bytes, *, tcp: bool) -> Response:
    """Answer a query from a zone.

    What cannot be read gets FORMERR, another operation than QUERY NOTIMP, another class than IN REFUSED; a type that
    zones do not hold has no records.
    """
    from dns.exception import DNSException
    from dns.message import from_wire

    if len(octets) < _HEADER or octets[2] & _IS_RESPONSE:
        return Response()
    try:
        query = from_wire(octets)
        return _answered(zone, query, tcp=tcp)
    except (DNSException, ValueError):  # ValueError: octets that are no option, no address and the like
        return Response(_malformed(octets))


def _answered(zone: Zone, query: "Message", *, tcp: bool) -> Response:
    from dns.message import make_response
    from dns.opcode import QUERY
    from dns.rcode import FORMERR, NOTIMP, REFUSED
    from dns.rdataclass import IN
    from dns.rdatatype import to_text

    response = make_response(query, recursion_available=True)
    largest = _LARGEST if tcp else max(_SMALLEST, query.payload)
    if query.opcode() != QUERY:
        response.set_rcode(NOTIMP)
    elif len(query.question) != 1:
        response.set_rcode(FORMERR)
    elif query.question[0].rdclass != IN:
        response.set_rcode(REFUSED)
    else:
        question = query.question[0]
        name, type_ = plain_name(question.name), to_text(question.rdtype)
        # A type that zones do not hold is asked for as CNAME: an alias is told, no record is.
        held = RecordType(type_) if type_ in tuple(RecordType) else RecordType.CNAME
        answer = zone.answer(name, held)
        if answer.status is Status.TIMEOUT:
            return Response(seconds=answer.seconds, asked=(name, type_))
        filled = _filled(response, question.name, held, answer)
        # Unshuffled: dnspython would draw the order of records by chance.
        octets = filled.to_wire(max_size=largest, prefer_truncation=True, want_shuffle=False)
        return Response(octets, answer.seconds, (name, type_))
    return Response(response.to_wire(max_size=largest))


def _filled(response: "Message", name: "Name", held: RecordType, answer: Answer) -> "Message":
    from dns.flags import AA
    from dns.name import from_text
    from dns.rcode import NOERROR, NXDOMAIN, SERVFAIL
    from dns.rdataclass import IN
    from dns.rdatatype import RdataType
    from dns.rrset import from_rdata_list

    codes = {Status.NOERROR: NOERROR, Status.NXDOMAIN: NXDOMAIN, Status.SERVFAIL: SERVFAIL}
    response.set_rcode(codes[answer.status])
    if answer.status is not Status.SERVFAIL:
        response.flags |= AA
    owner = name
    for _, target in answer.aliases:
        response.answer.append(from_rdata_list(owner, 0, [_rdata(RecordType.CNAME, target)]))
        owner = from_text(target)
    if records := [_rdata(held, datum) for datum in answer.records]:
        rrset = response.find_rrset(response.answer, owner, IN, RdataType[held], create=True)
        for record in records:
            rrset.add(record, 0)
    return response


def _rdata(type_: RecordType, datum: Datum) -> "Rdata":
    from dns.rdata import from_text
    from dns.rdataclass import IN
    from dns.rdatatype import RdataType
    from dns.rdtypes.ANY.TXT import TXT

    if type_ is RecordType.TXT and isinstance(datum, tuple):
        return TXT(IN, RdataType.TXT, [part for part in datum if isinstance(part, bytes)])
    return from_text(IN, RdataType[type_], " ".join(_words(datum)), relativize=False)


def _words(datum: Datum) -> Iterator[str]:
    """A record other than TXT as a zone file has it; names are absolute."""
    if isinstance(datum, tuple):
        yield from (str(datum[0]), f"{str(datum[1]).removesuffix('.')}.")
    else:
        yield f"{datum}." if isinstance(datum, str) else str(datum)


def _malformed(octets: bytes) -> bytes:
    """FORMERR with the query's id and nothing else (RFC 1035 section 4.1.1)."""
    return octets[:2] + bytes([_IS_RESPONSE | (octets[2] & 0x79), 1]) + bytes(8)
