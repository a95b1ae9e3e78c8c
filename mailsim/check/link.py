"""A check's connection: name, address, TLS and first words one after the other, so that each failure is its own.

Laws: every wait ends at its deadline, name resolution too; what is kept of a server's words is bounded; nothing but
`Stopped` comes out. TLS is as strict as the context given, except at a second look, whose only question is who answers.
"""

import asyncio
import os
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import anyio
from anyio.abc import ByteStream
from anyio.streams.tls import TLSStream

from mailsim.check.causes import Answer, Trouble, recognised
from mailsim.check.verdict import Step

MOST = 64 * 1024
"""Octets of a server's words that are read before they count as no line."""
_GREETING_SHARE = 0.6
"""Of the time left, for a greeting or handshake; the rest is for a second look at a silent port."""
_POKE = b"QUIT\r\n\r\n"
"""What has a web server answer, and does no harm elsewhere."""
_HOST_MISMATCH = {62, 64}  # OpenSSL's X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH
_OUT_OF_DATE = {9, 10}  # X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED
_OTHER_TLS = ("ALERT", "UNSUPPORTED_PROTOCOL", "NO_PROTOCOLS", "NO_CIPHERS", "DH_KEY", "EE_KEY")
"""In OpenSSL's reasons: the other side does speak TLS."""

Addresses = Mapping[tuple[str, int], tuple[str, int]]


class Stopped(Exception):  # noqa: N818 - the end of a check, which never leaves this room
    """A check cannot go on."""

    def __init__(
        self,
        trouble: Trouble,
        said: str | bytes = "",
        *,
        code: str = "",
        step: Step | None = None,
        answer: Answer | None = None,
    ) -> None:
        super().__init__(trouble.name)
        self.trouble = trouble
        self.said = said
        self.code = code
        self.step = step
        """Where this is not the step that the check was at."""
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Place:
    """Where a server is."""

    name: str
    """What its certificate must bear."""
    port: int
    addresses: Addresses | None = field(default=None, repr=False)
    """Where names and ports lead, such as a Lab's; the DNS where not given."""


@dataclass(slots=True)
class Link:
    """One connection."""

    stream: ByteStream
    _buffer: bytearray = field(default_factory=bytearray)

    async def say(self, octets: bytes, until: float) -> None:
        """Send; raises Stopped."""
        with _bounded(until):
            await self.stream.send(octets)

    async def more(self, until: float) -> bytes:
        """The next octets, whatever they are; raises Stopped."""
        if self._buffer:
            octets = bytes(self._buffer)
            self._buffer.clear()
            return octets
        with _bounded(until):
            return await self.stream.receive()

    async def line(self, until: float) -> bytes:
        """One line with its end; raises Stopped, with what had come of it."""
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > MOST:
                raise Stopped(Trouble.STRANGE, bytes(self._buffer))
            try:
                with _bounded(until):
                    self._buffer += await self.stream.receive()
            except Stopped as stopped:
                raise Stopped(stopped.trouble, bytes(self._buffer) or stopped.said) from stopped
        line = bytes(self._buffer[: end + 1])
        del self._buffer[: end + 1]
        return line

    async def secure(self, context: ssl.SSLContext, name: str, until: float) -> None:
        """Speak TLS from now on; raises Stopped."""
        if self._buffer:  # what came before TLS was said by anyone: RFC 3207 section 6
            raise Stopped(Trouble.STRANGE, bytes(self._buffer))
        with _bounded(until):
            try:
                self.stream = await TLSStream.wrap(
                    self.stream,
                    server_side=False,
                    hostname=name,
                    ssl_context=context,
                    standard_compatible=False,
                )
            except ssl.SSLError as error:
                raise _handshake(error) from error

    async def close(self) -> None:
        """Let go at once."""
        await anyio.aclose_forcefully(self.stream)


async def opened(place: Place, until: float) -> Link:
    """A connection, without TLS; raises Stopped at the step `resolve` or `connect`."""
    hosts, port = await resolved(place, until)
    error: Stopped = Stopped(Trouble.NO_CONNECTION, "the name has no address", step=Step.CONNECT)
    for left, host in zip(range(len(hosts), 0, -1), hosts, strict=True):
        now = anyio.current_time()
        try:
            with _bounded(now + (until - now) / left):
                return Link(await anyio.connect_tcp(host, port))
        except Stopped as stopped:
            error = stopped
    raise Stopped(error.trouble, error.said, step=Step.CONNECT)


async def greeted(link: Link, place: Place, until: float, *, tls: bool) -> bytes:
    """The server's first line; where none comes, a second look tells who answers instead. Raises Stopped.

    `tls` says whether the connection speaks it already.
    """
    try:
        return await link.line(share(until))
    except Stopped as stopped:
        answer = None
        if stopped.said and (protocol := recognised(_octets(stopped.said))):
            answer = Answer(protocol, tls)
        elif stopped.trouble is Trouble.SILENCE:
            answer = await _poked(link, share(until), tls=tls)
        if answer is None and not tls:
            answer = await look(place, until, tls=True)
        raise Stopped(stopped.trouble, stopped.said, answer=answer) from stopped


async def secured(link: Link, place: Place, context: ssl.SSLContext, until: float) -> None:
    """TLS from the first octet; where there is none, a second look tells who answers. Raises Stopped."""
    try:
        await link.secure(context, place.name, share(until))
    except Stopped as stopped:
        if stopped.trouble not in {Trouble.NOT_TLS, Trouble.SILENCE, Trouble.CLOSED}:
            raise
        answer = await look(place, until, tls=False)
        raise Stopped(stopped.trouble, stopped.said, answer=answer) from stopped


async def look(place: Place, until: float, *, tls: bool) -> Answer | None:
    """Who answers at the port, over TLS or without, on a connection of its own; None when nobody does."""
    try:
        link = await opened(place, until)
    except Stopped:
        return None
    try:
        if tls:
            await link.secure(_unquestioning(), place.name, share(until))
        try:
            words = await link.line(share(until))
        except Stopped as stopped:
            poked = await _poked(link, until, tls=tls) if stopped.trouble is Trouble.SILENCE else None
            return poked or Answer(recognised(_octets(stopped.said)), tls)
        return Answer(recognised(words), tls)
    except Stopped:
        return None
    finally:
        await link.close()


async def _poked(link: Link, until: float, *, tls: bool) -> Answer | None:
    """Who answers a line that all protocols can hear; None when that does not tell."""
    try:
        await link.say(_POKE, until)
        words = await link.more(until)
    except Stopped:
        return None
    protocol = recognised(words)
    return Answer(protocol, tls) if protocol else None


def share(until: float) -> float:
    """When the larger part of the time that is left is over: the rest is for what comes after a disappointment."""
    now = anyio.current_time()
    return now + (until - now) * _GREETING_SHARE


def _unquestioning() -> ssl.SSLContext:
    """Believes any certificate: nothing but the server's first words is asked of it, and no secret goes there."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _octets(said: str | bytes) -> bytes:
    return said if isinstance(said, bytes) else b""


def _handshake(error: ssl.SSLError) -> Stopped:
    """What a handshake that failed tells."""
    if isinstance(error, ssl.SSLCertVerificationError):
        said = error.verify_message or str(error)
        if error.verify_code in _HOST_MISMATCH:
            return Stopped(Trouble.WRONG_HOST, said)
        expired = error.verify_code in _OUT_OF_DATE
        return Stopped(Trouble.EXPIRED if expired else Trouble.UNTRUSTED, said)
    reason = error.reason or str(error)
    speaks = any(word in reason for word in _OTHER_TLS)
    return Stopped(Trouble.NO_HANDSHAKE if speaks else Trouble.NOT_TLS, reason.lower().replace("_", " "))


@contextmanager
def _bounded(until: float) -> Iterator[None]:
    """Turn the end of time, of the connection and of the operating system's patience into Stopped."""
    try:
        with anyio.fail_after(max(0.0, until - anyio.current_time())):
            yield
    except TimeoutError:
        raise Stopped(Trouble.SILENCE) from None
    except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
        raise Stopped(Trouble.CLOSED) from None
    except OSError as error:
        cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
        # asyncio's own text tells the address, not what is wrong with it.
        said = os.strerror(cause.errno) if cause.errno else str(cause)
        raise Stopped(Trouble.NO_CONNECTION, said) from None


async def resolved(place: Place, until: float) -> tuple[Sequence[str], int]:
    """The addresses behind a name, and the port; raises Stopped at the step `resolve` or `connect`."""
    if place.addresses is None:
        return await _looked_up(place.name, place.port, until), place.port
    if found := place.addresses.get((place.name, place.port)):
        return [found[0]], found[1]
    if any(name == place.name for name, _ in place.addresses):
        raise Stopped(Trouble.NO_CONNECTION, "nobody listens on that port", step=Step.CONNECT)
    raise Stopped(Trouble.NO_NAME, "no server has that name", step=Step.RESOLVE)


async def _looked_up(name: str, port: int, until: float) -> Sequence[str]:
    loop = asyncio.get_running_loop()
    found: asyncio.Future[Sequence[str]] = loop.create_future()

    def tell(result: Sequence[str] | OSError | UnicodeError) -> None:
        if found.done():
            return
        if isinstance(result, Exception):
            found.set_exception(result)
        else:
            found.set_result(result)

    def ask() -> None:
        result: Sequence[str] | OSError | UnicodeError
        try:
            rows = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
            result = list(dict.fromkeys(str(row[4][0]) for row in rows))
        except (OSError, UnicodeError) as error:
            result = error
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(tell, result)

    # Not the loop's executor: a resolver that hangs would keep the loop from its end, long after the deadline.
    threading.Thread(target=ask, name="mailsim-resolve", daemon=True).start()
    try:
        with anyio.fail_after(max(0.0, until - anyio.current_time())):
            return await found
    except TimeoutError:
        raise Stopped(Trouble.SILENCE, "name resolution took too long", step=Step.RESOLVE) from None
    except OSError as error:
        raise Stopped(Trouble.NO_NAME, error.strerror or str(error), step=Step.RESOLVE) from None
    except UnicodeError as error:
        raise Stopped(Trouble.NO_NAME, str(error), step=Step.RESOLVE) from None
