"""A name server in asyncio, on UDP and TCP of one port.

Laws: after `close` no task, timer or socket is left; what a client sends ends no more than its own connection.
"""

import asyncio
from collections import deque

from mailsim.nameserver.response import respond
from mailsim.provider.dns import Zone

IDLE_SECONDS = 10.0
"""How long a TCP connection may be idle (RFC 7766 section 6.2.3: a few seconds)."""
_TRIES = 20
"""A free port of UDP may be taken in TCP: so often another is tried."""
_MOST_KEPT = 10_000


class NameServer:
    """A name server that listens in the running loop, made by `serve`.

    Attributes:
        host: The address it listens on.
        port: The port it listens on.
        asked: Name and type of the latest questions, oldest first, no more than 10,000.
    """

    def __init__(self, zone: Zone) -> None:
        self.host = ""
        self.port = 0
        self.asked: deque[tuple[str, str]] = deque(maxlen=_MOST_KEPT)
        self._zone = zone
        self._udp: asyncio.DatagramTransport | None = None
        self._tcp: asyncio.Server | None = None
        self._timers: set[asyncio.TimerHandle] = set()
        self._connections: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def listen(self, host: str, port: int) -> None:
        """Begin to listen.

        Raises:
            OSError: The address or port cannot be had.
        """
        loop = asyncio.get_running_loop()
        tries = 1 if port else _TRIES
        while self._tcp is None:
            tries -= 1
            self._udp, _ = await loop.create_datagram_endpoint(
                lambda: _Datagrams(self), local_addr=(host, port)
            )
            self.host, self.port = self._udp.get_extra_info("sockname")[:2]
            try:
                self._tcp = await asyncio.start_server(self._converse, self.host, self.port)
            except OSError:
                self._udp.close()
                if not tries:
                    raise

    async def close(self) -> None:
        """End the listeners and every open connection, and wait until they are gone."""
        if self._udp is None or self._tcp is None:
            return
        self._udp.close()
        self._tcp.close()
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        for task, writer in self._connections.items():
            writer.transport.abort()
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await self._tcp.wait_closed()
        self._udp = self._tcp = None

    def answer_datagram(self, octets: bytes, client: tuple[str, int]) -> None:
        """Answer one datagram, at once or when its time has come."""
        response = respond(self._zone, octets, tcp=False)
        if response.asked:
            self.asked.append(response.asked)
        if response.octets is None or self._udp is None:
            return
        if not response.seconds:
            self._udp.sendto(response.octets, client)
            return
        loop, udp, told = asyncio.get_running_loop(), self._udp, response.octets

        def send() -> None:
            self._timers.discard(timer)
            udp.sendto(told, client)

        timer = loop.call_later(response.seconds, send)
        self._timers.add(timer)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a stream's handler is a task
        self._connections[task] = writer
        try:
            while True:
                async with asyncio.timeout(IDLE_SECONDS):
                    length = int.from_bytes(await reader.readexactly(2))
                    octets = await reader.readexactly(length)
                response = respond(self._zone, octets, tcp=True)
                if response.asked:
                    self.asked.append(response.asked)
                if response.octets is not None:
                    await asyncio.sleep(response.seconds)
                    writer.write(len(response.octets).to_bytes(2) + response.octets)
                    await writer.drain()
        except (asyncio.IncompleteReadError, TimeoutError, ConnectionError):
            pass  # the client has gone, or says nothing
        finally:
            del self._connections[task]
            writer.close()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server: NameServer) -> None:
        self._server = server

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._server.answer_datagram(data, addr)


async def serve(zone: Zone, *, host: str = "127.0.0.1", port: int = 0) -> NameServer:
    """Serve a zone in the running loop, by UDP and TCP; port 0 takes any that is free in both.

    Raises:
        OSError: The address or port cannot be had.
    """
    server = NameServer(zone)
    await server.listen(host, port)
    return server
