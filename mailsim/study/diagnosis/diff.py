"""Whose outcome changes between two sites: a change of settings reviewed like code."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from mailsim.display import Tone, badge, block, heading, table
from mailsim.mail import Message
from mailsim.plain import in_words
from mailsim.practice.decision import Decision, Outcome, shown
from mailsim.practice.site import Routing, Site
from mailsim.study.diagnosis.case import Case, went_to
from mailsim.study.diagnosis.causes import causes

_NO_CAUSE = "none shown"


class Changed(NamedTuple):
    """One message that goes elsewhere."""

    message: str
    before: Decision
    after: Decision
    cause: str
    """The first cause that it shows at the site where it is not delivered; `none shown` where it shows none."""

    @property
    def group(self) -> tuple[str, str, str]:
        """By what changes are grouped: both reasons, and the cause."""
        return self.before.reason.value, self.after.reason.value, self.cause

    def as_json(self) -> dict[str, object]:
        """As values that `json.dumps` takes."""
        return {
            "message": self.message,
            "cause": self.cause,
            "before": {
                "outcome": self.before.outcome,
                "targets": list(self.before.targets),
                "reason": self.before.reason,
            },
            "after": {
                "outcome": self.after.outcome,
                "targets": list(self.after.targets),
                "reason": self.after.reason,
            },
        }


@dataclass(frozen=True, slots=True)
class Difference:
    """What two sites make of the same mail."""

    messages: int
    changed: tuple[Changed, ...]

    def groups(self) -> dict[tuple[str, str, str], list[Changed]]:
        """The changed messages by reasons and cause, the largest group first."""
        found: dict[tuple[str, str, str], list[Changed]] = defaultdict(list)
        for one in self.changed:
            found[one.group].append(one)
        return dict(sorted(found.items(), key=lambda item: -len(item[1])))

    def as_json(self) -> dict[str, object]:
        """As values that `json.dumps` takes."""
        return {"messages": self.messages, "changed": [one.as_json() for one in self.changed]}

    def __str__(self) -> str:
        lines = [title(len(self.changed), self.messages)]
        for group, members in self.groups().items():
            lines += ["", heading_of(group, len(members))]
            lines += [line(one.message, went_to(one.before), went_to(one.after)) for one in members]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """For notebooks: one row a message, grouped."""
        rows = [one for members in self.groups().values() for one in members]
        head = ("message", "before", "after", "reasons", "cause")
        tone = Tone.WARNING if rows else Tone.GOOD
        return block(
            heading(f"of {self.messages} messages", badge(f"{len(rows)} go elsewhere", tone)),
            table(
                head,
                rows,
                lambda one: (
                    one.message, went_to(one.before), went_to(one.after), f"{one.before.reason} -> {one.after.reason}", one.cause,
                ),
            ),
        )  # fmt: skip

    _repr_pretty_ = in_words


def difference(before: Site, after: Site, corpus: Iterable[tuple[str | None, bytes]]) -> Difference:
    """What changes between two sites for the messages of a corpus, which is one collection for each (R4.13)."""
    first, second = Routing(before), Routing(after)
    changed = []
    count = 0
    for count, (name, octets) in enumerate(corpus, 1):
        message = Message(octets)
        was = first.decided(message, name)
        will_be = second.decided(message, name)
        if goes_elsewhere(was, will_be):
            told = name or was.message_id or f"message {count}"
            changed.append(Changed(told, was, will_be, cause(message, before, was, after, will_be)))
    return Difference(count, tuple(changed))


def goes_elsewhere(was: Decision, will_be: Decision) -> bool:
    """Whether two decisions on one message lead to other places."""
    return (was.outcome, was.targets) != (will_be.outcome, will_be.targets)


def title(changed: int, messages: int) -> str:
    """What stands above all groups."""
    return f"{changed} of {messages} messages go elsewhere"


def heading_of(group: tuple[str, str, str], members: int) -> str:
    """What stands above the messages of a group."""
    before, after, why = group
    return f"{before} -> {after} (cause: {why}): {members}"


def line(message: str, before: str, after: str) -> str:
    """One message of a group, and where it went and would go."""
    return f"  {shown(message)}: {before} -> {after}"


def cause(message: Message, before: Site, was: Decision, after: Site, will_be: Decision) -> str:
    """The first cause that the message shows where it is delivered to nobody; of the target that it reaches at the other site."""
    site, decision, other = (
        (after, will_be, was) if was.outcome is Outcome.DELIVERED else (before, was, will_be)
    )
    expect = other.targets[0] if other.outcome is Outcome.DELIVERED else None
    found = causes(Case(message, site, decision, expect))
    return found[0].name if found else _NO_CAUSE
