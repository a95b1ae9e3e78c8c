"""TLS between connection and socket: how it begins and how it ends, over sockets."""

import asyncio
import poplib
import socket
import ssl
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
import trustme

from mailsim.pop3 import tls_transport
from mailsim.pop3.conduct import Conduct
from mailsim.pop3.maildrops import Maildrops
from mailsim.pop3.server import Listener, serve

pytestmark = pytest.mark.anyio

LOGIN = b"USER alice\r\nPASS secret\r\n"
AUTHORITY = trustme.CA()
SERVER = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
AUTHORITY.issue_cert("localhost").configure_cert(SERVER)
BOTH = pytest.mark.parametrize("stls", [False, True], ids=["implicit", "stls"])


def trusting() -> ssl.SSLContext:
    """A client's context."""
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    return context


@asynccontextmanager
async def serving(maildrops: Maildrops, *, stls: bool = False) -> AsyncIterator[Listener]:
    """Serve until the block ends; then nothing may be left."""
    listener = await serve(maildrops, tls=SERVER, conduct=Conduct(stls=stls))
    try:
        yield listener
    finally:
        await listener.close()
        assert not listener.connections


@pytest.fixture
def maildrops() -> Maildrops:
    """Return alice's maildrop with two messages, one of them large."""
    return Maildrops({"alice": ("secret", [b"one\r\n", b"x" * 300_000 + b"\r\n"])})


async def connect(listener: Listener, *, stls: bool) -> socket.socket:
    """A socket on which TLS is to begin."""
    raw = socket.create_connection((listener.host, listener.port), timeout=20)
    raw.setblocking(False)
    if stls:
        loop = asyncio.get_running_loop()
        assert (await loop.sock_recv(raw, 1000)).startswith(b"+OK ")
        await loop.sock_sendall(raw, b"STLS\r\n")
        assert await loop.sock_recv(raw, 1000) == b"+OK begin TLS\r\n"
    return raw


class Secure:
    """A client's TLS over a socket, in which each step is visible."""

    def __init__(self, raw: socket.socket) -> None:
        self.raw = raw
        self.loop = asyncio.get_running_loop()
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = trusting().wrap_bio(self.incoming, self.outgoing, server_hostname="localhost")

    async def shake(self, size: int = 100_000) -> None:
        """Shake hands, in segments of that size."""
        while True:
            try:
                self.tls.do_handshake()
                await self.flush(size)
            except ssl.SSLWantReadError:
                await self.flush(size)
                self.incoming.write(await self.loop.sock_recv(self.raw, 100_000))
            else:
                return

    async def flush(self, size: int = 100_000) -> None:
        """Send what is to be sent."""
        octets = self.outgoing.read()
        for at in range(0, len(octets), size):
            await self.loop.sock_sendall(self.raw, octets[at : at + size])

    async def rest(self) -> bytes:
        """All that comes up to a farewell; EOFError when the connection is cut without one."""
        heard = b""
        while True:
            try:
                some = self.tls.read(100_000)
            except ssl.SSLWantReadError:
                octets = await self.loop.sock_recv(self.raw, 100_000)
                if not octets:
                    raise EOFError from None
                self.incoming.write(octets)
                continue
            except ssl.SSLZeroReturnError:  # both sides have said farewell
                return heard
            if not some:
                return heard
            heard += some


@BOTH
async def test_a_handshake_may_come_octet_by_octet(maildrops: Maildrops, *, stls: bool) -> None:
    """And commands that follow it; the end is a farewell, not a cut."""
    async with serving(maildrops, stls=stls) as listener:
        with await connect(listener, stls=stls) as raw:
            client = Secure(raw)
            await client.shake(size=1)
            client.tls.write(LOGIN + b"DELE 1\r\nQUIT\r\n")
            await client.flush(size=1)

            assert (await client.rest()).endswith(b"+OK message 1 deleted\r\n+OK bye\r\n")
    assert len(maildrops.messages("alice")) == 1


@BOTH
async def test_a_farewell_is_no_quit(maildrops: Maildrops, *, stls: bool) -> None:
    """All that came before it is answered, 12 MB too; nothing is removed, the lock is given back (RFC 1939 §6)."""
    async with serving(maildrops, stls=stls) as listener:
        with await connect(listener, stls=stls) as raw:
            client = Secure(raw)
            await client.shake()
            client.tls.write(LOGIN + b"DELE 1\r\n" + b"RETR 2\r\n" * 40)
            with pytest.raises(ssl.SSLWantReadError):
                client.tls.unwrap()
            await client.flush()

            assert (await client.rest()).count(b"x\r\n.\r\n") == 40
    assert len(maildrops.messages("alice")) == 2
    assert not maildrops.locked("alice")


@BOTH
async def test_a_cut_gives_the_lock_back(maildrops: Maildrops, *, stls: bool) -> None:
    """A FIN without farewell removes nothing either."""
    async with serving(maildrops, stls=stls) as listener:
        with await connect(listener, stls=stls) as raw:
            client = Secure(raw)
            await client.shake()
            client.tls.write(LOGIN + b"DELE 1\r\n")
            await client.flush()
            raw.shutdown(socket.SHUT_WR)
            with pytest.raises(EOFError):
                await client.rest()
        assert not maildrops.locked("alice")
    assert len(maildrops.messages("alice")) == 2


@BOTH
@pytest.mark.parametrize("said", [b"", b"\x16\x03\x01"])
async def test_who_does_not_go_on_with_a_handshake_is_sent_away(
    maildrops: Maildrops, monkeypatch: pytest.MonkeyPatch, said: bytes, *, stls: bool
) -> None:
    """After a time of its own, far shorter than a session may be idle."""
    monkeypatch.setattr(tls_transport, "HANDSHAKE_SECONDS", 0.05)
    async with serving(maildrops, stls=stls) as listener:
        with await connect(listener, stls=stls) as raw:
            loop = asyncio.get_running_loop()
            await loop.sock_sendall(raw, said)
            with suppress(ConnectionResetError):
                assert await loop.sock_recv(raw, 1000) == b""


@BOTH
async def test_who_ends_in_mid_handshake_is_forgotten(maildrops: Maildrops, *, stls: bool) -> None:
    """By a FIN; the server closes too."""
    async with serving(maildrops, stls=stls) as listener:
        with await connect(listener, stls=stls) as raw:
            raw.shutdown(socket.SHUT_WR)
            assert await asyncio.get_running_loop().sock_recv(raw, 1000) == b""


@BOTH
async def test_a_record_tampered_with_ends_the_session(maildrops: Maildrops, *, stls: bool) -> None:
    """Its QUIT is not heard."""
    async with serving(maildrops, stls=stls) as listener:
        with await connect(listener, stls=stls) as raw:
            client = Secure(raw)
            await client.shake()
            client.tls.write(LOGIN + b"DELE 1\r\n")
            client.tls.write(b"QUIT\r\n")
            octets = bytearray(client.outgoing.read())
            octets[-1] ^= 1
            await client.loop.sock_sendall(raw, octets)
            with pytest.raises((EOFError, OSError)):
                await client.rest()
    assert len(maildrops.messages("alice")) == 2
    assert not maildrops.locked("alice")


@BOTH
async def test_an_idle_session_is_small(maildrops: Maildrops, *, stls: bool) -> None:
    """Python holds a few KB of it; what OpenSSL holds is measured in tests/bench."""
    context = trusting()

    def session(port: int) -> poplib.POP3:
        if stls:
            client = poplib.POP3("localhost", port, timeout=20)
            client.stls(context)
        else:
            client = poplib.POP3_SSL("localhost", port, context=context, timeout=20)
        client.user("alice")
        return client

    async with serving(maildrops, stls=stls) as listener:
        clients = [await asyncio.to_thread(session, listener.port)]  # what is made once
        tracemalloc.start()
        before, _ = tracemalloc.get_traced_memory()
        clients += [await asyncio.to_thread(session, listener.port) for _ in range(20)]
        after, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        for client in clients:
            await asyncio.to_thread(client.quit)

    assert (after - before) / 20 < 50 * 1024
