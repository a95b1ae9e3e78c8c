"""A cause: what happened to a message before it was collected, or what is set wrongly, read from the message itself."""

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from mailsim.study.diagnosis.case import Case


class Confidence(StrEnum):
    """How far the evidence goes."""

    HIGH = "high"
    """The message and the settings prove it."""
    MEDIUM = "medium"
    """It explains all that is seen; something else could too."""
    LOW = "low"
    """It is seen, and may have nothing to do with it."""


WORDS = {Confidence.HIGH: "certain", Confidence.MEDIUM: "likely", Confidence.LOW: "possible"}
"""What people are told."""
SURE = {confidence: rank for rank, confidence in enumerate(Confidence)}
"""The surest first."""


class Sign(NamedTuple):
    """What one cause sees in one case."""

    confidence: Confidence
    evidence: tuple[str, ...]
    """What was read, in words; never empty."""


class Cause(NamedTuple):
    """A named cause."""

    name: str
    """Such as `sender-rewritten`; stable, for programs."""
    tells: str
    """What happened, in one sentence without a full stop."""
    fix: str
    """What usually helps."""
    seen: "Callable[[Case], Sign | None]"
    """What it sees in a case; None where it is not the cause."""


class Found(NamedTuple):
    """A cause that was found in a message."""

    name: str
    confidence: Confidence
    tells: str
    evidence: tuple[str, ...]
    fix: str


def high(*evidence: str) -> Sign:
    """Proven by this."""
    return Sign(Confidence.HIGH, evidence)


def medium(*evidence: str) -> Sign:
    """Explained by this."""
    return Sign(Confidence.MEDIUM, evidence)


def low(*evidence: str) -> Sign:
    """Seen beside it."""
    return Sign(Confidence.LOW, evidence)
