"""The asyncio driver of the client: collect all messages of a maildrop, keep them, only then delete them.

Laws (R4.2): a message is deleted only after `keep` has returned for the batch it is in; what is deleted
at all is deleted by the QUIT at the end; a session that breaks deletes nothing more, and what was kept stays
kept. Memory is bounded by a batch: by its count, and by its octets but for one larger message.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from inspect import isawaitable

from mailsim.errors import MailsimError
from mailsim.pop3.client import Client, ProtocolError, Response, capabilities, sizes, uids

WINDOW = 64  # commands under way where the server offers PIPELINING (RFC 2449 §6.6)
BATCH = 500  # messages
BATCH_OCTETS = 16 * 1024 * 1024
TIMEOUT = 60.0  # seconds of silence
FAREWELL = 5.0  # seconds for the end of a session that is over
READ = 256 * 1024


class Step(StrEnum):
    """How far a session came."""

    CONNECT = "connect"
    GREETING = "greeting"
    LOGIN = "login"
    LIST = "list"
    RETRIEVE = "retrieve"
    DELETE = "delete"
    QUIT = "quit"


class CollectError(MailsimError):
    """The session broke or the server would not go on; messages not yet deleted are still there.

    Attributes:
        step: Where it happened.
        code: The server's response code, such as `AUTH` or `IN-USE`, if it gave one.
    """

    def __init__(self, text: str, step: Step, code: str | None = None) -> None:
        super().__init__(text)
        self.step = step
        self.code = code


@dataclass(frozen=True, slots=True)
class Retrieved:
    """One message as it was retrieved.

    Attributes:
        number: Its number in this session.
        uid: Its unique-id, None where the server has none.
        size_listed: What LIST said of its size.
        octets: The message.
        truncated: Whether fewer octets came than were listed. Some servers only estimate sizes: it is a hint.
    """

    number: int
    uid: str | None
    size_listed: int
    octets: bytes = field(repr=False)
    truncated: bool


@dataclass(frozen=True, slots=True)
class Failure:
    """A message that the server would not give or delete; it is still there."""

    number: int
    uid: str | None
    step: Step
    text: str


@dataclass(frozen=True, slots=True)
class Collection:
    """What one session came to.

    Attributes:
        listed: How many messages were waiting.
        kept: How many were retrieved and kept.
        deleted: How many of them the server removed; 0 when it said at QUIT that it could not.
        failures: The messages that were refused, each with the server's text.
    """

    listed: int
    kept: int
    deleted: int
    failures: tuple[Failure, ...]


@dataclass(frozen=True, slots=True)
class _Waiting:
    number: int
    uid: str | None
    size: int


@dataclass(frozen=True, slots=True)
class _Limits:
    window: int  # commands under way
    batch: int  # messages
    octets: int


Keep = Callable[[Sequence[Retrieved]], Awaitable[None] | None]


async def collect(
    host: str,
    port: int,
    *,
    username: str,
    password: str,
    tls: ssl.SSLContext | None,
    keep: Keep,
    server_hostname: str | None = None,
    batch: int = BATCH,
    batch_octets: int = BATCH_OCTETS,
    timeout: float = TIMEOUT,  # noqa: ASYNC109 - of each silence, not of the whole
) -> Collection:
    """Collect everything in a maildrop: retrieve a batch, have it kept, delete it, and so on; QUIT (R4.1, R4.2).

    Args:
        host: Where to connect.
        port: Where to connect.
        username: Who to log in as.
        password: With what.
        tls: Speak TLS from the first octet (RFC 8314); None for none.
        keep: Given each batch, in the maildrop's order, it stores the batch durably before it returns. It may
            be a coroutine function. When it raises, the session is broken off and its error goes on.
        server_hostname: Whom the certificate must name; the host when not given.
        batch: The most messages in a batch.
        batch_octets: About the most octets in a batch; a larger message comes alone.
        timeout: The longest silence of the server, in seconds.

    Returns:
        What was collected, after the server has answered QUIT.

    Raises:
        CollectError: No connection, no login, not POP3, silence, or a connection lost on the way.
    """
    line = _Line(f"{host}:{port}", timeout)
    try:
        await line.open(host, port, tls, server_hostname)
        pipelining = await _log_in(line, username, password)
        waiting = await _list(line)
        limits = _Limits(WINDOW if pipelining else 1, batch, batch_octets)
        collection = await _collect(line, waiting, keep, limits)
    except ProtocolError as error:  # a name or password that no line can carry
        raise line.error(str(error)) from error
    finally:
        await line.close()
    return collection


async def _log_in(line: "_Line", username: str, password: str) -> bool:
    """Log in; whether commands may be pipelined."""
    line.step = Step.GREETING
    line.demand(await line.answer())
    offered = await line.ask(line.client.capa())  # a server without CAPA says -ERR, and offers nothing
    line.step = Step.LOGIN
    line.demand(await line.ask(line.client.user(username)))
    line.demand(await line.ask(line.client.password(password)))
    return "PIPELINING" in capabilities(offered.body or b"")


async def _list(line: "_Line") -> deque[_Waiting]:
    line.step = Step.LIST
    listed = line.demand(await line.ask(line.client.listing()))
    named = await line.ask(line.client.uidl())  # optional (RFC 1939 §7)
    uid = uids(named.body or b"")
    return deque(
        _Waiting(number, uid.get(number), size) for number, size in sizes(listed.body or b"").items()
    )


async def _collect(line: "_Line", waiting: deque[_Waiting], keep: Keep, limits: _Limits) -> Collection:
    listed = len(waiting)
    kept = deleted = 0
    failures: list[Failure] = []
    while waiting:
        line.step = Step.RETRIEVE
        retrieved = await _retrieve(line, waiting, failures, limits)
        if not retrieved:
            continue
        storing = keep(retrieved)
        if isawaitable(storing):
            await storing
        kept += len(retrieved)
        line.step = Step.DELETE
        deleted += await _delete(line, retrieved, failures, limits)
    line.step = Step.QUIT
    removed = (await line.ask(line.client.quit())).ok
    return Collection(listed, kept, deleted if removed else 0, tuple(failures))


async def _retrieve(
    line: "_Line", waiting: deque[_Waiting], failures: list[Failure], limits: _Limits
) -> list[Retrieved]:
    """Retrieve the next batch; what is retrieved or refused leaves `waiting`."""
    retrieved: list[Retrieved] = []
    asked: deque[_Waiting] = deque()
    held = 0  # octets of the batch: as they came, and as listed for those under way

    def next_command() -> bytes | None:
        nonlocal held
        taken = len(retrieved) + len(asked)
        if not waiting or (taken and (taken >= limits.batch or held + waiting[0].size > limits.octets)):
            return None
        asked.append(waiting.popleft())
        held += asked[-1].size
        return line.client.retr(asked[-1].number)

    def take(response: Response) -> None:
        nonlocal held
        one = asked.popleft()
        octets = response.body
        if octets is None:
            held -= one.size
            failures.append(Failure(one.number, one.uid, Step.RETRIEVE, response.text))
            return
        held += len(octets) - one.size
        retrieved.append(Retrieved(one.number, one.uid, one.size, octets, len(octets) < one.size))

    await line.pipeline(next_command, take, limits.window)
    return retrieved


async def _delete(line: "_Line", batch: Sequence[Retrieved], failures: list[Failure], limits: _Limits) -> int:
    """Mark a batch as deleted; how many the server took."""
    kept = iter(batch)
    asked = deque(batch)
    deleted = 0

    def next_command() -> bytes | None:
        one = next(kept, None)
        return None if one is None else line.client.dele(one.number)

    def take(response: Response) -> None:
        nonlocal deleted
        one = asked.popleft()
        if response.ok:
            deleted += 1
        else:
            failures.append(Failure(one.number, one.uid, Step.DELETE, response.text))

    await line.pipeline(next_command, take, limits.window)
    return deleted


class _Line:
    """The connection: the machine, its streams, and one error for all that can go wrong between them."""

    def __init__(self, address: str, silence: float) -> None:
        self.client = Client()
        self.step = Step.CONNECT
        self._address = address
        self._silence = silence
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter
        self._opened = False

    async def open(self, host: str, port: int, tls: ssl.SSLContext | None, name: str | None) -> None:
        try:
            async with asyncio.timeout(self._silence):
                self._reader, self._writer = await asyncio.open_connection(
                    host, port, limit=READ, ssl=tls, server_hostname=(name or host) if tls else None
                )
            self._opened = True
        except TimeoutError as error:
            raise self.error(f"no connection within {self._silence} s") from error
        except OSError as error:
            raise self.error(f"no connection: {error}") from error

    async def close(self) -> None:
        """Close, waiting for the other side's TLS farewell no longer than for anything else."""
        if not self._opened:
            return
        self._writer.close()
        with suppress(OSError):  # a time-out too: the session is over either way
            async with asyncio.timeout(FAREWELL if self.step is Step.QUIT else 0):
                await self._writer.wait_closed()
        self._writer.transport.abort()

    def error(self, text: str, code: str | None = None) -> CollectError:
        return CollectError(f"{self._address}: {self.step}: {text}", self.step, code)

    def demand(self, response: Response) -> Response:
        """Return a response that must be +OK."""
        if not response.ok:
            text = response.text if response.code is None else f"[{response.code}] {response.text}"
            raise self.error(f"the server refused: {text}", response.code)
        return response

    async def ask(self, command: bytes) -> Response:
        self._write(command)
        return await self.answer()

    async def answer(self) -> Response:
        """Return the one response that is to come."""
        return (await self._responses())[0]

    async def pipeline(
        self, next_command: Callable[[], bytes | None], take: Callable[[Response], None], window: int
    ) -> None:
        """Keep up to a window of commands under way, until there are none and all are answered."""
        while True:
            commands: list[bytes] = []
            while self.client.outstanding < window and (command := next_command()) is not None:
                commands.append(command)
            if commands:
                self._write(b"".join(commands))
            if not self.client.outstanding:
                return
            for response in await self._responses():
                take(response)

    def _write(self, octets: bytes) -> None:
        """Send commands: a window of them is less than any socket's buffer, so this waits for nobody."""
        self._writer.write(octets)

    async def _responses(self) -> Sequence[Response]:
        while self.client.broken is None:
            if responses := self.client.receive(await self._read()):
                return responses
        raise self.error(str(self.client.broken)) from self.client.broken

    async def _read(self) -> bytes:
        try:
            async with asyncio.timeout(self._silence):
                octets = await self._reader.read(READ)
        except TimeoutError as error:
            raise self.error(f"the server was silent for {self._silence} s") from error
        except OSError as error:
            raise self.error(f"connection lost: {error}; collect again") from error
        if not octets:
            raise self.error("connection lost: the server closed it; collect again")
        return octets
