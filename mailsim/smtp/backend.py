"""What an SMTP server decides with: four verbs in, a Reply out, no socket (RFC 5321 sections 3.3 and 4.1)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from mailsim.mail import Address, Envelope, Message, Reply
from mailsim.pop3.proof import Proof

OK = Reply(250, "OK", "2.0.0")
NO_LOGIN = Reply(530, "Authentication required", "5.7.0")
"""RFC 4954 section 6, to a client that must log in before it sends."""


class Tls(StrEnum):
    """How a connection is secured."""

    NONE = "none"
    STARTTLS = "starttls"
    """RFC 3207: plain at first."""
    IMPLICIT = "implicit"
    """RFC 8314: from the first octet."""


@dataclass(frozen=True, slots=True)
class Peer:
    """The client of one connection, as far as it is known."""

    name: str
    """What it said in EHLO; empty before."""
    account: str = ""
    """Whom it authenticated as; empty when it did not."""


class Backend(Protocol):
    """Decides for a server; each verb answers at once."""

    def login(self, username: str, proof: Proof) -> bool:
        """Whether this is an account, and the proof one of its password (`pop3.proof.proves`)."""
        ...

    def mail(self, peer: Peer, sender: Address | None, size: int) -> Reply:
        """Judge MAIL FROM; the null sender is None, size 0 when the client declared none."""
        ...

    def rcpt(self, peer: Peer, sender: Address | None, recipient: Address) -> Reply:
        """Judge one RCPT TO."""
        ...

    def data(self, peer: Peer, envelope: Envelope, message: Message) -> Reply:
        """Judge the whole message; with a 250 the backend has taken it on."""
        ...
