"""Zones from zone-file text (RFC 1035 section 5), read by dnspython: pure, no file is opened.

`$ORIGIN` and `$TTL` are obeyed; `$INCLUDE`, which reads files, and `$GENERATE`, which grows without bound, are
refused. Records of other types, SOA and NS among them, are read over. Wildcards are RFC 4592's.
"""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING

from mailsim.errors import MailsimError
from mailsim.provider.dns import Datum, RecordType, Zone, zone_of

if TYPE_CHECKING:
    from dns.name import Name
    from dns.rdata import Rdata
    from dns.rrset import RRset


class ZoneError(MailsimError):
    """Text or a table that is no zone."""


def read_zone_file(text: str, *, origin: str = ".") -> Zone:
    """Read a zone from the text of a zone file, which may hold the records of several domains.

    `origin` is what relative names are under until `$ORIGIN` says another. A TTL may be left out.

    Raises:
        ZoneError: The text is no zone file; it names the line and what is wrong there.
    """
    return zone_of(_records(_rrsets(text, origin)))


def _rrsets(text: str, origin: str) -> "list[RRset]":
    from dns.exception import DNSException
    from dns.name import Name, from_text, root
    from dns.rdata import Rdata
    from dns.rdataclass import RdataClass
    from dns.rdatatype import RdataType
    from dns.tokenizer import Tokenizer
    from dns.zonefile import Reader, RRSetsReaderManager, RRsetsReaderTransaction

    class Records(RRsetsReaderTransaction):
        """All but SOA: several domains have one each, and dnspython takes it at one origin only."""

        def add(self, name: Name, ttl: int, rdata: Rdata) -> None:
            if rdata.rdtype is not RdataType.SOA:
                super().add(name, ttl, rdata)

    manager = RRSetsReaderManager()
    try:
        with Records(manager, True, False) as records:  # type: ignore[no-untyped-call]  # dnspython leaves it so
            names = ("$ORIGIN", "$TTL")
            reader = Reader(
                Tokenizer(text, "zone"), RdataClass.IN, records, allow_directives=names, default_ttl=0
            )
            reader.current_origin = reader.last_name = from_text(origin, root)
            reader.read()
    except (DNSException, ValueError) as error:  # ValueError: a letter that no name has, and the like
        told = " ".join(str(error).split()).rstrip(".")
        raise ZoneError(f"{told}; write NAME TYPE DATA, as in 'abc.example. MX 10 mx.abc.example.'") from None
    return manager.rrsets


def _records(rrsets: "list[RRset]") -> Iterator[tuple[str, RecordType, Datum]]:
    for rrset in rrsets:
        type_ = rrset.rdtype.name
        if type_ in tuple(RecordType):
            for rdata in rrset:
                yield plain_name(rrset.name), RecordType(type_), datum_of(rdata)


def datum_of(rdata: "Rdata") -> Datum:
    """What a record of dnspython's says, as zones hold it; its type is one of `RecordType`."""
    from dns.rdtypes.ANY.TXT import TXT
    from dns.rdtypes.IN.A import A
    from dns.rdtypes.IN.AAAA import AAAA
    from dns.rdtypes.mxbase import MXBase
    from dns.rdtypes.nsbase import NSBase

    match rdata:
        case A():
            return IPv4Address(rdata.address)
        case AAAA():
            return IPv6Address(rdata.address)
        case MXBase():
            return rdata.preference, plain_name(rdata.exchange)
        case TXT():
            return rdata.strings
        case NSBase():
            return plain_name(rdata.target)
    raise ZoneError(f"{rdata.rdtype.name}: no type that a zone holds; choose one of {', '.join(RecordType)}")


def plain_name(name: "Name") -> str:
    """A name without its final dot, in lower case; the root is `.`."""
    return name.to_text(omit_final_dot=True).lower()
