"""Whom clients of TLS trust: all are as strict as the standard library's default."""

import ssl
from pathlib import Path

import pytest

from mailsim.cli.trust import TrustError, trusting
from mailsim.world.network import Network

STRICTNESS = (
    "verify_mode",
    "check_hostname",
    "minimum_version",
    "maximum_version",
    "options",
    "verify_flags",
)


def strictness(context: ssl.SSLContext) -> dict[str, object]:
    return {name: getattr(context, name) for name in STRICTNESS}


def test_every_client_is_as_strict_as_the_default(tmp_path: Path) -> None:
    """With the system's authorities, with a file's, and in a world with that world's own."""
    network = Network()
    ca = tmp_path / "ca.pem"
    ca.write_bytes(network.authority)
    default = strictness(ssl.create_default_context())

    assert default["verify_mode"] == ssl.CERT_REQUIRED
    assert default["check_hostname"] is True
    assert [strictness(context) for context in (trusting(None), trusting(ca), network.client_context)] == [
        default
    ] * 3
    assert [len(context.get_ca_certs()) for context in (trusting(ca), network.client_context)] == [1, 1]


def test_a_file_without_certificates_is_told(tmp_path: Path) -> None:
    """It is not read as trust in nobody, nor in everybody."""
    (tmp_path / "ca.pem").write_bytes(b"nothing")

    with pytest.raises(TrustError, match=r"holds no certificates to trust"):
        trusting(tmp_path / "ca.pem")
