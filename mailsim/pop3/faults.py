"""Faults of one POP3 server: read from their one syntax, and counted as they strike. Pure.

Laws: a plan belongs to one server, and what strikes, strikes one session; occurrences are counted over all sessions
of the server, so that a client which comes again after `pop:RETR:3:drop` is served; the same faults, seed and
commands strike the same replies.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from mailsim.pop3.fault_kinds import KINDS, Argument, Moment, What, Where
from mailsim.pop3.fault_syntax import FaultError, FaultSpec, read_fault_spec
from mailsim.pop3.wire import STATUS_LIMIT, Verb

PROTOCOL = "pop"

_WHERE = re.compile(r"(.*)@([0-9]{1,12})")
_SECONDS = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,6})?)s?")
_RATE = re.compile(r"[1-9][0-9]{0,9}")
_DIFFERENCE = re.compile(r"[+-]?[0-9]{1,9}")
_DIFFERENCE_UNSAID = 7
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
    word = re.split("[ @]", spec.what, maxsplit=1)[0]
    if word not in tuple(What):
        raise FaultError(f"fault {text!r}: {word!r} is no fault; write one of {', '.join(What)}")
    what = What(word)
    kind = KINDS[what]
    if spec.verb not in kind.moments:
        raise FaultError(
            f"fault {text!r}: {what} does not happen at {spec.verb!r}; write one of {', '.join(sorted(kind.moments))}"
        )
    rest, where = spec.what.removeprefix(word), None
    if kind.where is not Where.NOTHING and (at := _WHERE.fullmatch(rest)):
        rest, where = at[1], int(at[2])
    return _with_argument(spec, what, where, rest.strip(" "))


def _with_argument(spec: FaultSpec, what: What, where: int | None, rest: str) -> Fault:
    kind = KINDS[what]
    match kind.argument:
        case Argument.TEXT if rest and rest.isprintable() and len(rest.encode()) < STATUS_LIMIT - 8:
            indicator, _, text = rest.partition(" ")
            return Fault(spec, what, status=(indicator, text) if indicator in _INDICATORS else ("-ERR", rest))
        case Argument.SECONDS if not rest:
            return Fault(spec, what, where)
        case Argument.SECONDS if seconds := _SECONDS.fullmatch(rest):
            return Fault(spec, what, where, amount=float(seconds[1]))
        case Argument.RATE if _RATE.fullmatch(rest):
            return Fault(spec, what, where, amount=int(rest))
        case Argument.DIFFERENCE if not rest:
            return Fault(spec, what, where, amount=_DIFFERENCE_UNSAID)
        case Argument.DIFFERENCE if _DIFFERENCE.fullmatch(rest):
            return Fault(spec, what, where, amount=int(rest))
        case Argument.NONE if not rest:
            return Fault(spec, what, where)
    raise FaultError(
        f"fault {spec.text!r}: {rest!r} cannot stand behind {str(what)!r}; what can: {kind.argument}; @N is {kind.where}"
    )


class FaultPlan:
    """The faults of one server, and how often each moment has come."""

    def __init__(self, faults: Iterable[Fault | str] = (), *, seed: int = 0) -> None:
        """Take faults, or their texts, and the seed of those that strike by chance.

        Raises:
            FaultError: A text is no fault.
        """
        self.seed = seed
        self.struck: list[Fault] = []
        """What has struck so far, in order."""
        self._faults: list[tuple[Fault, int]] = []  # each with the occurrences before it was given
        self._seen: Counter[str] = Counter()
        for fault in faults:
            self.add(fault)

    def __bool__(self) -> bool:
        return bool(self._faults)

    def add(self, fault: Fault | str) -> None:
        """Take one more fault, while the server runs too.

        Raises:
            FaultError: The text is no fault.
        """
        read = read_fault(fault) if isinstance(fault, str) else fault
        self._faults.append((read, self._seen[read.spec.verb] if read.spec.again else 0))

    def seen(self, moment: Verb | Moment) -> int:
        """Return how often a moment has come."""
        return self._seen[moment]

    def strike(self, *moments: Verb | Moment) -> tuple[Fault, ...]:
        """Count these moments, which have come together, and return what strikes now."""
        self._seen.update(map(str, moments))
        now = tuple(
            fault
            for place, (fault, before) in enumerate(self._faults)
            if fault.spec.verb in moments
            and fault.spec.which.strikes(self._seen[fault.spec.verb] - before, f"{self.seed} {place} {fault}")
        )
        self.struck += now
        return now
