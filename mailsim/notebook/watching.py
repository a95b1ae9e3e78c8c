"""A bar for long runs: a widget in JupyterLab, a line in a terminal.

with mailsim.Simulation("scenario.toml") as world, watching(world):
world.run()
"""

from collections.abc import Iterator
from contextlib import contextmanager

from tqdm.auto import tqdm

from mailsim.world.watching import Watchable, watched


@contextmanager
def watching(world: Watchable, total: int | None = None) -> Iterator[None]:
    """Shows how many messages were written so far, and how many a second; of a `total`, where one is known."""
    with (
        tqdm(total=total, unit=" messages") as bar,
        watched(world, lambda written: bar.update(written - bar.n)),
    ):
        yield
