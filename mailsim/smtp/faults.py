"""Faults of one SMTP server: read from their one syntax, and counted as they strike (`faults.plan`). Pure.

What strikes is asked at moments (`smtp.strike`), by a server on sockets and by one in memory alike.
"""

import re
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from mailsim.faults.kinds import Argument
from mailsim.faults.plan import Plan
from mailsim.faults.reading import read_what
from mailsim.faults.syntax import FaultError, FaultSpec, read_fault_spec
from mailsim.mail import Address, Envelope, Message, Reply, parse_address
from mailsim.smtp.backend import Peer
from mailsim.smtp.fault_kinds import EXTENSIONS, KINDS, Moment, What

PROTOCOL = "smtp"

MOST_GREYLISTED = 100_000

_REPLY = re.compile(r"([45][0-9]{2})(?: (.*))?")
_LONGEST = 500  # RFC 5321 section 4.5.3.1.5: a reply line of 512 octets
_ABOUT = (Moment.MAIL, Moment.RCPT, Moment.DATA, Moment.DATA_END)


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of an SMTP server.

    Attributes:
        spec: It as it was written.
        what: What goes wrong.
        where: The N of `@N`, None where none is written.
        amount: Seconds, octets a second, or a number; None where none is written.
        reply: What `reply` answers.
        extension: What `without` takes away.
    """

    spec: FaultSpec
    what: What
    where: int | None = None
    amount: float | None = None
    reply: Reply | None = None
    extension: str = ""

    def __str__(self) -> str:
        return self.spec.text


def read_fault(text: str, *, protocol: str = PROTOCOL) -> Fault:
    """Return the fault that a text describes, such as `smtp:RCPT:2:reply 451 4.3.0 try later`.

    Raises:
        FaultError: It is none; the text says what to write.
    """
    spec = read_fault_spec(text)
    if spec.protocol != protocol:
        raise FaultError(f"fault {text!r}: {spec.protocol!r} is not spoken here; write {protocol!r}")
    if spec.about:
        spec = replace(spec, about=_about(spec).key)
    reading = read_what(spec, KINDS)
    if reading.kind.argument is Argument.REPLY:
        if (
            (said := _REPLY.fullmatch(reading.rest))
            and reading.rest.isprintable()
            and len(reading.rest.encode()) < _LONGEST
        ):
            return Fault(spec, reading.what, reply=Reply.parse(int(said[1]), said[2] or ""))
        raise reading.refusal()
    if reading.kind.argument is Argument.EXTENSION:
        if (extension := reading.rest.upper()) in EXTENSIONS:
            return Fault(spec, reading.what, extension=extension)
        raise FaultError(
            f"fault {text!r}: {reading.rest!r} is no extension; write one of {', '.join(EXTENSIONS)}"
        )
    return Fault(spec, reading.what, reading.where, reading.amount())


def _about(spec: FaultSpec) -> Address:
    address = parse_address(spec.about)
    if address is None:
        raise FaultError(
            f"fault {spec.text!r}: {spec.about!r} is no address; write such as 'smtp:RCPT=jane@client.example:3:drop'"
        )
    if spec.verb not in _ABOUT:
        raise FaultError(
            f"fault {spec.text!r}: {spec.verb!r} is about no address; write one of {', '.join(_ABOUT)}"
        )
    return address


Lost = Callable[[Peer, Envelope, Message], None]
"""Hear of a message that was answered 250 and is gone."""


class FaultPlan(Plan[Fault]):
    """The faults of one SMTP server, how often each moment has come, and whom its greylist knows."""

    def __init__(
        self,
        faults: Iterable[Fault | str] = (),
        *,
        seed: int = 0,
        by_address: bool = False,
        lost: Lost = lambda _peer, _envelope, _message: None,
    ) -> None:
        """Take faults, or their texts, and the seed of those that strike by chance.

        With `by_address` a recipient's address can ask for a fault; `lost` is told what `lose` loses.

        Raises:
            FaultError: A text is no fault.
        """
        super().__init__(seed=seed)
        self.lost = lost
        self.by_address = by_address
        self._watched: set[str] = set()
        self._greylisted: OrderedDict[tuple[str, str, str], None] = OrderedDict()
        for fault in faults:
            self.add(fault)

    def add(self, fault: Fault | str) -> None:
        """Take one more fault, while the server runs too.

        Raises:
            FaultError: The text is no fault.
        """
        read = read_fault(fault) if isinstance(fault, str) else fault
        self.take(read)
        if read.spec.about:
            self._watched.add(read.spec.moment)

    def __bool__(self) -> bool:
        return self.by_address or bool(self._faults)  # asked at every moment: without a second call

    def moments(self, moment: Moment, about: Iterable[Address]) -> list[str]:
        """Return what comes with a moment: any command, and the moment about those addresses that a fault names."""
        come = [str(moment)]
        if moment not in (Moment.CONNECT, Moment.DATA_END, Moment.ANY):
            come.append(Moment.ANY)
        if self._watched:
            come += self._watched & {f"{moment}={address.key}" for address in about}
        return come

    def first_sight(self, peer: str, sender: Address | None, recipient: Address) -> bool:
        """Say whether these three come together for the first time, and remember them; of many the latest 100,000."""
        triplet = (peer, sender.key if sender else "", recipient.key)
        known = triplet in self._greylisted
        self._greylisted[triplet] = None
        if len(self._greylisted) > MOST_GREYLISTED:
            self._greylisted.popitem(last=False)
        return not known
