"""Practices that collect by themselves, as long as anything moves."""

from collections.abc import Callable
from datetime import timedelta

from mailsim.world.mailroom import Collecting
from mailsim.world.parts import AnyEngine, Parts


def keep_polling(parts: Parts[AnyEngine], every: timedelta, heard: Callable[[Collecting], None]) -> None:
    """Have the practice collect again and again, until nothing else is to come; `heard` is told of each collection."""
    clock = parts.engine.clock

    def again() -> None:
        clock.at(clock.now() + every, lambda: parts.first.mailroom.collect(collected))

    def collected(collecting: Collecting) -> None:
        heard(collecting)
        more = not clock.idle or parts.programme.peek() is not None
        parts.polling = more or bool(collecting.decisions)  # of these there may be forwards, and answers
        if parts.polling:
            again()

    parts.polling = True
    parts.engine.call(again)
