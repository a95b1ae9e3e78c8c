"""What is found in SPF records: one thing each, by a name that stays the same."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding matters."""

    ERROR = "error"
    """The record must be changed."""
    WARNING = "warning"
    """It works; it is worth a look."""


@dataclass(frozen=True, slots=True)
class SpfFinding:
    """One thing that was found: its name, which stays the same, and what to do, in one line."""

    severity: Severity
    name: str
    text: str


def told(text: str) -> str:
    """The text in quotes, of a long one the beginning."""
    return repr(text if len(text) <= 80 else f"{text[:77]}...")


def error(name: str, text: str) -> SpfFinding:
    """What must be changed."""
    return SpfFinding(Severity.ERROR, name, text)


def warning(name: str, text: str) -> SpfFinding:
    """What is worth a look."""
    return SpfFinding(Severity.WARNING, name, text)
