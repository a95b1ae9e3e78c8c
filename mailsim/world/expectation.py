"""What a scenario expects to have come of its mail, held against what has: pure."""

from collections import Counter
from collections.abc import Iterator, Mapping

from mailsim.errors import MailsimError
from mailsim.practice.decision import Outcome, Reason
from mailsim.world.scenario_tables import ALL_OF, ExpectTable


class ExpectationError(MailsimError):
    """A run that came out otherwise than its scenario expects; its text is one line for each difference."""


def unmet(
    expect: ExpectTable, targets: Mapping[str, int], decided: Mapping[tuple[Outcome, Reason], int]
) -> Iterator[str]:
    """One line for each expectation that does not hold: its key, what was expected, what was found.

    `targets` are the copies that each target holds; `decided` is how many collected messages ended so, and why.
    """
    for target, count in expect.delivered.items():
        found = _held(target, targets)
        if found != count:
            holds = (
                ", ".join(f"{name} holds {copies}" for name, copies in targets.items())
                or "nothing was delivered"
            )
            yield f"expect.delivered.{target} = {count}: found {found}; {holds}"
    outcomes = Counter[Outcome]()
    for (outcome, _), number in decided.items():
        outcomes[outcome] += number
    for outcome in (Outcome.UNASSIGNED, Outcome.FALLBACK, Outcome.DUPLICATE):
        count = getattr(expect, outcome.value)
        if count is not None and outcomes[outcome] != count:
            yield f"expect.{outcome} = {count}: found {outcomes[outcome]}; {_reasons(decided, outcome)}"


def _held(target: str, targets: Mapping[str, int]) -> int:
    if target.endswith(ALL_OF):
        kind = target.removesuffix("*")
        return sum(copies for name, copies in targets.items() if name.startswith(kind))
    return targets.get(target, 0)


def _reasons(decided: Mapping[tuple[Outcome, Reason], int], outcome: Outcome) -> str:
    told = ", ".join(f"{reason} {number}" for (ended, reason), number in decided.items() if ended is outcome)
    return f"the reasons are: {told}" if told else f"no message was {outcome}"
