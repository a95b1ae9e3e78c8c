"""An SMTP server whose only job is to ask its backend: aiosmtpd in the caller's own event loop.

What is decided comes from a `Backend` of four verbs (`hooks`), what goes wrong from a plan of faults (`strike`).
Traps dealt with: aiosmtpd's Controller would bring a thread of its own; a closing server leaves connections open,
or from Python 3.12 on waits for them.

Laws: a backend that fails is told to the loop and answered with 451, and no text of it goes out; what a
client says of itself holds no control character; after `Listener.close` no task or socket is left.
"""

import asyncio
import ssl
from collections.abc import Callable, Sequence

from mailsim.errors import MailsimError
from mailsim.pop3.conduct import Mechanism
from mailsim.pop3.effects import Certificate
from mailsim.smtp.backend import Backend, Tls
from mailsim.smtp.connection import Connection
from mailsim.smtp.faults import FaultPlan
from mailsim.smtp.service import Certificates, Service

PASSWORDS = (Mechanism.PLAIN, Mechanism.LOGIN)
"""The mechanisms that any server of accounts offers."""


class TlsContextError(MailsimError):
    """A server asked for TLS without a certificate."""


class Listener:
    """A listening SMTP server, made by `listen`.

    Attributes:
        host: The address it listens on.
        port: The port it listens on, the real one when 0 was asked for.
        connections: Those that are open.
    """

    def __init__(self) -> None:
        self.host = ""
        self.port = 0
        self.connections: set[Connection] = set()
        self._server: asyncio.Server | None = None
        self._empty = asyncio.Event()

    async def listen(self, connection: Callable[[], Connection], host: str, port: int) -> None:
        """Begin to listen, with what makes a connection; raises OSError when the port cannot be had."""
        self._server = await asyncio.get_running_loop().create_server(connection, host, port)
        self.host, self.port = self._server.sockets[0].getsockname()[:2]

    def ended(self) -> None:
        """Hear that a connection is gone."""
        if not self.connections:
            self._empty.set()

    async def close(self) -> None:
        """Stop listening and end every open connection; closing twice is harmless."""
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


async def listen(
    backend: Backend,
    *,
    hostname: str,
    host: str = "127.0.0.1",
    port: int = 0,
    tls: Tls = Tls.NONE,
    context: ssl.SSLContext | Certificates | None = None,
    mechanisms: Sequence[Mechanism] = (),
    open_relay: bool = False,
    size_limit: int = 0,
    faults: FaultPlan | None = None,
) -> Listener:
    """Listen in the running loop; port 0 takes a free one.

    With `mechanisms` AUTH is offered (over TLS only, where TLS is to be had) and mail without it refused, but at an
    `open_relay`.
    `size_limit` in octets is announced in EHLO (RFC 1870); whether a message is too big, the backend says.
    `faults` that show another certificate need a context for each.

    Raises:
        OSError: The port is taken.
        TlsContextError: TLS is asked for and no context given.
    """
    certificates = {Certificate.GOOD: context} if isinstance(context, ssl.SSLContext) else context or {}
    if tls is not Tls.NONE and Certificate.GOOD not in certificates:
        raise TlsContextError(f"tls {tls.value!r} without a context; give one with the server's certificate")
    service = Service(
        backend=backend,
        hostname=hostname,
        tls=tls,
        certificates=certificates,
        mechanisms=tuple(sorted(mechanisms)),
        open_relay=open_relay,
        size_limit=size_limit,
        faults=FaultPlan() if faults is None else faults,
    )
    listener = Listener()
    await listener.listen(lambda: Connection(service, listener.connections, listener.ended), host, port)
    return listener
