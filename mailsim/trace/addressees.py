"""Which action an envelope's recipient is: from the tables of the scenario that was played; pure.

Law: tables that are none, or of which something is missing, name nobody.
"""

from collections.abc import Iterator, Mapping

from mailsim.mail import parse_address
from mailsim.practice.directory import Action, Directory

Directories = Mapping[str, Directory]
"""Each practice's actions, by what stands before its targets."""


def directories(scenario: Mapping[str, object] | None) -> Directories:
    """Those of a scenario's tables; the first practice's stand at the top."""
    tables = scenario or {}
    others = map(_directory, _rows(tables.get("practice")))
    found = {f"{one.domain}/": one for one in others if one}
    first = _directory(tables)
    return {"": first, **found} if first else found


def action_named(recipient: str, known: Directories) -> str:
    """The action whose address alone it is, as the trace names it; empty where it is none's."""
    address = parse_address(recipient)
    if address is None:
        return ""
    for prefix, directory in known.items():
        holder = directory.holder(address)
        if holder and isinstance(holder.who, Action):
            return prefix + holder.targets[0]
    return ""


def _directory(tables: Mapping[str, object]) -> Directory | None:
    mailbox = tables.get("mailbox")
    sender = mailbox.get("default_sender") if isinstance(mailbox, Mapping) else None
    system = parse_address(sender) if isinstance(sender, str) else None
    ids = (row.get("id") for row in _rows(tables.get("action")))
    return Directory(system.domain, [Action(one) for one in ids if isinstance(one, int)]) if system else None


def _rows(value: object) -> Iterator[Mapping[str, object]]:
    return (row for row in value if isinstance(row, Mapping)) if isinstance(value, list) else iter(())
