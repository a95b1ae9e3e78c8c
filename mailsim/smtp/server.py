"""An SMTP server whose only job is to ask its backend: aiosmtpd in the caller's own event loop.

aiosmtpd 1.4.6 speaks the protocol (RFC 5321, AUTH RFC 4954, STARTTLS RFC 3207, SIZE RFC 1870);
what is decided comes from a `Backend` of four verbs. Its known traps are dealt with here, once:
a RCPT hook must append the recipient itself; the null sender arrives as "<>"; the command size
limits are one dictionary for all connections; its Controller would bring a thread of its own.
"""

import asyncio
import collections
import re
import ssl
from collections.abc import Callable

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from aiosmtpd.smtp import Envelope as Transaction
from aiosmtpd.smtp import Session as Connection

from mailsim.mail import Envelope, Message, Reply, parse_address
from mailsim.smtp.backend import Backend, Peer, Tls

BAD_ADDRESS = Reply(553, "The address is no mailbox address", "5.1.3")
HARD_LIMIT = 256 * 1024 * 1024
"""Octets that a message may take in memory, whatever the policy says later."""
LINE_LIMIT = 1024 * 1024
"""Octets of one line: far over RFC 5321's 1,000, since real mail has such lines and real servers take them."""


class Listener:
    """A listening SMTP server: where it listens, and how it ends."""

    def __init__(self, server: asyncio.Server, connections: "set[_Session]") -> None:
        self._server = server
        self._connections = connections
        self.host, self.port = server.sockets[0].getsockname()[:2]

    async def close(self) -> None:
        """Stop listening and end every open connection; nothing is left running."""
        self._server.close()
        for session in list(self._connections):
            await session.end()
        await self._server.wait_closed()


async def listen(
    backend: Backend,
    *,
    hostname: str,
    host: str = "127.0.0.1",
    port: int = 0,
    tls: Tls = Tls.NONE,
    context: ssl.SSLContext | None = None,
    login: bool = False,
    size_limit: int = 0,
) -> Listener:
    """Listen in the running loop; port 0 takes a free one.

    `login` offers AUTH PLAIN and LOGIN (over TLS only, where TLS is to be had) and refuses mail
    without it. `size_limit` is announced in EHLO. Raises OSError when the port is taken.
    """
    connections: set[_Session] = set()

    def protocol() -> _Session:
        return _Session(
            backend,
            connections,
            hostname=hostname,
            tls_context=context if tls is Tls.STARTTLS else None,
            login=login,
            auth_requires_tls=tls is Tls.STARTTLS,
            announced_size=size_limit,
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(protocol, host, port, ssl=context if tls is Tls.IMPLICIT else None)
    return Listener(server, connections)


class _Session(SMTP):
    """One connection; aiosmtpd's protocol with per-connection limits and an end that can be awaited."""

    line_length_limit = LINE_LIMIT

    def __init__(
        self,
        backend: Backend,
        connections: "set[_Session]",
        *,
        hostname: str,
        tls_context: ssl.SSLContext | None,
        login: bool,
        auth_requires_tls: bool,
        announced_size: int,
    ) -> None:
        self.command_size_limits = collections.defaultdict(lambda: self.command_size_limit)
        super().__init__(
            _Hooks(backend, announced_size),
            data_size_limit=HARD_LIMIT,
            enable_SMTPUTF8=True,
            hostname=hostname,
            ident="mailsim",
            tls_context=tls_context,
            auth_required=login,
            auth_require_tls=auth_requires_tls,
            auth_exclude_mechanism=() if login else ("PLAIN", "LOGIN"),
            authenticator=_authenticator(backend),
            loop=asyncio.get_running_loop(),
        )
        self._connections = connections

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._connections.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._connections.discard(self)
        super().connection_lost(error)

    async def end(self) -> None:
        """Close the connection and wait until its task has ended."""
        task = self._handler_coroutine
        if self.transport is not None:
            self.transport.abort()  # type: ignore[attr-defined] # every asyncio socket transport has it
        if task is not None:
            task.cancel()
            await asyncio.wait([task])


class _Hooks:
    """aiosmtpd's handler: turns its strings into the backend's words and back."""

    def __init__(self, backend: Backend, announced_size: int) -> None:
        self._backend = backend
        self._announced_size = announced_size

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Connection, envelope: Transaction, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        kept = [line for line in responses if not line.startswith("250-SIZE")]
        size = [f"250-SIZE {self._announced_size}"] if self._announced_size else []
        return [*kept[:-1], *size, "250-ENHANCEDSTATUSCODES", kept[-1]]

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Connection, envelope: Transaction, address: str, options: list[str]
    ) -> str:
        sender = parse_address(address)
        if sender is None and address != "<>":
            return BAD_ADDRESS.wire()
        reply = self._backend.mail(_peer(session), sender, _declared_size(options))
        if reply.accepted:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return reply.wire()

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Connection, envelope: Transaction, address: str, options: list[str]
    ) -> str:
        recipient = parse_address(address)
        if recipient is None:
            return BAD_ADDRESS.wire()
        reply = self._backend.rcpt(_peer(session), parse_address(envelope.mail_from or ""), recipient)
        if reply.accepted:
            envelope.rcpt_tos.append(address)
        return reply.wire()

    async def handle_DATA(self, server: SMTP, session: Connection, transaction: Transaction) -> str:  # noqa: N802
        recipients = (parse_address(recipient) for recipient in transaction.rcpt_tos)
        envelope = Envelope(
            parse_address(transaction.mail_from or ""), tuple(address for address in recipients if address)
        )
        content = transaction.original_content or b""
        return self._backend.data(_peer(session), envelope, Message(content)).wire()


def _peer(session: Connection) -> Peer:
    return Peer(session.host_name or "", str(session.auth_data) if session.authenticated else "")


_SIZE = re.compile(r"SIZE=(\d{1,20})")  # RFC 1870 section 4: at most 20 digits


def _declared_size(options: list[str]) -> int:
    sizes = (_SIZE.fullmatch(option) for option in options)
    return next((int(size[1]) for size in sizes if size), 0)


def _authenticator(
    backend: Backend,
) -> Callable[[SMTP, Connection, Transaction, str, LoginPassword], AuthResult]:
    def authenticate(
        server: SMTP, session: Connection, envelope: Transaction, mechanism: str, data: LoginPassword
    ) -> AuthResult:
        username = data.login.decode("utf-8", "replace")
        if backend.login(username, data.password.decode("utf-8", "replace")):
            return AuthResult(success=True, auth_data=username)
        return AuthResult(success=False, handled=False)

    return authenticate
