"""The certificates that a server can show, good and bad: a TLS context for each, with a key of its own."""

import ssl
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from mailsim.pop3.effects import Certificate
from mailsim.pop3.service import Certificates

if TYPE_CHECKING:
    import trustme


def issue(authority: "trustme.CA", *names: str) -> Certificates:
    """Have certificates for these names: two of an authority, one of them expired, and one that nobody vouches for.

    The first name is the common name too: fetchmail 6.4 wants one, whatever the alternative names.
    """
    import trustme  # noqa: PLC0415 - slow to import, and only TLS needs it

    yesterday = datetime.now(UTC) - timedelta(days=1)
    issued = {
        Certificate.GOOD: authority.issue_cert(*names, common_name=names[0]),
        Certificate.EXPIRED: authority.issue_cert(*names, common_name=names[0], not_after=yesterday),
        Certificate.FOREIGN: trustme.CA().issue_cert(*names, common_name=names[0]),
    }
    contexts = {}
    for certificate, leaf in issued.items():
        contexts[certificate] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        leaf.configure_cert(contexts[certificate])
    return contexts
