"""A session with faults: a layer round the session machine, octets in, effects out. Pure.

It hands the session one line at a time, so that it knows which command a reply answers, and does to the effects
what the faults say. The session knows nothing of it; without faults to come nobody needs the layer.

Laws: with a plan that strikes nothing the effects are the session's own, but for where one Send ends and the next
begins; they do not depend on how the octets are cut; no octets raise; a line is never counted twice; input that
waits is bounded by BACKLOG.
"""

from mailsim.pop3.damage import damaged
from mailsim.pop3.effects import (
    Arrive,
    Authenticate,
    Certificate,
    Close,
    Drip,
    Effect,
    Expunge,
    HalfClose,
    Refusal,
    Remove,
    Secure,
    Send,
    Wait,
)
from mailsim.pop3.fault_kinds import Moment, What
from mailsim.pop3.faults import Fault, FaultPlan
from mailsim.pop3.maildrop import Maildrop, WireMessage
from mailsim.pop3.maildrops import LOCKED, WRONG_CREDENTIALS
from mailsim.pop3.session import BACKLOG, OUTPUT_STEP, Session
from mailsim.pop3.states import LISTENING, State
from mailsim.pop3.wire import COMMAND_LIMIT, RESPONSE_LIMIT, Verb, parse_command, parse_number, status_line

ARRIVED = b"From: postman@mail.example\r\nSubject: arrived in the middle of a session\r\n\r\nHere I am.\r\n"

_CERTIFICATES = {
    What.EXPIRED_CERTIFICATE: Certificate.EXPIRED,
    What.FOREIGN_CERTIFICATE: Certificate.FOREIGN,
}
_REFUSALS = {What.REFUSE: WRONG_CREDENTIALS, What.LOCKED: LOCKED}
_LOGINS = (Verb.PASS, Verb.APOP, Verb.AUTH)
_NAMES_A_MESSAGE = (Verb.LIST, Verb.UIDL, Verb.RETR, Verb.TOP, Verb.DELE)
_CUTS = (What.DROP, What.HALF_CLOSE, What.STALL, What.SLOW)


class DisturbedSession:
    """A session and a plan of faults, with a session's face.

    Attributes:
        certificate: What the server shows if it speaks TLS from the first octet.
    """

    def __init__(
        self, session: Session, plan: FaultPlan, *, begun: bool = False, maildrop: Maildrop | None = None
    ) -> None:
        """Take a session that has not begun, or one between two commands and the maildrop that it has open."""
        self._session = session
        self._plan = plan
        self._buffer = bytearray()
        self._cut_line = False  # the session was given the beginning of a line that is too long
        self._over = False
        self._mute = False
        self._maildrop = maildrop
        self._arrived = 0
        self._vanished: set[int] = set()
        self._verb: Verb | None = None
        self._argument = b""
        self._now = () if begun else plan.strike(Moment.CONNECT)
        self._connection = plan.seen(Moment.CONNECT)
        self.certificate = self._certificate()

    @property
    def behind(self) -> bool:
        """Whether something waits only because enough was answered: `receive(b"")` goes on."""
        return not self._over and (self._session.behind or (self._listens and b"\n" in self._buffer))

    @property
    def _listens(self) -> bool:
        return self._session.state in LISTENING

    def start(self) -> list[Effect]:
        """Return the greeting, or what is left of it."""
        return self._disturb(self._session.start())

    def receive(self, octets: bytes) -> list[Effect]:
        """Take what the client sent, any octets in any pieces, and return what to do."""
        if self._over or self._session.state in (State.SECURING, State.ENDED):
            return []
        if not self._listens and len(self._buffer) + len(octets) > BACKLOG:
            return self._end()
        self._buffer += octets
        return self._work([])

    def authenticated(self, maildrop: Maildrop) -> list[Effect]:
        """Answer `Authenticate`, as a session is answered."""
        self._maildrop = maildrop
        return self._answered(self._session.authenticated(maildrop))

    def refused(self, refusal: Refusal) -> list[Effect]:
        """Answer `Authenticate`, as a session is answered."""
        return self._answered(self._session.refused(refusal))

    def secured(self) -> list[Effect]:
        """Answer `Secure`, as a session is answered."""
        return self._answered(self._session.secured())

    def removed(self, *, failed: bool = False) -> list[Effect]:
        """Answer `Remove`, as a session is answered."""
        return self._answered(self._session.removed(failed=failed))

    def _answered(self, effects: list[Effect]) -> list[Effect]:
        return [] if self._over else self._work(self._disturb(effects))

    def _work(self, effects: list[Effect]) -> list[Effect]:
        written = 0
        while not self._over and written < OUTPUT_STEP:
            if self._session.behind:
                new = self._disturb(self._session.receive(b""))
            elif not self._listens or (line := self._next_line()) is None:
                break
            else:
                new = self._obey(line)
            effects += new
            written += sum(len(effect.octets) for effect in new if isinstance(effect, Send | Drip))
        if self._session.state is State.SECURING:
            self._buffer.clear()  # no command is carried across (RFC 2595 §4)
        return effects

    def _next_line(self) -> bytes | None:
        """The next line with its end, or the beginning of one that is too long for any session."""
        end = self._buffer.find(b"\n") + 1
        if not end and len(self._buffer) <= RESPONSE_LIMIT:
            return None
        end = end or len(self._buffer)
        line = bytes(self._buffer[:end])
        del self._buffer[:end]
        return line

    def _obey(self, line: bytes) -> list[Effect]:
        if self._mute:
            return []
        cut, self._cut_line = self._cut_line, not line.endswith(b"\n")
        if self._session.state is State.EXCHANGE:
            return self._disturb(self._session.receive(line))
        if cut or len(line) > COMMAND_LIMIT:  # no command: one answer, when it ends
            self._now = ()
            return self._session.receive(line)
        command = parse_command(line.rstrip(b"\r\n"))
        self._verb, self._argument = command.verb, command.argument
        moments = (Moment.ANY,) if command.verb is None else (command.verb, Moment.ANY)
        self._now = self._plan.strike(*moments)
        before = self._before()
        instead = self._instead()
        return before + (self._disturb(self._session.receive(line)) if instead is None else instead)

    def _before(self) -> list[Effect]:
        """What happens to the maildrop before the command is obeyed."""
        effects: list[Effect] = []
        for fault in self._now:
            if self._maildrop is None:
                break
            if fault.what is What.ARRIVE:
                self._arrived += 1
                message = WireMessage(f"arrived.{self._connection}.{self._arrived}", ARRIVED)
                self._maildrop.arrive(message)
                effects.append(Arrive(message))
            elif fault.what is What.VANISH:
                number = fault.where or self._number() or 1
                if gone := self._maildrop[number]:
                    self._vanished.add(number)
                    effects.append(Expunge((gone.key,)))
            elif fault.what is What.EAGER_DELETE and (gone := self._maildrop[self._number() or 0]):
                effects.append(Expunge((gone.key,)))
        return effects

    def _number(self) -> int | None:
        """The message that the command names."""
        return parse_number(self._argument.partition(b" ")[0]) if self._verb in _NAMES_A_MESSAGE else None

    def _instead(self) -> list[Effect] | None:
        """What is done instead of obeying the command; None when it is to be obeyed."""
        reply = self._fault(What.REPLY)
        if reply is not None and self._verb not in _LOGINS:
            effects: list[Effect] = [Send(status_line(*reply.status))]
            return self._disturb([*effects, *self._end()] if self._verb is Verb.QUIT else effects)
        number = self._number()
        if number in self._vanished:
            return self._disturb([Send(status_line("-ERR", f"message {number} is gone"))])
        return None

    def _fault(self, *what: What) -> Fault | None:
        return next((fault for fault in self._now if fault.what in what), None)

    def _certificate(self) -> Certificate:
        fault = self._fault(*_CERTIFICATES)
        return Certificate.GOOD if fault is None else _CERTIFICATES[fault.what]

    def _end(self) -> list[Effect]:
        self._over = True
        self._buffer.clear()
        return [Close()]

    def _disturb(self, effects: list[Effect]) -> list[Effect]:
        """Do to one command's effects what struck it."""
        if effects and isinstance(effects[-1], Authenticate):
            self._now += self._plan.strike(Moment.LOGIN)
            refusal = self._refusal()
            if refusal is not None:
                return [*effects[:-1], *self._disturb(self._session.refused(refusal))]
        if not self._now or not effects:
            return effects
        while self._session.behind:  # the whole of the reply, however long
            effects += self._session.receive(b"")
        reply = b"".join(effect.octets for effect in effects if isinstance(effect, Send))
        rest = [self._changed(effect) for effect in effects if not isinstance(effect, Send)]
        if not reply:
            return rest
        for fault in self._now:
            reply = damaged(reply, fault, self._first_uid())
        return self._delivered(reply, rest)

    def _first_uid(self) -> bytes:
        first = next((one for _, one in self._maildrop.numbered()), None) if self._maildrop else None
        return b"0" if first is None else first.uid.encode()

    def _refusal(self) -> Refusal | None:
        fault = self._fault(*_REFUSALS, What.REPLY)
        if fault is None:
            return None
        return _REFUSALS.get(fault.what) or Refusal(None, fault.status[1])

    def _changed(self, effect: Effect) -> Effect:
        if isinstance(effect, Remove) and self._fault(What.IGNORE_DELETES):
            return Remove(())
        if isinstance(effect, Secure):
            return Secure(self._certificate())
        return effect

    def _delivered(self, reply: bytes, rest: list[Effect]) -> list[Effect]:
        """Send a reply as far, and as fast, as the faults let it."""
        fault = self._fault(*_CUTS)
        if fault is None:
            return [Send(reply), *rest]
        at = min(fault.where or 0, len(reply))
        begun: list[Effect] = [Send(reply[:at])] if at else []
        left = reply[at:]
        if fault.what is What.DROP:
            return [*begun, *self._end()]
        if fault.what is What.HALF_CLOSE:
            self._mute = True
            return [*begun, HalfClose()]
        if fault.what is What.STALL:
            return [*begun, Wait(fault.amount), *([Send(left)] if left else []), *rest]
        return [*begun, *([Drip(left, int(fault.amount or 1))] if left else []), *rest]
