"""How an SPF result counts for DMARC (RFC 7489 section 3.1, DMARCbis section 4.10)."""

import pytest

from mailsim.provider.dmarc import Policy, SpfAlignment, spf_alignment
from mailsim.provider.spf import evaluate
from mailsim.provider.zone_table import read_zone_table

DEEP = "h.g.f.e.d.c.b.a.example"
ZONE = read_zone_table(
    {
        "*": {"txt": "v=spf1 ip4:192.0.2.1 -all"},
        "_dmarc.abc.example": {"txt": ["v=DMARC1; p=reject; sp=Quarantine", "another text"]},
        "_dmarc.strict.example": {"txt": "v=DMARC1;p=reject;aspf=s"},
        "_dmarc.twice.example": {"txt": ["v=DMARC1; p=reject", "v=DMARC1; p=none"]},
        "_dmarc.odd.example": {"txt": "v=DMARC1; p=whatever; ;=;x"},
        "_dmarc.gov.example": {"txt": "v=DMARC1; p=none; psd=y"},
        "_dmarc.own.abc.example": {"txt": "v=DMARC1; p=none; psd=n"},
        "_dmarc.ill.example": {"fault": "servfail"},
        "_dmarc.a.example": {"txt": "v=DMARC1; p=reject"},
        "_dmarc.no.example": {"txt": "v=DMARC10; p=reject"},
        **{
            f"_dmarc.{name}": {"a": "192.0.2.9"}
            for name in ("example", "sub.abc.example", "office.gov.example")
        },
        **{
            f"_dmarc.{name}": {"a": "192.0.2.9"}
            for name in ("else.example", "x.office.gov.example", "ministry.gov.example")
        },
        **{
            f"_dmarc.{name}": {"a": "192.0.2.9"}
            for name in ("deep.own.abc.example", "sub.strict.example", "sub.ill.example")
        },
    }
)


def aligned(from_domain: str, spf_domain: str, ip: str = "192.0.2.1") -> SpfAlignment:
    found = evaluate(ZONE, ip=ip, sender=f"a@{spf_domain}", helo="h.example")
    return spf_alignment(ZONE, from_domain, found)


@pytest.mark.parametrize(
    ("from_domain", "spf_domain", "is_aligned"),
    [
        ("ABC.example.", "abc.example", True),
        ("abc.example", "sub.abc.example", True),
        ("sub.abc.example", "abc.example", True),
        ("abc.example", "else.example", False),
        ("strict.example", "strict.example", True),
        ("strict.example", "sub.strict.example", False),
        ("office.gov.example", "x.office.gov.example", True),
        ("office.gov.example", "ministry.gov.example", False),
        ("gov.example", "gov.example", True),
        ("own.abc.example", "deep.own.abc.example", True),
        ("own.abc.example", "abc.example", False),
        ("else.example", "else.example", True),
        (DEEP, "a.example", True),
    ],
)
def test_alignment(from_domain: str, spf_domain: str, is_aligned: bool) -> None:
    """Relaxed: of one organisation; strict: equal; a public suffix unites nobody."""
    assert aligned(from_domain, spf_domain).aligned is is_aligned


def test_what_failed_does_not_count() -> None:
    """However well it is aligned."""
    assert not aligned("abc.example", "abc.example", ip="203.0.113.1").aligned


@pytest.mark.parametrize(
    ("from_domain", "policy", "record_at"),
    [
        ("abc.example", Policy.REJECT, "abc.example"),
        ("sub.abc.example", Policy.QUARANTINE, "abc.example"),
        ("sub.strict.example", Policy.REJECT, "strict.example"),
        ("odd.example", Policy.NONE, "odd.example"),
        ("twice.example", None, ""),
        ("no.example", None, ""),
        ("else.example", None, ""),
    ],
)
def test_the_policy(from_domain: str, policy: Policy | None, record_at: str) -> None:
    """The domain's own, or that of its organisation, for domains below."""
    alignment = aligned(from_domain, from_domain)

    assert (alignment.policy, alignment.record_at) == (policy, record_at)


def test_dns_that_fails_is_told() -> None:
    """Nothing is known for sure then."""
    assert aligned("sub.ill.example", "sub.ill.example").temporary
    assert not aligned("abc.example", "abc.example").temporary
