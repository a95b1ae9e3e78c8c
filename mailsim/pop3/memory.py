"""A channel to a POP3 server without sockets: the collector's line and the server's session joined by calls.

Laws: the client reads what it would read over a socket, but that nothing is lost on the way; nobody waits: time that
passes is told to who keeps it. Where a line would be silent for longer than the client waits, it has waited so long.
"""

from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from typing import TypeVar

from mailsim.pop3.effects import Certificate, Drip, Send, Wait
from mailsim.pop3.lease import Deed, Lease
from mailsim.pop3.service import Service

_Result = TypeVar("_Result")
_DISTRUST = {
    Certificate.EXPIRED: "certificate has expired",
    Certificate.FOREIGN: "unable to get local issuer certificate",
}
"""What OpenSSL says of a certificate."""


class MemoryChannel:
    """One client's connection to a service; a `line.Channel` whose coroutines never wait."""

    def __init__(
        self, service: Service, *, passed: Callable[[float], None], silence: float, secured: bool, stamp: str
    ) -> None:
        """`passed` is told the seconds that pass; `silence` is the longest wait; `secured` is TLS from the first octet.

        `stamp` is a word that no other connection is given.
        """
        self._lease = Lease(service, stamp=stamp)
        self._passed = passed
        self._silence = silence
        self._secured = secured
        self._deeds: deque[Deed] = deque()
        self._written: list[bytes] = []
        self._over = False

    async def open(self) -> None:
        """Connect; raises OSError where the server shows a certificate that nobody should trust."""
        distrust = _DISTRUST.get(self._lease.session.certificate)
        if self._secured and distrust:
            raise OSError(f"certificate verify failed: {distrust}")
        self._deeds.extend(self._lease.perform(self._lease.session.start()))

    def write(self, octets: bytes) -> None:
        """Send commands."""
        self._written.append(octets)

    async def read(self) -> bytes:
        """What the server sends next; empty when it has closed. Raises TimeoutError."""
        while not self._over:
            if not self._deeds and not self._answer():
                raise self._silent()
            if octets := self._do(self._deeds.popleft()):
                return octets
        return b""

    def _answer(self) -> bool:
        """Have the server answer what it was sent; False when it has nothing to say."""
        if not (self._written or self._lease.session.behind):
            return False
        octets = b"".join(self._written)
        self._written.clear()
        self._deeds.extend(self._lease.perform(self._lease.receive(octets)))
        return bool(self._deeds) or self._answer()

    def _do(self, deed: Deed) -> bytes:
        match deed:
            case Send(octets):
                return octets
            case Drip(octets, rate):
                self._passed(len(octets) / rate)
                return octets
            case Wait(seconds):
                if seconds is None or seconds >= self._silence:
                    raise self._silent()
                self._passed(seconds)
            case _:  # Close and HalfClose: the client reads no more; STLS is never asked for
                self._over = True
        return b""

    def _silent(self) -> TimeoutError:
        self._passed(self._silence)
        return TimeoutError("the server says nothing")

    def meanwhile(self, work: Coroutine[None, None, _Result]) -> Awaitable[_Result]:
        """Have work done when it is awaited: nothing else goes on meanwhile."""
        return work

    async def close(self, *, farewell: bool) -> None:  # noqa: ARG002 - nobody waits here
        """End it; what the server was still to be told is lost."""
        self._over = True
        self._lease.release()
