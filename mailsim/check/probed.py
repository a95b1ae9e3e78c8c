"""What the probe of a route found (R2.4)."""

from dataclasses import dataclass, field

from mailsim.check.comparison import Change
from mailsim.check.prospect import EnvelopeHeader, Way
from mailsim.display import Tone, badge, block, heading, note, table
from mailsim.mail import Message
from mailsim.plain import in_words
from mailsim.practice.settings import ActionAddressIn


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One message's round, and what follows from it; true when replies come back as the site is set."""

    action: int
    address: str
    """The action's address: who sent the message, and to whom."""
    placement: ActionAddressIn
    """Where the site puts the action address."""
    trouble: str = ""
    """Why there is nothing to compare: it was refused, or did not arrive in time; empty when it did."""
    advice: str = ""
    """What to do: about the trouble, or about the catch-all header."""
    sent: Message | None = field(default=None, repr=False)
    received: Message | None = field(default=None, repr=False)
    changes: tuple[Change, ...] = ()
    headers: tuple[EnvelopeHeader, ...] = ()
    ways: tuple[Way, ...] = ()
    left: bool = False
    """Whether the probe's own message may still lie at the server, or come yet."""

    @property
    def comes_back(self) -> bool:
        """Whether a reply reaches the action as the site is set, from a program that honours Reply-To."""
        return any(
            way.reaches for way in self.ways if way.placement is self.placement and way.answered == "Reply-To"
        )

    def __bool__(self) -> bool:
        return self.comes_back

    def as_json(self) -> dict[str, object]:
        """The fields of `mailsim probe --json`."""
        return {
            "action": self.action,
            "address": self.address,
            "action_address_in": self.placement.value,
            "arrived": self.received is not None,
            "comes_back": self.comes_back,
            "trouble": self.trouble,
            "advice": self.advice,
            "changes": [change.as_json() for change in self.changes],
            "envelope_headers": [
                {"name": header.name, "value": header.value, "names_recipient": header.names_recipient}
                for header in self.headers
            ],
            "ways": [way.as_json() for way in self.ways],
            "left_at_server": self.left,
        }

    def __str__(self) -> str:
        return "\n".join([self._headline(), *self._details()])

    def _headline(self) -> str:
        if self.trouble:
            return f"no answer: {self.trouble}"
        found = "a reply comes back" if self.comes_back else "a reply does not come back"
        return f"{found} to action {self.action}, with action_address_in = {self.placement.value}"

    def _details(self) -> list[str]:
        lines = [f"  advice  {self.advice}"] if self.advice else []
        lines += [
            f"  {header.name}: {header.value} names "
            + ("the recipient" if header.names_recipient else "the mailbox only")
            for header in self.headers
        ]
        lines += [
            f"  {change.kind:<7} {change.field}: {_values(change.sent)} -> {_values(change.received)}"
            for change in self.changes
        ]
        lines += [
            f"  {'+' if way.reaches else '-'} action_address_in = {way.placement:<8} answered {way.answered:<8} "
            f"to {way.address or 'nobody'}: {way.outcome}"
            for way in self.ways
        ]
        return lines + (["  the probe's message may still be at the server"] if self.left else [])

    def _repr_html_(self) -> str:
        """For notebooks: the verdict, what the route changed, and every way of replying."""
        mark = badge("comes back", Tone.GOOD) if self.comes_back else badge("does not come back", Tone.BAD)
        parts = [heading(self._headline(), mark), note(self.address, self.advice)]
        if self.changes:
            rows = table(
                ("field", "", "sent", "received"),
                self.changes,
                lambda change: (change.field, change.kind, _values(change.sent), _values(change.received)),
            )
            parts.append(rows)
        if self.ways:
            rows = table(
                ("action_address_in", "answered", "reply goes to", "reaches", "decision"),
                self.ways,
                lambda way: (
                    way.placement,
                    way.answered,
                    way.address,
                    "yes" if way.reaches else "no",
                    way.outcome,
                ),
            )
            parts.append(rows)
        return block(*parts)

    _repr_pretty_ = in_words


def _values(values: tuple[str, ...]) -> str:
    return " | ".join(values) or "(none)"
