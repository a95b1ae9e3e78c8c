"""Practices that collect by themselves, as long as anything moves, or waits at a server that is not broken for good."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from mailsim.practice.decision import Outcome
from mailsim.world.mailroom import Collecting
from mailsim.world.parts import AnyEngine, Parts

MOST_IN_VAIN = 100
"""Collections one after the other that bring nothing new while mail waits; after these the server is broken for good."""


def keep_polling(
    parts: Parts[AnyEngine], start: datetime, every: timedelta, heard: Callable[[Collecting], None]
) -> None:
    """Have the practices collect so often since the start, until nothing else is to come; `heard` is told of each collection.

    Not so long after the last collection: a real one takes real time, by which the Lab would fall behind.
    """
    clock, branches = parts.engine.clock, parts.branches
    still_out: set[int] = set()
    in_vain = [0] * len(branches)
    """How often in a row each practice has collected nothing new."""

    def again() -> None:
        passed = clock.now() - start
        clock.at(start + (passed // every + 1) * every, collect)

    def collect() -> None:
        still_out.update(range(len(branches)))
        for number, branch in enumerate(branches):
            branch.mailroom.collect(partial(collected, number))

    def collected(number: int, collecting: Collecting) -> None:
        heard(collecting)
        still_out.remove(number)
        is_new = any(one.outcome is not Outcome.DUPLICATE for one in collecting.decisions)
        in_vain[number] = 0 if is_new else in_vain[number] + 1
        if not still_out:
            parts.polling = (
                not clock.idle
                or parts.programme.peek() is not None
                or not all(in_vain)  # of what is new there may be forwards, and answers
                or any(
                    branch.mail_waits and times < MOST_IN_VAIN
                    for branch, times in zip(branches, in_vain, strict=True)
                )
            )
            if parts.polling:
                again()

    parts.polling = True
    parts.engine.call(again)
