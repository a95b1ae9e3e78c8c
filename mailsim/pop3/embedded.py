"""`Pop3Server`: a POP3 server for tests and notebooks, one line to start, in a loop and thread of its own.

It works the same in a plain script, under pytest and inside a running loop, because it never lives on its
caller's loop.
"""

import ssl
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from enum import StrEnum
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Literal, Self

from anyio import to_thread
from anyio.from_thread import start_blocking_portal

from mailsim.errors import MailsimError
from mailsim.pop3.maildrops import Maildrops
from mailsim.pop3.server import serve


class Tls(StrEnum):
    """How a server speaks TLS."""

    NONE = "none"
    IMPLICIT = "implicit"
    """From the first octet (RFC 8314 §3)."""


class Pop3ServerError(MailsimError):
    """A server asked for what it cannot do."""


class Pop3Server:
    """A POP3 server on a free port of the loopback, alive inside `with` or `async with`.

    Takes a mapping of user to password and messages: `{"alice": ("secret", [octets, ...])}`, and
    `tls="none"` or `"implicit"`. Mail stays as it was left when the server is entered again.

    Attributes:
        host: The address to connect to; a certificate is good for it and for `localhost`.
        ca: The file with the certificate to trust, while the server runs; None without TLS.
    """

    host = "127.0.0.1"

    def __init__(
        self,
        maildrops: Mapping[str, tuple[str, Iterable[bytes]]],
        *,
        tls: Literal["none", "implicit"] | Tls = Tls.NONE,
    ) -> None:
        if tls not in tuple(Tls):
            raise Pop3ServerError(f"tls={tls!r}: write one of {', '.join(map(repr, map(str, Tls)))}")
        self.ca: Path | None = None
        self._tls = Tls(tls)
        self._maildrops = Maildrops(maildrops)
        self._port: int | None = None
        self._running: ExitStack | None = None

    def __repr__(self) -> str:
        where = f"{self.host}:{self._port}" if self._running else "not running"
        return f"Pop3Server({where}, tls={str(self._tls)!r}, users: {', '.join(self._maildrops.users)})"

    @property
    def port(self) -> int:
        """The port it listens on.

        Raises:
            Pop3ServerError: It was never entered.
        """
        if self._port is None:
            raise Pop3ServerError("this server has no port yet: enter it first, `with server:`")
        return self._port

    def messages(self, user: str) -> tuple[bytes, ...]:
        """Return what a user's maildrop holds now, each message's octets as they were given, oldest first.

        Raises:
            UnknownUserError: The user has no maildrop.
        """
        return self._maildrops.messages(user)

    def __enter__(self) -> Self:
        if self._running is not None:
            raise Pop3ServerError(f"{self!r} is running: leave it before entering it again")
        with ExitStack() as stack:
            context = self._certify(stack) if self._tls is Tls.IMPLICIT else None
            portal = stack.enter_context(start_blocking_portal("asyncio", name="mailsim-pop3"))
            listener = portal.call(partial(serve, self._maildrops, host=self.host, tls=context))
            stack.callback(portal.call, listener.close)
            self._port = listener.port
            self._running = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._running is not None:
            self._running.close()
        self._running = None
        self.ca = None

    def _certify(self, stack: ExitStack) -> ssl.SSLContext:
        """Make a certificate of a new test CA, and the CA's file for as long as the stack lives."""
        import trustme  # noqa: PLC0415 - slow to import, and only TLS needs it

        authority = trustme.CA()
        self.ca = Path(stack.enter_context(TemporaryDirectory(prefix="mailsim-"))) / "ca.pem"
        authority.cert_pem.write_to_path(str(self.ca))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost", self.host).configure_cert(context)
        return context

    async def __aenter__(self) -> Self:
        return await to_thread.run_sync(self.__enter__)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await to_thread.run_sync(self.__exit__, kind, error, trace)
