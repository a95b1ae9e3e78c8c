"""TLS between a connection and its socket in asyncio: a protocol to the one, a transport to the other.

Laws: it queues nothing: what is written is handed on at once as records, so the socket's transport alone says when
to pause; what was read is handed on at once too; the client's farewell is the end only when the connection reads
again, so all that came before it is answered; a handshake is over in `HANDSHAKE_SECONDS`, or the connection is.
"""

import asyncio
import ssl
from typing import Protocol

from mailsim.pop3.tls import ServerTls

HANDSHAKE_SECONDS = 30.0


class Secured(Protocol):
    """What is told of a connection over TLS: the calls of `asyncio.Protocol`, without a second `connection_made`."""

    def secured(self) -> None:
        """The handshake is done; all that comes now is over TLS."""

    def data_received(self, data: bytes, /) -> None:
        """Take plain text."""

    def pause_writing(self) -> None:
        """Stop."""

    def resume_writing(self) -> None:
        """Go on."""

    def connection_lost(self, error: Exception | None, /) -> None:
        """It is over, handshake or not."""


class TlsTransport(asyncio.BufferedProtocol):
    """The server's side of one connection. Made in the place of `above`, it takes all that comes from then on."""

    def __init__(
        self, below: asyncio.Transport, above: Secured, context: ssl.SSLContext, buffer: memoryview
    ) -> None:
        """`buffer` is where records land; it may be that of other connections too."""
        self._buffer = buffer
        self._below = below
        self._above = above
        self._tls = ServerTls(context)
        self._reading = True
        self._timer = asyncio.get_running_loop().call_later(HANDSHAKE_SECONDS, below.abort)
        below.set_protocol(self)
        below.resume_reading()

    def get_buffer(self, _: int) -> memoryview:
        """Say where what the socket gives is to land."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Take what the socket gave."""
        was_ready = self._tls.ready
        plain = self._tls.receive(self._buffer[:nbytes])
        if reply := self._tls.reply():
            self._below.write(reply)
        if self._tls.ready and not was_ready:
            self._timer.cancel()
            self._above.secured()
        if plain:
            self._above.data_received(plain)
        self._end_if_over()

    def pause_writing(self) -> None:
        """Stop: the client does not read."""
        self._above.pause_writing()

    def resume_writing(self) -> None:
        """Go on."""
        self._above.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        self._timer.cancel()
        self._above.connection_lost(exc)

    def write(self, plain: bytes | memoryview) -> None:
        """Write plain text; what TLS cannot take any more ends the connection."""
        if records := self._tls.send(plain):
            self._below.write(records)
        elif plain:
            self._below.abort()

    def pause_reading(self) -> None:
        """Take nothing more for a while."""
        self._reading = False
        self._below.pause_reading()

    def resume_reading(self) -> None:
        """Take more, if there is any to come."""
        self._reading = True
        self._below.resume_reading()
        self._end_if_over()

    def _end_if_over(self) -> None:
        if self._tls.ended and self._reading and not self._below.is_closing():
            self.close()

    def is_closing(self) -> bool:
        """Whether it is over, or nearly."""
        return self._below.is_closing()

    def close(self) -> None:
        """Close, with a farewell, when all is written."""
        if farewell := self._tls.close():
            self._below.write(farewell)
        self._below.close()

    def abort(self) -> None:
        """End it now, whatever waits to be written."""
        self._below.abort()
