"""Which hosts take a domain's mail (RFC 5321 section 5.1)."""

from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsim.provider.dns import Answer, Datum, LookupFailed, NoRoute, RecordType, Status, Zone
from mailsim.provider.zone_table import read_zone_table

ADDRESS = IPv4Address("192.0.2.1")
ZONE = Zone(
    mx={
        "client.example": ((20, "backup.client.example"), (10, "mx.client.example")),
        "silent.example": ((0, "."),),
        "*.wild.example": ((10, "mx.wild.example"),),
    },
    a={"host.example": (ADDRESS,), "mx.client.example": (ADDRESS,)},
)


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        ("client.example", ("mx.client.example", "backup.client.example")),
        ("CLIENT.example.", ("mx.client.example", "backup.client.example")),
        ("host.example", ("host.example",)),
        ("any.wild.example", ("mx.wild.example",)),
        ("deep.any.wild.example", ("mx.wild.example",)),
    ],
)
def test_exchangers_come_best_first(domain: str, expected: tuple[str, ...]) -> None:
    """By preference; a host without MX records takes its own mail."""
    assert ZONE.exchangers(domain) == expected


@pytest.mark.parametrize(
    ("domain", "why"),
    [
        ("nowhere.example", "nowhere.example: no MX and no address record; add the domain to the scenario"),
        ("silent.example", "silent.example: takes no mail, as its null MX record says (RFC 7505)"),
    ],
)
def test_a_domain_without_exchanger_says_why(domain: str, why: str) -> None:
    """Unknown, or takes no mail: two different things to mend."""
    with pytest.raises(NoRoute) as caught:
        ZONE.exchangers(domain)

    assert str(caught.value) == why


def test_a_wildcard_serves_only_names_without_records() -> None:
    """RFC 4592: a name that exists is not covered."""
    zone = Zone({"a.example": ((10, "mx.a.example"),), "*": ((10, "mx.else"),)}, a={"b.example": (ADDRESS,)})

    assert zone.exchangers("a.example") == ("mx.a.example",)
    assert zone.exchangers("b.example") == ("b.example",)
    assert zone.exchangers("c.example") == ("mx.else",)


TABLE = read_zone_table(
    {
        "abc.example": {"a": "192.0.2.1", "txt": "v=spf1 -all", "mx": "0 ."},
        "www.abc.example": {"cname": "abc.example"},
        "out.abc.example": {"cname": "gone.example"},
        "mail.abc.example": {"cname": "v6.example"},
        "*.wild.example": {"a": "192.0.2.2"},
        "host.wild.example": {"aaaa": "2001:db8::1"},
        "v6.example": {"aaaa": "2001:db8::2", "ptr": "x.example"},
        "loop.example": {"cname": "pool.example"},
        "pool.example": {"cname": "loop.example"},
        "self.example": {"cname": "self.example"},
        "ill.example": {"mx": "10 mx.example", "fault": "servfail"},
        "mute.example": {"mx": "10 mx.example", "fault": {"mx": "timeout"}},
        "slow.example": {"mx": "10 mx.example", "fault": "slow 3"},
        "hidden.example": {"mx": "10 mx.example", "fault": "nxdomain"},
        "alias.example": {"cname": "slow.example", "fault": "slow 1.5"},
    }
)


@pytest.mark.parametrize(
    ("name", "type_", "status", "records"),
    [
        ("ABC.example.", RecordType.A, Status.NOERROR, (IPv4Address("192.0.2.1"),)),
        ("abc.example", RecordType.TXT, Status.NOERROR, ((b"v=spf1 -all",),)),
        ("abc.example", RecordType.MX, Status.NOERROR, ((0, "."),)),
        ("abc.example", RecordType.AAAA, Status.NOERROR, ()),
        ("v6.example", RecordType.PTR, Status.NOERROR, ("x.example",)),
        ("example", RecordType.A, Status.NOERROR, ()),
        ("nowhere.example", RecordType.A, Status.NXDOMAIN, ()),
        ("www.abc.example", RecordType.CNAME, Status.NOERROR, ("abc.example",)),
        ("abc.example", RecordType.CNAME, Status.NOERROR, ()),
        ("www.abc.example", RecordType.A, Status.NOERROR, (IPv4Address("192.0.2.1"),)),
        ("out.abc.example", RecordType.A, Status.NXDOMAIN, ()),
        ("loop.example", RecordType.A, Status.NOERROR, ()),
        ("self.example", RecordType.A, Status.NOERROR, ()),
        ("any.wild.example", RecordType.A, Status.NOERROR, (IPv4Address("192.0.2.2"),)),
        ("host.wild.example", RecordType.A, Status.NOERROR, ()),
        ("below.host.wild.example", RecordType.A, Status.NXDOMAIN, ()),
        ("ill.example", RecordType.A, Status.SERVFAIL, ()),
        ("mute.example", RecordType.MX, Status.TIMEOUT, ()),
        ("mute.example", RecordType.TXT, Status.NOERROR, ()),
        ("hidden.example", RecordType.MX, Status.NXDOMAIN, ()),
    ],
)
def test_answers(name: str, type_: RecordType, status: Status, records: tuple[Datum, ...]) -> None:
    """Names without regard to case, CNAME followed, loops ended, wildcards by RFC 4592, faults by name and type."""
    answer = TABLE.answer(name, type_)

    assert (answer.status, answer.records) == (status, records)
    assert answer.void is (not records and status in (Status.NOERROR, Status.NXDOMAIN))


def test_what_is_slow_adds_up() -> None:
    """Along a CNAME, and beside the way that it was."""
    answer = TABLE.answer("alias.example", RecordType.MX)

    assert answer == Answer(
        Status.NOERROR, ((10, "mx.example"),), (("alias.example", "slow.example"),), seconds=4.5
    )


@pytest.mark.parametrize(
    ("domain", "error"),
    [("ill.example", LookupFailed), ("mute.example", LookupFailed), ("hidden.example", NoRoute)],
)
def test_what_faults_do_to_a_route(domain: str, error: type[NoRoute]) -> None:
    """Temporary where DNS failed (RFC 5321 section 5.1), for good where it says that there is no such name."""
    with pytest.raises(NoRoute) as caught:
        TABLE.exchangers(domain)

    assert type(caught.value) is error


def test_an_alias_has_the_exchangers_of_what_it_stands_for() -> None:
    """RFC 5321 section 5.1: of a CNAME, and the address where there is no MX."""
    assert TABLE.exchangers("alias.example") == ("mx.example",)
    assert TABLE.exchangers("mail.abc.example") == ("v6.example",)
    assert TABLE.exchangers("any.wild.example") == ("any.wild.example",)


def test_a_wildcard_of_all_covers_names_that_only_stand_above_others() -> None:
    """`*` is the rest of the internet: a host's domain is not part of the world by its host alone."""
    zone = Zone({"*": ((10, "mx.else"),)}, a={"mx.a.example": (ADDRESS,)})

    assert zone.exchangers("a.example") == ("mx.else",)
    assert zone.exchangers("mx.a.example") == ("mx.a.example",)


@given(st.text(), st.sampled_from(RecordType))
def test_no_name_raises(name: str, type_: RecordType) -> None:
    """Whatever is asked for."""
    assert TABLE.answer(name, type_).status in Status
