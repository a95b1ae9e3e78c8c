"""The server's side of TLS as a machine without I/O: octets in, plain text and octets out.

Laws: no octets raise; what came whole before the end, or before what is not TLS, is returned; between two calls
the machine holds less than two records. asyncio's own TLS holds 256 KB for every session, idle or not.
RFC 8446, RFC 5246; how to end is RFC 8446 §6.1.
"""

import ssl
from collections.abc import Iterator
from contextlib import suppress

RECORD = 16 * 1024  # octets of plain text in a record at most (RFC 8446 §5.1)


class ServerTls:
    """One connection's TLS. What is to be written is returned by `send`, `close` and `reply`.

    Attributes:
        ready: The handshake is done.
        ended: Nothing more can come: the other side said so, or what it said is no TLS.
    """

    __slots__ = ("_incoming", "_outgoing", "_tls", "ended", "ready")

    def __init__(self, context: ssl.SSLContext) -> None:
        self.ready = False
        self.ended = False
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)

    def receive(self, octets: bytes | memoryview) -> bytes:
        """Take what came, any octets in any pieces, and return the plain text that it completes.

        After it `reply` may have something to write, the alert that explains a broken handshake too.
        """
        plain = bytearray()
        for at in range(0, len(octets), RECORD):  # a MemoryBIO never gives back the room it took
            if self.ended:
                break
            self._incoming.write(octets[at : at + RECORD])
            try:
                self._read(plain)
            except ssl.SSLWantReadError:
                pass
            except (
                ssl.SSLError
            ):  # no TLS client, one that does not trust us, or a record that was tampered with
                self.ended = True
        return bytes(plain)

    def _read(self, plain: bytearray) -> None:
        if not self.ready:
            self._tls.do_handshake()
            self.ready = True
        while some := self._tls.read(RECORD):
            plain += some
        self.ended = True

    def reply(self) -> bytes:
        """Return what TLS itself has to say: its part of the handshake, alerts."""
        return self._outgoing.read()

    def send(self, plain: bytes | memoryview) -> bytes:
        """Return the records that hold a plain text; none, and `ended`, where TLS takes none any more.

        That is so after what is not TLS, and in a renegotiation, which no client need ask for (RFC 9325 §3.5).
        """
        try:
            return b"".join(self._records(memoryview(plain)))
        except ssl.SSLError:
            self.ended = True
            return b""

    def _records(self, plain: memoryview) -> Iterator[bytes]:
        for at in range(0, len(plain), RECORD):
            self._tls.write(plain[at : at + RECORD])
            yield self._outgoing.read()

    def close(self) -> bytes:
        """Return the farewell; the other side's is not waited for (RFC 8446 §6.1)."""
        with suppress(ssl.SSLError):  # the other side has not said its own yet; or there was no handshake
            self._tls.unwrap()
        return self._outgoing.read()
