"""A POP3 server in asyncio: it listens, and gives each client a `Connection`.

Laws: after `close` no task or socket is left; what goes wrong on purpose goes wrong on this server only.
Implicit TLS is RFC 8314 §3, STLS RFC 2595 §4.
"""

import asyncio
import ssl

from mailsim.pop3.conduct import PLAIN_CONDUCT, Conduct
from mailsim.pop3.connection import Connection
from mailsim.pop3.effects import Certificate
from mailsim.pop3.faults import FaultPlan
from mailsim.pop3.service import IDLE_SECONDS, Certificates, Mailboxes, Service


class Listener:
    """A POP3 server that listens in the running loop, made by `serve`.

    Attributes:
        host: The address it listens on.
        port: The port it listens on, the real one when 0 was asked for.
        connections: Those that are open.
    """

    def __init__(self, service: Service) -> None:
        self.host = ""
        self.port = 0
        self.connections: set[Connection] = set()
        self._service = service
        self._server: asyncio.Server | None = None
        self._empty = asyncio.Event()

    async def listen(self, host: str, port: int) -> None:
        """Begin to listen.

        Raises:
            OSError: The address or port cannot be had.
        """
        self._server = await asyncio.get_running_loop().create_server(
            lambda: Connection(self._service, self.connections, self._empty), host, port, backlog=1024
        )
        self.host, self.port = self._server.sockets[0].getsockname()[:2]

    async def close(self) -> None:
        """End the listener and every open session, without UPDATE, and wait until they are gone."""
        if self._server is None:
            return
        self._server.close()
        self._empty.clear()
        for connection in tuple(self.connections):
            connection.abort()
        if self.connections:
            await self._empty.wait()
        await self._server.wait_closed()
        self._server = None


async def serve(
    mailboxes: Mailboxes,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    tls: ssl.SSLContext | Certificates | None = None,
    conduct: Conduct = PLAIN_CONDUCT,
    faults: FaultPlan | None = None,
    idle_seconds: float = IDLE_SECONDS,
) -> Listener:
    """Serve mailboxes by POP3 in the running loop.

    With a TLS context, TLS begins with the first octet, or by STLS where the conduct offers it. Faults that show
    another certificate need a context for each.

    Returns:
        A listener that accepts connections already; port 0 takes any free port.

    Raises:
        OSError: The address or port cannot be had.
    """
    certificates = {Certificate.GOOD: tls} if isinstance(tls, ssl.SSLContext) else tls or {}
    service = Service(
        mailboxes, conduct, certificates, idle_seconds, FaultPlan() if faults is None else faults
    )
    listener = Listener(service)
    await listener.listen(host, port)
    return listener
