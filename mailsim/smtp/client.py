"""An SMTP client that keeps its connection: aiosmtplib, verb by verb, every reply kept.

The practice's submissions and the servers' relaying both go through it. Only a submission is bound
by rule R1.6: port 25 is refused just before it connects, however its route came to be.

Laws: whatever the server says or fails to say ends in one `Outcome`, within the timeout of each step;
a connection that is out of step is never used again; no password goes to a server that did not ask, nor is shown
when a server repeats it (R1.11).
"""

import asyncio
import contextlib
import socket
import ssl
from dataclasses import dataclass, field

import aiosmtplib

from mailsim.errors import MailsimError
from mailsim.mail import Address, Envelope, Reply
from mailsim.practice.server_address import ServerAddressError, check_smtp_port
from mailsim.practice.settings import Authentication
from mailsim.smtp.backend import Tls
from mailsim.smtp.outcome import BAD_RECIPIENT, BAD_SENDER, CLOSED, NO_SMTPUTF8, Outcome, not_offered
from mailsim.smtp.transmission import as_transmitted, path_of

QUIT_SECONDS = 5.0
"""How long a server may take to say goodbye."""


class SubmissionPortError(MailsimError):
    """A submission to port 25 (R1.6)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where a server is and how to speak to it."""

    name: str
    """The server's name: what its certificate must bear."""
    port: int
    """The port under that name."""
    host: str
    """Where to connect: the address that the name and port resolve to."""
    host_port: int
    tls: Tls = Tls.NONE
    context: ssl.SSLContext | None = None
    """Whom to trust; the system's authorities when none is given."""
    authentication: Authentication = Authentication.NONE
    username: str = ""
    password: str = field(default="", repr=False)
    submission: bool = False
    """Whether the practice submits here, so that R1.6 holds."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """The password, and what PLAIN and XOAUTH2 make of it: a server may repeat any of them (R1.11)."""
        name, password = self.username, self.password
        return password, f"\0{name}\0{password}", f"user={name}\1auth=Bearer {password}\1\1"


class _Refused(Exception):  # noqa: N818 - it carries a reply, and never leaves this module
    def __init__(self, reply: Reply) -> None:
        super().__init__(str(reply))
        self.reply = reply


class Client:
    """One connection to one server, opened when first used and again after it was lost."""

    def __init__(self, route: Route, *, local_name: str, timeout: float = 60) -> None:
        """`local_name` is said in EHLO; `timeout` is in seconds, for each step of the dialogue."""
        self._route = route
        self._local_name = local_name
        self._timeout = timeout
        self._smtp: aiosmtplib.SMTP | None = None
        self._socket: socket.socket | None = None
        self._lock = asyncio.Lock()

    async def send(self, envelope: Envelope, octets: bytes) -> Outcome:
        """Offer one message; transactions on one connection wait for each other.

        Returns what was refused and the final reply; a connection that cannot be had or is lost
        counts as reply 421 for every recipient not refused before, and makes the outcome uncertain where
        the server may have taken the message. Raises SubmissionPortError (R1.6).
        """
        self._check_ports()
        outcome = await self._offer(envelope, octets)
        return outcome.without(self._route.secrets) if self._route.password else outcome

    async def _offer(self, envelope: Envelope, octets: bytes) -> Outcome:
        refused: dict[Address, Reply] = {}
        async with self._lock:
            try:
                smtp = await self._connected()
                return await self._transaction(smtp, envelope, octets, refused)
            except _Refused as error:
                await self._reset()
                reply = error.reply
            except (aiosmtplib.SMTPException, OSError) as error:
                await self._drop()
                reply = _reply_of(error)
            except BaseException:  # cancelled: the server's next reply would answer another command
                await self._drop()
                raise
        return Outcome(dict.fromkeys(envelope.recipients, reply) | refused, None)

    async def close(self) -> None:
        """End the connection with QUIT; closing twice is harmless."""
        async with self._lock:
            try:
                if self._smtp is not None and self._smtp.is_connected:
                    await self._smtp.quit(timeout=min(QUIT_SECONDS, self._timeout))
            except (aiosmtplib.SMTPException, OSError):
                pass  # it is gone already, or will be
            finally:
                await self._drop()

    def _check_ports(self) -> None:
        route = self._route
        for port in (route.port, route.host_port) if route.submission else ():
            try:
                check_smtp_port(port)
            except ServerAddressError as error:
                raise SubmissionPortError(f"{route.name}:{error}") from None

    # The connection

    async def _connected(self) -> aiosmtplib.SMTP:
        if self._smtp is not None and self._smtp.is_connected:
            return self._smtp
        await self._drop()
        route = self._route
        self._smtp = smtp = aiosmtplib.SMTP(
            hostname=route.name,
            local_hostname=self._local_name,
            use_tls=route.tls is Tls.IMPLICIT,
            start_tls=route.tls is Tls.STARTTLS,
            tls_context=route.context,
            timeout=self._timeout,
        )
        self._socket = await _connect(route.host, route.host_port, self._timeout)
        await smtp.connect(sock=self._socket)
        await self._greet(smtp)
        if route.authentication is not Authentication.NONE:
            await self._login(smtp)
        return smtp

    async def _greet(self, smtp: aiosmtplib.SMTP) -> None:
        try:
            await smtp.ehlo()
        except aiosmtplib.SMTPHeloError:
            if not smtp.is_connected:
                raise
            await smtp.helo()  # RFC 5321 section 3.2: a server that knows no EHLO

    async def _login(self, smtp: aiosmtplib.SMTP) -> None:
        route = self._route
        if route.authentication not in smtp.server_auth_methods:
            reply = not_offered(route.authentication, smtp.server_auth_methods)
            raise aiosmtplib.SMTPAuthenticationError(reply.code, f"{reply.enhanced} {reply.text}")
        logins = {
            Authentication.PLAIN: smtp.auth_plain,
            Authentication.LOGIN: smtp.auth_login,
            Authentication.CRAM_MD5: smtp.auth_crammd5,
            Authentication.XOAUTH2: smtp.auth_xoauth2,
        }
        await logins[route.authentication](route.username, route.password)

    async def _reset(self) -> None:
        """Leave the refused transaction; the connection goes on where the server lets it."""
        try:
            if self._smtp is not None:
                await self._smtp.rset()
        except (aiosmtplib.SMTPException, OSError):
            await self._drop()

    async def _drop(self) -> None:
        """Let go of the connection, whatever waits to be written or read, and see its socket closed."""
        smtp, self._smtp = self._smtp, None
        connection, self._socket = self._socket, None
        if smtp is not None:
            smtp.close()
        if connection is not None:
            await _closed(connection)

    # The transaction

    async def _transaction(
        self, smtp: aiosmtplib.SMTP, envelope: Envelope, octets: bytes, refused: dict[Address, Reply]
    ) -> Outcome:
        """MAIL, RCPT for each recipient, DATA; what is refused on the way is put in `refused`."""
        content = as_transmitted(octets)
        sender = "" if envelope.sender is None else path_of(envelope.sender)
        if sender is None:
            raise _Refused(BAD_SENDER)
        paths = {recipient: path_of(recipient) for recipient in envelope.recipients}
        options = self._options(smtp, content, (sender, *paths.values()))
        await self._command(smtp, f"MAIL FROM:<{sender}>", *options)
        for recipient, path in paths.items():
            if path is None:
                refused[recipient] = BAD_RECIPIENT
                continue
            try:
                await self._command(smtp, f"RCPT TO:<{path}>")
            except _Refused as error:
                refused[recipient] = error.reply
        if len(refused) == len(paths):
            await self._reset()
            return Outcome(refused, None)
        final, uncertain = await self._data(smtp, content)
        return Outcome(refused, final, uncertain)

    def _options(self, smtp: aiosmtplib.SMTP, content: bytes, paths: tuple[str | None, ...]) -> list[str]:
        """The parameters of MAIL: the size as transmitted (RFC 1870), and what else the content needs."""
        options = [f"SIZE={len(content)}"] if smtp.supports_extension("size") else []
        if not content.isascii() and smtp.supports_extension("8bitmime"):
            options.append("BODY=8BITMIME")  # RFC 6152; to a server without it 8-bit goes all the same
        if not all(path is None or path.isascii() for path in paths):
            if not smtp.supports_extension("smtputf8"):
                raise _Refused(NO_SMTPUTF8)
            options.append("SMTPUTF8")
        return options

    async def _command(self, smtp: aiosmtplib.SMTP, *words: str) -> None:
        """Say one command; raises _Refused on a 4yz or 5yz reply, SMTPResponseException on one that is out of place."""
        # Not smtp.mail and smtp.rcpt: they read the address again with the standard library's parser.
        response = await smtp.execute_command(*(word.encode() for word in words))
        if _is_refusal(response.code):
            raise _Refused(_reply(response.code, response.message))
        if response.code // 100 != 2:
            raise aiosmtplib.SMTPResponseException(response.code, response.message)

    async def _data(self, smtp: aiosmtplib.SMTP, content: bytes) -> tuple[Reply, bool]:
        """The reply to the message, and whether it is our own, the server's being lost: RFC 5321 section 4.2.5."""
        response = await smtp.execute_command(b"DATA")
        if response.code == _GO_ON and smtp.protocol is not None:
            # Not smtp.data: it does not tell whether a connection was lost before the message or after it.
            try:
                smtp.protocol.write(_stuffed(content))
                response = await smtp.protocol.read_response(timeout=self._timeout)
                if response.code != _COMPLETED and not _is_refusal(response.code):
                    raise aiosmtplib.SMTPResponseException(response.code, response.message)
            except (aiosmtplib.SMTPException, OSError) as error:
                await self._drop()
                return _reply_of(error), True
        elif not _is_refusal(response.code):
            raise aiosmtplib.SMTPResponseException(response.code, response.message)
        if _is_refusal(response.code):
            await self._reset()
        return _reply(response.code, response.message), False


_COMPLETED, _GO_ON = 250, 354


def _stuffed(content: bytes) -> bytes:
    """The message and its end as DATA carries them (RFC 5321 section 4.5.2); `content` ends in CRLF."""
    stuffed = content.replace(b"\r\n.", b"\r\n..")
    return (b"." if content.startswith(b".") else b"") + stuffed + b".\r\n"


def _is_refusal(code: int) -> bool:
    return 400 <= code < 600


def _reply(code: int, text: str) -> Reply:
    """What a server said; it may be hostile: what is not to be printed, among it octets that are no UTF-8, is U+FFFD."""
    return Reply.parse(
        code, "".join(char if char.isprintable() or char == "\n" else "\ufffd" for char in text)
    )


def _reply_of(error: aiosmtplib.SMTPException | OSError) -> Reply:
    """The refusal that an error amounts to: the server's own, or that of a lost connection."""
    if isinstance(error, aiosmtplib.SMTPResponseException):
        if _is_refusal(error.code):
            return _reply(error.code, error.message)
        error = OSError(f"unexpected reply {error.code} {error.message}")
    return _reply(CLOSED.code, f"{CLOSED.enhanced} {CLOSED.text}: {' '.join(str(error).split())}")


async def _connect(host: str, port: int, timeout: float) -> socket.socket:  # noqa: ASYNC109 - bounds one step of many
    """A connected, non-blocking socket; raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.setblocking(False)
        async with asyncio.timeout(timeout):
            await asyncio.get_running_loop().sock_connect(connection, (host, port))
    except BaseException:
        connection.close()
        raise
    return connection


ROUNDS = 32
"""Of the loop, until a transport without a way out has closed its socket; it takes fewer than ten."""


async def _closed(connection: socket.socket) -> None:
    """See a socket closed that a transport may hold.

    aiosmtplib lets go of its transport when it gives up. One that still waits for its peer, to take what
    is written or to end TLS, would stay for long: without a way out it ends at once.
    """
    with contextlib.suppress(OSError):  # not connected any more
        connection.shutdown(socket.SHUT_RDWR)
    for _ in range(ROUNDS):
        if connection.fileno() < 0:
            return
        await asyncio.sleep(0)
    connection.close()  # no transport ever had it
