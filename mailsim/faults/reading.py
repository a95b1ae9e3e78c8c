"""A fault's WHAT, read against the catalogue of its protocol: the word, its argument, its `@N`. Pure.

Law: every text is read, or refused in one line that says what to write.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from mailsim.faults.kinds import Argument, Kind, Where
from mailsim.faults.syntax import FaultError, FaultSpec

_WHERE = re.compile(r"(.*)@([0-9]{1,12})")
_SECONDS = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,6})?)s?")
_RATE = re.compile(r"[1-9][0-9]{0,9}")
_DIFFERENCE = re.compile(r"[+-]?[0-9]{1,9}")
_DIFFERENCE_UNSAID = 7

_TEXTS = (Argument.STATUS, Argument.REPLY)  # may hold an @

What = TypeVar("What", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Reading(Generic[What]):
    """The parts of a WHAT.

    Attributes:
        spec: The whole fault.
        what: Its word.
        where: The N of `@N`, None where none is written.
        rest: What stands between.
    """

    spec: FaultSpec
    what: What
    where: int | None
    rest: str
    kind: Kind

    def amount(self) -> float | None:
        """Seconds, octets a second, a number, or octets more or less; None where none is written.

        Raises:
            FaultError: What is written is none.
        """
        match self.kind.argument:
            case Argument.NONE | Argument.SECONDS if not self.rest:
                return None
            case Argument.DIFFERENCE if not self.rest:
                return _DIFFERENCE_UNSAID
            case Argument.SECONDS | Argument.DELAY if seconds := _SECONDS.fullmatch(self.rest):
                return float(seconds[1])
            case Argument.RATE | Argument.COUNT if _RATE.fullmatch(self.rest):
                return int(self.rest)
            case Argument.DIFFERENCE if _DIFFERENCE.fullmatch(self.rest):
                return int(self.rest)
        raise self.refusal()

    def refusal(self) -> FaultError:
        """The error that says what can stand behind this word."""
        return FaultError(f"fault {self.spec.text!r}: {self._wrong()}")

    def _wrong(self) -> str:
        word, argument, where = str(self.what), self.kind.argument, self.kind.where
        if not self.rest:
            return f"{word!r} needs {argument}"
        at = self.spec.what[self.spec.what.find("@") :]
        if "@" not in self.rest or argument in _TEXTS:
            return f"{self.rest!r} cannot stand behind {word!r}; what can: {argument}"
        if where is Where.NOTHING:
            return f"{word!r} takes no @N; leave {at!r} out"
        return f"{at!r} is not one @N; write @N once, N being {where}"


def read_what(spec: FaultSpec, kinds: Mapping[What, Kind]) -> Reading[What]:
    """Return the parts of a fault's WHAT.

    Raises:
        FaultError: The catalogue has no such word, it cannot strike at that moment, or there is no such message.
    """
    word = re.split("[ @]", spec.what, maxsplit=1)[0]
    what = next((what for what in kinds if what == word), None)
    if what is None:
        raise FaultError(f"fault {spec.text!r}: {word!r} is no fault; write one of {', '.join(kinds)}")
    kind = kinds[what]
    if spec.verb not in kind.moments:
        moments = ", ".join(sorted(kind.moments))
        raise FaultError(
            f"fault {spec.text!r}: {what} does not happen at {spec.verb!r}; write one of {moments}"
        )
    rest, where = spec.what.removeprefix(word), None
    if kind.where is not Where.NOTHING and (at := _WHERE.fullmatch(rest)):
        rest, where = at[1], int(at[2])
        if kind.where is Where.MESSAGE and not where:
            raise FaultError(f"fault {spec.text!r}: '@0' is no message; N is {kind.where}")
    return Reading(spec, what, where, rest.strip(" "), kind)
