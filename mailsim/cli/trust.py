"""Whom a command trusts: the system's authorities, or those of a file (`--ca`)."""

from pathlib import Path
from typing import TYPE_CHECKING

from mailsim.errors import MailsimError

if TYPE_CHECKING:
    import ssl


class TrustError(MailsimError):
    """A file of authorities that cannot be used."""


def trusting(ca: Path | None) -> "ssl.SSLContext":
    """As strict as the standard library; raises TrustError."""
    import ssl

    try:
        return ssl.create_default_context(cafile=ca)
    except OSError as error:  # an SSLError too
        raise TrustError(f"{ca}: holds no certificates to trust: {error}; name a PEM file") from None
