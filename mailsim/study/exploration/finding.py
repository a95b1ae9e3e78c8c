"""What exploration found: which law or rule is broken, or which reply is lost, in words, and what should have come of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What is wrong, the worst first."""

    LAW = "law"
    """Mail was lost or doubled, or goes round; or the world raised."""
    RULE = "rule"
    """Something came out otherwise than the rule book says."""
    MISROUTE = "misroute"
    """All rules were kept, and yet mail does not reach whom it was for: a weakness of the site or its provider."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with what came of a plot."""

    kind: Kind
    rule: str
    """The rule that is broken, or by which the mail was lost."""
    told: str
    """What happened, and what should have, in one line."""
    copies: Mapping[str, int] = field(default_factory=dict)
    """How many copies each target concerned should hold."""
    octets: bytes = b""
    """The misrouted message as it was collected."""
    meant: str = ""
    """The target that it was for."""
    sent: Mapping[str, int] = field(default_factory=dict)
    """The letter that it answers: its Message-ID, and the action that it was sent from."""

    @property
    def sort(self) -> tuple[Kind, str]:
        """What two findings have in common that are of one cause, most likely."""
        return self.kind, self.rule
