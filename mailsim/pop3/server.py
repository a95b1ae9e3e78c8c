"""The asyncio driver of POP3 sessions: sockets, TLS, flow control and the autologout timer.

It is an `asyncio.Protocol` rather than streams: one callback a segment and no task a connection, which
halves the cost of a one-command segment and keeps an idle session small. asyncio sets TCP_NODELAY on
every TCP connection itself.

Laws: a session's octets are written as the machine gives them; a client that does not read makes nothing
grow, for no input is taken while output waits; a maildrop opened is updated or released exactly once;
the autologout updates nothing and says nothing (RFC 1939 §3); after `close` no task or socket is left.
Implicit TLS is RFC 8314 §3.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Sequence
from typing import Protocol, cast

from mailsim.pop3.effects import Authenticate, Effect, Refusal, Remove, Send
from mailsim.pop3.maildrop import Maildrop
from mailsim.pop3.session import Session

IDLE_SECONDS = 600.0  # RFC 1939 §3: an autologout timer is of at least 10 minutes
HANDSHAKE_SECONDS = 30.0
SLICE = 256 * 1024  # octets handed to the transport at once


class Mailboxes(Protocol):
    """What a server serves. Its methods are called on the loop, so none may block for long."""

    def open(self, user: str, password: str) -> Maildrop | Refusal:
        """Lock the user's maildrop and return it, or say why not."""

    def update(self, maildrop: Maildrop, removed: Sequence[str]) -> bool:
        """Remove these uids and unlock, after QUIT; False when not all could be removed."""

    def release(self, maildrop: Maildrop) -> None:
        """Unlock: the session ended without UPDATE."""


class Listener:
    """A POP3 server that listens in the running loop, made by `serve`.

    Attributes:
        host: The address it listens on.
        port: The port it listens on, the real one when 0 was asked for.
    """

    def __init__(self, mailboxes: Mailboxes, tls: ssl.SSLContext | None, idle_seconds: float) -> None:
        self.host = ""
        self.port = 0
        self.mailboxes = mailboxes
        self.tls = tls
        self.idle_seconds = idle_seconds
        self.connections: set[Connection] = set()
        self._server: asyncio.Server | None = None
        self._empty = asyncio.Event()

    async def listen(self, host: str, port: int) -> None:
        """Begin to listen.

        Raises:
            OSError: The address or port cannot be had.
        """
        self._server = await asyncio.get_running_loop().create_server(lambda: Connection(self), host, port)
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

    def ended(self, connection: "Connection") -> None:
        """Hear of a connection that is gone."""
        self.connections.discard(connection)
        if not self.connections:
            self._empty.set()


async def serve(
    mailboxes: Mailboxes,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    tls: ssl.SSLContext | None = None,
    idle_seconds: float = IDLE_SECONDS,
) -> Listener:
    """Serve mailboxes by POP3 in the running loop, with TLS from the first octet when a context is given.

    Returns:
        A listener that accepts connections already; port 0 takes any free port.

    Raises:
        OSError: The address or port cannot be had.
    """
    listener = Listener(mailboxes, tls, idle_seconds)
    await listener.listen(host, port)
    return listener


class Connection(asyncio.Protocol):
    """One client's connection, from accept to the end of its socket."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._loop = asyncio.get_running_loop()
        self._session = Session()
        self._maildrop: Maildrop | None = None
        self._outgoing: deque[memoryview] = deque()
        self._paused = False  # the transport has enough
        self._closing = False  # close when all is written
        self._active = self._loop.time()
        self._transport: asyncio.Transport
        self._timer: asyncio.TimerHandle
        self._handshake: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet, after the TLS handshake when there is one."""
        self._transport = cast("asyncio.Transport", transport)  # what create_server makes
        self._listener.connections.add(self)
        self._timer = self._loop.call_later(self._listener.idle_seconds, self._look_at_clock)
        if self._listener.tls is None:
            self._perform(self._session.start())
        else:
            self._handshake = self._loop.create_task(self._secure(self._listener.tls))

    async def _secure(self, tls: ssl.SSLContext) -> None:
        # start_tls, not create_server(ssl=...): that one hides its transport until the handshake is done,
        # so a client that stops in mid-handshake could not be ended.
        try:
            secured = await self._loop.start_tls(
                self._transport, self, tls, server_side=True, ssl_handshake_timeout=HANDSHAKE_SECONDS
            )
        except OSError:  # an SSLError too: no TLS client, one that does not trust us, or one that is gone
            secured = None
        if secured is None:
            self.connection_lost(None)
            return
        self._transport = secured
        self._perform(self._session.start())

    def data_received(self, data: bytes) -> None:
        """Take a segment."""
        self._perform(self._session.receive(data))

    def pause_writing(self) -> None:
        """Stop: the client does not read."""
        self._paused = True

    def resume_writing(self) -> None:
        """Go on where `pause_writing` stopped."""
        self._paused = False
        self._active = self._loop.time()
        self._pump()

    def connection_lost(self, _: Exception | None) -> None:
        """Give the maildrop back: without QUIT nothing is removed."""
        self._timer.cancel()
        self._outgoing.clear()
        self._closing = True
        if self._maildrop is not None:
            self._listener.mailboxes.release(self._maildrop)
            self._maildrop = None
        self._listener.ended(self)

    def abort(self) -> None:
        """End it now, whatever waits to be written."""
        self._transport.abort()

    def _perform(self, effects: list[Effect]) -> None:
        """Carry effects out, and those that the session returns to the answers."""
        mailboxes = self._listener.mailboxes
        waiting = deque(effects)
        if effects:
            self._active = self._loop.time()
        while waiting:
            match waiting.popleft():
                case Send(octets):
                    self._outgoing.append(memoryview(octets))
                case Authenticate(user, password):
                    opened = mailboxes.open(user, password)
                    if isinstance(opened, Refusal):
                        waiting.extend(self._session.refused(opened))
                    else:
                        self._maildrop = opened
                        waiting.extend(self._session.authenticated(opened))
                case Remove(uids):
                    waiting.extend(self._session.removed(failed=not self._update(uids)))
                case _:  # Close
                    self._closing = True
        self._pump()

    def _update(self, uids: Sequence[str]) -> bool:
        maildrop, self._maildrop = self._maildrop, None
        return maildrop is not None and self._listener.mailboxes.update(maildrop, uids)

    def _pump(self) -> None:
        """Write while the transport takes it; read and answer more only when all is written.

        So a client's FIN is seen only after all before it is answered. It is no QUIT: asyncio closes, nothing is
        removed (RFC 1939 §6).
        """
        while self._outgoing and not self._paused:
            octets = self._outgoing.popleft()
            self._transport.write(octets[:SLICE])
            if len(octets) > SLICE:
                self._outgoing.appendleft(octets[SLICE:])
        if self._closing and not self._outgoing:
            self._transport.close()
        elif self._paused:
            self._transport.pause_reading()
        elif self._session.behind:
            self._transport.pause_reading()
            self._loop.call_soon(self._catch_up)  # not at once: other sessions are waiting too
        else:
            self._transport.resume_reading()

    def _catch_up(self) -> None:
        if not self._transport.is_closing():
            self._perform(self._session.receive(b""))

    def _look_at_clock(self) -> None:
        """End the session when it was idle too long; no UPDATE, no word (RFC 1939 §3)."""
        left = self._active + self._listener.idle_seconds - self._loop.time()
        if left > 0:
            self._timer = self._loop.call_later(left, self._look_at_clock)
        else:
            self.abort()
