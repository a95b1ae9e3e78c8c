"""What strikes one SMTP connection at each moment: asked by whoever drives it, over sockets or in memory. Pure.

A driver asks at every moment, in the order of the dialogue: `connect` once, then each command as it comes, and
`DATA-END` when the message is whole. Without faults nobody need ask.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from mailsim.mail import Address, Reply
from mailsim.pop3.effects import Certificate
from mailsim.smtp.address_faults import asked_for
from mailsim.smtp.fault_kinds import Moment, What
from mailsim.smtp.faults import Fault, FaultPlan

GREYLISTED = Reply(451, "Greylisted, please try again later", "4.7.1")
TOO_MANY = Reply(421, "Too many in one connection, closing", "4.7.0")
TAKEN = Reply(250, "OK", "2.0.0")
CLOSING = 421
"""The reply after which a server closes the connection (RFC 5321 section 3.8)."""

_LINE = (What.DROP, What.HALF_CLOSE, What.STALL, What.SLOW, What.GARBAGE)
_CERTIFICATES = {
    What.EXPIRED_CERTIFICATE: Certificate.EXPIRED,
    What.FOREIGN_CERTIFICATE: Certificate.FOREIGN,
}


@dataclass(frozen=True, slots=True)
class Strike:
    """What goes wrong at one moment.

    Attributes:
        reply: What is answered instead of obeying; None when the command is obeyed.
        line: What becomes of the reply on its way, or at DATA with a `where` of the message behind it.
        delay: How many seconds late the reply comes.
        without: Extensions that this EHLO does not announce.
        certificate: What the server shows in a handshake of this moment.
        loses_message: Whether `reply` says that the message is taken, and it is not.
    """

    reply: Reply | None = None
    line: Fault | None = None
    delay: float = 0.0
    without: frozenset[str] = frozenset()
    certificate: Certificate = Certificate.GOOD
    loses_message: bool = False

    @property
    def in_body(self) -> Fault | None:
        """What strikes while the message behind DATA comes."""
        line = self.line
        return line if line and line.spec.verb == Moment.DATA and line.where is not None else None

    def breaks_body(self, patience: float) -> bool:
        """Say whether a client that waits so many seconds loses the connection while it sends the message."""
        match self.in_body:
            case Fault(what=What.DROP):
                return True
            case Fault(what=What.STALL, amount=seconds):
                return seconds is None or seconds >= patience
        return False

    def takes(self, octets: int, patience: float) -> float:
        """Say how many seconds a client that waits so many hears nothing, or not all of a reply of so many octets."""
        seconds, line = self.delay, self.line
        match line:
            case Fault(what=What.STALL, where=where, amount=amount) if (
                line is self.in_body or (where or 0) < octets
            ):
                seconds += patience if amount is None else amount
            case Fault(what=What.SLOW, amount=rate):
                return seconds + octets / (rate or 1)  # of which something is heard all the time
        return min(seconds, patience)

    @property
    def closes(self) -> bool:
        """Whether the connection is of no use after this reply, or what came of it."""
        return self.line is not None and self.line.what in (What.DROP, What.HALF_CLOSE)

    def loses(self, octets: int, patience: float) -> bool:
        """Say whether a client that waits so many seconds never learns a reply of so many octets."""
        if self.delay >= patience:
            return True
        match self.line:
            case Fault(what=What.DROP, where=where):
                return (where or 0) < octets
            case Fault(what=What.STALL, where=where, amount=seconds):
                return (where or 0) < octets and (seconds is None or seconds + self.delay >= patience)
            case Fault(what=What.HALF_CLOSE | What.GARBAGE):
                return True
        return False


UNHARMED = Strike()


class Misfortune:
    """All that strikes one connection, from its beginning to its end."""

    def __init__(self, plan: FaultPlan) -> None:
        self._plan = plan
        self._come: Counter[Moment] = Counter()
        self._delay = 0.0

    def at(
        self, moment: Moment, *, peer: str = "", sender: Address | None = None, about: Sequence[Address] = ()
    ) -> Strike:
        """Count a moment and return what strikes.

        `peer` is what the client calls itself; `sender` the envelope's; `about` whom the moment is about: the
        sender at MAIL, one recipient at RCPT, all those taken at DATA and DATA-END.
        """
        plan = self._plan
        if not plan:
            return UNHARMED
        self._come[moment] += 1
        due = plan.due(*plan.moments(moment, about))
        if plan.by_address:
            due += tuple(fault for address in about if (fault := asked_for(moment, address)))
        now = [fault for fault in due if self._has_effect(fault, moment, peer, sender, about)]
        if not now and not self._delay:
            return UNHARMED
        plan.note(now)
        self._delay += sum(fault.amount or 0 for fault in now if fault.what is What.TARPIT)
        answering = next((fault for fault in now if _reply(fault)), None)
        return Strike(
            _reply(answering) if answering else None,
            next((fault for fault in now if fault.what in _LINE), None),
            self._delay,
            frozenset(fault.extension for fault in now if fault.what is What.WITHOUT),
            next(
                (_CERTIFICATES[fault.what] for fault in now if fault.what in _CERTIFICATES), Certificate.GOOD
            ),
            answering is not None and answering.what is What.LOSE,
        )

    def _has_effect(
        self, fault: Fault, moment: Moment, peer: str, sender: Address | None, about: Sequence[Address]
    ) -> bool:
        if fault.what is What.GREYLIST:
            return self._plan.first_sight(peer, sender, about[0])
        if fault.what is What.RATE_LIMIT:
            return self._come[moment] > (fault.amount or 0)
        return True


def _reply(fault: Fault) -> Reply | None:
    match fault.what:
        case What.GREYLIST:
            return GREYLISTED
        case What.RATE_LIMIT:
            return TOO_MANY
        case What.LOSE:
            return TAKEN
    return fault.reply
