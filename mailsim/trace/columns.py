"""The columns of a trace, as the contract names and orders them: what tables and files are made from."""

from collections.abc import Sequence

from mailsim.trace.event import Event

COLUMNS = Event._fields
CATEGORIES = ("step", "place", "peer", "outcome", "reason", "rule")
"""Columns whose words repeat: dictionary-encoded in files, `category` in pandas."""


def columns(events: Sequence[Event]) -> dict[str, list[object]]:
    """Each column's name and its values, one an event, in order; steps as plain words."""
    values: dict[str, list[object]] = dict(zip(COLUMNS, map(list, zip(*events, strict=True)), strict=False))
    values = values or {name: [] for name in COLUMNS}
    return values | {"step": [event.step.value for event in events]}
