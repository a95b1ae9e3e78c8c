"""An SMTP server whose only job is to ask its backend: aiosmtpd in the caller's own event loop.

What is decided comes from a `Backend` of four verbs; aiosmtpd's strings become its words here, once.
Traps dealt with: a RCPT hook must append the recipient itself; the null sender arrives as "<>"; octets
that are no UTF-8 arrive as lone surrogates; its Controller would bring a thread of its own; its closing
server leaves connections open, or from Python 3.12 on waits for them.

Laws: a backend that fails is told to the loop and answered with 451, and no text of it goes out; what a
client says of itself holds no control character; after `Listener.close` no task or socket is left.
"""

import asyncio
import re
import ssl
from collections.abc import Callable
from typing import TypeVar, cast

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from aiosmtpd.smtp import Envelope as Transaction
from aiosmtpd.smtp import Session as Dialogue

from mailsim.errors import MailsimError
from mailsim.mail import Address, Envelope, Message, Reply, parse_address
from mailsim.smtp.backend import NO_LOGIN, Backend, Peer, Tls
from mailsim.smtp.connection import Connection
from mailsim.smtp.transmission import path_of

BAD_ADDRESS = Reply(553, "The address is no mailbox address", "5.1.3")
NO_SMTPUTF8 = Reply(553, "This address needs the parameter SMTPUTF8 of MAIL", "5.6.7")  # RFC 6531 section 3.5
FAILED = Reply(451, "Local error in processing", "4.3.0")
TOO_BIG = Reply(552, "Message size exceeds fixed maximum message size", "5.3.4")
SYNTAX = Reply(500, "Syntax error", "5.5.2")

_Answer = TypeVar("_Answer")


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
    context: ssl.SSLContext | None = None,
    login: bool = False,
    size_limit: int = 0,
) -> Listener:
    """Listen in the running loop; port 0 takes a free one.

    `login` offers AUTH PLAIN and LOGIN (over TLS only, where TLS is to be had) and refuses mail
    without it. `size_limit` in octets is announced in EHLO (RFC 1870); whether a message is too big, the
    backend says.

    Raises:
        OSError: The port is taken.
        TlsContextError: TLS is asked for and no context given.
    """
    if tls is not Tls.NONE and context is None:
        raise TlsContextError(f"tls {tls.value!r} without a context; give one with the server's certificate")
    listener = Listener()

    def connection() -> Connection:
        return Connection(
            _Hooks(backend, login=login, announced_size=size_limit),
            listener.connections,
            listener.ended,
            hostname=hostname,
            starttls=context if tls is Tls.STARTTLS else None,
            implicit=context if tls is Tls.IMPLICIT else None,
            login=login,
            size_limit=size_limit,
        )

    await listener.listen(connection, host, port)
    return listener


class _Hooks:
    """aiosmtpd's handler: turns its strings into the backend's words and back."""

    def __init__(self, backend: Backend, *, login: bool, announced_size: int) -> None:
        self._backend = backend
        self._login = login
        self._announced_size = announced_size

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Dialogue, envelope: Transaction, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        unsaid = ("250-SIZE",) if self._login else ("250-SIZE", "250-AUTH")
        kept = [line for line in responses if not line.startswith(unsaid)]
        size = [f"250-SIZE {self._announced_size}"] if self._announced_size else []
        return [*kept[:-1], *size, kept[-1]]

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Dialogue, envelope: Transaction, address: str, options: list[str]
    ) -> str:
        if self._login and not session.authenticated:
            return NO_LOGIN.wire()
        sender = None if address == "<>" else _readable(address, envelope)
        if isinstance(sender, Reply):
            return sender.wire()
        size = _declared_size(options)
        reply = self._ask(lambda: self._backend.mail(_peer(session), sender, size), failed=FAILED)
        if reply.accepted:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return reply.wire()

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Dialogue, envelope: Transaction, address: str, options: list[str]
    ) -> str:
        recipient = _readable(address, envelope)
        if isinstance(recipient, Reply):
            return recipient.wire()
        reply = self._ask(
            lambda: self._backend.rcpt(_peer(session), _sender(envelope), recipient), failed=FAILED
        )
        if reply.accepted:
            envelope.rcpt_tos.append(address)
        return reply.wire()

    async def handle_DATA(self, server: SMTP, session: Dialogue, envelope: Transaction) -> str:  # noqa: N802 - aiosmtpd's name
        recipients = (parse_address(recipient) for recipient in envelope.rcpt_tos)
        taken = Envelope(_sender(envelope), tuple(address for address in recipients if address))
        message = Message(envelope.original_content or b"")
        return self._ask(lambda: self._backend.data(_peer(session), taken, message), failed=FAILED).wire()

    async def handle_exception(self, error: Exception) -> str:
        """Answer what aiosmtpd trips over, such as an address that its parser cannot read or it cannot repeat."""
        return SYNTAX.wire()

    def too_big(self, connection: Connection) -> str:
        """The backend's words for a message over what is taken; the octets are gone, their number is not known."""
        session = cast("Dialogue", connection.session)  # aiosmtpd has both before it reads
        envelope = cast("Transaction", connection.envelope)
        over = connection.size_taken + 1
        reply = self._ask(lambda: self._backend.mail(_peer(session), _sender(envelope), over), failed=FAILED)
        return (TOO_BIG if reply.accepted else reply).wire()

    def authenticate(
        self, server: SMTP, session: Dialogue, envelope: Transaction, mechanism: str, data: LoginPassword
    ) -> AuthResult:
        """Ask the backend whether these are an account's credentials."""
        username = data.login.decode("utf-8", "replace")
        password = data.password.decode("utf-8", "replace")
        known = self._ask(lambda: self._backend.login(username, password), failed=False)
        return AuthResult(success=known, handled=False, auth_data=username if known else None)

    def _ask(self, verb: Callable[[], _Answer], *, failed: _Answer) -> _Answer:
        """The backend's answer; one that fails has a bug, which the loop's exception handler is told."""
        try:
            return verb()
        except Exception as error:  # noqa: BLE001 - the connection goes on
            asyncio.get_running_loop().call_exception_handler(
                {"message": "an SMTP backend failed", "exception": error}
            )
            return failed


def _readable(address: str, envelope: Transaction) -> Address | Reply:
    """The address of MAIL or RCPT; or why it is none."""
    parsed = parse_address(address)
    if parsed is None or path_of(parsed) is None:
        return BAD_ADDRESS
    return parsed if address.isascii() or envelope.smtp_utf8 else NO_SMTPUTF8


def _sender(envelope: Transaction) -> Address | None:
    return parse_address(envelope.mail_from or "")


def _peer(session: Dialogue) -> Peer:
    name = "".join(char if char.isprintable() else "\ufffd" for char in session.host_name or "")
    return Peer(name, str(session.auth_data) if session.authenticated else "")


_SIZE = re.compile(r"SIZE=(\d{1,20})")  # RFC 1870 section 4: at most 20 digits


def _declared_size(options: list[str]) -> int:
    sizes = (_SIZE.fullmatch(option) for option in options)
    return next((int(size[1]) for size in sizes if size), 0)
