"""`Pop3Server`: a POP3 server for tests and notebooks, one line to start, in a loop and thread of its own.

It works the same in a plain script, under pytest and inside a running loop, because it never lives on its
caller's loop.
"""

from collections.abc import Callable, Coroutine, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Literal

from mailsim.background.arguments import checked_texts
from mailsim.background.server import BackgroundServer, Listening
from mailsim.faults.certificate import demand_certificate
from mailsim.faults.syntax import FaultError
from mailsim.pop3.arguments import (
    Pop3ServerError,
    checked_maildrops,
    checked_octets,
    checked_seconds,
)
from mailsim.pop3.certificates import issue_with_file
from mailsim.pop3.conduct import Conduct
from mailsim.pop3.fault_kinds import Moment
from mailsim.pop3.faults import Fault, FaultPlan, read_fault
from mailsim.pop3.maildrops import Maildrops
from mailsim.pop3.possible import demand_spoken
from mailsim.pop3.quirks import with_quirks
from mailsim.pop3.server import serve
from mailsim.pop3.service import IDLE_SECONDS, Certificates
from mailsim.pop3.wire import Verb


class Tls(StrEnum):
    """How a server speaks TLS."""

    NONE = "none"
    STLS = "stls"
    """When the client asks for it; no password is taken before (RFC 2595 §4)."""
    IMPLICIT = "implicit"
    """From the first octet (RFC 8314 §3)."""


_CERTIFICATE_SHOWN = {Tls.NONE: None, Tls.STLS: Verb.STLS, Tls.IMPLICIT: Moment.CONNECT}


class Pop3Server(BackgroundServer):
    """A POP3 server on the loopback, alive inside `with` or `async with`.

    Takes a mapping of user to password and messages: `{"alice": ("secret", [octets, ...])}`, and

    - `tls`: `"none"`, `"stls"` or `"implicit"`;
    - `quirks`: names of `quirks.QUIRKS`, such as `"gmail"` or `"login-delay=5"`;
    - `faults`: what goes wrong on purpose, such as `"pop:RETR:3:drop@1024"` (`fault_kinds.KINDS`), and the `seed` of
      what goes wrong by chance;
    - `port`: 0 is any free one;
    - `idle_seconds`: how long a session may be idle.

    A message with UTF-8 in its header is given to who has said UTF8 before login, to others [UTF8] is said of it, and it
    stays (RFC 6856 §5); with the quirk `no-utf8` everybody has it as it is, as from most servers. One that is never left
    ends with its interpreter. Mail stays as it was left when the server is entered again, and so does the count of what
    faults strike.

    Attributes:
        host: The address to connect to; a certificate is good for it and for `localhost`.
        ca: The file with the certificate to trust, while the server runs; None without TLS.
    """

    _error = Pop3ServerError

    def __init__(
        self,
        maildrops: Mapping[str, tuple[str, Iterable[bytes]]],
        *,
        tls: Literal["none", "stls", "implicit"] | Tls = Tls.NONE,
        quirks: Iterable[str] = (),
        faults: Iterable[str] = (),
        seed: int = 0,
        port: int = 0,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        """Make a server, without starting it.

        Raises:
            Pop3ServerError: A way of TLS that is none, or an argument of another form.
            QuirkError: A quirk that is none.
            FaultError: A fault that is none.
        """
        if tls not in tuple(Tls):
            raise Pop3ServerError(f"tls={tls!r}: write one of {', '.join(map(repr, map(str, Tls)))}")
        super().__init__(port=port)
        self.ca: Path | None = None
        self._tls = Tls(tls)
        self._conduct = replace(
            with_quirks(Conduct(utf8=True), checked_texts("quirks", quirks, Pop3ServerError)),
            stls=self._tls is Tls.STLS,
        )
        self._plan = FaultPlan(seed=seed)
        for fault in checked_texts("faults", faults, Pop3ServerError):
            self.add_fault(fault)
        self._maildrops = Maildrops(checked_maildrops(maildrops), conduct=self._conduct)
        self._idle_seconds = checked_seconds("idle_seconds", idle_seconds)

    def __repr__(self) -> str:
        return f"Pop3Server({self._where}, tls={str(self._tls)!r}, users: {', '.join(self._maildrops.users)})"

    def messages(self, user: str) -> tuple[bytes, ...]:
        """Return what a user's maildrop holds now, each message's octets as they were given, oldest first.

        Raises:
            UnknownUserError: The user has no maildrop.
        """
        return self._maildrops.messages(user)

    @property
    def struck(self) -> tuple[Fault, ...]:
        """The faults that have struck so far, in order."""
        return tuple(self._plan.struck)

    def append(self, user: str, octets: bytes) -> str:
        """Put a message behind the others and return its uid; sessions that are open do not see it.

        Raises:
            UnknownUserError: The user has no maildrop.
            Pop3ServerError: The message is no bytes.
        """
        return self._maildrops.append(user, checked_octets(octets, user))

    def add_fault(self, fault: str) -> None:
        """Take one more fault, for open sessions too; `next` in it counts from now, a number from the first fault on.

        Raises:
            FaultError: It is none, or can never strike: it is about a certificate that this server does not show
                then, or a verb that it does not speak.
        """
        if not isinstance(fault, str):
            raise FaultError(f"fault {fault!r}: write a text, such as 'pop:RETR:3:drop@1024'")
        read = read_fault(fault)
        demand_certificate(read.spec, _CERTIFICATE_SHOWN[self._tls])
        demand_spoken(read, self._conduct)
        self._plan.add(read)

    def _listen(self, stack: ExitStack) -> Callable[[], Coroutine[None, None, Listening]]:
        certificates: Certificates = {}
        if self._tls is not Tls.NONE:
            self.ca, certificates = issue_with_file(stack, "localhost", self.host)
            stack.callback(self._forget_ca)
        return partial(
            serve,
            self._maildrops,
            host=self.host,
            port=self._wanted_port,
            tls=certificates,
            conduct=self._conduct,
            faults=self._plan,
            idle_seconds=self._idle_seconds,
        )

    def _forget_ca(self) -> None:
        self.ca = None
