"""A world watched while it runs: how many messages there are so far, told a few times a second.

The watcher is a thread of its own, and only asks: what a world does, and its trace, are the same unwatched.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import Event, Thread
from typing import Protocol

from mailsim.trace.event import Step

_EVERY = 0.2  # seconds


class Watchable(Protocol):
    """A world that runs."""

    @property
    def steps(self) -> Mapping[str, int]:
        """How many events of each step there were."""
        ...


@contextmanager
def watched(world: Watchable, tell: Callable[[int], object]) -> Iterator[None]:
    """While the block runs, `tell` hears how many messages were written so far; at its end once more."""
    over = Event()

    def watch() -> None:
        while not over.wait(_EVERY):
            tell(_written(world))

    watcher = Thread(target=watch, name="mailsim-watching", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
        tell(_written(world))


def _written(world: Watchable) -> int:
    steps = world.steps
    return steps.get(Step.COMPOSED, 0) + steps.get(Step.REPLIED, 0)
