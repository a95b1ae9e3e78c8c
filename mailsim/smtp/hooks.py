"""aiosmtpd's handler: its strings become a backend's words here, once, and what strikes is asked for.

Traps dealt with: a RCPT hook must append the recipient itself; the null sender arrives as "<>"; octets
that are no UTF-8 arrive as lone surrogates.
"""

import asyncio
import re
from collections.abc import Callable, Collection, Sequence
from typing import Protocol, TypeVar

from aiosmtpd.smtp import SMTP
from aiosmtpd.smtp import Envelope as Transaction
from aiosmtpd.smtp import Session as Dialogue

from mailsim.mail import Address, Envelope, Message, Reply, parse_address
from mailsim.pop3.proof import Proof
from mailsim.smtp import limits
from mailsim.smtp.backend import NO_LOGIN, Peer
from mailsim.smtp.fault_kinds import Moment
from mailsim.smtp.service import Service
from mailsim.smtp.strike import Strike
from mailsim.smtp.transmission import path_of

BAD_ADDRESS = Reply(553, "The address is no mailbox address", "5.1.3")
NO_SMTPUTF8 = Reply(553, "This address needs the parameter SMTPUTF8 of MAIL", "5.6.7")  # RFC 6531 section 3.5
FAILED = Reply(451, "Local error in processing", "4.3.0")
TOO_BIG = Reply(552, "Message size exceeds fixed maximum message size", "5.3.4")
NO_PARAMETER = Reply(555, "MAIL FROM parameters not recognized or not implemented", "5.5.4")
SYNTAX = Reply(500, "Syntax error", "5.5.2")
OK = Reply(250, "OK", "2.0.0")
BYE = Reply(221, "Bye", "2.0.0")
CANNOT_VERIFY = Reply(252, "Cannot VRFY user, but will accept message and attempt delivery", "2.5.0")

_PARAMETERS = {"SIZE": "SIZE", "BODY": "8BITMIME", "SMTPUTF8": "SMTPUTF8"}
_Answer = TypeVar("_Answer")


class Struck(Protocol):
    """What the hooks ask a connection."""

    @property
    def without(self) -> Collection[str]:
        """The extensions that its last EHLO did not announce."""
        ...

    @property
    def peer(self) -> Peer:
        """Who the client is."""
        ...

    def meet(self, moment: Moment, *, sender: Address | None = None, about: Sequence[Address] = ()) -> Strike:
        """What strikes now; the next reply suffers it."""
        ...

    def extensions(self) -> list[str]:
        """What EHLO announces."""
        ...


class Hooks:
    """One connection's handler."""

    def __init__(self, service: Service, connection: Struck) -> None:
        self._service = service
        self._connection = connection
        self._sender: Address | None = None
        self._recipients: list[Address] = []

    @property
    def sender(self) -> Address | None:
        """Whom the transaction is from."""
        return self._sender

    @property
    def recipients(self) -> tuple[Address, ...]:
        """Whom the transaction is to, as far as they were taken."""
        return tuple(self._recipients)

    async def handle_EHLO(
        self, server: SMTP, session: Dialogue, envelope: Transaction, hostname: str, responses: list[str]
    ) -> list[str]:
        strike = self._connection.meet(Moment.EHLO)
        if strike.reply:
            return [strike.reply.wire()]
        session.host_name = hostname
        return [Reply(250, "\n".join((self._service.hostname, *self._connection.extensions()))).wire()]

    async def handle_HELO(self, server: SMTP, session: Dialogue, envelope: Transaction, hostname: str) -> str:
        strike = self._connection.meet(Moment.EHLO)
        if strike.reply:
            return strike.reply.wire()
        session.host_name = hostname
        return Reply(250, self._service.hostname).wire()

    async def handle_NOOP(self, server: SMTP, session: Dialogue, envelope: Transaction, arg: str) -> str:
        return (self._connection.meet(Moment.ANY).reply or OK).wire()

    async def handle_VRFY(self, server: SMTP, session: Dialogue, envelope: Transaction, address: str) -> str:
        return (self._connection.meet(Moment.ANY).reply or CANNOT_VERIFY).wire()

    async def handle_RSET(self, server: SMTP, session: Dialogue, envelope: Transaction) -> str:
        return (self._connection.meet(Moment.RSET).reply or OK).wire()

    async def handle_QUIT(self, server: SMTP, session: Dialogue, envelope: Transaction) -> str:
        return (self._connection.meet(Moment.QUIT).reply or BYE).wire()

    async def handle_MAIL(
        self, server: SMTP, session: Dialogue, envelope: Transaction, address: str, options: list[str]
    ) -> str:
        sender = None if address == "<>" else _readable(address, envelope)
        if isinstance(sender, Reply):
            return sender.wire()
        strike = self._connection.meet(Moment.MAIL, sender=sender, about=(sender,) if sender else ())
        reply = strike.reply or self._mail(sender, options)
        if reply.accepted:
            self._sender, self._recipients = sender, []
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return reply.wire()

    def _mail(self, sender: Address | None, options: list[str]) -> Reply:
        service = self._service
        if service.mechanisms and not service.open_relay and not self._connection.peer.account:
            return NO_LOGIN
        names = (option.partition("=")[0] for option in options)
        if any(_PARAMETERS.get(name) in self._connection.without for name in names):
            return NO_PARAMETER
        size = _declared_size(options)
        return self._ask(
            lambda: self._service.backend.mail(self._connection.peer, sender, size), failed=FAILED
        )

    async def handle_RCPT(
        self, server: SMTP, session: Dialogue, envelope: Transaction, address: str, options: list[str]
    ) -> str:
        recipient = _readable(address, envelope)
        if isinstance(recipient, Reply):
            return recipient.wire()
        if len(self._recipients) >= limits.MOST_RECIPIENTS:
            return limits.TOO_MANY.wire()
        backend, sender = self._service.backend, self._sender
        strike = self._connection.meet(Moment.RCPT, sender=sender, about=(recipient,))
        reply = strike.reply or self._ask(
            lambda: backend.rcpt(self._connection.peer, sender, recipient), failed=FAILED
        )
        if reply.accepted:
            if (
                recipient not in self._recipients
            ):  # RFC 5321 section 4.1.1.3: one copy, however often it is named
                self._recipients.append(recipient)
            envelope.rcpt_tos.append(address)
        return reply.wire()

    async def handle_DATA(self, server: SMTP, session: Dialogue, envelope: Transaction) -> str:
        taken, message = Envelope(self._sender, self.recipients), Message(envelope.original_content or b"")
        backend = self._service.backend
        reply = limits.refusal(message) or self._ask(
            lambda: backend.data(self._connection.peer, taken, message), failed=FAILED
        )
        return reply.wire()

    async def handle_exception(self, error: Exception) -> str:
        """Answer what aiosmtpd trips over, such as an address that its parser cannot read or it cannot repeat."""
        return SYNTAX.wire()

    def too_big(self, over: int) -> Reply:
        """The backend's words for a message over what is taken; the octets are gone, their number is not known."""
        backend, sender = self._service.backend, self._sender
        reply = self._ask(lambda: backend.mail(self._connection.peer, sender, over), failed=FAILED)
        return TOO_BIG if reply.accepted else reply

    def login(self, username: str, proof: Proof) -> bool:
        """Ask the backend whether this is an account's."""
        return self._ask(lambda: self._service.backend.login(username, proof), failed=False)

    def _ask(self, verb: Callable[[], _Answer], *, failed: _Answer) -> _Answer:
        """The backend's answer; one that fails, or has none, has a bug, which the loop's exception handler is told."""
        try:
            answer = verb()
        except Exception as error:  # noqa: BLE001 - the connection goes on
            bug = error
        else:
            if isinstance(answer, type(failed)):
                return answer
            bug = TypeError(f"a backend answered {answer!r}, which is no {type(failed).__name__}")
        asyncio.get_running_loop().call_exception_handler(
            {"message": "an SMTP backend failed", "exception": bug}
        )
        return failed


def _readable(address: str, envelope: Transaction) -> Address | Reply:
    """The address of MAIL or RCPT; or why it is none."""
    parsed = parse_address(address)
    if parsed is None or path_of(parsed) is None:
        return BAD_ADDRESS
    return parsed if address.isascii() or envelope.smtp_utf8 else NO_SMTPUTF8


_SIZE = re.compile(r"SIZE=(\d{1,20})")  # RFC 1870 section 4: at most 20 digits


def _declared_size(options: list[str]) -> int:
    sizes = (_SIZE.fullmatch(option) for option in options)
    return next((int(size[1]) for size in sizes if size), 0)
