"""What all connections of one SMTP server share."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field

from mailsim.pop3.conduct import Mechanism
from mailsim.pop3.effects import Certificate
from mailsim.smtp.backend import Backend, Tls
from mailsim.smtp.faults import FaultPlan

Certificates = Mapping[Certificate, ssl.SSLContext]


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A server's backend, and how it speaks.

    Attributes:
        backend: What decides.
        hostname: What it calls itself.
        tls: How its connections are secured.
        certificates: The TLS context by the certificate it shows; empty where there is no TLS.
        mechanisms: How clients may log in; where there are any they must, but at an open relay.
        open_relay: Whether mail is taken from clients that do not log in.
        size_limit: Octets, as EHLO announces them (RFC 1870); 0 is none.
        faults: What goes wrong on purpose.
    """

    backend: Backend
    hostname: str
    tls: Tls = Tls.NONE
    certificates: Certificates = field(default_factory=dict)
    mechanisms: tuple[Mechanism, ...] = ()
    open_relay: bool = False
    size_limit: int = 0
    faults: FaultPlan = field(default_factory=FaultPlan)

    def context(self, certificate: Certificate) -> ssl.SSLContext:
        """The TLS context that shows this certificate, or the good one where it has no such."""
        return self.certificates.get(certificate) or self.certificates[Certificate.GOOD]
