"""The driver of the client: collect all messages of a maildrop, keep them, only then delete them.

Laws (R4.2): a message is deleted only after `keep` has returned for the batch it is in; what is deleted
at all is deleted by the QUIT at the end; a session that breaks deletes nothing more, and what was kept stays
kept. While a batch is kept the next one is retrieved. Memory is bounded by two batches: by their count, and
by their octets but for one larger message each; what is larger than `SINK_FROM` lies on the disk meanwhile. Where
messages prove larger than listed, as many fewer are asked for at once; a window may be under way by then.
"""

import ssl
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from inspect import isawaitable
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

from mailsim.pop3.client import ProtocolError, Response, capabilities, sizes, uids
from mailsim.pop3.collection import CollectError, Collection, Failure, Keeping, Listed, Retrieved, Step
from mailsim.pop3.line import Channel, Connection, Line
from mailsim.pop3.spool import Spool

WINDOW = 64  # commands under way where the server offers PIPELINING (RFC 2449 §6.6)
BATCH = 500  # messages
BATCH_OCTETS = 16 * 1024 * 1024
TIMEOUT = 60.0  # seconds of silence


Keep = Callable[[Sequence[Retrieved]], Awaitable[Keeping | None] | Keeping | None]
Order = Callable[[Sequence[Listed]], Sequence[Listed]]


class _Limits(NamedTuple):
    window: int  # commands under way
    batch: int  # messages
    octets: int


def _as_listed(listed: Sequence[Listed]) -> Sequence[Listed]:
    return listed


async def collect(
    host: str,
    port: int,
    *,
    username: str,
    password: str,
    tls: ssl.SSLContext | None,
    keep: Keep,
    order: Order = _as_listed,
    server_hostname: str | None = None,
    batch: int = BATCH,
    batch_octets: int = BATCH_OCTETS,
    spool: Path | None = None,
    timeout: float = TIMEOUT,  # noqa: ASYNC109 - of each silence, not of the whole
) -> Collection:
    """Collect everything in a maildrop: retrieve a batch, have it kept, delete it, and so on; QUIT (R4.1, R4.2).

    Args:
        host: Where to connect.
        port: Where to connect.
        username: Who to log in as.
        password: With what.
        tls: Speak TLS from the first octet (RFC 8314); None for none.
        keep: Given each batch, it stores the batch durably before it returns what became of it; None when all
            was kept and is new. It may be a coroutine function. When it raises, the session is broken off and
            its error goes on. What lies on the disk of a batch can be read until it returns.
        order: Which of the messages listed to retrieve, and in which order.
        server_hostname: Whom the certificate must name; the host when not given.
        batch: The most messages in a batch.
        batch_octets: About the most octets in a batch; a larger message comes alone.
        spool: The folder where large messages lie until they are kept; the system's own when not given.
        timeout: The longest silence of the server, in seconds. There is no limit on the whole: large mail over a
            slow line is no fault, and a server that sends an octet a minute costs little but the wait.

    Returns:
        What was collected, after the server has answered QUIT.

    Raises:
        CollectError: No connection, no login, not POP3, silence, or a connection lost on the way.
    """
    return await collect_over(
        Connection(host, port, tls=tls, name=server_hostname, silence=timeout),
        f"{host}:{port}",
        username=username,
        password=password,
        keep=keep,
        order=order,
        batch=batch,
        batch_octets=batch_octets,
        spool=spool,
        timeout=timeout,
    )


async def collect_over(
    channel: Channel,
    address: str,
    *,
    username: str,
    password: str,
    keep: Keep,
    order: Order = _as_listed,
    batch: int = BATCH,
    batch_octets: int = BATCH_OCTETS,
    spool: Path | None = None,
    timeout: float = TIMEOUT,  # noqa: ASYNC109 - of each silence, not of the whole
) -> Collection:
    """Collect as `collect` does, over a channel that is not open yet; `address` is told in errors."""
    line = Line(address, channel, silence=timeout, spool=spool)
    session = _Session(line, keep)
    try:
        await line.open()
        pipelining = await _log_in(line, username, password)
        session.limits = _Limits(WINDOW if pipelining else 1, batch, batch_octets)
        session.take_listing(await _list(line), order)
        collection = await session.run()
    except ProtocolError as error:  # a name or password that no line can carry
        raise line.error(str(error)) from error
    except CollectError as error:
        await session.salvage()
        error.so_far = session.so_far()
        error.under_way = session.message(line.client.under_way)
        raise
    finally:
        await line.close()
    return collection


async def _log_in(line: Line, username: str, password: str) -> bool:
    """Log in; whether commands may be pipelined."""
    line.step = Step.GREETING
    line.demand(await line.answer())
    told = await line.ask(line.client.capa())  # a server without CAPA says -ERR, and offers nothing
    offered = capabilities(told.body or b"")
    line.step = Step.LOGIN
    if "UTF8" in offered:  # RFC 6856 §2: else mail with UTF-8 in its header may be changed, or refused
        await line.ask(line.client.utf8())  # after an -ERR all other mail still comes
    answer = await line.ask(line.client.user(username))
    if answer.ok:
        answer = await line.ask(line.client.password(password))
    closed = told.ok and "USER" not in offered and answer.code in {None, "AUTH"}  # RFC 2449 §6.3
    line.demand(answer, "it takes no password on this connection: use its port for TLS" if closed else "")
    return "PIPELINING" in offered


async def _list(line: Line) -> list[Listed]:
    line.step = Step.LIST
    listed = line.demand(await line.ask(line.client.listing()))
    named = await line.ask(line.client.uidl())  # optional (RFC 1939 §7)
    size, uid = sizes(listed.body or b""), uids(named.body or b"")
    # What either names is there: a server that lists a message badly must not keep it for ever.
    return [Listed(number, uid.get(number), size.get(number)) for number in sorted(size.keys() | uid.keys())]


class _Session:
    """One session from its listing to QUIT, and what it came to so far."""

    def __init__(self, line: Line, keep: Keep) -> None:
        self.limits = _Limits(1, 1, 1)
        self._line = line
        self._keep = keep
        self._listed: Mapping[int, Listed] = {}
        self._waiting: deque[Listed] = deque()
        self._kept = self._new = self._deleted = 0
        self._failures: list[Failure] = []
        self._salvage: Sequence[Retrieved] = ()  # what came whole before the line was lost
        self._exact = 0  # messages whose size was as listed, less those whose size was not
        self._excess = 0  # octets by which a message was larger than listed, at most

    def take_listing(self, listed: Sequence[Listed], order: Order) -> None:
        self._listed = {one.number: one for one in listed}
        self._waiting = deque(order(listed))

    def message(self, number: int | None) -> Listed | None:
        return None if number is None else self._listed.get(number)

    def so_far(self, *, removed: bool = False) -> Collection:
        deleted = self._deleted if removed else 0
        return Collection(len(self._listed), self._kept, self._new, deleted, tuple(self._failures))

    async def run(self) -> Collection:
        batch = await self._retrieve()
        while batch:
            keeping = self._line.meanwhile(self._store(batch))
            try:
                following = await self._retrieve()
            finally:  # what is kept is kept, even when the line is lost meanwhile
                kept = await keeping
            await self._delete(kept)
            batch = following
        self._line.step = Step.QUIT
        removed = (await self._line.ask(self._line.client.quit())).ok
        return self.so_far(removed=removed)

    async def salvage(self) -> None:
        """Keep what of a batch had come when the line was lost: so every session gets on."""
        if self._salvage:
            await self._store(self._salvage)

    async def _retrieve(self) -> Sequence[Retrieved]:
        """Retrieve the next batch that is not empty; empty when nothing is left to retrieve."""
        while self._waiting:
            if batch := await self._retrieve_some():
                return batch
        return ()

    async def _retrieve_some(self) -> Sequence[Retrieved]:
        line, waiting, limits = self._line, self._waiting, self.limits
        line.step = Step.RETRIEVE
        came: list[Retrieved] = []
        asked: deque[tuple[Listed, int]] = deque()
        held = 0  # octets of the batch: as they came, and of those under way as is to be feared

        def next_command() -> bytes | None:
            nonlocal held
            taken = len(came) + len(asked)
            if not waiting or taken >= max(1, limits.batch):
                return None
            octets = (waiting[0].size or 0) + self._excess
            if taken and held + octets > limits.octets:
                return None
            asked.append((waiting.popleft(), octets))
            held += octets
            return line.client.retr(asked[-1][0].number)

        def take(response: Response) -> None:
            nonlocal held
            one, reserved = asked.popleft()
            held -= reserved
            body = response.sink if isinstance(response.sink, Spool) else response.body
            if body is None:
                self._failures.append(Failure(one.number, one.uid, Step.RETRIEVE, response.text))
                return
            came.append(Retrieved(*one, body))
            size = came[-1].size
            held += size
            if one.size is not None:
                self._exact += 1 if size == one.size else -1
            self._excess = max(self._excess, size - (one.size or 0))

        def batch() -> Sequence[Retrieved]:
            exact = self._exact > 0  # else the server only estimates sizes, as Exchange does
            return [replace(one, truncated=True) if exact and one.short else one for one in came]

        try:
            await line.pipeline(next_command, take, limits.window)
        except CollectError:
            self._salvage = batch()
            if limits.window > 1:  # a terminator may have been missing: then one message holds two
                self._salvage = list(takewhile(lambda one: one.size == one.size_listed, self._salvage))
            raise
        return batch()

    async def _store(self, batch: Sequence[Retrieved]) -> Sequence[Retrieved]:
        """Have a batch kept, and return what of it may be deleted."""
        keeping = self._keep(batch)
        done = await keeping if isawaitable(keeping) else keeping
        for one in batch:
            if isinstance(one.body, Spool):
                one.body.close()
        new, refused = done or Keeping(len(batch), {})
        for one in batch:
            if one.number in refused:
                self._failures.append(Failure(one.number, one.uid, Step.KEEP, refused[one.number]))
        kept = [one for one in batch if one.number not in refused]
        self._kept += len(kept)
        self._new += new
        return kept

    async def _delete(self, batch: Sequence[Retrieved]) -> None:
        """Mark a batch as deleted."""
        line = self._line
        line.step = Step.DELETE
        kept = iter(batch)
        asked = deque(batch)

        def next_command() -> bytes | None:
            one = next(kept, None)
            return None if one is None else line.client.dele(one.number)

        def take(response: Response) -> None:
            one = asked.popleft()
            if response.ok:
                self._deleted += 1
            else:
                self._failures.append(Failure(one.number, one.uid, Step.DELETE, response.text))

        await line.pipeline(next_command, take, self.limits.window)
