"""The asyncio driver: what lies between the session machine and a socket."""

import asyncio
import ssl
import struct
import tracemalloc
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from socket import SO_LINGER, SOL_SOCKET

import pytest
import trustme

from mailsim.pop3.effects import Refusal
from mailsim.pop3.maildrop import Maildrop, WireMessage
from mailsim.pop3.maildrops import Maildrops
from mailsim.pop3.proof import Proof
from mailsim.pop3.server import Listener, serve
from mailsim.pop3.service import Mailboxes

pytestmark = pytest.mark.anyio

LOGIN = b"USER alice\r\nPASS secret\r\n"


class Watched:
    """Maildrops that tell when one is given back."""

    def __init__(self, maildrops: Maildrops) -> None:
        self.maildrops = maildrops
        self.returned = asyncio.Event()

    def open(self, user: str, proof: Proof) -> Maildrop | Refusal:
        """Open, as maildrops do."""
        return self.maildrops.open(user, proof)

    def update(self, maildrop: Maildrop, removed: Sequence[str]) -> bool:
        """Refuse to remove a poison message."""
        self.returned.set()
        good = self.maildrops.update(maildrop, removed)
        return good and "poison" not in removed

    def expunge(self, maildrop: Maildrop, removed: Sequence[str]) -> bool:
        """Expunge, as maildrops do."""
        return self.maildrops.expunge(maildrop, removed)

    def arrive(self, maildrop: Maildrop, message: WireMessage) -> None:
        """Keep, as maildrops do."""
        self.maildrops.arrive(maildrop, message)

    def release(self, maildrop: Maildrop) -> None:
        """Release, as maildrops do."""
        self.returned.set()
        self.maildrops.release(maildrop)


class Shelf:
    """Serves one maildrop to anyone, again and again."""

    def __init__(self, maildrop: Maildrop) -> None:
        self.maildrop = maildrop

    def open(self, user: str, proof: Proof) -> Maildrop | Refusal:
        """Let anyone in."""
        return self.maildrop

    def update(self, maildrop: Maildrop, removed: Sequence[str]) -> bool:
        """Fail."""
        return False

    def expunge(self, maildrop: Maildrop, removed: Sequence[str]) -> bool:
        """Fail."""
        return False

    def arrive(self, maildrop: Maildrop, message: WireMessage) -> None:
        """Do nothing."""

    def release(self, maildrop: Maildrop) -> None:
        """Do nothing."""


class Counting(WireMessage):
    """A message that knows how often it was made ready to be sent."""

    def __init__(self, uid: str, octets: bytes) -> None:
        super().__init__(uid, octets)
        self.sent = 0

    def pieces(self) -> Iterable[bytes]:
        """Count, and return what is sent."""
        self.sent += 1
        return super().pieces()


@asynccontextmanager
async def serving(
    mailboxes: Mailboxes, tls: ssl.SSLContext | None = None, idle_seconds: float = 600
) -> AsyncIterator[Listener]:
    """Serve until the block ends; then nothing may be left."""
    listener = await serve(mailboxes, tls=tls, idle_seconds=idle_seconds)
    try:
        yield listener
    finally:
        await listener.close()
        assert not listener.connections


@asynccontextmanager
async def connected(
    listener: Listener, tls: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Connect and read the greeting."""
    reader, writer = await asyncio.open_connection(listener.host, listener.port, ssl=tls)
    assert (await reader.readline()).startswith(b"+OK ")
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def answers(reader: asyncio.StreamReader, count: int) -> list[bytes]:
    """Read so many lines."""
    return [await reader.readline() for _ in range(count)]


@pytest.fixture
def maildrops() -> Maildrops:
    """Return alice's maildrop with two messages."""
    return Maildrops({"alice": ("secret", [b"one\r\n", b"two\r\n"])})


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Return a test CA."""
    return trustme.CA()


@pytest.fixture
def server_tls(authority: trustme.CA) -> ssl.SSLContext:
    """Return a server's context for the loopback."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def client_tls(authority: trustme.CA) -> ssl.SSLContext:
    """Return a client's context that trusts the CA."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.mark.parametrize("secure", [False, True])
async def test_a_client_that_does_not_read_stops_the_server(
    secure: bool,
    server_tls: ssl.SSLContext,
    client_tls: ssl.SSLContext,
) -> None:
    """Only what sockets and one step hold is made ready; once the client reads, all of it comes, in order."""
    count, size = 400, 500_000
    message = Counting("u1", b"x" * (size - 2) + b"\r\n")
    commands = LOGIN + b"".join(b"RETR %d\r\n" % number for number in range(1, count + 1))
    async with (
        serving(Shelf(Maildrop("alice", [message] * count)), server_tls if secure else None) as listener,
        connected(listener, client_tls if secure else None) as (reader, writer),
        connected(listener, client_tls if secure else None) as (other_reader, other_writer),
    ):
        writer.write(commands)
        await answers(reader, 2)
        for _ in range(200):  # round trips of another session: the loop has turned often enough
            other_writer.write(b"CAPA\r\n")
            await other_reader.readuntil(b"\r\n.\r\n")
        assert message.sent < 50

        for _ in range(count):
            assert await reader.readline() == b"+OK %d octets\r\n" % size
            assert len(await reader.readexactly(size)) == size
            assert await reader.readline() == b".\r\n"
        writer.write(b"NOOP\r\n")
        assert await reader.readline() == b"+OK\r\n"


async def test_nothing_is_done_for_a_client_that_does_not_read(maildrops: Maildrops) -> None:
    """What it says meanwhile is heard when it reads again, whoever filled the transport: TLS writes of its own accord."""
    watched = Watched(maildrops)
    async with (
        serving(watched) as listener,
        connected(listener) as (reader, writer),
    ):
        [connection] = listener.connections
        writer.write(LOGIN + b"DELE 1\r\n")
        await answers(reader, 3)
        connection.pause_writing()
        writer.write(b"QUIT\r\n")
        async with connected(listener) as (other_reader, other_writer):
            for _ in range(20):  # round trips of another session: the loop has turned often enough
                other_writer.write(b"CAPA\r\n")
                await other_reader.readuntil(b"\r\n.\r\n")
        assert len(maildrops.messages("alice")) == 2
        connection.resume_writing()
        assert await reader.readline() == b"+OK bye\r\n"

    assert maildrops.messages("alice") == (b"two\r\n",)


async def test_a_large_message_waits_in_one_place(maildrops: Maildrops) -> None:
    """While a client does not read it, no copy of it is made."""
    size = 50_000_000
    maildrops.append("alice", b"x" * (size - 2) + b"\r\n")
    async with (
        serving(maildrops) as listener,
        connected(listener) as (reader, writer),
        connected(listener) as (other_reader, other_writer),
    ):
        tracemalloc.start()
        writer.write(LOGIN + b"RETR 3\r\n")
        await answers(reader, 3)
        for _ in range(20):
            other_writer.write(b"CAPA\r\n")
            await other_reader.readuntil(b"\r\n.\r\n")
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

        assert peak < size / 5
        assert len(await reader.readexactly(size)) == size


async def test_pipelined_commands_beyond_one_step_are_all_answered(maildrops: Maildrops) -> None:
    """With the commands that follow them, QUIT and all."""
    message = b"x" * 100_000 + b"\r\n"
    maildrops.append("alice", message)
    async with serving(maildrops) as listener, connected(listener) as (reader, writer):
        writer.write(LOGIN + b"RETR 3\r\n" * 40 + b"DELE 1\r\nQUIT\r\n")
        received = await reader.read(-1)

    assert received.count(message) == 40
    assert received.endswith(b"+OK message 1 deleted\r\n+OK bye\r\n")
    assert maildrops.messages("alice") == (b"two\r\n", message)


async def test_commands_may_come_octet_by_octet(maildrops: Maildrops) -> None:
    """Each is answered when its line is whole (RFC 1939 §3)."""
    async with serving(maildrops) as listener, connected(listener) as (reader, writer):
        for octet in LOGIN + b"STAT\r\n":
            writer.write(bytes([octet]))
            await writer.drain()
            await asyncio.sleep(0)
        assert (await answers(reader, 3))[2] == b"+OK 2 10\r\n"


async def test_a_session_ended_between_two_steps_does_nothing_more(maildrops: Maildrops) -> None:
    """What it had still to answer is dropped, QUIT too."""

    class Ending(Watched):
        def open(self, user: str, proof: Proof) -> Maildrop | Refusal:
            asyncio.get_running_loop().call_soon(self.end)
            return super().open(user, proof)

        def end(self) -> None:
            for connection in tuple(listener.connections):
                connection.abort()

    maildrops.append("alice", b"x" * 5000)
    mailboxes = Ending(maildrops)
    async with serving(mailboxes) as listener, connected(listener) as (_, writer):
        writer.write(LOGIN + b"DELE 1\r\n" + b"TOP 3 0\r\n" * 2000 + b"QUIT\r\n")
        await mailboxes.returned.wait()
    assert len(maildrops.messages("alice")) == 3


@pytest.mark.parametrize("commands", [b"DELE 1\r\n", b"DELE 1\r\n" + b"RETR 3\r\n" * 40])
async def test_a_fin_is_no_quit(maildrops: Maildrops, commands: bytes) -> None:
    """All that came before it is answered, nothing is removed, the lock is given back (RFC 1939 §6)."""
    maildrops.append("alice", b"x" * 100_000)
    async with serving(maildrops) as listener, connected(listener) as (reader, writer):
        writer.write(LOGIN + commands)
        writer.write_eof()
        received = await reader.read(-1)

        assert received.count(b"+OK") == 2 + commands.count(b"\r\n")
    assert len(maildrops.messages("alice")) == 3
    assert not maildrops.locked("alice")


async def test_a_lost_connection_removes_nothing(maildrops: Maildrops) -> None:
    """The lock is given back (RFC 1939 §6)."""
    watched = Watched(maildrops)
    async with serving(watched) as listener:
        async with connected(listener) as (reader, writer):
            writer.write(LOGIN + b"DELE 1\r\n")
            await answers(reader, 3)
        await watched.returned.wait()

        assert len(maildrops.messages("alice")) == 2
        assert not maildrops.locked("alice")


async def test_quit_counts_even_if_nobody_reads_its_answer(maildrops: Maildrops) -> None:
    """The client is gone, by a reset, before the reply: still committed (RFC 1939 §6)."""
    watched = Watched(maildrops)
    async with serving(watched) as listener, connected(listener) as (reader, writer):
        writer.write(LOGIN)
        await answers(reader, 2)
        writer.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        writer.write(b"DELE 1\r\nQUIT\r\n")
        await watched.returned.wait()

    assert maildrops.messages("alice") == (b"two\r\n",)


async def test_failed_removal_is_told() -> None:
    """QUIT gets -ERR and the connection closes (RFC 1939 §6)."""
    async with serving(Shelf(Maildrop("alice", []))) as listener, connected(listener) as (reader, writer):
        writer.write(LOGIN + b"QUIT\r\n")

        assert (await reader.read(-1)).endswith(b"-ERR some deleted messages not removed\r\n")


async def test_autologout_says_and_removes_nothing(maildrops: Maildrops) -> None:
    """RFC 1939 §3. The lock is given back."""
    watched = Watched(maildrops)
    async with serving(watched, idle_seconds=0.05) as listener, connected(listener) as (reader, writer):
        writer.write(LOGIN + b"DELE 1\r\n")
        await answers(reader, 3)

        assert await reader.read(-1) == b""
        await watched.returned.wait()
    assert len(maildrops.messages("alice")) == 2


async def test_a_command_puts_autologout_off(maildrops: Maildrops) -> None:
    """A session lives longer than it may be idle."""
    loop = asyncio.get_running_loop()
    async with serving(maildrops, idle_seconds=1) as listener, connected(listener) as (reader, writer):
        writer.write(LOGIN)
        await answers(reader, 2)
        ends = loop.time() + 2.5
        while loop.time() < ends:
            writer.write(b"NOOP\r\n")
            assert await reader.readline() == b"+OK\r\n"


async def test_octets_without_a_command_do_not_put_autologout_off(maildrops: Maildrops) -> None:
    """A line that never ends keeps no maildrop locked."""
    async with serving(maildrops, idle_seconds=0.05) as listener, connected(listener) as (_, writer):
        async with asyncio.timeout(20):
            while not writer.transport.is_closing():
                writer.write(b"x")
                await asyncio.sleep(0)


async def test_close_ends_sessions_in_every_state(
    maildrops: Maildrops, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    """Idle, logged in, over TLS and in mid-handshake: all are gone, with their tasks and locks."""
    before = asyncio.all_tasks()
    listener = await serve(maildrops, tls=server_tls)
    silent_reader, silent_writer = await asyncio.open_connection(listener.host, listener.port)
    async with connected(listener, client_tls), connected(listener, client_tls) as (reader, writer):
        writer.write(LOGIN + b"DELE 1\r\n")
        await answers(reader, 3)
        assert len(listener.connections) == 3

        await listener.close()
        await listener.close()

        assert not listener.connections
        assert not maildrops.locked("alice")
        with pytest.raises(OSError, match="Connect call failed"):
            await asyncio.open_connection(listener.host, listener.port)
    silent_writer.transport.abort()
    del silent_reader
    assert asyncio.all_tasks() <= before | {asyncio.current_task()}
    assert len(maildrops.messages("alice")) == 2


async def test_who_speaks_no_tls_is_sent_away(
    maildrops: Maildrops, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    """The others are served (RFC 8314 §3)."""
    async with serving(maildrops, server_tls) as listener:
        reader, writer = await asyncio.open_connection(listener.host, listener.port)
        writer.write(LOGIN)
        assert b"+OK" not in await reader.read(-1)
        writer.close()

        with pytest.raises(ssl.SSLCertVerificationError):
            await asyncio.open_connection(listener.host, listener.port, ssl=ssl.create_default_context())

        async with connected(listener, client_tls) as (reader, writer):
            writer.write(LOGIN + b"STAT\r\nDELE 1\r\nQUIT\r\n")
            assert (await answers(reader, 3))[2] == b"+OK 2 10\r\n"
            assert (await reader.read(-1)).endswith(b"+OK bye\r\n")
    assert maildrops.messages("alice") == (b"two\r\n",)


async def test_two_hundred_sessions_at_once() -> None:
    """Each on its own maildrop, each served whole."""
    maildrops = Maildrops({f"u{n}": ("x", [b"%d\r\n" % n] * 20) for n in range(200)})

    async def session(listener: Listener, number: int) -> bytes:
        async with connected(listener) as (reader, writer):
            writer.write(b"USER u%d\r\nPASS x\r\n" % number)
            writer.write(b"".join(b"RETR %d\r\nDELE %d\r\n" % (n, n) for n in range(1, 21)) + b"QUIT\r\n")
            return await reader.read(-1)

    async with serving(maildrops) as listener:
        received = await asyncio.gather(*(session(listener, number) for number in range(200)))

    assert all(octets.count(b"\r\n%d\r\n.\r\n" % number) == 20 for number, octets in enumerate(received))
    assert not any(maildrops.messages(user) for user in maildrops.users)
