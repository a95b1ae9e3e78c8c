"""Practices that collect by themselves, as long as anything moves."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from mailsim.world.mailroom import Collecting
from mailsim.world.parts import AnyEngine, Parts


def keep_polling(parts: Parts[AnyEngine], every: timedelta, heard: Callable[[Collecting], None]) -> None:
    """Have the practices collect again and again, until nothing else is to come; `heard` is told of each collection."""
    clock = parts.engine.clock
    still_out: set[int] = set()
    took: set[int] = set()

    def again() -> None:
        clock.at(clock.now() + every, collect)

    def collect() -> None:
        took.clear()
        still_out.update(range(len(parts.branches)))
        for number, branch in enumerate(parts.branches):
            branch.mailroom.collect(partial(collected, number))

    def collected(number: int, collecting: Collecting) -> None:
        heard(collecting)
        still_out.remove(number)
        if collecting.decisions:
            took.add(number)
        if not still_out:
            more = not clock.idle or parts.programme.peek() is not None
            parts.polling = more or bool(took)  # of these there may be forwards, and answers
            if parts.polling:
                again()

    parts.polling = True
    parts.engine.call(again)
