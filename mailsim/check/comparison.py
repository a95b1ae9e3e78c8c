"""What a route did to a header: each field added, changed or dropped between sending and receiving; pure (R2.4)."""

from dataclasses import dataclass
from email import message_from_bytes
from enum import StrEnum

from mailsim.mail import Message
from mailsim.words import shown_words

_MOST_CHANGES = 200
_MOST_VALUES = 50
"""Of one field."""


class Kind(StrEnum):
    """What became of a field."""

    ADDED = "added"
    CHANGED = "changed"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Change:
    """One field that did not arrive as it was sent."""

    field: str
    """Its name, as received, or as sent where it was dropped."""
    kind: Kind
    sent: tuple[str, ...]
    """Its values, unfolded, printable and bounded, in their order."""
    received: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """As `mailsim probe --json` has it."""
        return {
            "field": self.field,
            "kind": self.kind.value,
            "sent": list(self.sent),
            "received": list(self.received),
        }


def compare(sent: Message, received: Message) -> tuple[Change, ...]:
    """Each header field that the route added, changed or dropped, in the order received, the dropped last.

    Values are compared without their folding (RFC 5322 section 2.2.3); names in any letter case.
    """
    before, after = _fields(sent), _fields(received)
    changes = []
    for key, (name, values) in after.items():
        old = before.get(key, (name, ()))[1]
        if values != old:
            changes.append(Change(name, Kind.CHANGED if old else Kind.ADDED, old, values))
    dropped = [
        Change(name, Kind.DROPPED, values, ()) for key, (name, values) in before.items() if key not in after
    ]
    return tuple([*changes, *dropped][:_MOST_CHANGES])


def _fields(message: Message) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Lower-case name -> the name as written first, and all its values."""
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    for name, value in message_from_bytes(message.header).raw_items():  # items() decodes
        shown = shown_words(str(value))
        key = shown_words(name).lower()
        known = found.get(key, (shown_words(name), ()))
        if len(known[1]) < _MOST_VALUES:
            found[key] = (known[0], (*known[1], shown))
    return found
