"""DNS inside the world: zones as data (RFC 1034), MX look-up as RFC 5321 section 5.1 says (R5.5)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mailsim.errors import MailsimError
from mailsim.mail import normal_domain


class NoRoute(MailsimError):  # noqa: N818 - a fact about a domain, told in RFC 5321's words
    """No mail exchanger takes mail for a domain."""


@dataclass(frozen=True, slots=True)
class Zone:
    """The records of a world: domain names in comparison form to their data."""

    mx: Mapping[str, tuple[tuple[int, str], ...]] = field(default_factory=dict)
    """Domain -> (preference, exchanger), the lowest preference tried first; `*` is for every name without
    records (RFC 4592), the exchanger `.` says that the domain takes no mail (RFC 7505)."""
    hosts: frozenset[str] = frozenset()
    """Names that have an address."""

    def exchangers(self, domain: str) -> tuple[str, ...]:
        """The hosts to try for a domain, best first; its own address when it has no MX record.

        Raises NoRoute when it has neither, or says by a null MX that it takes no mail.
        """
        name = normal_domain(domain)
        records = self.mx.get(name, ())
        if not records and name in self.hosts:
            return (name,)
        records = records or self.mx.get("*", ())
        if not records:
            raise NoRoute(f"{domain}: no MX and no address record; add the domain to the scenario")
        exchangers = tuple(host for _, host in sorted(records) if host != ".")
        if not exchangers:
            raise NoRoute(f"{domain}: takes no mail, as its null MX record says (RFC 7505)")
        return exchangers
