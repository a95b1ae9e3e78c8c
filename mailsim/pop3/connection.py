"""One POP3 connection in asyncio: the driver of a session machine, from accept to the end of its socket.

It is an `asyncio.BufferedProtocol` rather than streams: one callback a segment, no task a connection and no room
of its own for each segment, which makes a one-command segment several times as cheap and keeps an idle session small.
asyncio sets TCP_NODELAY on every TCP connection itself.

Laws: a session's octets are written as the machine gives them; a client that does not read makes nothing
grow, for no input is taken while output waits; the autologout updates nothing and says nothing (RFC 1939 §3); what comes between STLS and TLS is lost (RFC 2595 §4).
"""

import asyncio
from collections import deque
from secrets import token_hex
from typing import NamedTuple, cast

from mailsim.pop3.effects import Certificate, Close, Drip, Effect, HalfClose, Secure, Send, Wait
from mailsim.pop3.lease import Lease
from mailsim.pop3.service import Service
from mailsim.pop3.session import BACKLOG
from mailsim.pop3.tls_transport import TlsTransport

SLICE = 256 * 1024  # octets handed to the transport at once
DRIPS = 10  # a second


class _Paced(NamedTuple):
    octets: memoryview
    rate: int


_Deed = memoryview | _Paced | Wait | HalfClose | Secure | Close


class Connection(asyncio.BufferedProtocol):
    """One client's connection."""

    def __init__(self, service: Service, open_ones: "set[Connection]", ended: asyncio.Event) -> None:
        """Take what is served, the set to be in while it lasts, and the event to set when that set is empty."""
        self._service = service
        self._open_ones = open_ones
        self._ended = ended
        self._loop = asyncio.get_running_loop()
        self._lease = Lease(service, stamp=token_hex(8))
        self._deeds: deque[_Deed] = deque()
        self._early = bytearray()  # what came while a fault holds the session up
        self._held: asyncio.TimerHandle | bool = False
        self._paused = False  # the transport has enough
        self._active = self._loop.time()
        self._plain: asyncio.Transport
        self._transport: asyncio.Transport | TlsTransport
        self._timer: asyncio.TimerHandle

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet, after the TLS handshake when there is one."""
        self._transport = self._plain = cast("asyncio.Transport", transport)  # what create_server makes
        self._open_ones.add(self)
        self._timer = self._loop.call_later(self._service.idle_seconds, self._look_at_clock)
        if self._service.implicit:
            self._secure(self._lease.session.certificate)
        else:
            self._perform(self._lease.session.start())

    def _secure(self, certificate: Certificate) -> None:
        """Have all that comes now, and all that is written, go through TLS."""
        certificates = self._service.certificates
        context = certificates.get(certificate, certificates[Certificate.GOOD])
        self._transport = TlsTransport(self._plain, self, context, self._service.buffer)

    def secured(self) -> None:
        """Go on over TLS: the handshake is done."""
        self._perform(
            self._lease.session.start() if self._service.implicit else self._lease.session.secured()
        )

    def get_buffer(self, _: int) -> memoryview:
        """Say where the next segment is to land."""
        return self._service.buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Take a segment."""
        self.data_received(bytes(self._service.buffer[:nbytes]))

    def data_received(self, data: bytes) -> None:
        """Take what the client said, however it came."""
        if self._held:
            self._early += data
            if len(self._early) > BACKLOG:
                self.abort()
        else:
            self._perform(self._lease.receive(data))

    def pause_writing(self) -> None:
        """Stop: the client does not read. Nor is it read: over TLS even what is no command may be answered."""
        self._paused = True
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        """Go on where `pause_writing` stopped."""
        self._paused = False
        self._active = self._loop.time()
        self._pump()

    def connection_lost(self, _: Exception | None) -> None:
        """Give the maildrop back."""
        self._timer.cancel()
        if isinstance(self._held, asyncio.TimerHandle):
            self._held.cancel()
        self._deeds.clear()
        self._lease.release()
        self._open_ones.discard(self)
        if not self._open_ones:
            self._ended.set()

    def abort(self) -> None:
        """End it now, whatever waits to be written."""
        self._transport.abort()

    def _perform(self, effects: list[Effect]) -> None:
        """Carry effects out: what the session asks of the mailboxes at once, the rest when its turn comes."""
        if effects:
            self._active = self._loop.time()
        for deed in self._lease.perform(effects):
            match deed:
                case Send(octets):
                    self._deeds.append(memoryview(octets))
                case Drip(octets, rate):
                    self._deeds.append(_Paced(memoryview(octets), rate))
                case _:
                    self._deeds.append(deed)
        self._pump()

    def _pump(self) -> None:
        """Write while the transport takes it; read and answer more only when all is written.

        So a client's FIN is seen only after all before it is answered. It is no QUIT: asyncio closes, nothing is
        removed (RFC 1939 §6).
        """
        while self._deeds and not (self._paused or self._held or self._transport.is_closing()):
            self._do(self._deeds.popleft())
        if self._transport.is_closing():
            return
        if self._held:
            self._transport.resume_reading()  # or the client's end would not be seen
        elif self._paused:
            self._transport.pause_reading()
        elif self._lease.session.behind:
            self._transport.pause_reading()
            self._loop.call_soon(self._catch_up)  # not at once: other sessions are waiting too
        else:
            self._transport.resume_reading()

    def _do(self, deed: _Deed) -> None:
        match deed:
            case memoryview():
                self._transport.write(deed[:SLICE])
                if len(deed) > SLICE:
                    self._deeds.appendleft(deed[SLICE:])
            case _Paced(octets, rate):
                step = max(1, rate // DRIPS)
                self._transport.write(octets[:step])
                if len(octets) > step:
                    self._deeds.appendleft(_Paced(octets[step:], rate))
                self._hold(min(step, len(octets)) / rate)
            case Wait(seconds):
                self._hold(seconds)
            case Secure(certificate):
                self._secure(certificate)
            case HalfClose() if self._transport is self._plain:
                self._plain.write_eof()
            case _:  # Close, and HalfClose where TLS has none
                self._deeds.clear()
                self._transport.close()

    def _hold(self, seconds: float | None) -> None:
        self._active = self._loop.time()
        self._held = True if seconds is None else self._loop.call_later(seconds, self._let_go)

    def _let_go(self) -> None:
        self._held = False
        self._pump()
        self._take_early()

    def _take_early(self) -> None:
        early, self._early = bytes(self._early), bytearray()
        if early:
            self.data_received(early)

    def _catch_up(self) -> None:
        if not self._transport.is_closing():
            self._perform(self._lease.receive(b""))

    def _look_at_clock(self) -> None:
        """End the session when it was idle too long; no UPDATE, no word (RFC 1939 §3)."""
        left = self._active + self._service.idle_seconds - self._loop.time()
        if left > 0:
            self._timer = self._loop.call_later(left, self._look_at_clock)
        else:
            self.abort()
