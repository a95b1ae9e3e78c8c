"""Faults of one POP3 server: read from their one syntax, and counted as they strike (`faults.plan`). Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from mailsim.faults.kinds import Argument
from mailsim.faults.plan import Plan
from mailsim.faults.reading import read_what
from mailsim.faults.syntax import FaultError, FaultSpec, read_fault_spec
from mailsim.pop3.fault_kinds import KINDS, What
from mailsim.pop3.wire import STATUS_LIMIT, Verb

PROTOCOL = "pop"

_INDICATORS = ("+OK", "-ERR")


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a POP3 server.

    Attributes:
        spec: It as it was written.
        what: What goes wrong.
        where: The N of `@N`, None where none is written.
        status: The indicator of `reply` and `say`, and the text behind it.
        amount: Seconds, octets a second, or octets more or less; None where none is written.
    """

    spec: FaultSpec
    what: What
    where: int | None = None
    status: tuple[str, str] = ("-ERR", "")
    amount: float | None = None

    def __str__(self) -> str:
        return self.spec.text


def read_fault(text: str) -> Fault:
    """Return the fault that a text describes, such as `pop:RETR:3:drop@1024`.

    Raises:
        FaultError: It is none; the text says what to write.
    """
    spec = read_fault_spec(text)
    if spec.protocol != PROTOCOL:
        raise FaultError(f"fault {text!r}: {spec.protocol!r} is not spoken here; write {PROTOCOL!r}")
    if spec.about:
        raise FaultError(f"fault {text!r}: POP3 knows no addresses; write {spec.verb!r} alone")
    reading = read_what(spec, KINDS)
    if reading.what is What.WRONG_SIZE and reading.where is not None and spec.verb != Verb.LIST:
        raise FaultError(f"fault {text!r}: a message can be named at LIST only; leave @{reading.where} out")
    if reading.kind.argument is not Argument.STATUS:
        return Fault(spec, reading.what, reading.where, amount=reading.amount())
    rest = reading.rest
    if not rest or not rest.isprintable() or len(rest.encode()) >= STATUS_LIMIT - 8:
        raise reading.refusal()
    indicator, _, words = rest.partition(" ")
    return Fault(
        spec, reading.what, status=(indicator, words) if indicator in _INDICATORS else ("-ERR", rest)
    )


class FaultPlan(Plan[Fault]):
    """The faults of one server, and how often each moment has come."""

    def __init__(self, faults: Iterable[Fault | str] = (), *, seed: int = 0) -> None:
        """Take faults, or their texts, and the seed of those that strike by chance.

        Raises:
            FaultError: A text is no fault.
        """
        super().__init__(seed=seed)
        for fault in faults:
            self.add(fault)

    def add(self, fault: Fault | str) -> None:
        """Take one more fault, while the server runs too.

        Raises:
            FaultError: The text is no fault.
        """
        self.take(read_fault(fault) if isinstance(fault, str) else fault)
