"""How far long work is: one line on a terminal's standard error, nothing when piped."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from mailsim.world.watching import Watchable

_QUIET = 1.0  # seconds: short work shows nothing
_PAUSE = 0.2  # seconds between two lines
_BAR = 30


class Progress:
    """A line of what was done, drawn again and again, and removed at the end.

    Nothing is shown when standard error is no terminal, nor, of work whose results come one after the other, when
    standard output is one: there the results themselves show how far it is.
    """

    def __init__(self, total: int | None, *, results_appear: bool = False, things: str = "messages") -> None:
        self._total = total
        self._things = things
        self._octets = 0
        self._messages = 0
        self._shown = False
        self._visible = sys.stderr.isatty() and not (results_appear and sys.stdout.isatty())
        self._start = time.monotonic()
        self._next = self._start + _QUIET

    def __enter__(self) -> Self:
        return self

    def advance(self, octets: int) -> None:
        """One more message, of that size, is done."""
        self._octets += octets
        self._messages += 1
        self._draw_in_time()

    def reached(self, messages: int) -> None:
        """So many messages are done altogether, of a total of messages."""
        self._octets = self._messages = messages
        self._draw_in_time()

    def _draw_in_time(self) -> None:
        if self._visible and time.monotonic() >= self._next:
            self._draw()

    def _draw(self) -> None:
        now = time.monotonic()
        self._next = now + _PAUSE
        self._shown = True
        rate = self._messages / (now - self._start)
        things = self._things.removesuffix("s") if self._messages == 1 else self._things
        pace = f"{rate:,.0f} a second" if rate >= 1 else f"{rate * 60:,.0f} a minute"
        text = f"{self._messages:,} {things}, {pace}"
        if self._total:
            done = min(1.0, self._octets / self._total)
            bar = "#" * int(_BAR * done)
            text = f"[{bar:<{_BAR}}] {done:4.0%}  {text}"
        sys.stderr.write(f"\r\x1b[K{text}")
        sys.stderr.flush()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


@contextmanager
def watching(world: "Watchable", total: int | None = None) -> Iterator[None]:
    """Shows, while the block runs, how many messages of a world were written so far, and how many a second."""
    from mailsim.world.watching import watched

    with Progress(total) as progress, watched(world, progress.reached):
        yield
