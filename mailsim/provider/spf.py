"""SPF: whether a host may send mail as a domain (RFC 7208), evaluated by pyspf over a world's zone (R5.5).

Laws: pure: the same zone, client and identity give the same result, and no record, sender or HELO raises; nobody
waits: time-outs are counted in the world's time.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache, partial
from ipaddress import IPv4Address, IPv6Address, ip_address

from mailsim.errors import MailsimError
from mailsim.mail import normal_domain
from mailsim.provider.dns import Zone

TIMEOUT_SECONDS = 20.0
"""What one evaluation may take (RFC 7208 section 4.6.4: at least so long)."""
_LONGEST_EXPLANATION = 400
"""Characters: fits one line of an SMTP reply (RFC 5321 section 4.5.3.1.5: 512 octets)."""


class SpfError(MailsimError):
    """An address that no client connects from."""


class Result(StrEnum):
    """How an evaluation ends (RFC 7208 section 2.6)."""

    NONE = "none"
    """No domain to ask about, or it publishes no SPF record."""
    NEUTRAL = "neutral"
    """The domain does not say."""
    PASS = "pass"  # noqa: S105 - RFC 7208's word
    """The client may send as the domain."""
    FAIL = "fail"
    """It may not."""
    SOFTFAIL = "softfail"
    """It probably may not."""
    TEMPERROR = "temperror"
    """DNS failed for now."""
    PERMERROR = "permerror"
    """The records cannot be read: somebody must mend them."""


class Identity(StrEnum):
    """What was checked (RFC 7208 sections 2.3, 2.4)."""

    MAILFROM = "mailfrom"
    HELO = "helo"
    """Of a null sender."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpfResult:
    """How one evaluation ended, and on what.

    Attributes:
        result: RFC 7208's word.
        explanation: Why, in words; of a fail those of the domain's owner where it publishes some (section 6.2). Printable and bounded.
        mechanism: The term of the record that matched; empty where none did.
        identity: What was checked.
        domain: The domain that was asked, in comparison form.
        ip: The client's address.
        sender: The envelope sender, empty for the null sender.
        helo: What the client called itself.
        lookups: Terms that asked DNS (section 4.6.4).
        void_lookups: Questions answered with nothing.
        seconds: What DNS took, in the world's time.
    """

    result: Result
    explanation: str
    mechanism: str
    identity: Identity
    domain: str
    ip: str
    sender: str
    helo: str
    lookups: int
    void_lookups: int
    seconds: float


def evaluate(
    zone: Zone, *, ip: str, sender: str, helo: str, timeout: float = TIMEOUT_SECONDS, timestamp: int = 0
) -> SpfResult:
    """Say whether `ip` may send mail from `sender`; of a null sender ("") whether it may call itself `helo`.

    `timeout` is in seconds of the world's time, as `timestamp`, which the macro `%{t}` stands for, counts them from
    1970. An IPv4 address mapped into IPv6 is IPv4.

    Raises:
        SpfError: `ip` is no IP address.
    """
    from mailsim.provider.spf_query import ZoneQuery  # noqa: PLC0415 - pyspf is slow to import

    address = _address(ip)
    local, _, said_domain = (sender or f"postmaster@{helo}").rpartition("@")
    query = ZoneQuery(
        zone,
        ip=address,
        local=local or "postmaster",  # RFC 7208 section 4.3
        domain=normal_domain(said_domain),
        helo=helo,
        timeout=timeout,
        timestamp=timestamp,
    )
    try:
        word, _, explanation = query.check()
    except Exception as error:  # noqa: BLE001 - pyspf is not proof against every record, and no record may raise
        word, explanation = (
            Result.PERMERROR,
            f"SPF Permanent Error: the record cannot be interpreted: {error}",
        )
    return SpfResult(
        result=Result(word),
        explanation=_shown(explanation),
        mechanism=_shown(query.mechanism or ""),
        identity=Identity.MAILFROM if sender else Identity.HELO,
        domain=query.o,
        ip=str(address),
        sender=sender,
        helo=helo,
        lookups=query.lookups,
        void_lookups=query.void_lookups,
        seconds=query.seconds,
    )


class RememberedSpf:
    """SPF over one zone, each client, sender and HELO evaluated once: a world has few, and sends much mail.

    The whole sender counts, for a record may ask about its local part.
    """

    def __init__(self, zone: Zone, *, timeout: float = TIMEOUT_SECONDS, most: int = 65536) -> None:
        """`most` results are remembered, the latest used."""
        self._evaluate = lru_cache(most)(partial(evaluate, zone, timeout=timeout))

    def evaluate(self, *, ip: str, sender: str, helo: str) -> SpfResult:
        """As `evaluate` says, with its errors."""
        return self._evaluate(ip=ip, sender=sender, helo=helo)


def _address(ip: str) -> IPv4Address | IPv6Address:
    try:
        address = ip_address(ip)
    except ValueError:
        raise SpfError(f"ip={ip!r}: no IP address; write one such as '192.0.2.1' or '2001:db8::1'") from None
    return getattr(address, "ipv4_mapped", None) or address


def _shown(text: str) -> str:
    """Text of a record's owner in one printable line."""
    return "".join(char if char.isprintable() else " " for char in text[:_LONGEST_EXPLANATION])
