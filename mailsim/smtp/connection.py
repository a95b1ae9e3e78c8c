"""One connection of an SMTP server: aiosmtpd's protocol, with an end that can be seen and bounds on what it takes.

aiosmtpd 1.4.6 speaks RFC 5321, STARTTLS (RFC 3207) and 8BITMIME (RFC 6152). Dealt with here:
- Its limits on commands are one dictionary for all connections, and too short for AUTH.
- An endless line is kept whole, however long; it ends the connection instead.
- DATA is read line by line; here in segments.
- Its own replies have no enhanced status codes (RFC 2034), and EHLO is written line by line.
- AUTH knows two mechanisms; here those of `authentication`.
- STARTTLS is served again inside TLS, and a failed handshake leaves the connection unclosed.
- TLS from the first octet hides the connection until its handshake is done, so that it could not be ended.
What strikes is asked at each moment, here and in `hooks`; the next reply suffers it (`line`).
"""

import asyncio
import collections
import contextlib
import logging
import re
import secrets
import ssl
from base64 import b64encode
from collections.abc import Callable, Sequence
from typing import AnyStr, cast

from aiosmtpd.smtp import SMTP, Session, TLSSetupException, syntax
from aiosmtpd.smtp import Envelope as Transaction

from mailsim.mail import Address, Envelope, Message, Reply
from mailsim.pop3.conduct import Mechanism
from mailsim.pop3.effects import Certificate
from mailsim.pop3.sasl import Login
from mailsim.smtp import line
from mailsim.smtp.authentication import ACCEPTED, WRONG, exchange, last_challenge
from mailsim.smtp.backend import Peer, Tls
from mailsim.smtp.content import acknowledge, read_content, unstuffed
from mailsim.smtp.fault_kinds import Moment
from mailsim.smtp.faults import Fault
from mailsim.smtp.hooks import Hooks
from mailsim.smtp.limits import HARD_LIMIT, LINE_LIMIT
from mailsim.smtp.service import Service
from mailsim.smtp.strike import CLOSING, UNHARMED, Misfortune, Strike

AUTH_LIMIT = 12288
"""Octets of an AUTH command (RFC 4954 section 4)."""
MAIL_PARAMETERS = 26 + 10
"""How much longer MAIL may be for SIZE (RFC 1870 section 3) and SMTPUTF8 (RFC 6531 section 3.4)."""
HANDSHAKE_SECONDS = 30.0
_TURN = 16
"""Answers after which others have their turn: commands that are there already are read without waiting."""
_GO_ON = Reply(354, "End data with <CR><LF>.<CR><LF>")
_BARE = re.compile(r"([245]\d\d) (?!\d\.\d)")
_ENHANCED = {
    "250": "2.0.0",
    "500": "5.5.2",
    "501": "5.5.4",
    "502": "5.5.1",
    "503": "5.5.1",
    "504": "5.5.4",
    "553": "5.1.3",
    "555": "5.5.4",
}
"""RFC 3463 section 3.6, for what aiosmtpd says by itself."""

# aiosmtpd warns at each login that it uses what it deprecates itself, and repeats what hostile clients send: neither
# belongs on standard error or among what a failed test has logged.
_LOG = logging.getLogger("mail.log")
_LOG.addHandler(logging.NullHandler())
_LOG.setLevel(logging.ERROR)


_POSTMASTER = re.compile(r"\ATO:[ \t]*<postmaster>", re.IGNORECASE)


class Connection(SMTP):
    """One client's connection, from accept to the end of its socket and its task."""

    line_length_limit = LINE_LIMIT

    def __init__(self, service: Service, connections: "set[Connection]", ended: Callable[[], None]) -> None:
        """A member of `connections` as long as it lives; `ended` is called when it has left them."""
        self.command_size_limits = collections.defaultdict(lambda: self.command_size_limit)
        # Stuffed dots are counted too, at most one in four octets: what is taken is counted again.
        self.size_taken = min(2 * service.size_limit, HARD_LIMIT) or HARD_LIMIT
        self.without: frozenset[str] = frozenset()
        self._service = service
        self._hooks = Hooks(service, self)
        super().__init__(
            self._hooks,
            data_size_limit=None,
            enable_SMTPUTF8=True,
            hostname=service.hostname,
            ident="mailsim",
            tls_context=service.context(Certificate.GOOD) if service.tls is Tls.STARTTLS else None,
            loop=asyncio.get_running_loop(),
        )
        self.command_size_limits["AUTH"] = AUTH_LIMIT
        self._connections = connections
        self._ended = ended
        self._socket_transport: asyncio.Transport
        self._handshake: asyncio.Task[None] | None = None
        self._line_octets = 0
        self._is_lost = False
        self._misfortune = Misfortune(service.faults)
        self._strike = UNHARMED
        self._account = ""
        self._heard: object = None
        self._greeting = True
        self._answers = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet; before that, where TLS comes first, do its handshake."""
        if self._original_transport is not None:  # after STARTTLS
            super().connection_made(transport)
            return
        self._socket_transport = cast("asyncio.Transport", transport)  # what create_server makes
        self._connections.add(self)
        strike = self.meet(Moment.CONNECT)
        if self._service.tls is Tls.IMPLICIT:
            context = self._service.context(strike.certificate)
            self._handshake = self.loop.create_task(self._secure(self._socket_transport, context))
        else:
            self._begin(self._socket_transport)

    async def _secure(self, transport: asyncio.Transport, context: ssl.SSLContext) -> None:
        try:
            secured = await self.loop.start_tls(
                transport, self, context, server_side=True, ssl_handshake_timeout=HANDSHAKE_SECONDS
            )
        except OSError:  # an SSLError too: no TLS client, one that does not trust us, or one that is gone
            secured = None
        if secured is None:
            self.connection_lost(None)
        else:
            self._begin(secured)

    def _begin(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        assert self._handler_coroutine is not None  # noqa: S101 - aiosmtpd has just made it
        self._handler_coroutine.add_done_callback(self._task_ended)

    def data_received(self, data: bytes) -> None:
        """Take a segment; a line without end is no reason to keep it all."""
        end = data.rfind(b"\n")
        self._line_octets = self._line_octets + len(data) if end < 0 else len(data) - end - 1
        if self._line_octets > HARD_LIMIT:
            self.abort()
        else:
            super().data_received(data)

    def eof_received(self) -> bool | None:
        """End, as aiosmtpd does; in mid-handshake there is nothing to end yet."""
        return False if self._handler_coroutine is None else super().eof_received()

    def connection_lost(self, error: Exception | None) -> None:
        """End the task, where there is one."""
        if self._handler_coroutine is not None and not self._is_lost:
            super().connection_lost(error)
        self._is_lost = True
        self._leave()

    def _task_ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            task.exception()  # a connection reset; seen, so that asyncio does not tell of it
        self._leave()

    def _leave(self) -> None:
        task = self._handler_coroutine
        if self._is_lost and (task is None or task.done()):
            self._connections.discard(self)
            self._ended()

    def abort(self) -> None:
        """End it now, whatever waits to be read or written."""
        self._socket_transport.abort()

    # What is said

    def meet(self, moment: Moment, *, sender: Address | None = None, about: Sequence[Address] = ()) -> Strike:
        """Ask what strikes now; the next reply suffers it."""
        self._strike = strike = self._misfortune.at(moment, peer=self.peer.name, sender=sender, about=about)
        if moment is Moment.EHLO:
            self.without = strike.without
            # aiosmtpd lengthens it with each EHLO
            self.command_size_limits["MAIL"] = self.command_size_limit + MAIL_PARAMETERS
        return strike

    @property
    def peer(self) -> Peer:
        """Who the client is; what it says of itself holds no control character."""
        said = (self.session.host_name if self.session else None) or ""
        return Peer("".join(char if char.isprintable() else "\ufffd" for char in said), self._account)

    def extensions(self) -> list[str]:
        """Say what EHLO announces, AUTH over TLS only where TLS is to be had."""
        service = self._service
        size = [f"SIZE {service.size_limit}"] if service.size_limit else []
        starttls = ["STARTTLS"] if self.tls_context and not self._tls_protocol else []
        auth = [f"AUTH {' '.join(service.mechanisms)}"] if self._may_log_in else []
        offered = ["PIPELINING", *size, "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", *starttls, *auth]
        return [*(line for line in offered if line.partition(" ")[0] not in self.without), "HELP"]

    @property
    def _may_log_in(self) -> bool:
        return bool(self._service.mechanisms) and (self.tls_context is None or self._tls_protocol is not None)

    async def _call_handler_hook(self, command: str, *args: object) -> object:
        heard: object = await super()._call_handler_hook(command, *args)
        self._heard = heard[0] if isinstance(heard, list) else heard
        return heard

    async def push(self, status: AnyStr) -> None:
        """Answer, as far as what struck lets it; the reply 421 ends the connection (RFC 5321 section 3.8).

        Raises:
            ConnectionResetError: The connection was closed, on this side.
        """
        strike, self._strike = self._strike, UNHARMED
        octets = status.encode() if isinstance(status, str) else status
        if strike.reply is not None:
            octets = strike.reply.wire().encode()
        elif isinstance(status, str) and status is not self._heard:
            octets = _with_enhanced(status).encode()
        if strike is UNHARMED:
            await super().push(octets)
            self._answers += 1
            if self._answers % _TURN == 0:
                await asyncio.sleep(0)
        else:
            await line.send(self._writer, self._reader, octets + b"\r\n", strike)
        refused_greeting = strike.reply is not None and self._greeting
        self._greeting = False
        if refused_greeting or octets.startswith(b"%d" % CLOSING):
            self._writer.close()
            raise ConnectionResetError

    # Commands that are more, or other, than aiosmtpd's

    @syntax("DATA")
    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802 - aiosmtpd's name
        """Take a message in segments as they come; line by line, as aiosmtpd does, costs a quarter of a delivery."""
        if await self.check_helo_needed():
            return
        assert self.envelope is not None  # noqa: S101 - aiosmtpd makes it with the connection
        if not self.envelope.rcpt_tos:
            await self.push("503 Error: need RCPT command")
        elif arg:
            await self.push("501 Syntax: DATA")
        else:
            hooks = self._hooks
            strike = self.meet(Moment.DATA, sender=hooks.sender, about=hooks.recipients)
            if strike.in_body:  # of the reply nothing is missing
                self._strike = Strike(strike.reply, None, strike.delay)
            await self.push(_GO_ON.wire().encode())
            acknowledge(self._socket_transport)
            if strike.reply is None:
                await self._take_message(self.envelope, strike.in_body)

    async def _take_message(self, envelope: Transaction, fault: Fault | None) -> None:
        content = await read_content(self._reader, self._socket_transport, most=self.size_taken, fault=fault)
        hooks, session = self._hooks, cast("Session", self.session)
        strike = self.meet(Moment.DATA_END, sender=hooks.sender, about=hooks.recipients)
        if strike.loses_message and content is not None:
            lost = Envelope(hooks.sender, hooks.recipients)
            self._service.faults.lost(self.peer, lost, Message(unstuffed(content)))
        if strike.reply is not None:
            reply = strike.reply.wire()
        elif content is None:
            reply = hooks.too_big(self.size_taken + 1).wire()
        else:
            envelope.content = envelope.original_content = unstuffed(content)
            reply = await hooks.handle_DATA(self, session, envelope)
        self.envelope = Transaction()
        await self.push(reply.encode())

    @syntax("RCPT TO: <address>", extended=" [SP <mail-parameters>]")
    async def smtp_RCPT(self, arg: str | None) -> None:  # noqa: N802 - aiosmtpd's name
        """Take a recipient, and the postmaster without a domain too (RFC 5321 sections 4.1.1.3, 4.5.1)."""
        own = f"TO:<postmaster@{self._service.hostname}>"
        await super().smtp_RCPT(_POSTMASTER.sub(own, arg) if arg else arg)

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        """The path and what follows it; a path that is not closed is none, though aiosmtpd's parser closes it."""
        if arg.lstrip().startswith("<") and ">" not in arg:
            return None, None
        address, rest = super()._getaddr(arg)
        return address, rest

    @syntax("STARTTLS", when="tls_context")
    async def smtp_STARTTLS(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's name
        """Secure the connection, once (RFC 3207 section 4.2); one that cannot be secured ends."""
        if "STARTTLS" in self.without:
            await self.push("502 Not implemented")
            return
        if self._tls_protocol is not None:
            await self.push("503 TLS is active already")
            return
        if self.tls_context is not None and not arg:
            strike = self.meet(Moment.STARTTLS)
            if strike.reply is not None:
                await self.push("")
                return
            self.tls_context = self._service.context(strike.certificate)
        with contextlib.suppress(TLSSetupException):
            await super().smtp_STARTTLS(arg)
        if self._socket_transport.is_closing():
            self.connection_lost(None)  # which asyncio says only of a connection that was secured

    @syntax("AUTH <mechanism> [initial-response]")
    async def smtp_AUTH(self, arg: str | None) -> None:  # noqa: N802 - aiosmtpd's name
        """Log in, once, between two messages (RFC 4954 section 4)."""
        if await self.check_helo_needed("EHLO"):
            return
        session, words = cast("Session", self.session), (arg or "").split()
        if not self._service.mechanisms or not session.extended_smtp or "AUTH" in self.without:
            await self.push("502 AUTH is not offered")
        elif not self._may_log_in:
            await self.push("538 5.7.11 Encryption required for requested authentication mechanism")
        elif self._account:
            await self.push("503 Already authenticated")
        elif cast("Transaction", self.envelope).mail_from is not None:
            await self.push("503 AUTH is not allowed during a mail transaction")
        elif len(words) not in (1, 2):
            await self.push("501 Syntax: AUTH <mechanism> [initial-response]")
        elif words[0].upper() not in self._service.mechanisms:
            await self.push("504 Unrecognized authentication type")
        else:
            await self._log_in(Mechanism(words[0].upper()), words[1] if len(words) > 1 else "")

    async def _log_in(self, mechanism: Mechanism, initial: str) -> None:
        strike = self.meet(Moment.AUTH)
        if strike.reply is not None:
            await self.push("")
            return
        self._strike = UNHARMED  # the challenges are well
        reply = await self._login_dialogue(mechanism, initial)
        self._strike = strike
        await self.push(reply.wire().encode())

    async def _login_dialogue(self, mechanism: Mechanism, initial: str) -> Reply:
        """The dialogue of one login; the reply that ends it."""
        nonce = f"<{secrets.token_hex(8)}@{self._service.hostname}>".encode()
        dialogue = exchange(mechanism, initial.encode("utf-8", "surrogateescape"), nonce)
        try:
            challenge = next(dialogue)
            while True:
                challenge = dialogue.send(await self._ask_client(challenge))
        except StopIteration as end:
            found: Login | Reply = end.value
        if isinstance(found, Reply):
            return found
        if not self._hooks.login(*found):
            if (last := last_challenge(mechanism)) is not None:
                await self._ask_client(last)
            return WRONG
        self._account = found.user
        return ACCEPTED

    async def _ask_client(self, challenge: bytes) -> bytes:
        await self.push(b"334 " + b64encode(challenge))
        try:
            return (await self._reader.readuntil(b"\n")).strip(b"\r\n ")
        except asyncio.LimitOverrunError:
            raise ConnectionResetError from None


def _with_enhanced(status: str) -> str:
    """What aiosmtpd says by itself, with an enhanced status code where it has none."""
    match = _BARE.match(status)
    code = _ENHANCED.get(match[1]) if match else None
    return f"{status[:4]}{code} {status[4:].removeprefix('Error: ')}" if code else status
