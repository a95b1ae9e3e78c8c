"""A client's line to a server: the machine, the channel that bears its octets, and one error for all that can go wrong.

What a line needs of its connection is `Channel`, so that the collector itself asks for no socket.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from mailsim.pop3.client import Client, Response
from mailsim.pop3.collection import CollectError, Step
from mailsim.pop3.spool import Spool

FAREWELL = 5.0  # seconds for the end of a session that is over
READ = 256 * 1024

_Result = TypeVar("_Result")


class Channel(Protocol):
    """Octets to a server and back."""

    async def open(self) -> None:
        """Connect; raises TimeoutError, OSError."""

    def write(self, octets: bytes) -> None:
        """Send commands: a window of them is less than any socket's buffer, so this waits for nobody."""

    async def read(self) -> bytes:
        """Wait for octets; empty when the server has closed. Raises TimeoutError, OSError."""

    def meanwhile(self, work: Coroutine[None, None, _Result]) -> Awaitable[_Result]:
        """Have work done while the channel is read."""

    async def close(self, *, farewell: bool) -> None:
        """End it, with time for the server to say farewell or without."""


class Connection:
    """A channel over a socket, in asyncio."""

    def __init__(
        self, host: str, port: int, *, tls: ssl.SSLContext | None, name: str | None, silence: float
    ) -> None:
        """`name` is whom the certificate must name, the host when None; `silence` the longest wait, in seconds."""
        self._host, self._port = host, port
        self._tls = tls
        self._name = (name or host) if tls else None
        self._silence = silence
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter | None = None

    async def open(self) -> None:
        """Connect, with TLS where there is a context; raises TimeoutError, OSError."""
        async with asyncio.timeout(self._silence):
            self._reader, self._writer = await asyncio.open_connection(
                self._host, self._port, limit=READ, ssl=self._tls, server_hostname=self._name
            )

    def write(self, octets: bytes) -> None:
        """Send commands."""
        if self._writer is not None:
            self._writer.write(octets)

    async def read(self) -> bytes:
        """Wait for octets; empty when the server has closed. Raises TimeoutError, OSError."""
        async with asyncio.timeout(self._silence):
            return await self._reader.read(READ)

    def meanwhile(self, work: Coroutine[None, None, _Result]) -> Awaitable[_Result]:
        """Have work done while the channel is read."""
        return asyncio.ensure_future(work)

    async def close(self, *, farewell: bool) -> None:
        """End it, waiting for the other side's TLS farewell no longer than for anything else."""
        if self._writer is None:
            return
        self._writer.close()
        with suppress(OSError):  # a time-out too: the session is over either way
            async with asyncio.timeout(FAREWELL if farewell else 0):
                await self._writer.wait_closed()
        with suppress(
            AttributeError
        ):  # CPython 3.11.2 (3.11.7 not): a TLS transport closed twice cannot abort
            self._writer.transport.abort()


class Line:
    """One session with a server.

    Attributes:
        client: The machine, which makes the commands.
        step: How far the session is, for errors.
    """

    def __init__(self, address: str, channel: Channel, *, silence: float, spool: Path | None) -> None:
        """`address` and `silence`, the channel's longest wait in seconds, are told in errors."""
        self._spools: list[Spool] = []
        self.client = Client(sinks=partial(_new_spool, self._spools, spool))  # a method would make a cycle
        self.step = Step.CONNECT
        self._address = address
        self._channel = channel
        self._silence = silence

    async def open(self) -> None:
        """Connect; raises CollectError."""
        try:
            await self._channel.open()
        except TimeoutError as error:
            raise self.error(f"no connection within {self._silence} s") from error
        except ssl.SSLCertVerificationError as error:
            raise self.error(f"the certificate is not to be trusted: {error.verify_message}") from error
        except ssl.SSLError as error:
            raise self.error(f"no TLS: what answers does not speak it: {error.reason}") from error
        except OSError as error:
            raise self.error(f"no connection: {error}") from error

    async def close(self) -> None:
        """Close; give up what lies on the disk."""
        for spool in self._spools:
            spool.close()
        await self._channel.close(farewell=self.step is Step.QUIT)

    def meanwhile(self, work: Coroutine[None, None, _Result]) -> Awaitable[_Result]:
        """Have work done while the line is read."""
        return self._channel.meanwhile(work)

    def error(self, text: str, code: str | None = None) -> CollectError:
        """Make the error of this step."""
        return CollectError(f"{self._address}: {self.step}: {text}", self.step, code)

    def demand(self, response: Response, cure: str = "") -> Response:
        """Return a response that must be +OK; raises CollectError, which tells the cure if there is one."""
        if not response.ok:
            text = response.text if response.code is None else f"[{response.code}] {response.text}"
            raise self.error(f"the server refused: {text}{cure and f'; {cure}'}", response.code)
        return response

    async def ask(self, command: bytes) -> Response:
        """Send one command and return its response; raises CollectError."""
        self._channel.write(command)
        return await self.answer()

    async def answer(self) -> Response:
        """Return the one response that is to come; raises CollectError."""
        return (await self._responses())[0]

    async def pipeline(
        self, next_command: Callable[[], bytes | None], take: Callable[[Response], None], window: int
    ) -> None:
        """Keep up to a window of commands under way, until there are none and all are answered; raises CollectError."""
        while True:
            commands: list[bytes] = []
            while self.client.outstanding < window and (command := next_command()) is not None:
                commands.append(command)
            if commands:
                self._channel.write(b"".join(commands))
            if not self.client.outstanding:
                return
            for response in await self._responses():
                take(response)

    async def _responses(self) -> Sequence[Response]:
        while self.client.broken is None:
            octets = await self._read()
            try:
                responses = self.client.receive(octets)
            except OSError as error:
                raise self.error(f"no room for a large message: {error}; make some") from error
            if responses:
                return responses
        raise self.error(str(self.client.broken)) from self.client.broken

    async def _read(self) -> bytes:
        try:
            octets = await self._channel.read()
        except TimeoutError as error:
            raise self.error(f"the server was silent for {self._silence} s") from error
        except OSError as error:
            raise self.error(f"connection lost: {error}; collect again") from error
        if not octets:
            raise self.error("connection lost: the server closed it; collect again")
        return octets


def _new_spool(spools: list[Spool], folder: Path | None) -> Spool:
    spools.append(Spool(folder))
    return spools[-1]
