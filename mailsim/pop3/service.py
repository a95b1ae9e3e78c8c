"""What a POP3 server serves, and how: all that its connections share."""

import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from mailsim.pop3.conduct import PLAIN_CONDUCT, Conduct
from mailsim.pop3.effects import Certificate, Refusal
from mailsim.pop3.faults import FaultPlan
from mailsim.pop3.maildrop import Maildrop, WireMessage
from mailsim.pop3.proof import Proof

IDLE_SECONDS = 600.0  # RFC 1939 §3: an autologout timer is of at least 10 minutes

SEGMENT = 64 * 1024  # octets that are read at once

Certificates = Mapping[Certificate, ssl.SSLContext]


class Mailboxes(Protocol):
    """What a server serves. Its methods are called on the loop, so none may block for long.

    Any of them may raise OSError: the client is told [SYS/TEMP] (RFC 3206 §4).
    """

    def open(self, user: str, proof: Proof) -> Maildrop | Refusal:
        """Lock the user's maildrop and return it, or say why not."""

    def update(self, maildrop: Maildrop, removed: Sequence[str]) -> bool:
        """Remove these uids and unlock, after QUIT; False when not all could be removed."""

    def release(self, maildrop: Maildrop) -> None:
        """Unlock: the session ended without UPDATE."""

    def expunge(self, maildrop: Maildrop, removed: Sequence[str]) -> bool:
        """Remove these uids and keep the lock: asked by faults only."""

    def arrive(self, maildrop: Maildrop, message: WireMessage) -> None:
        """Keep a message that was put into the open maildrop: asked by faults only."""


@dataclass(frozen=True, slots=True)
class Service:
    """All that the connections of a server share.

    Attributes:
        mailboxes: The mail.
        conduct: How the server behaves.
        certificates: The TLS context by the certificate it shows; empty where there is no TLS. With `conduct.stls`
            TLS begins by STLS, without it from the first octet.
        idle_seconds: How long a session may be idle.
        faults: What goes wrong on purpose.
        buffer: Where a segment lands, of any connection: it is taken from there at once. asyncio's other protocols get
            256 KB for each segment and give them back, which costs more than to obey a command.
    """

    mailboxes: Mailboxes
    conduct: Conduct = PLAIN_CONDUCT
    certificates: Certificates = field(default_factory=dict)
    idle_seconds: float = IDLE_SECONDS
    faults: FaultPlan = field(default_factory=FaultPlan)
    buffer: memoryview = field(default_factory=lambda: memoryview(bytearray(SEGMENT)), repr=False)

    @property
    def implicit(self) -> bool:
        """Whether TLS begins with the first octet (RFC 8314 §3)."""
        return bool(self.certificates) and not self.conduct.stls
