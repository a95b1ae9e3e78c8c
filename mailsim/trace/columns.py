"""The columns of a trace, as the contract names and orders them: what tables and files are made from."""

from dataclasses import fields

from mailsim.trace.event import Event, Trace

COLUMNS = tuple(field.name for field in fields(Event))
CATEGORIES = ("step", "place", "peer", "outcome", "reason", "rule")
"""Columns whose words repeat: dictionary-encoded in files, `category` in pandas."""


def columns(trace: Trace) -> dict[str, list[object]]:
    """Each column's name and its values, one an event, in order; steps as plain words."""
    values: dict[str, list[object]] = {name: [getattr(event, name) for event in trace] for name in COLUMNS}
    return values | {"step": [event.step.value for event in trace]}
