"""A message taken apart into its header fields, changed by a field, and put together again.

Laws: an unchanged taking apart and putting together gives the same octets; every part stands in the octets as it
stood; no value makes a line of its own. Lines that are no field stand in the list as they are, so that a header that
cannot be read can be made smaller too.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from mailsim.mail import Message

_LINES = re.compile(rb"[^\n]*\n(?:[ \t][^\n]*(?:\n|\Z))*+|[^\n]+\Z")
_BREAKING = re.compile(r"[\x00-\x1f\x7f]")


class Field(NamedTuple):
    """One header field with its folded lines and its line end, as it stands."""

    raw: bytes

    @property
    def name(self) -> str:
        """In lower case; empty for a line that is no field."""
        name, colon, _ = self.raw.partition(b":")
        return name.strip().decode("latin-1").lower() if colon else ""

    @property
    def value(self) -> bytes:
        """What follows the colon, folds and outer white space as they stand."""
        return self.raw.partition(b":")[2]


class Anatomy(NamedTuple):
    """A message as its fields and what stands round them."""

    before: bytes
    """A byte order mark or an mbox line."""
    fields: tuple[Field, ...]
    gap: bytes
    """The empty line between header and body."""
    body: bytes

    @classmethod
    def of(cls, message: Message) -> "Anatomy":
        """The parts of any octets."""
        octets, header, start = message.octets, message.header, message.body_start
        begin = octets.rindex(header, 0, start) if header else start
        fields = tuple(Field(match[0]) for match in _LINES.finditer(header))
        return cls(octets[:begin], fields, octets[begin + len(header) : start], octets[start:])

    def message(self) -> Message:
        """The octets again."""
        return Message(b"".join([self.before, *(field.raw for field in self.fields), self.gap, self.body]))

    def without(self, *names: str) -> "Anatomy":
        """Without every field of these names, in any letter case."""
        gone = {name.lower() for name in names}
        return self._replace(fields=tuple(field for field in self.fields if field.name not in gone))

    def with_field(self, name: str, value: str) -> "Anatomy":
        """With this as the one field of its name: where the topmost stood, else on top."""
        return self.with_values(name, [value])

    def with_values(self, name: str, values: Iterable[str]) -> "Anatomy":
        """With these as all fields of the name, where the topmost stood, else on top; with none, it is gone."""
        at = next((index for index, field in enumerate(self.fields) if field.name == name.lower()), 0)
        rest = self.without(name).fields
        above = sum(field.name != name.lower() for field in self.fields[:at])
        new = (self._field(name, value) for value in values)
        gap = self.gap or self._line_end
        return self._replace(fields=(*rest[:above], *new, *rest[above:]), gap=gap)

    def _field(self, name: str, value: str) -> Field:
        text = f"{name}: {_BREAKING.sub(' ', value)}"
        return Field(text.encode("utf-8", "replace") + self._line_end)

    @property
    def _line_end(self) -> bytes:
        raw = self.fields[0].raw if self.fields else b"\r\n"
        return b"\n" if raw.endswith(b"\n") and not raw.endswith(b"\r\n") else b"\r\n"

    def each_left_out(self) -> Iterator[tuple[Field, "Anatomy"]]:
        """Every field, and the message without it."""
        for index, field in enumerate(self.fields):
            yield field, self._replace(fields=self.fields[:index] + self.fields[index + 1 :])
