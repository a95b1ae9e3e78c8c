"""Which hosts take a domain's mail (RFC 5321 section 5.1)."""

import pytest

from mailsim.provider.dns import NoRoute, Zone

ZONE = Zone(
    mx={
        "client.example": ((20, "backup.client.example"), (10, "mx.client.example")),
        "silent.example": ((0, "."),),
        "*.wild.example": ((10, "mx.wild.example"),),
    },
    hosts=frozenset({"host.example", "mx.client.example"}),
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
    zone = Zone({"a.example": ((10, "mx.a.example"),), "*": ((10, "mx.else"),)}, frozenset({"b.example"}))

    assert zone.exchangers("a.example") == ("mx.a.example",)
    assert zone.exchangers("b.example") == ("b.example",)
    assert zone.exchangers("c.example") == ("mx.else",)
