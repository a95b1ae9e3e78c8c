"""What a scenario expects to have come of its mail, held against what has: pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from mailsim.errors import MailsimError
from mailsim.practice.decision import Decision, Outcome
from mailsim.world.scenario_tables import ExpectTable


class ExpectationError(MailsimError):
    """A run that came out otherwise than its scenario expects; its text is one line for each difference."""


def unmet(expect: ExpectTable, targets: Mapping[str, int], decisions: Sequence[Decision]) -> Iterator[str]:
    """One line for each expectation that does not hold: its key, what was expected, what was found.

    `targets` are the copies that each target holds; the decisions are those on all collected messages.
    """
    for target, count in expect.delivered.items():
        found = targets.get(target, 0)
        if found != count:
            holds = (
                ", ".join(f"{name} holds {copies}" for name, copies in targets.items())
                or "nothing was delivered"
            )
            yield f"expect.delivered.{target} = {count}: found {found}; {holds}"
    outcomes = Counter(decision.outcome for decision in decisions)
    for outcome in (Outcome.UNASSIGNED, Outcome.FALLBACK, Outcome.DUPLICATE):
        count = getattr(expect, outcome.value)
        if count is not None and outcomes[outcome] != count:
            yield f"expect.{outcome} = {count}: found {outcomes[outcome]}; {_reasons(decisions, outcome)}"


def _reasons(decisions: Sequence[Decision], outcome: Outcome) -> str:
    reasons = Counter(decision.reason.value for decision in decisions if decision.outcome is outcome)
    told = ", ".join(f"{reason} {count}" for reason, count in reasons.items())
    return f"the reasons are: {told}" if told else f"no message was {outcome}"
