"""How one kind of fault is described: what it does, when it can strike, how it is written. Pure data."""

from dataclasses import dataclass
from enum import StrEnum


class Argument(StrEnum):
    """What stands behind the word of a fault."""

    NONE = "nothing"
    STATUS = "a status line, such as 'reply [SYS/TEMP] try later'"
    REPLY = "a reply of 4yz or 5yz, such as 'reply 451 4.3.0 try later'"
    EXTENSION = "an extension's name, such as 'without SIZE'"
    SECONDS = "nothing, or seconds, such as 'stall 2s'"
    DELAY = "seconds, such as 'tarpit 2s'"
    RATE = "octets a second, such as 'slow 1000'"
    COUNT = "a number, such as 'rate-limit 10'"
    DIFFERENCE = "nothing, or octets more or less, such as 'wrong-size -10'"


class Where(StrEnum):
    """What `@N` counts."""

    NOTHING = "nothing"
    OCTET = "the octet of the reply, counted from 0"
    BODY = "the octet of the reply, at DATA of the message, counted from 0"
    MESSAGE = "the number of a message, counted from 1"


@dataclass(frozen=True, slots=True)
class Kind:
    """One way to go wrong.

    Attributes:
        does: What happens, in words.
        moments: The verbs and moments it can strike.
        examples: Faults as they are written.
        argument: What stands behind its word.
        where: What `@N` counts.
    """

    does: str
    moments: frozenset[str]
    examples: tuple[str, ...]
    argument: Argument = Argument.NONE
    where: Where = Where.NOTHING
