"""What proves who a client is."""

import hmac
from hashlib import md5

import pytest

from mailsim.pop3.proof import Digest, Hashed, Proof, proves


def test_apop_as_the_rfc_has_it() -> None:
    """The example of RFC 1939 §7."""
    digest = Digest(Hashed.APOP, b"<1896.697170952@dbc.mtview.ca.us>", b"c4c9334bac560ecc979e58001b3e22fb")

    assert proves(digest, b"tanstaaf")
    assert not proves(digest, b"tanstaafl")


def test_cram_md5_as_the_rfc_has_it() -> None:
    """The example of RFC 2195 §2."""
    digest = Digest(
        Hashed.CRAM_MD5, b"<1896.697170952@postoffice.reston.mci.net>", b"b913a602c7eda7a495b4e6e7334d3890"
    )

    assert proves(digest, b"tanstaaftanstaaf")
    assert not proves(digest, b"")


@pytest.mark.parametrize(
    ("proof", "password", "good"),
    [
        ("secret", b"secret", True),
        ("secret", b"", False),
        ("s\udcffcret", b"s\xffcret", True),
        (Digest(Hashed.APOP, b"<c>", md5(b"<c>x").hexdigest().upper().encode()), b"x", False),
        (Digest(Hashed.CRAM_MD5, b"<c>", hmac.new(b"x", b"<c>", "md5").digest()), b"x", False),
        (Digest(Hashed.APOP, b"<c>", b"\xff"), b"x", False),
    ],
)
def test_only_the_very_password_is_good(proof: Proof, password: bytes, good: bool) -> None:
    """Undecodable octets count as they are; a digest is 32 lower-case digits."""
    assert proves(proof, password) is good


def test_a_digest_is_not_shown() -> None:
    """It is as good as a password to who knows the challenge (R1.11)."""
    assert "c4c9" not in repr(Digest(Hashed.APOP, b"<c>", b"c4c9"))
