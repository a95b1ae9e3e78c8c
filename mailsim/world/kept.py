"""What a world keeps of what has happened: all of it, or the last of it where its trace goes to a file."""

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from mailsim.practice.decision import Decision
from mailsim.trace.event import Retold, Trace
from mailsim.trace.files import JsonLines, Parquet, Stream, format_of, streamed
from mailsim.trace.recorder import Keeper

KEPT = 10_000
"""Events that a world holds whose trace goes to a file."""
DECISIONS_KEPT = 1_000
"""Decisions that it holds: about those that its events tell of."""


class Kept:
    """A world's trace and decisions, and the file that the whole trace goes to.

    Attributes:
        trace: The events; with a file the last 10,000.
        decisions: The decisions on collected messages, in order; with a file the last 1,000.
    """

    def __init__(self, out: Path | None, retold: Retold, catch_up: Callable[[], object]) -> None:
        """`out` is the file, of which `retold` and `catch_up` are told as a `Trace` is; raises TraceFileError by its name."""
        self.trace = Trace(most=None if out is None else KEPT, retold=retold, catch_up=catch_up)
        self.decisions: deque[Decision] = deque(maxlen=None if out is None else DECISIONS_KEPT)
        self._file = None if out is None else (out, format_of(out), retold)
        self._stream: Stream | None = None

    def begin(self, stack: ExitStack) -> Sequence[Keeper]:
        """Who is to be told of all events; the file is there when the stack has ended well. Raises TraceFileError."""
        if self._file is None:
            return [self.trace.extend]
        self._stream = stack.enter_context(streamed(*self._file))
        return [self.trace.extend, self._stream.write]

    def before(self, name: str) -> str:
        """What may have happened in a conversation before the events that are held, and where it can be read; empty where all are."""
        rows = self.trace.rows
        if self._file is None or not rows or not rows[0][0]:
            return ""
        path, form, _ = self._file
        read = f": mailsim.read_trace({str(path)!r}).story({name!r})" if form in (Parquet, JsonLines) else ""
        return f"(what was before {rows[0][1]:%Y-%m-%d %H:%M:%S} is in {path} when the world has ended{read})"

    def complain(self) -> None:
        """Raises TraceFileError when the file could not be written."""
        if self._stream is not None:
            self._stream.complain()
