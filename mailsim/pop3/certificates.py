"""The certificates that a server can show, good and bad: a TLS context for each, with a key of its own."""

import ssl
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from mailsim.pop3.effects import Certificate
from mailsim.pop3.service import Certificates

if TYPE_CHECKING:
    import trustme


def issue(authority: "trustme.CA", *names: str, common_name: str | None = None) -> Certificates:
    """Have certificates for these names: two of an authority, one of them expired, and one that nobody vouches for.

    fetchmail 6.4 wants a common name, whatever the other names; it has 64 characters at most (RFC 5280, appendix A.1).
    """
    import trustme  # noqa: PLC0415 - slow to import, and only TLS needs it

    yesterday = datetime.now(UTC) - timedelta(days=1)
    issued = {
        Certificate.GOOD: authority.issue_cert(*names, common_name=common_name),
        Certificate.EXPIRED: authority.issue_cert(*names, common_name=common_name, not_after=yesterday),
        Certificate.FOREIGN: trustme.CA().issue_cert(*names, common_name=common_name),
    }
    contexts = {}
    for certificate, leaf in issued.items():
        contexts[certificate] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        leaf.configure_cert(contexts[certificate])
    return contexts


def issue_with_file(stack: ExitStack, *names: str) -> tuple[Path, Certificates]:
    """Have certificates of a new authority, and a file of the one to trust, which lives as long as the stack."""
    import trustme  # noqa: PLC0415 - as above

    authority = trustme.CA()
    path = Path(stack.enter_context(TemporaryDirectory(prefix="mailsim-"))) / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path, issue(authority, *names, common_name=names[0])
