"""Zones from a table, as a scenario's TOML can hold it: each name with its records and faults.

```toml
["abc.example"]
mx = ["10 mx.abc.example"]
txt = ["v=spf1 mx -all"]
fault = { mx = "timeout", txt = "slow 3" }
```
"""

import re
from collections.abc import Iterator, Mapping

from mailsim.mail import normal_domain
from mailsim.provider.dns import Datum, DnsFault, RecordType, Status, Zone, zone_of
from mailsim.provider.zone_file import ZoneError, datum_of

_KEYS = tuple(type_.lower() for type_ in RecordType)
_SLOW = re.compile(r"slow ([0-9]{1,6}(?:\.[0-9]{1,6})?)")
_LONGEST_STRING = 255
"""Octets of one string of a TXT record (RFC 1035 section 3.3)."""


def read_zone_table(table: Mapping[str, object]) -> Zone:
    """Read a zone from names and what each has.

    Of a name: `a`, `aaaa`, `mx`, `txt`, `ptr` and `cname`, each a record or a list of them, written as in a zone file;
    a TXT record is its text, or a list of its strings. `fault` is `servfail`, `nxdomain`, `timeout` or `slow SECONDS`,
    or a table of such by type.

    Raises:
        ZoneError: A name, key, record or fault that is none.
    """
    records: list[tuple[str, RecordType, Datum]] = []
    faults: dict[tuple[str, RecordType | None], DnsFault] = {}
    for name, row in table.items():
        _check_name(name)
        if not isinstance(row, Mapping):
            raise ZoneError(
                f"{name}: {row!r} is no table; write the name's records, as in mx = ['10 mx.{name}']"
            )
        for key, value in row.items():
            if key == "fault":
                faults.update(_faults(name, value))
            elif key in _KEYS:
                type_ = RecordType(key.upper())
                records += ((name, type_, datum) for datum in _data(name, type_, value))
            else:
                raise ZoneError(f"{name}: {key!r} is no key here; write one of {', '.join(_KEYS)}, fault")
    return zone_of(records, faults)


def _check_name(name: str) -> None:
    from dns.exception import DNSException
    from dns.name import from_text

    try:
        from_text(normal_domain(name))
    except (DNSException, ValueError) as error:
        raise ZoneError(f"{name!r}: no domain name ({error}); labels have 1 to 63 letters") from None


def _data(name: str, type_: RecordType, value: object) -> Iterator[Datum]:
    for record in value if isinstance(value, list) else [value]:
        if type_ is RecordType.TXT:
            yield _strings(name, record)
        elif isinstance(record, str):
            yield _read(name, type_, record)
        else:
            raise ZoneError(f"{name}: {type_.lower()} = {record!r}: must be text; write it as in a zone file")


def _read(name: str, type_: RecordType, record: str) -> Datum:
    from dns.exception import DNSException
    from dns.name import root
    from dns.rdata import from_text

    try:
        return datum_of(from_text("IN", type_, record, origin=root, relativize=False))
    except (DNSException, ValueError) as error:
        told = " ".join(str(error).split()).rstrip(".")
        raise ZoneError(f"{name}: {type_.lower()} = {record!r}: {told}; write it as in a zone file") from None


def _strings(name: str, record: object) -> tuple[bytes, ...]:
    if isinstance(record, str):
        octets = record.encode("utf-8", "surrogateescape")
        starts = range(0, max(len(octets), 1), _LONGEST_STRING)
        return tuple(octets[start : start + _LONGEST_STRING] for start in starts)
    if isinstance(record, list) and record and all(isinstance(part, str) for part in record):
        strings = tuple(part.encode("utf-8", "surrogateescape") for part in record)
        if max(map(len, strings)) <= _LONGEST_STRING:
            return strings
    raise ZoneError(
        f"{name}: txt = {record!r}: must be text, or a list of strings of {_LONGEST_STRING} octets at most"
    )


def _faults(name: str, value: object) -> Iterator[tuple[tuple[str, RecordType | None], DnsFault]]:
    if not isinstance(value, Mapping):
        yield (name, None), _fault(name, value)
        return
    for key, word in value.items():
        if key not in _KEYS:
            raise ZoneError(f"{name}: fault of {key!r}: write one of {', '.join(_KEYS)}")
        yield (name, RecordType(key.upper())), _fault(name, word)


def _fault(name: str, value: object) -> DnsFault:
    if value in (Status.SERVFAIL, Status.NXDOMAIN, Status.TIMEOUT):
        return DnsFault(Status(str(value)))
    if isinstance(value, str) and (slow := _SLOW.fullmatch(value)):
        return DnsFault(seconds=float(slow[1]))
    raise ZoneError(
        f"{name}: fault = {value!r}: write 'servfail', 'nxdomain', 'timeout' or 'slow 3' (seconds)"
    )
