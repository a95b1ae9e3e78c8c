"""How many questions a record asks (RFC 7208 section 4.6.4)."""

import pytest

from mailsim.provider.dns import DnsFault, RecordType, Status, zone_of
from mailsim.provider.spf_lookups import Lookups, count_lookups
from mailsim.provider.zone_table import read_zone_table

ZONE = read_zone_table(
    {
        "abc.example": {"mx": "10 mx.abc.example", "aaaa": "2001:db8::1"},
        "mx.abc.example": {"a": "192.0.2.1"},
        "host.example": {"txt": ["v=spf1 a:x.host.example include:deep.host.example -all", "other"]},
        "deep.host.example": {"txt": "v=spf1 ptr exists:%{i}.host.example redirect=end.host.example"},
        "end.host.example": {"txt": "v=spf1 ip4:192.0.2.0/24 -all redirect=never.example"},
        "loop.example": {"txt": "v=spf1 include:loop.example -all"},
        "ring.example": {"txt": "v=spf1 include:gnir.example -all"},
        "gnir.example": {"txt": "v=spf1 include:ring.example -all"},
        "text.example": {"txt": "google-site-verification=x"},
        "two.example": {"txt": ["v=spf1 -all", "v=spf1 a -all"]},
        "wrong.example": {"txt": "v=spf1 what -all"},
        "tab.example": {"txt": "v=spf1 a\t-all"},
        "twice.example": {"txt": "v=spf1 a exp=a.example exp=b.example"},
        "lost.example": {"txt": "v=spf1 redirect=text.example"},
        "wide.example": {"txt": "v=spf1 " + "include:wide.example " * 200},
    }
)


@pytest.mark.parametrize(
    ("record", "count"),
    [
        ("v=spf1 -all", 0),
        ("v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 exp=a.example x=y ~all", 0),
        ("v=spf1 a mx ptr include:a.example exists:b.example ?all", 5),
        ("v=spf1 A:a.example redirect=b.example", 2),
        ("v=spf1 a -all mx redirect=b.example", 1),
        ("v=spf1 include: what a", 1),
    ],
)
def test_what_counts(record: str, count: int) -> None:
    """Terms that ask DNS and can be reached."""
    assert count_lookups(record).count == count


def test_what_is_included_counts_too() -> None:
    """As far as the zone knows it: host, its a and include, and there ptr, exists and redirect."""
    found = count_lookups("v=spf1 a mx include:host.example -all", domain="abc.example", zone=ZONE)

    assert found == Lookups(8, void=(), unknown=("x.host.example",))


def test_void_lookups() -> None:
    """Of names below the record's own domain; of others a zone need not know."""
    record = "v=spf1 a:old.abc.example mx:mx.abc.example a:else.example include:%{d}.example a:%{i}.abc.example -all"

    found = count_lookups(record, domain="ABC.example.", zone=ZONE)

    assert found == Lookups(5, void=("old.abc.example A", "mx.abc.example MX"), unknown=("else.example",))


def test_without_a_zone_nothing_is_followed() -> None:
    """What is not known is said."""
    assert count_lookups("v=spf1 include:a.example include:a.example a -all") == Lookups(
        3, unknown=("a.example",)
    )


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("loop.example", "loop.example includes itself"),
        ("ring.example", "ring.example includes itself"),
        ("mx.abc.example", "mx.abc.example has no SPF record"),
        ("nothing.abc.example", "nothing.abc.example has no SPF record"),
        ("text.example", "text.example has no SPF record"),
        ("two.example", "two.example has 2 SPF records"),
        ("wrong.example", "wrong.example: 'what': 'what' is no mechanism"),
        ("tab.example", "tab.example: only spaces part terms"),
        ("twice.example", "twice.example: a modifier stands twice"),
        ("lost.example", "text.example has no SPF record"),
    ],
)
@pytest.mark.parametrize("term", ["include:", "redirect="])
def test_what_ends_every_evaluation_is_told(term: str, name: str, why: str) -> None:
    """Sections 5.2 and 6.1: the record that is included or handed over to is none, or cannot be read."""
    [told] = count_lookups(f"v=spf1 {term}{name}", domain="abc.example", zone=ZONE).broken

    assert told.startswith(why)


def test_a_name_that_cannot_be_told_now_is_not_known() -> None:
    """A fault of DNS is no fault of the record."""
    fault: dict[tuple[str, RecordType | None], DnsFault] = {
        ("host.example", RecordType.TXT): DnsFault(Status.SERVFAIL)
    }

    found = count_lookups("v=spf1 include:host.example -all", zone=zone_of([], fault))

    assert found == Lookups(1, unknown=("host.example",))


@pytest.mark.parametrize("name", ["loop.example", "wide.example"])
def test_counting_ends(name: str) -> None:
    """Of a record that includes itself, once or often."""
    assert count_lookups(f"v=spf1 include:{name} -all", zone=ZONE).count < 60
