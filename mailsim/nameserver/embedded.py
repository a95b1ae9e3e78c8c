"""`DnsServer`: a name server for tests and notebooks, one line to start, in a loop and thread of its own."""

from collections.abc import Callable, Coroutine, Mapping
from contextlib import ExitStack

from mailsim.background.server import BackgroundServer, Listening
from mailsim.errors import MailsimError
from mailsim.nameserver.server import NameServer, serve
from mailsim.provider.dns import Zone
from mailsim.provider.zone_file import read_zone_file
from mailsim.provider.zone_table import read_zone_table


class DnsServerError(MailsimError):
    """A name server asked for what it cannot do."""


class DnsServer(BackgroundServer):
    """A name server on the loopback, UDP and TCP of one port, alive inside `with` or `async with`.

    Takes a `Zone`; or the text of a zone file, as in `"abc.example. MX 10 mx.abc.example."`; or a table of names,
    which can have faults, as in `{"abc.example": {"mx": ["10 mx.abc.example"], "fault": {"txt": "timeout"}}}`.

    Attributes:
        host: The address to ask.
    """

    _error = DnsServerError

    def __init__(self, zone: Zone | str | Mapping[str, object], *, port: int = 0) -> None:
        """Make a server, without starting it; port 0 is any free one.

        Raises:
            ZoneError: The text or table is no zone.
            DnsServerError: It is neither.
        """
        if isinstance(zone, str):
            zone = read_zone_file(zone)
        if not isinstance(zone, Zone | Mapping):
            raise DnsServerError(
                f"zone of type {type(zone).__name__}: write a Zone, the text of a zone file, or a table of names"
            )
        self._zone = zone if isinstance(zone, Zone) else read_zone_table(zone)
        super().__init__(port=port)
        self._server: NameServer | None = None

    def __repr__(self) -> str:
        return f"DnsServer({self._where})"

    @property
    def asked(self) -> tuple[tuple[str, str], ...]:
        """Name and type of each question since it was entered last, oldest first; of many the latest 10,000."""
        return tuple(self._server.asked) if self._server else ()

    def _listen(self, stack: ExitStack) -> Callable[[], Coroutine[None, None, Listening]]:  # noqa: ARG002 - the face
        return self._serve

    async def _serve(self) -> NameServer:
        self._server = await serve(self._zone, host=self.host, port=self._wanted_port)
        return self._server
