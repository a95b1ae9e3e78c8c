"""A remedy: one or two changes that were tried and lead where the message was expected."""

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from mailsim.practice.decision import Decision
from mailsim.study.diagnosis.situation import Situation


class Kind(StrEnum):
    """Who would have to change something."""

    SETTINGS = "settings"
    """The practice: its site file."""
    PROVIDER = "provider"
    """Who hosts the mail: it counts for mail to come."""
    MESSAGE = "message"
    """Who wrote the message: it cannot be done by the practice."""


class Change(NamedTuple):
    """One change."""

    kind: Kind
    words: str
    """What to do, such as `catch_all_header = "X-Original-To"`."""
    cost: int
    """How much it changes: 1 one key of the settings, more for what reaches further or others must do."""
    make: Callable[[Situation], Situation | None]
    """The situation with it; None where it cannot be made, or the message would not arrive."""


class Affected(NamedTuple):
    """Another message whose outcome a remedy would change."""

    message: str
    before: str
    """Its targets, or its outcome where it has none."""
    after: str
    harmed: bool
    """Whether it was delivered before and would no longer reach one of its targets."""


class Remedy(NamedTuple):
    """Changes that lead to the target, verified by running them."""

    changes: tuple[Change, ...]
    after: Situation
    """The situation in which the message reaches the target."""
    decision: Decision
    """What is decided there; of mail that stays inside what would have been decided."""
    affects: tuple[Affected, ...] = ()
    """The other messages of the corpus that it would lead elsewhere."""

    @property
    def words(self) -> str:
        """Its changes in one line."""
        return " and ".join(change.words for change in self.changes)

    @property
    def kind(self) -> Kind:
        """Of the change that is hardest to have made."""
        return max((change.kind for change in self.changes), key=list(Kind).index)

    @property
    def harm(self) -> int:
        """How many other messages would no longer get where they did."""
        return sum(one.harmed for one in self.affects)

    def rank(self) -> tuple[int, int, int, int, int]:
        """Smaller is better: what the practice can do, harms least, and changes least."""
        cost = sum(change.cost for change in self.changes)
        asked_of_sender = int(self.kind is Kind.MESSAGE)
        return asked_of_sender, self.harm, len(self.changes), cost, len(self.affects)

    def as_json(self) -> dict[str, object]:
        """As values that `json.dumps` takes."""
        return {
            "changes": [
                {"kind": change.kind.value, "change": change.words, "cost": change.cost}
                for change in self.changes
            ],
            "targets": list(self.after.inside if self.after.inside is not None else self.decision.targets),
            "reason": self.decision.reason.value,
            "harms": self.harm,
            "affects": [one._asdict() for one in self.affects],
        }


def apply(changes: tuple[Change, ...], to: Situation) -> Situation | None:
    """The situation after each change in turn; None where one cannot be made."""
    now: Situation | None = to
    for change in changes:
        now = change.make(now) if now is not None else None
    return now
