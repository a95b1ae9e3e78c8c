"""DMARC's view of an SPF result: whether the domain that passed is the one of From (RFC 7489 section 3.1): pure.

The organisational domain is found by walking up the DNS tree to the records that are there, as DMARCbis has it
(draft-ietf-dmarc-dmarcbis section 4.10), so no list of public suffixes is needed, which a simulated internet has not.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from mailsim.mail import normal_domain
from mailsim.provider.dns import RecordType, Status, Zone
from mailsim.provider.spf import Result, SpfResult

_LONGEST_WALK = 8
"""Questions of one walk (DMARCbis section 4.10)."""
_VERSION = re.compile(r"v[ \t]*=[ \t]*DMARC1[ \t]*(?:;|\Z)")


class Policy(StrEnum):
    """What a domain asks receivers to do with mail that is not aligned."""

    NONE = "none"
    QUARANTINE = "quarantine"
    REJECT = "reject"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpfAlignment:
    """How SPF counts for DMARC.

    Attributes:
        policy: What the domain of From asks for; None where it publishes no DMARC record, or none could be asked.
        strict: Whether the two domains must be equal (`aspf=s`), not only of one organisation.
        aligned: Whether SPF passed for a domain that is aligned with From's: DMARC passes by SPF.
        record_at: The domain whose record this is; empty without one.
        temporary: Whether DNS failed on the way, so that nothing is known for sure.
    """

    policy: Policy | None
    strict: bool
    aligned: bool
    record_at: str
    temporary: bool


def spf_alignment(zone: Zone, from_domain: str, found: SpfResult) -> SpfAlignment:
    """Say whether an SPF result counts for the domain of From, by that domain's DMARC record."""
    author = normal_domain(from_domain)
    walk = _walk(zone, author)
    owner = author if author in walk.records else _organisation(walk)
    tags = walk.records.get(owner, {})
    strict = tags.get("aspf", "r").lower() == "s"
    same = found.domain == author
    if not (strict or same):
        same = _organisation(_walk(zone, found.domain)) == _organisation(walk) != ""
    return SpfAlignment(
        policy=_policy(tags, inherited=owner != author) if tags else None,
        strict=strict,
        aligned=same and found.result is Result.PASS,
        record_at=owner if tags else "",
        temporary=walk.temporary,
    )


@dataclass(frozen=True, slots=True)
class _Walk:
    """What a walk up the tree met: the records, by the domain that has them, the lowest first."""

    domain: str
    records: Mapping[str, Mapping[str, str]]
    temporary: bool


def _walk(zone: Zone, domain: str) -> _Walk:
    records: dict[str, Mapping[str, str]] = {}
    temporary = False
    labels = domain.split(".")
    ends = labels[-(_LONGEST_WALK - 1) :]
    names = [".".join(ends[start:]) for start in range(len(ends))]
    for name in names if len(ends) == len(labels) else [domain, *names]:
        answer = zone.answer(f"_dmarc.{name}", RecordType.TXT)
        temporary |= answer.status in (Status.SERVFAIL, Status.TIMEOUT)
        texts = (b"".join(strings).decode("utf-8", "replace") for strings in answer.texts)
        dmarc = [text for text in texts if _VERSION.match(text)]
        if len(dmarc) == 1:  # several are none (DMARCbis section 4.10)
            records[name] = _tags(dmarc[0])
            if records[name].get("psd") == "n":
                break
    return _Walk(domain, records, temporary)


def _organisation(walk: _Walk) -> str:
    """The organisational domain: of those with a record the highest, but of `psd=y` the one below; else itself."""
    for name, tags in walk.records.items():
        if tags.get("psd") == "n":
            return name
        if tags.get("psd") == "y" and name != walk.domain:
            rest = walk.domain.removesuffix(f".{name}")
            return f"{rest.rpartition('.')[2]}.{name}"
    return next(reversed(tuple(walk.records)), walk.domain)


def _tags(text: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in text.split(";"))
    return {tag.strip().lower(): value.strip() for tag, _, value in pairs}


def _policy(tags: Mapping[str, str], *, inherited: bool) -> Policy:
    """`sp` is for domains below; a record whose policy is no word asks for nothing (RFC 7489 section 6.6.3)."""
    word = (tags.get("sp") if inherited else None) or tags.get("p", "")
    return Policy(word.lower()) if word.lower() in tuple(Policy) else Policy.NONE
