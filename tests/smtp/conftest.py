"""A certificate authority, and contexts for both sides."""

import ssl

import pytest
import trustme


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Tests of coroutines run on asyncio."""
    return "asyncio"


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """Whom clients trust."""
    return trustme.CA()


@pytest.fixture(scope="session")
def server_tls(authority: trustme.CA) -> ssl.SSLContext:
    """A server named smtp.provider.example; by its address too, for clients that ask for no other name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("smtp.provider.example", "127.0.0.1").configure_cert(context)
    return context


@pytest.fixture(scope="session")
def client_tls(authority: trustme.CA) -> ssl.SSLContext:
    """A client that trusts the authority, and checks names."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context
