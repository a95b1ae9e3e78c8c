"""SMTP without sockets: `client.Client` and `server.listen` joined by calls. Pure, but for what the backend does.

Laws: with the same backend, messages and faults the outcome and the backend's calls are those of the client and
server on sockets, but for what a lost connection is said to have died of; no sleep, a fault's seconds are told, and
count against the client's patience.

Not so here: a message of 256 MB, which only a real server turns away by itself. A backend's exception comes out, while
on sockets it is told to the loop and answered with 451.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVarTuple

from mailsim.mail import Address, Envelope, Message, Reply
from mailsim.pop3.conduct import Mechanism
from mailsim.pop3.effects import Certificate
from mailsim.smtp import limits
from mailsim.smtp.authentication import WRONG
from mailsim.smtp.backend import NO_LOGIN, OK, Backend, Peer, Tls
from mailsim.smtp.fault_kinds import EXTENSIONS, Moment
from mailsim.smtp.faults import FaultPlan
from mailsim.smtp.outcome import BAD_RECIPIENT, BAD_SENDER, CLOSED, NO_SMTPUTF8, Outcome, not_offered
from mailsim.smtp.strike import CLOSING, UNHARMED, Misfortune, Strike
from mailsim.smtp.transmission import path_of, transmitted

_Arguments = TypeVarTuple("_Arguments")
_GO_ON = Reply(354, "End data with <CR><LF>.<CR><LF>")
_GREETING, _READY, _HELLO = Reply(220, "ready"), Reply(220, "go"), Reply(250, "hello")
_OFFERED = frozenset(EXTENSIONS)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryServer:
    """A server that calls reach: what `server.listen` is given."""

    backend: Backend
    tls: Tls = Tls.NONE
    mechanisms: tuple[Mechanism, ...] = ()
    """How clients may log in; where there are any they must, but at an open relay."""
    open_relay: bool = False
    announces_size: bool = True
    """Whether EHLO says SIZE; `server.listen` does where there is a limit."""
    faults: FaultPlan = field(default_factory=FaultPlan)


class _Refused(Exception):  # noqa: N818 - it carries a reply, and never leaves this module
    def __init__(self, reply: Reply) -> None:
        super().__init__(str(reply))
        self.reply = reply


class _Lost(Exception):  # noqa: N818 - as _Refused
    def __init__(self, reply: Reply = CLOSED) -> None:
        super().__init__(str(reply))
        self.reply = reply


class MemoryClient:
    """One connection to one server, begun with the first message and again after it was lost."""

    def __init__(
        self,
        server: MemoryServer,
        *,
        local_name: str,
        username: str = "",
        password: str = "",
        mechanism: Mechanism | None = None,
        timeout: float = 60,
        passed: Callable[[float], None] = lambda _: None,
    ) -> None:
        """`local_name` is said in EHLO; without a `mechanism` nobody logs in; `timeout` is in seconds.

        `passed` is told the seconds that a fault takes, before what comes of them.
        """
        self._server = server
        self._faults = server.faults
        self._name = local_name
        self._login = (username, password)
        self._mechanism = mechanism
        self._timeout = timeout
        self._passed = passed
        self._open = False
        self._calm = True  # no fault strikes the message under way
        self._peer = Peer(local_name)
        self._misfortune = Misfortune(server.faults)
        self._strike = UNHARMED
        self._extensions: frozenset[str] = frozenset()

    def send(self, envelope: Envelope, message: Message) -> Outcome:
        """Offer one message; as `client.Client.send`, except that it raises what the backend raises."""
        refused: dict[Address, Reply] = {}
        self._calm, self._strike = not self._faults, UNHARMED
        try:
            peer = self._peer if self._open else self._connect()
            return self._transaction(peer, envelope, message, refused)
        except _Refused as error:
            self._reset()
            reply = error.reply
        except _Lost as error:
            self._open = False
            reply = error.reply
        return Outcome(dict.fromkeys(envelope.recipients, reply) | refused, None)

    def close(self) -> None:
        """End the connection with QUIT; closing twice is harmless."""
        if self._open:
            self._misfortune.at(Moment.QUIT, peer=self._name)
        self._open = False

    # The dialogue

    def _ask(
        self,
        moment: Moment,
        answer: Callable[[*_Arguments], Reply],
        arguments: tuple[*_Arguments],
        sender: Address | None = None,
        about: Sequence[Address] = (),
    ) -> Reply:
        """The reply to one command; raises _Lost when the client never learns it."""
        if not self._open:
            raise _Lost
        if self._calm:
            reply = answer(*arguments)
        else:
            self._strike = self._misfortune.at(moment, peer=self._name, sender=sender, about=about)
            reply = self._disturbed(moment, self._strike, partial(answer, *arguments))
        if reply.code == CLOSING:
            self._open = False
        return reply

    def _disturbed(self, moment: Moment, strike: Strike, verb: Callable[[], Reply]) -> Reply:
        reply = strike.reply or verb()
        octets = len(reply.wire()) + len("\r\n")
        if seconds := strike.takes(octets, self._timeout):
            self._passed(seconds)
        if strike.certificate is not Certificate.GOOD and self._shakes_hands(moment, strike):
            raise _Lost
        if strike.in_body is None:  # else of the reply to DATA nothing is missing
            if strike.loses(octets, self._timeout):
                raise _Lost
            self._open = not strike.closes
        return reply

    def _shakes_hands(self, moment: Moment, strike: Strike) -> bool:
        """Whether TLS begins: before the greeting, or after a good reply to STARTTLS."""
        if moment is Moment.CONNECT:
            return self._server.tls is Tls.IMPLICIT
        return strike.reply is None

    def _reset(self) -> None:
        """Leave the refused transaction; the connection goes on where the server lets it."""
        try:
            self._open = self._open and self._ask(Moment.RSET, lambda: OK, ()).accepted
        except _Lost:
            self._open = False

    # The connection

    def _connect(self) -> Peer:
        server = self._server
        self._misfortune, self._open = Misfortune(server.faults), True
        self._needs(Moment.CONNECT, _GREETING)
        self._greet()
        if server.tls is Tls.STARTTLS:
            if "STARTTLS" not in self._extensions:
                raise _Lost
            self._needs(Moment.STARTTLS, _READY)
            self._greet()
        self._peer = Peer(self._name, self._log_in(self._mechanism) if self._mechanism else "")
        return self._peer

    def _needs(self, moment: Moment, good: Reply) -> None:
        reply = self._ask(moment, lambda: good, ())
        if not reply.accepted:
            raise _Lost(reply)

    def _greet(self) -> None:
        """EHLO, or HELO to a server that refuses it (RFC 5321 section 3.2)."""
        reply = self._ask(Moment.EHLO, lambda: _HELLO, ())
        self._extensions = _OFFERED - self._strike.without
        if not reply.accepted and self._open:
            reply = self._ask(Moment.EHLO, lambda: _HELLO, ())
            self._extensions = frozenset()
        if not reply.accepted:
            raise _Lost(reply)

    def _log_in(self, mechanism: Mechanism) -> str:
        server, (username, password) = self._server, self._login
        offered = server.mechanisms if "AUTH" in self._extensions else ()
        if mechanism not in offered:
            raise _Lost(not_offered(mechanism, offered))
        reply = self._ask(Moment.AUTH, lambda: OK if server.backend.login(username, password) else WRONG, ())
        if not reply.accepted:
            raise _Lost(reply)
        return username

    # The transaction

    def _transaction(
        self, peer: Peer, envelope: Envelope, message: Message, refused: dict[Address, Reply]
    ) -> Outcome:
        backend, sender = self._server.backend, envelope.sender
        message = transmitted(message)
        self._begin(peer, envelope, len(message.octets))
        taken: list[Address] = []
        for recipient in dict.fromkeys(envelope.recipients):
            if path_of(recipient) is None:
                refused[recipient] = BAD_RECIPIENT
                continue
            if self._open and len(taken) >= limits.MOST_RECIPIENTS:
                refused[recipient] = limits.TOO_MANY
                continue
            about = (recipient,)
            reply = self._ask(Moment.RCPT, backend.rcpt, (peer, sender, recipient), sender, about)
            if reply.accepted:
                taken.append(recipient)
            else:
                refused[recipient] = reply
        if not taken:
            self._reset()
            return Outcome(refused, None)
        if len(taken) < len(envelope.recipients):
            envelope = Envelope(sender, tuple(taken))
        return self._data(peer, envelope, message, refused)

    def _begin(self, peer: Peer, envelope: Envelope, octets: int) -> None:
        """MAIL; raises _Refused."""
        sender = envelope.sender
        if sender and path_of(sender) is None:
            raise _Refused(BAD_SENDER)
        if "SMTPUTF8" not in self._extensions:
            paths = [path_of(one) for one in (sender, *envelope.recipients) if one]
            if not all(path is None or path.isascii() for path in paths):
                raise _Refused(NO_SMTPUTF8)
        server = self._server
        size = octets if server.announces_size and "SIZE" in self._extensions else 0
        nobody = server.mechanisms and not server.open_relay and not peer.account
        mail = (lambda *_: NO_LOGIN) if nobody else server.backend.mail
        reply = self._ask(Moment.MAIL, mail, (peer, sender, size), sender, (sender,) if sender else ())
        if not reply.accepted:
            raise _Refused(reply)

    def _data(
        self, peer: Peer, envelope: Envelope, message: Message, refused: dict[Address, Reply]
    ) -> Outcome:
        sender, about = envelope.sender, envelope.recipients
        reply = self._ask(Moment.DATA, lambda: _GO_ON, (), sender, about)
        if reply.accepted:
            if not self._calm and self._strike.breaks_body(self._timeout):
                self._open = False
            refusal = limits.refusal(message)
            data = self._server.backend.data if refusal is None else lambda *_: refusal
            try:
                reply = self._ask(Moment.DATA_END, data, (peer, envelope, message), sender, about)
            except _Lost as lost:
                self._open = False
                return Outcome(refused, lost.reply, uncertain=True)
            finally:
                if self._strike.loses_message:
                    self._faults.lost(peer, envelope, message)
        if not reply.accepted:
            self._reset()
        return Outcome(refused, reply)
