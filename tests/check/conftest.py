"""Certificates good and bad, and who trusts which."""

import ssl
from datetime import UTC, datetime, timedelta

import pytest
import trustme


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Tests of coroutines run on asyncio."""
    return "asyncio"


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """Whom the checks trust."""
    return trustme.CA()


@pytest.fixture(scope="session")
def trusted(authority: trustme.CA) -> ssl.SSLContext:
    """A client's context that trusts it, and nobody else."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture(scope="session")
def certificates(authority: trustme.CA) -> dict[str, ssl.SSLContext]:
    """Servers' contexts: good, and bad in each way."""
    yesterday = datetime.now(UTC) - timedelta(days=1)
    leaves = {
        "good": authority.issue_cert("localhost", "smtp.abc.com"),
        "expired": authority.issue_cert("localhost", "smtp.abc.com", not_after=yesterday),
        "wrong-host": authority.issue_cert("mail.other.example"),
        "untrusted": trustme.CA().issue_cert("localhost", "smtp.abc.com"),
    }
    contexts = {}
    for name, leaf in leaves.items():
        contexts[name] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        leaf.configure_cert(contexts[name])
    return contexts


@pytest.fixture(autouse=True)
def _quiet_loop(caplog: pytest.LogCaptureFixture) -> None:
    """A handshake that a test has fail is no news."""
    caplog.set_level("CRITICAL", "asyncio")
