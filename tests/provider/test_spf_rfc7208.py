"""The RFC 7208 test suite of openspf.org (release 2014.04), verbatim as it ships with pyspf's sources.

Its zones are data for ours. Only the default explanation differs: a case that wants `DEFAULT` wants pyspf's own words.
"""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any

import pytest
import yaml

from mailsim.provider.dns import Datum, DnsFault, RecordType, Status, zone_of
from mailsim.provider.spf import evaluate

SUITE = Path(__file__).parent / "rfc7208" / "rfc7208-tests.yml"
SCENARIOS = list(yaml.load_all(SUITE.read_text("utf-8"), Loader=yaml.CSafeLoader))
CASES = [(name, case, scenario) for scenario in SCENARIOS for name, case in scenario["tests"].items()]
DEFAULT = "SPF fail - not authorized"


def datum(type_: RecordType, value: Any) -> Datum:
    match type_:
        case RecordType.A:
            return IPv4Address(value)
        case RecordType.AAAA:
            return IPv6Address(value)
        case RecordType.MX:
            return int(value[0]), value[1].lower().removesuffix(".")
        case RecordType.TXT:
            return tuple(part.encode() for part in ([value] if isinstance(value, str) else value))
        case _:
            return str(value).lower().removesuffix(".")


def records(name: str, rows: list[Any]) -> Iterator[tuple[str, RecordType, Datum]]:
    """As the suite's own driver reads them: type SPF (99) stands for TXT where the name has no TXT row."""
    pairs = [pair for row in rows if isinstance(row, dict) for pair in row.items()]
    has_txt = any(type_ == "TXT" for type_, _ in pairs)
    for type_, value in pairs:
        if type_ == "SPF" and has_txt:
            continue
        if value not in ("NONE", "TIMEOUT"):
            kind = RecordType("TXT" if type_ == "SPF" else type_)
            yield name, kind, datum(kind, value)


def faults(name: str, rows: list[Any]) -> Iterator[tuple[tuple[str, RecordType | None], DnsFault]]:
    """A time-out of a name is one of the types that it has no record of."""
    typed = {type_ for _, type_, _ in records(name, rows)}
    for row in rows:
        if row == "TIMEOUT":
            yield from (((name, t), DnsFault(Status.TIMEOUT)) for t in RecordType if t not in typed)
        elif "TIMEOUT" in row.values():
            yield from (((name, RecordType(t)), DnsFault(Status.TIMEOUT)) for t in row)


def test_the_suite_is_whole() -> None:
    """All 203 cases of release 2014.04."""
    assert len(CASES) == 203


@pytest.mark.parametrize(("case", "scenario"), [pytest.param(c, s, id=name) for name, c, s in CASES])
def test_rfc_7208(case: dict[str, Any], scenario: dict[str, Any]) -> None:
    """The result is one that the suite allows, and so is the explanation."""
    zonedata = scenario["zonedata"]
    zone = zone_of(
        [record for name, rows in zonedata.items() for record in records(name, rows)],
        dict(fault for name, rows in zonedata.items() for fault in faults(name, rows)),
    )

    found = evaluate(zone, ip=case["host"], sender=case["mailfrom"], helo=case["helo"])

    wanted = case["result"]
    assert found.result in ([wanted] if isinstance(wanted, str) else wanted)
    if "explanation" in case:
        assert found.explanation == case["explanation"].replace("DEFAULT", DEFAULT)
