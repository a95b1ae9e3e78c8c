"""A recorder, and the trace that tells its events whenever somebody looks, as a world's does."""

from collections.abc import Callable
from datetime import datetime

from mailsim.trace.event import Trace
from mailsim.trace.recorder import Recorder


def recorder_and_trace(now: Callable[[], datetime]) -> tuple[Recorder, Trace]:
    """Both; nothing has happened."""

    def catch_up() -> None:
        recorder.hand_out()

    trace = Trace(catch_up=catch_up)
    recorder = Recorder(now, trace.extend)
    return recorder, trace
