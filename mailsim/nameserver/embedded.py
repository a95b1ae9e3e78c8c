"""`DnsServer`: a name server for tests and notebooks, one line to start, in a loop and thread of its own."""

from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from types import TracebackType
from typing import Self

from anyio import to_thread

from mailsim.errors import MailsimError
from mailsim.nameserver.server import NameServer, serve
from mailsim.pop3.portal import BackgroundLoop
from mailsim.provider.dns import Zone
from mailsim.provider.zone_file import read_zone_file
from mailsim.provider.zone_table import read_zone_table


class DnsServerError(MailsimError):
    """A name server asked for what it cannot do."""


class DnsServer:
    """A name server on the loopback, UDP and TCP of one port, alive inside `with` or `async with`.

    Takes a `Zone`; or the text of a zone file, as in `"abc.example. MX 10 mx.abc.example."`; or a table of names,
    which can have faults, as in `{"abc.example": {"mx": ["10 mx.abc.example"], "fault": {"txt": "timeout"}}}`.

    Attributes:
        host: The address to ask.
    """

    host = "127.0.0.1"

    def __init__(self, zone: Zone | str | Mapping[str, object], *, port: int = 0) -> None:
        """Make a server, without starting it; port 0 is any free one.

        Raises:
            ZoneError: The text or table is no zone.
        """
        if isinstance(zone, str):
            zone = read_zone_file(zone)
        self._zone = zone if isinstance(zone, Zone) else read_zone_table(zone)
        self._wanted_port = port
        self._server: NameServer | None = None
        self._running: ExitStack | None = None

    def __repr__(self) -> str:
        return f"DnsServer({f'{self.host}:{self.port}' if self._running else 'not running'})"

    @property
    def port(self) -> int:
        """The port it listens on.

        Raises:
            DnsServerError: It was never entered.
        """
        if self._server is None:
            raise DnsServerError("this server has no port yet: enter it first, `with server:`")
        return self._server.port

    @property
    def asked(self) -> tuple[tuple[str, str], ...]:
        """Name and type of each question since it was entered last, oldest first; of many the latest 10,000."""
        return tuple(self._server.asked) if self._server else ()

    def __enter__(self) -> Self:
        if self._running is not None:
            raise DnsServerError(f"{self!r} is running: leave it before entering it again")
        with ExitStack() as stack:
            portal = stack.enter_context(BackgroundLoop("mailsim-dns"))
            try:
                self._server = portal.call(partial(serve, self._zone, host=self.host, port=self._wanted_port))
            except (OSError, OverflowError) as error:
                reason = getattr(error, "strerror", None) or str(error)
                raise DnsServerError(
                    f"port {self._wanted_port} cannot be had: {reason}; choose another, or 0 for any free one"
                ) from None
            stack.callback(portal.call, self._server.close)
            self._running = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._running is not None:
            self._running.close()
        self._running = None

    async def __aenter__(self) -> Self:
        return await to_thread.run_sync(self.__enter__)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await to_thread.run_sync(self.__exit__, kind, error, trace)
