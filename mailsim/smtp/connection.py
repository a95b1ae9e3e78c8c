"""One connection of an SMTP server: aiosmtpd's protocol, with an end that can be seen and bounds on what it takes.

aiosmtpd 1.4.6 speaks RFC 5321, AUTH (RFC 4954), STARTTLS (RFC 3207) and SIZE (RFC 1870). Dealt with here:
- Its limits on commands are one dictionary for all connections, and too short for AUTH.
- An endless line is kept whole, however long; it ends the connection instead.
- A message too big is refused in its own words; the server's are said instead.
- DATA is read line by line; here in segments.
- STARTTLS is served again inside TLS, and a failed handshake leaves the connection unclosed.
- TLS from the first octet hides the connection until its handshake is done, so that it could not be ended.
"""

import asyncio
import collections
import contextlib
import logging
import ssl
from collections.abc import Callable
from typing import AnyStr, Protocol, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session, TLSSetupException, syntax

HARD_LIMIT = 256 * 1024 * 1024
"""Octets of one message, and of one line, whatever the server's own limit says."""
LINE_LIMIT = 1024 * 1024
"""Octets of a line that is taken: far over RFC 5321's 1,000, since real mail has such lines and real servers take them."""
AUTH_LIMIT = 12288
"""Octets of an AUTH command (RFC 4954 section 4)."""
HANDSHAKE_SECONDS = 30.0
_END_OF_DATA = b"\r\n.\r\n"
_TOO_BIG = ("552 Error: message size exceeds fixed maximum message size", "552 Error: Too much mail data")
"""What aiosmtpd says by itself, at MAIL and after DATA."""

# aiosmtpd warns at each login that it uses what it deprecates itself, and repeats what hostile clients send: neither
# belongs on standard error or among what a failed test has logged.
_LOG = logging.getLogger("mail.log")
_LOG.addHandler(logging.NullHandler())
_LOG.setLevel(logging.ERROR)


def _unstuffed(content: bytes) -> bytes:
    """The message: each line that begins with a dot loses it (RFC 5321 section 4.5.2)."""
    content = content.replace(b"\r\n.", b"\r\n")
    return content[1:] if content.startswith(b".") else content


def _has_long_line(content: bytes) -> bool:
    return len(content) > LINE_LIMIT and max(map(len, content.split(b"\r\n"))) > LINE_LIMIT


class Hooks(Protocol):
    """What a connection asks besides aiosmtpd's `handle_` hooks, which are found by name."""

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: LoginPassword
    ) -> AuthResult:
        """Whether these credentials are an account's."""
        ...

    def too_big(self, connection: "Connection") -> str:
        """The reply to a message over the size that is taken."""
        ...


class Connection(SMTP):
    """One client's connection, from accept to the end of its socket and its task."""

    line_length_limit = LINE_LIMIT

    def __init__(
        self,
        hooks: Hooks,
        connections: "set[Connection]",
        ended: Callable[[], None],
        *,
        hostname: str,
        starttls: ssl.SSLContext | None,
        implicit: ssl.SSLContext | None,
        login: bool,
        size_limit: int,
    ) -> None:
        """A member of `connections` as long as it lives; `ended` is called when it has left them."""
        self.command_size_limits = collections.defaultdict(lambda: self.command_size_limit)
        # aiosmtpd counts stuffed dots too, at most one in four octets: what it takes is counted again.
        self.size_taken = min(2 * size_limit, HARD_LIMIT) or HARD_LIMIT
        super().__init__(
            hooks,
            data_size_limit=self.size_taken,
            enable_SMTPUTF8=True,
            hostname=hostname,
            ident="mailsim",
            tls_context=starttls,
            auth_require_tls=starttls is not None,
            auth_exclude_mechanism=() if login else ("PLAIN", "LOGIN"),
            authenticator=hooks.authenticate,
            loop=asyncio.get_running_loop(),
        )
        self.command_size_limits["AUTH"] = AUTH_LIMIT
        self._hooks = hooks
        self._connections = connections
        self._ended = ended
        self._implicit = implicit
        self._socket_transport: asyncio.Transport
        self._handshake: asyncio.Task[None] | None = None
        self._line_octets = 0
        self._is_lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet; before that, where TLS comes first, do its handshake."""
        if self._original_transport is not None:  # after STARTTLS
            super().connection_made(transport)
            return
        self._socket_transport = cast("asyncio.Transport", transport)  # what create_server makes
        self._connections.add(self)
        if self._implicit is None:
            self._begin(self._socket_transport)
        else:
            self._handshake = self.loop.create_task(self._secure(self._socket_transport, self._implicit))

    async def _secure(self, transport: asyncio.Transport, context: ssl.SSLContext) -> None:
        try:
            secured = await self.loop.start_tls(
                transport, self, context, server_side=True, ssl_handshake_timeout=HANDSHAKE_SECONDS
            )
        except OSError:  # an SSLError too: no TLS client, one that does not trust us, or one that is gone
            secured = None
        if secured is None:
            self.connection_lost(None)
        else:
            self._begin(secured)

    def _begin(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        assert self._handler_coroutine is not None  # noqa: S101 - aiosmtpd has just made it
        self._handler_coroutine.add_done_callback(self._task_ended)

    def data_received(self, data: bytes) -> None:
        """Take a segment; a line without end is no reason to keep it all."""
        end = data.rfind(b"\n")
        self._line_octets = self._line_octets + len(data) if end < 0 else len(data) - end - 1
        if self._line_octets > HARD_LIMIT:
            self.abort()
        else:
            super().data_received(data)

    def eof_received(self) -> bool | None:
        """End, as aiosmtpd does; in mid-handshake there is nothing to end yet."""
        return False if self._handler_coroutine is None else super().eof_received()

    def connection_lost(self, error: Exception | None) -> None:
        """End the task, where there is one."""
        if self._handler_coroutine is not None and not self._is_lost:
            super().connection_lost(error)
        self._is_lost = True
        self._leave()

    def _task_ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            task.exception()  # a connection reset; seen, so that asyncio does not tell of it
        self._leave()

    def _leave(self) -> None:
        task = self._handler_coroutine
        if self._is_lost and (task is None or task.done()):
            self._connections.discard(self)
            self._ended()

    def abort(self) -> None:
        """End it now, whatever waits to be read or written."""
        self._socket_transport.abort()

    async def push(self, status: AnyStr) -> None:
        """Answer; where aiosmtpd finds a message too big, in the server's own words."""
        if status in _TOO_BIG:
            await super().push(self._hooks.too_big(self))
        else:
            await super().push(status)

    @syntax("DATA")
    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802 - aiosmtpd's name
        """Take a message in segments as they come; line by line, as aiosmtpd does, costs a quarter of a delivery."""
        if await self.check_helo_needed() or await self.check_auth_needed("DATA"):
            return
        assert self.envelope is not None  # noqa: S101 - aiosmtpd makes it with the connection
        if not self.envelope.rcpt_tos:
            await self.push("503 Error: need RCPT command")
        elif arg:
            await self.push("501 Syntax: DATA")
        else:
            await self.push("354 End data with <CR><LF>.<CR><LF>")
            await self._take_message(self.envelope)

    async def _take_message(self, envelope: Envelope) -> None:
        content = await self._content()
        if content is None:
            reply = self._hooks.too_big(self)
        elif _has_long_line(content):
            reply = "500 Line too long (see RFC5321 4.5.3.1.6)"
        else:
            envelope.content = envelope.original_content = _unstuffed(content)
            reply = await self._call_handler_hook("DATA")
        self.envelope = Envelope()
        await self.push(reply)

    async def _content(self) -> bytes | None:
        """What stands before the end of data, dots still stuffed; None when it is more than is taken.

        Raises:
            ConnectionResetError: The connection ended before the data did.
        """
        data, searched, too_big = bytearray(b"\r\n"), 0, False  # the end may stand on the first line
        while (end := data.find(_END_OF_DATA, searched)) < 0:
            if len(data) > self.size_taken:
                too_big = True
                del data[: -len(_END_OF_DATA)]
            searched = max(0, len(data) - len(_END_OF_DATA))
            segment = await self._reader.read(HARD_LIMIT)
            if not segment:
                raise ConnectionResetError
            data += segment
        self._reader.feed_data(
            bytes(data[end + len(_END_OF_DATA) :])
        )  # all was read: what is behind goes back
        return None if too_big or end > self.size_taken else bytes(data[2 : end + 2])

    @syntax("STARTTLS", when="tls_context")
    async def smtp_STARTTLS(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's name
        """Secure the connection, once (RFC 3207 section 4.2); one that cannot be secured ends."""
        if self._tls_protocol is not None:
            await self.push("503 5.5.1 TLS is active already")
            return
        with contextlib.suppress(TLSSetupException):
            await super().smtp_STARTTLS(arg)
        if self._socket_transport.is_closing():
            self.connection_lost(None)  # which asyncio says only of a connection that was secured
