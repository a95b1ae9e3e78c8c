"""What DNS says in a world, and which address each server has (R5.5)."""

from collections.abc import Mapping
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsim.provider.dns import LookupFailed, NoRoute, RecordType
from mailsim.provider.spf import evaluate
from mailsim.provider.spf_advice import INCLUDED, advise
from mailsim.world.internet import ELSEWHERE, Internet, Provided, internet

PRACTICE = Provided("abc.com", "mx.abc.com", "smtp.abc.com")


def world(said: Mapping[str, Mapping[str, object]] | None = None, **changes: str) -> Internet:
    return internet(said or {}, provided=[PRACTICE._replace(**changes)], people=["client.example"])


def test_without_a_zone_mail_finds_its_way_all_the_same() -> None:
    """Each correspondent's domain has a server of its own; every other domain leads elsewhere."""
    found = world()

    assert found.zone.exchangers("client.example") == ("mx.client.example",)
    assert found.zone.exchangers("ABC.com.") == ("mx.abc.com",)
    assert found.zone.exchangers("anything.example") == (ELSEWHERE,)
    assert list(found.servers) == ["mx.client.example", ELSEWHERE]
    assert found.outside == {"client.example": "mx.client.example"}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"txt": "v=spf1 -all"}, ("mx.client.example",)),
        ({"a": "192.0.2.80"}, ("mx.client.example",)),
        ({"mx": ["20 b.example", "10 a.example"]}, ("a.example", "b.example")),
        ({"mx": [], "a": "192.0.2.80"}, ("client.example",)),
        ({"cname": "shop.example"}, (ELSEWHERE,)),
    ],
)
def test_what_the_zone_says_of_mx_stands_and_the_rest_keeps_working(
    row: dict[str, object], expected: tuple[str, ...]
) -> None:
    """A domain keeps its MX record until another, none, or an alias is said of it; named servers are there."""
    found = world({"Client.example": row, "shop.example": {"txt": "v=spf1 mx -all"}})

    assert found.zone.exchangers("client.example") == expected
    assert set(expected) <= set(found.servers)
    assert found.outside["client.example"] == expected[0]


def test_a_domain_can_be_without_mail_and_dns_can_fail() -> None:
    """An empty list, a null MX, and faults; the people there can send all the same."""
    found = world(
        {
            "client.example": {"mx": []},
            "null.example": {"mx": "0 ."},
            "ill.example": {"fault": {"mx": "servfail"}},
            "gone.example": {"fault": "nxdomain"},
        }
    )

    for domain in ("client.example", "null.example", "gone.example"):
        with pytest.raises(NoRoute) as caught:
            found.zone.exchangers(domain)
        assert not isinstance(caught.value, LookupFailed)
    with pytest.raises(LookupFailed):
        found.zone.exchangers("ill.example")
    assert found.outside["client.example"] == "mx.client.example"


def test_names_that_are_no_mail_domains_get_no_mx_record() -> None:
    """Such as those of DMARC's records."""
    found = world(
        {"_dmarc.shop.example": {"txt": "v=DMARC1; p=none"}, "shop.example": {"txt": "v=spf1 -all"}}
    )

    assert "shop.example" in found.zone.mx
    assert "_dmarc.shop.example" not in found.zone.mx


def test_the_practice_s_domain_may_lead_to_a_server_that_is_not_the_provider_s() -> None:
    """An MX record that was forgotten when the provider changed."""
    found = world({"abc.com": {"mx": "10 mx.old.example"}})

    assert "mx.old.example" in found.servers
    assert "mx.abc.com" not in found.servers


def test_servers_have_the_addresses_of_their_records_or_ones_that_are_nobody_s() -> None:
    """Through aliases too, and of IPv6; a generated one is never one that the zone has given."""
    found = world(
        {
            "smtp.abc.com": {"aaaa": "2001:db8::5"},
            "mx.abc.com": {"cname": "host.abc.com"},
            "host.abc.com": {"a": ["192.0.2.1", "192.0.2.9"]},
            "mx.client.example": {"cname": "host.client.example"},
        }
    )

    assert found.addresses["smtp.abc.com"] == "2001:db8::5"
    assert found.addresses["mx.abc.com"] == "192.0.2.1"
    assert found.zone.answer("mx.client.example", RecordType.A).records == (
        ip_address(found.addresses["mx.client.example"]),
    )
    assert found.zone.ptr["5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"] == (
        "smtp.abc.com",
    )


def test_what_is_said_of_a_pointer_stands() -> None:
    """A PTR record that names another host, as a badly kept one does."""
    found = world({"mx.abc.com": {"a": "192.0.2.7"}, "7.2.0.192.in-addr.arpa": {"ptr": "else.example"}})

    assert found.zone.ptr["7.2.0.192.in-addr.arpa"] == ("else.example",)


@settings(deadline=None)  # hundreds of servers, on whatever machine
@given(st.sets(st.integers(1, 254)), st.integers(0, 300))
def test_each_server_has_an_address_of_its_own(taken: set[int], domains: int) -> None:
    """However many there are, and whatever the zone uses; they are for documentation or private (RFC 5737, 1918)."""
    said = {f"h{last}.taken.example": {"a": f"192.0.2.{last}"} for last in taken}
    found = internet(
        said,
        provided=[PRACTICE],
        people=[f"d{number}.example" for number in range(domains)],
    )

    addresses = list(found.addresses.values())
    assert len(set(addresses)) == len(addresses)
    assert all(not ip_address(address).is_global for address in addresses)


def test_so_many_servers_that_documentation_s_addresses_do_not_do_get_private_ones() -> None:
    """RFC 5737 has 762."""
    found = internet(
        {},
        provided=[PRACTICE],
        people=[f"d{number}.example" for number in range(800)],
    )

    assert any(ip_address(address) in ip_network("10.0.0.0/8") for address in found.addresses.values())


@pytest.mark.parametrize(
    ("submission", "included"),
    [("localhost", INCLUDED), ("smtp.gmail.com", "_spf.google.com")],
)
def test_the_advised_records_let_the_servers_through_that_they_include(
    submission: str, included: str
) -> None:
    """What `mailsim spf` advises works in a world, and what providers have their customers include (R5.6)."""
    record = "v=spf1 include:_spf.google.com -all" if included != INCLUDED else advise([]).advised
    found = world({"abc.com": {"txt": record}}, submission=submission, included="_spf.google.com")

    def says(server: str) -> str:
        ip = found.addresses[server]
        return evaluate(found.zone, ip=ip, sender="a1@abc.com", helo=server).result

    assert says(submission) == "pass"
    assert says("mx.client.example") in ("fail", "softfail")


def test_what_a_provider_has_included_does_not_let_the_system_s_own_servers_through() -> None:
    """They are not the provider's."""
    record = "v=spf1 include:_spf.google.com -all"
    found = world({"abc.com": {"txt": record}}, submission="localhost", included="_spf.google.com")

    ip = found.addresses["localhost"]
    assert evaluate(found.zone, ip=ip, sender="a1@abc.com", helo="localhost").result == "fail"


def test_an_included_record_that_the_zone_holds_stands() -> None:
    """The scenario's word is the last."""
    found = world({INCLUDED: {"txt": "v=spf1 ?all"}})

    assert found.zone.txt[INCLUDED] == ((b"v=spf1 ?all",),)
