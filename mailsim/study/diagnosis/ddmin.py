"""Delta debugging: the least part of a list that still fails.

The algorithm is ddmin of Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", IEEE Transactions
on Software Engineering 28(2), 2002, figure 5. It is written out here, in the twenty lines of the paper, because the
libraries that have it do not fit: picire was last released in 2021, forks a process for each test and needs setuptools
when it runs; Hypothesis' shrinker works on choices that a strategy made, and real mail was made by none. What it
promises is tested as the paper states it: the result fails, and without any one of its parts it would not (1-minimal).
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

_Part = TypeVar("_Part")


def ddmin(parts: Sequence[_Part], fails: Callable[[Sequence[_Part]], bool]) -> Sequence[_Part]:
    """The parts, in their order, of which none can be left out; `fails(parts)` must hold at the start.

    `fails` is asked at most quadratically often in the number of parts, and most often only a few times its logarithm.
    """
    if fails(()):
        return ()
    pieces = 2
    while len(parts) > 1:
        size = -(-len(parts) // pieces)
        starts = range(0, len(parts), size)
        smaller = next((one for start in starts if fails(one := parts[start : start + size])), None)
        if smaller is not None:
            parts, pieces = smaller, 2
            continue
        complements = ([*parts[:start], *parts[start + size :]] for start in starts)
        # Of two pieces each is the other's complement, and was asked.
        rest = next((one for one in complements if fails(one)), None) if pieces > 2 else None
        if rest is not None:
            parts, pieces = rest, max(pieces - 1, 2)
        elif pieces >= len(parts):
            break
        else:
            pieces = min(pieces * 2, len(parts))
    return parts
