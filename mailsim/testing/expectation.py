"""What a failed step expected, as the `[expect]` of a scenario file: the run that plays it again judges as the step did.

Copies inside, and what became of collected messages, can be said there; all else is the specification's alone.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from mailsim.practice.decision import Decision, Outcome
from mailsim.testing.parameters import target_of

if TYPE_CHECKING:
    from mailsim.testing.found import Docket
    from mailsim.world.world import World

_SAID = {outcome.value: outcome for outcome in (Outcome.UNASSIGNED, Outcome.FALLBACK, Outcome.DUPLICATE)}


def expectation(
    step_func: Callable[..., object], arguments: Mapping[str, Any], world: "World"
) -> Mapping[str, object]:
    """What a step of mailsim's expected; empty where `[expect]` cannot say it, or where the world meets it already."""
    from mailsim.world.expectation import unmet
    from mailsim.world.scenario_tables import ExpectTable

    if not step_func.__module__.startswith("mailsim.testing.steps."):
        return {}
    step, targets, decisions = step_func.__name__, world.targets(), world.decisions
    copies = _copies(step, arguments, targets)
    expected: Mapping[str, object] = {"delivered": copies} if copies else {}
    if step in _SAID and _ended(arguments) is not _SAID[step]:  # of another reason nothing can be said
        expected = {step: sum(one.outcome is _SAID[step] for one in decisions) + 1}
    decided = Counter((one.outcome, one.reason) for one in decisions)
    return expected if any(unmet(ExpectTable.model_validate(expected), targets, decided)) else {}


def _copies(step: str, arguments: Mapping[str, Any], targets: Mapping[str, int]) -> Mapping[str, int]:
    match step:
        case "holds":
            return {arguments["docket"].target(arguments["where"]): arguments["number"]}
        case "each_holds":
            return {f"mailbox:{name}": 1 for name in arguments["names"]}
        case "copies_are":
            rows = {
                arguments["docket"].target(target_of(where)): int(number)
                for where, number in arguments["datatable"]
            }
            return dict.fromkeys(targets, 0) | rows
        case "nobody_holds":
            return dict.fromkeys(targets, 0)
        case "delivered":
            found = _decision(arguments)
            would = Counter(targets)  # had the message reached others than it did
            would.update(map(arguments["docket"].target, arguments["where"]))
            would.subtract(arguments["docket"].targets(found) if found else ())
            return {target: number for target, number in would.items() if number != targets.get(target, 0)}
    return {}


def _ended(arguments: Mapping[str, Any]) -> Outcome | None:
    found = _decision(arguments)
    return found.outcome if found else None


def _decision(arguments: Mapping[str, Any]) -> Decision | None:
    """On the message that a step asked about; None where it was not collected."""
    docket: Docket = arguments["docket"]
    try:
        return docket.decision(arguments["letter"])
    except AssertionError:
        return None
