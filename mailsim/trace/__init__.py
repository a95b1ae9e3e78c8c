"""What happened to the mail: events, one trace a run, its table and its files."""

from mailsim.trace.event import Event, Step, Trace

__all__ = ["Event", "Step", "Trace"]
