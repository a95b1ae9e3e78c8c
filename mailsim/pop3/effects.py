"""What a POP3 session asks its driver to do.

`Authenticate`, `Remove` and `Close` are always the last of a list: the machine waits, or is done.
"""

from dataclasses import dataclass, field

from mailsim.pop3.wire import ResponseCode, Uid


@dataclass(frozen=True, slots=True)
class Send:
    """Write these octets to the client."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class Authenticate:
    """Check these credentials and lock the maildrop; answer with `authenticated` or `refused`."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Remove:
    """UPDATE: remove these messages, give the lock back; answer with `removed` (RFC 1939 §6)."""

    uids: tuple[Uid, ...]


@dataclass(frozen=True, slots=True)
class Close:
    """Close the connection when all is written."""


Effect = Send | Authenticate | Remove | Close


@dataclass(frozen=True, slots=True)
class Refusal:
    """A login that did not succeed: an answer to `Authenticate`."""

    code: ResponseCode
    text: str
