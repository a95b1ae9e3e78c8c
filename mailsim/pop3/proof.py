"""What a client shows to prove who it is: the password itself, or a digest made with it.

An XOAUTH2 token counts as a password: here the two are the same.
"""

import hmac
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import md5


class Hashed(StrEnum):
    """How challenge and password are made one."""

    APOP = "APOP"
    """MD5 of the challenge with the password behind it (RFC 1939 §7)."""
    CRAM_MD5 = "CRAM-MD5"
    """HMAC-MD5 of the challenge, keyed by the password (RFC 2195 §2)."""


@dataclass(frozen=True, slots=True)
class Digest:
    """A challenge, and what the client made of it: 32 lower-case hexadecimal digits."""

    hashed: Hashed
    challenge: bytes
    digest: bytes = field(repr=False)

    def proves(self, password: bytes) -> bool:
        """Say whether the digest was made with that password."""
        if self.hashed is Hashed.APOP:
            right = md5(self.challenge + password, usedforsecurity=False).hexdigest()
        else:
            right = hmac.new(password, self.challenge, "md5").hexdigest()
        return hmac.compare_digest(right.encode(), self.digest)


Proof = str | Digest


def proves(proof: Proof, password: bytes) -> bool:
    """Say whether a proof is one of that password; undecodable octets were kept by `surrogateescape`."""
    if isinstance(proof, Digest):
        return proof.proves(password)
    return hmac.compare_digest(proof.encode("utf-8", "surrogateescape"), password)
