"""What a POP3 session asks its driver to do.

`Authenticate`, `Secure`, `Remove` and `Close` are always the last of a list: the machine waits, or is done.
From `HalfClose` on, only faults ask (`disturbed`).
"""

from dataclasses import dataclass, field
from enum import StrEnum

from mailsim.pop3.maildrop import WireMessage
from mailsim.pop3.proof import Proof
from mailsim.pop3.wire import ResponseCode, Uid


class Certificate(StrEnum):
    """Which certificate a server shows."""

    GOOD = "good"
    EXPIRED = "expired"
    """Of the right CA, for the right host, of the past."""
    FOREIGN = "foreign"
    """For the right host, of a CA that nobody trusts."""


@dataclass(frozen=True, slots=True)
class Send:
    """Write these octets to the client."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class Authenticate:
    """Check this proof and lock the maildrop; answer with `authenticated` or `refused`."""

    user: str
    proof: Proof = field(repr=False)


@dataclass(frozen=True, slots=True)
class Secure:
    """Begin TLS, after all before is written; answer with `secured` (RFC 2595 §4)."""

    certificate: Certificate = Certificate.GOOD


@dataclass(frozen=True, slots=True)
class Remove:
    """UPDATE: remove these messages, give the lock back; answer with `removed` (RFC 1939 §6)."""

    uids: tuple[Uid, ...]


@dataclass(frozen=True, slots=True)
class Close:
    """Close the connection when all is written."""


@dataclass(frozen=True, slots=True)
class HalfClose:
    """Write no more, but go on listening."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Write and take nothing for so many seconds; for ever when None."""

    seconds: float | None


@dataclass(frozen=True, slots=True)
class Drip:
    """Write these octets, so many a second."""

    octets: bytes
    rate: int


@dataclass(frozen=True, slots=True)
class Expunge:
    """Remove these messages now, and keep the lock."""

    uids: tuple[Uid, ...]


@dataclass(frozen=True, slots=True)
class Arrive:
    """Put a message behind the others of the open maildrop."""

    message: WireMessage


Effect = (
    Send | Authenticate | Secure | Remove | Close | HalfClose | Wait | Drip | Expunge | Arrive
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Refusal:
    """A login that did not succeed: an answer to `Authenticate`."""

    code: ResponseCode | None
    text: str
