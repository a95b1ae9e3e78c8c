"""SASL over POP3, the server's side: each mechanism a dialogue that yields challenges and is sent responses.

A dialogue returns a `Login` in the end, or raises `MalformedError`. Its octets are free of base64: `decode` and
`encode` are for what stands on the wire. RFC 5034, RFC 4616 (PLAIN), RFC 2195 (CRAM-MD5); LOGIN by
draft-murchison-sasl-login-00, XOAUTH2 by Google's "OAuth 2.0 Mechanism".
"""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Callable, Generator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from mailsim.pop3.conduct import Mechanism
from mailsim.pop3.proof import Digest, Hashed, Proof

XOAUTH2_REFUSAL = b'{"status":"400","schemes":"Bearer","scope":"https://mail.google.com/"}'
"""The last challenge to a token that is not good: the client answers it with an empty line, then gets its -ERR."""


class Login(NamedTuple):
    """Who, and the proof."""

    user: str
    proof: Proof


class MalformedError(Exception):
    """A response that the mechanism does not allow; its text is for the client."""


Dialogue = Generator[bytes, bytes, Login]


def decode(word: bytes) -> bytes:
    """Return the octets of a response on the wire.

    Raises:
        MalformedError: It is no base64 (RFC 4648 §4, padding included).
    """
    try:
        return b64decode(word, validate=True)
    except (binascii.Error, ValueError):
        raise MalformedError("the response is not base64") from None


def encode(challenge: bytes) -> bytes:
    """Return a challenge as it stands on the wire, its line end left out; an empty one is `+ ` (RFC 5034 §4)."""
    return b"+ " + b64encode(challenge)


def _text(octets: bytes) -> str:
    return octets.decode("utf-8", "surrogateescape")


def _plain(_: bytes) -> Dialogue:
    response = yield b""
    words = response.split(b"\0")
    if len(words) != 3 or not words[1] or words[0] not in (b"", words[1]):
        raise MalformedError("PLAIN needs name and password, and no other's name (RFC 4616)")
    return Login(_text(words[1]), _text(words[2]))


def _login(_: bytes) -> Dialogue:
    user = yield b"Username:"
    password = yield b"Password:"
    return Login(_text(user), _text(password))


def _cram_md5(challenge: bytes) -> Dialogue:
    response = yield challenge
    user, _, digest = response.rpartition(b" ")
    return Login(_text(user), Digest(Hashed.CRAM_MD5, challenge, digest))


def _xoauth2(_: bytes) -> Dialogue:
    response = yield b""
    fields = dict(part.partition(b"=")[::2] for part in response.split(b"\x01"))
    scheme, _, token = fields.get(b"auth", b"").partition(b" ")
    if not fields.get(b"user") or scheme.lower() != b"bearer":
        raise MalformedError("XOAUTH2 needs user= and auth=Bearer, each ended by ^A")
    return Login(_text(fields[b"user"]), _text(token))


DIALOGUES: Mapping[Mechanism, Callable[[bytes], Dialogue]] = MappingProxyType(
    {
        Mechanism.PLAIN: _plain,
        Mechanism.LOGIN: _login,
        Mechanism.CRAM_MD5: _cram_md5,
        Mechanism.XOAUTH2: _xoauth2,
    }
)
"""Each takes the challenge that a mechanism which begins with the server's word sends."""
