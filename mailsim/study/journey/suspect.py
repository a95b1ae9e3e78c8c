"""One hop that may have lost a message what would have led it right, and the world in which it does otherwise."""

from collections.abc import Callable
from typing import NamedTuple

from mailsim.world.plan import Plan

Otherwise = Callable[[Plan], Plan]


class Suspect(NamedTuple):
    """One hop."""

    cause: str
    """Such as `sender-rewritten`; stable, for programs."""
    place: str
    """Who did it: a server, somebody outside, the practice."""
    serial: int
    """The event that shows it."""
    words: str
    """What it did."""
    instead: str
    """What it does in the world that is played to see whether it matters."""
    otherwise: Otherwise
