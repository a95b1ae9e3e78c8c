"""An SMTP client that keeps its connection: aiosmtplib, verb by verb, every reply kept.

The practice's submissions and the servers' relaying both go through it. Only a submission is bound
by rule R1.6: port 25 is refused just before it connects, however its route came to be.
"""

import asyncio
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field

import aiosmtplib

from mailsim.errors import MailsimError
from mailsim.mail import Address, Envelope, Reply
from mailsim.practice.settings import Authentication
from mailsim.smtp.backend import Tls

CLOSED = Reply(421, "Connection lost", "4.4.2")
"""What a lost connection amounts to (RFC 5321 section 3.8): try again later."""


class SubmissionPortError(MailsimError):
    """A submission to port 25 (R1.6)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where a server is and how to speak to it."""

    name: str
    """The server's name: what its certificate must bear."""
    port: int
    """The port under that name."""
    host: str
    """Where to connect: the address that the name and port resolve to."""
    host_port: int
    tls: Tls = Tls.NONE
    context: ssl.SSLContext | None = None
    authentication: Authentication = Authentication.NONE
    username: str = ""
    password: str = field(default="", repr=False)
    submission: bool = False
    """Whether the practice submits here, so that R1.6 holds."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a server answered to one message."""

    refused: Mapping[Address, Reply]
    """The recipients it did not take, each with the refusal; a refusal of all for the same cause too."""
    accepted: Reply | None
    """The reply after DATA, when at least one recipient was taken."""

    def refusals(self, envelope: Envelope) -> Mapping[Address, Reply]:
        """Every recipient of the envelope that the message did not get through to, and the refusal."""
        if self.accepted is None or self.accepted.accepted:
            return self.refused
        return dict.fromkeys(envelope.recipients, self.accepted) | dict(self.refused)


class Client:
    """One connection to one server, opened when first used and again after it was lost."""

    def __init__(self, route: Route, *, local_name: str, timeout: float = 60) -> None:
        self._route = route
        self._local_name = local_name
        self._timeout = timeout
        self._smtp: aiosmtplib.SMTP | None = None
        self._lock = asyncio.Lock()

    async def send(self, envelope: Envelope, octets: bytes) -> Outcome:
        """Offer one message.

        Returns what was refused and what was accepted; a connection that cannot be had or is
        lost counts as reply 421 for every recipient. Raises SubmissionPortError (R1.6).
        """
        if self._route.submission and self._route.port == 25:
            raise SubmissionPortError(
                f"{self._route.name}:25: port 25 is refused; use 587 or 465, or the server localhost"
            )
        async with self._lock:
            try:
                return await self._transaction(await self._connected(), envelope, octets)
            except aiosmtplib.SMTPResponseException as error:
                await self._reset()
                return _all_refused(envelope, Reply.parse(error.code, error.message))
            except (aiosmtplib.SMTPException, OSError) as error:
                self._drop()
                return _all_refused(envelope, Reply(CLOSED.code, f"{CLOSED.text}: {error}", CLOSED.enhanced))

    async def close(self) -> None:
        """End the connection with QUIT; closing twice is harmless."""
        async with self._lock:
            if self._smtp is not None and self._smtp.is_connected:
                try:
                    await self._smtp.quit()
                except (aiosmtplib.SMTPException, OSError):
                    self._drop()
            self._smtp = None

    async def _connected(self) -> aiosmtplib.SMTP:
        if self._smtp is not None and self._smtp.is_connected:
            return self._smtp
        route = self._route
        smtp = aiosmtplib.SMTP(
            hostname=route.name,
            sock=await _connect(route.host, route.host_port, self._timeout),
            local_hostname=self._local_name,
            use_tls=route.tls is Tls.IMPLICIT,
            start_tls=route.tls is Tls.STARTTLS,
            tls_context=route.context,
            timeout=self._timeout,
        )
        await smtp.connect()
        self._smtp = smtp
        if route.authentication is not Authentication.NONE:
            await self._login(smtp)
        return smtp

    async def _login(self, smtp: aiosmtplib.SMTP) -> None:
        route = self._route
        logins = {
            Authentication.PLAIN: smtp.auth_plain,
            Authentication.LOGIN: smtp.auth_login,
            Authentication.CRAM_MD5: smtp.auth_crammd5,
            Authentication.XOAUTH2: smtp.auth_xoauth2,
        }
        if smtp.is_ehlo_or_helo_needed:
            await smtp.ehlo()
        try:
            await logins[route.authentication](route.username, route.password)
        except aiosmtplib.SMTPException:
            self._drop()
            raise

    async def _transaction(self, smtp: aiosmtplib.SMTP, envelope: Envelope, octets: bytes) -> Outcome:
        if smtp.is_ehlo_or_helo_needed:
            await smtp.ehlo()
        international = not all(str(address).isascii() for address in _addresses(envelope))
        encoding = "utf-8" if international else "ascii"
        options = [f"SIZE={len(octets)}"] if smtp.supports_extension("size") else []
        options += ["SMTPUTF8"] if international else []
        await smtp.mail(str(envelope.sender or ""), options=options, encoding=encoding)
        refused: dict[Address, Reply] = {}
        for recipient in envelope.recipients:
            try:
                await smtp.rcpt(str(recipient), encoding=encoding)
            except aiosmtplib.SMTPRecipientRefused as error:
                refused[recipient] = Reply.parse(error.code, error.message)
        if len(refused) == len(envelope.recipients):
            await smtp.rset()
            return Outcome(refused, None)
        response = await smtp.data(octets)
        return Outcome(refused, Reply.parse(response.code, response.message))

    async def _reset(self) -> None:
        """Leave the refused transaction; the connection goes on where the server lets it."""
        if self._smtp is not None and self._smtp.is_connected:
            try:
                await self._smtp.rset()
            except (aiosmtplib.SMTPException, OSError):
                self._drop()

    def _drop(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
        self._smtp = None


async def _connect(host: str, port: int, timeout: float) -> socket.socket:  # noqa: ASYNC109 - bounds one step of many
    """A connected, non-blocking socket; raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.setblocking(False)
        async with asyncio.timeout(timeout):
            await asyncio.get_running_loop().sock_connect(connection, (host, port))
    except BaseException:
        connection.close()
        raise
    return connection


def _addresses(envelope: Envelope) -> tuple[Address, ...]:
    return envelope.recipients if envelope.sender is None else (envelope.sender, *envelope.recipients)


def _all_refused(envelope: Envelope, reply: Reply) -> Outcome:
    return Outcome(dict.fromkeys(envelope.recipients, reply), None)
