"""TLS as a machine: two of them joined without a network."""

import ssl
from collections.abc import Iterator, Sequence

import pytest
import trustme
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsim.pop3.tls import RECORD, ServerTls

AUTHORITY = trustme.CA()
SERVER = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
AUTHORITY.issue_cert("localhost").configure_cert(SERVER)


class Client:
    """The other side, made of the standard library."""

    def __init__(self, *, trusting: bool = True, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> None:
        context = ssl.create_default_context()
        context.maximum_version = version
        if trusting:
            AUTHORITY.configure_trust(context)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname="localhost")

    def shake(self, server: ServerTls, size: int = 100_000) -> None:
        """Shake hands with a server, in segments of that size."""
        while True:
            try:
                self.tls.do_handshake()
                done = True
            except ssl.SSLWantReadError:
                done = False
            assert server.receive(b"") == b""
            for segment in segments(self.outgoing.read(), size):
                assert server.receive(segment) == b""
            self.incoming.write(server.reply())
            if done:
                return

    def says(self, *texts: bytes) -> bytes:
        """What goes over the wire, a record a text."""
        for text in texts:
            self.tls.write(text)
        return self.outgoing.read()

    def hears(self, octets: bytes) -> bytes:
        """What the server said."""
        self.incoming.write(octets)
        heard = b""
        try:
            while some := self.tls.read(RECORD):
                heard += some
        except ssl.SSLWantReadError:
            pass
        return heard


def segments(octets: bytes, size: int) -> Iterator[bytes]:
    """Cut octets."""
    return (octets[at : at + size] for at in range(0, len(octets), size))


def joined(**how: bool | ssl.TLSVersion) -> tuple[Client, ServerTls]:
    """Both sides, after the handshake."""
    client, server = Client(**how), ServerTls(SERVER)  # type: ignore[arg-type] # words of a table
    client.shake(server)
    assert server.ready
    return client, server


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_what_is_said_arrives_however_it_is_cut(version: ssl.TLSVersion, size: int) -> None:
    """Handshake and text, in both directions, also of more than a record."""
    client, server = Client(version=version), ServerTls(SERVER)
    client.shake(server, size)
    long = bytes(range(256)) * 500
    plain = b"".join(server.receive(segment) for segment in segments(client.says(long, b"QUIT\r\n"), size))

    assert plain == long + b"QUIT\r\n"
    assert client.hears(server.send(long) + server.send(memoryview(b"bye"))) == long + b"bye"
    assert not server.ended


def test_a_farewell_ends_it_behind_what_came_before() -> None:
    """All in one segment; the answer still goes out (RFC 8446 §6.1)."""
    client, server = joined()
    octets = client.says(b"STAT\r\n")
    with pytest.raises(ssl.SSLWantReadError):
        client.tls.unwrap()

    assert server.receive(octets + client.outgoing.read() + b"more") == b"STAT\r\n"
    assert server.ended
    assert client.hears(server.send(b"+OK\r\n")) == b"+OK\r\n"
    assert server.receive(b"and more") == b""


def test_our_farewell_is_one() -> None:
    """The client can tell it from a connection that was cut."""
    client, server = joined()

    assert client.hears(server.send(b"bye") + server.close()) == b"bye"
    assert client.tls.read() == b""


@pytest.mark.parametrize("before", [(), (b"STAT\r\n",)])
def test_a_record_tampered_with_ends_it(before: Sequence[bytes]) -> None:
    """What came whole before it counts, nothing else is taken, nothing more said."""
    client, server = joined()
    octets = bytearray(client.says(*before, b"QUIT\r\n"))
    octets[-1] ^= 1

    assert server.receive(bytes(octets)) == b"".join(before)
    assert server.ended
    assert server.reply() != b""
    assert server.send(b"+OK\r\n") == b""
    assert server.close() == b""


def test_a_handshake_refused_by_the_client_is_none() -> None:
    """It does not trust us: TLS is not ready, and says no more."""
    client, server = Client(trusting=False, version=ssl.TLSVersion.TLSv1_2), ServerTls(SERVER)
    with pytest.raises(ssl.SSLCertVerificationError):
        client.shake(server)
    assert server.receive(client.outgoing.read()) == b""

    assert server.ended
    assert not server.ready


def test_who_speaks_no_tls_is_told_nothing() -> None:
    """And nothing said in the clear is plain text."""
    server = ServerTls(SERVER)

    assert server.receive(b"USER alice\r\nPASS secret\r\n") == b""
    assert server.ended
    assert server.send(b"+OK\r\n") == b""
    assert server.reply() == b""


def test_a_client_too_old_is_told() -> None:
    """By the alert protocol_version (RFC 8446 §6.2), which it understands."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    client, server = Client(version=ssl.TLSVersion.TLSv1_2), ServerTls(context)

    with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
        client.shake(server)
    assert server.ended


@settings(deadline=None)  # a handshake takes its time
@given(st.lists(st.binary(max_size=100), max_size=5), st.booleans())
def test_no_octets_raise(pieces: Sequence[bytes], shaken: bool) -> None:
    """Before the handshake or after it; plain text comes of none of them."""
    server = joined()[1] if shaken else ServerTls(SERVER)
    for piece in pieces:
        assert server.receive(piece) == b""
        server.reply()
    server.send(b"+OK\r\n")
    server.close()
