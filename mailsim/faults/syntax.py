"""The one syntax of faults: `PROTOCOL:VERB:WHICH:WHAT[@WHERE]`, and which occurrences `WHICH` means. Pure.

`VERB` is what comes to the server; with `=ADDRESS` behind it, only when it is about that address: the third time
for Jane is `smtp:RCPT=jane@client.example:3:reply 451 4.3.0 try later`.

Laws: every text is read or refused in one line that says what to write; whether an occurrence is struck depends on
the fault, its place in the list, the seed and the occurrence's number, and on nothing else.
"""

import re
from dataclasses import dataclass
from hashlib import blake2b

from mailsim.errors import MailsimError

_NUMBER = re.compile(r"[1-9][0-9]{0,8}")
_CHANCE = re.compile(r"p=(0?\.[0-9]{1,9}|0|1|1\.0)")


class FaultError(MailsimError):
    """A fault that cannot be read, or that cannot happen there."""


@dataclass(frozen=True, slots=True)
class Which:
    """Which occurrences of a verb on a server: the n-th, or each by a chance of 1 or less.

    Attributes:
        number: The n-th occurrence only; with `after`, the n-th after it was asked for.
        chance: Each with that probability.
    """

    number: int | None = None
    chance: float = 0.0

    def strikes(self, occurrence: int, draw: str) -> bool:
        """Say whether that occurrence, counted from 1, is struck; `draw` is what chance is drawn from."""
        if self.number is not None:
            return occurrence == self.number
        drawn = blake2b(f"{draw} {occurrence}".encode("utf-8", "surrogateescape"), digest_size=8).digest()
        return int.from_bytes(drawn) < self.chance * 2**64


@dataclass(frozen=True, slots=True)
class FaultSpec:
    """One fault as it is written, cut into its parts; what `verb` and `what` mean is the protocol's business."""

    text: str
    protocol: str
    verb: str
    about: str
    """The address behind `VERB=`, as it was written; empty where there is none."""
    which: Which
    again: bool
    """Whether `next` was written: the first occurrence from when the fault is given."""
    what: str

    @property
    def moment(self) -> str:
        """What is counted: the verb, or the verb about its address."""
        return f"{self.verb}={self.about}" if self.about else self.verb


def read_fault_spec(text: str) -> FaultSpec:
    """Return the parts of a fault.

    Raises:
        FaultError: There are not four parts, or `WHICH` is none.
    """
    parts = text.split(":", 3)
    if len(parts) != 4 or not all(parts):
        raise FaultError(
            f"fault {text!r}: write PROTOCOL:VERB:WHICH:WHAT, such as 'pop:RETR:3:drop@1024' or 'smtp:RCPT:2:drop'"
        )
    protocol, verb, which, what = parts
    verb, equals, about = verb.partition("=")
    if equals and not about:
        raise FaultError(f"fault {text!r}: an address is missing behind '='; write one, or no '='")
    return FaultSpec(text, protocol.lower(), verb.upper(), about, _which(text, which), which == "next", what)


def _which(text: str, word: str) -> Which:
    if word == "next":
        return Which(1)
    if word == "every":
        return Which(chance=1.0)
    if _NUMBER.fullmatch(word):
        return Which(int(word))
    if chance := _CHANCE.fullmatch(word):
        return Which(chance=float(chance[1]))
    raise FaultError(
        f"fault {text!r}: {word!r} is no WHICH; write a number from 1, 'next', 'every' or 'p=0.1'"
    )
