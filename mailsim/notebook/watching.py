"""A bar for long runs: a widget in JupyterLab, a line in a terminal.

with mailsim.Simulation("scenario.toml") as world, watching(world):
world.run()
"""

from collections.abc import Iterator
from contextlib import contextmanager

from mailsim.extras import not_installed
from mailsim.world.watching import Watchable, watched

try:
    from tqdm.auto import tqdm
except ModuleNotFoundError:
    raise ModuleNotFoundError(not_installed("tqdm", "notebook"), name="tqdm") from None


@contextmanager
def watching(world: Watchable, total: int | None = None) -> Iterator[None]:
    """Shows how many messages were written so far, and how many a second; of a `total`, where one is known."""
    with (
        tqdm(total=total, unit=" messages") as bar,
        watched(world, lambda written: bar.update(written - bar.n)),
    ):
        yield
