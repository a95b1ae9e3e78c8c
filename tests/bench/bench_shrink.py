"""How long `mailsim shrink` and `mailsim why` take: a reply of 40 KB with 60 fields, a message of a run, whole scenarios.

uv run python tests/bench/bench_shrink.py
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).parents[2]))

import mailsim
from mailsim.study.diagnosis.fields import Anatomy
from mailsim.study.diagnosis.shrink import shrink
from mailsim.study.diagnosis.why import why
from mailsim.study.shrinking.scenario import shrink_scenario
from mailsim.world.scenario import Scenario, load_scenario
from mailsim.world.scenario_tables import ExpectTable
from tests.study.diagnosis.large_reply import SITE, large_reply

SCENARIOS = Path(__file__).parents[2] / "fixtures" / "scenarios"
_Result = TypeVar("_Result")


def best(what: Callable[[], _Result]) -> tuple[float, _Result]:
    """Of three rounds the shortest, and the last result."""
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        result = what()
        seconds.append(time.perf_counter() - start)
    return min(seconds), result


def busy(letters: int) -> Scenario:
    """The busy day at a provider that rewrites."""
    scenario = load_scenario(SCENARIOS / "busy_day.toml")
    tables = scenario.tables
    workload = tables.workload and tables.workload.model_copy(update={"letters": letters})
    provider = tables.provider.model_copy(update={"profile": "gmail"})
    changed = tables.model_copy(update={"workload": workload, "provider": provider, "expect": ExpectTable()})
    return Scenario(scenario.site, changed, scenario.folder)


def main() -> None:
    """Print each."""
    octets = large_reply()
    explaining, _ = best(lambda: why(octets, site=SITE, expect="action:1234"))
    print(f"why --expect: {explaining:.3f} s")
    shrinking, small = best(lambda: shrink(octets, site=SITE, expect="action:1234"))
    fields = len(Anatomy.of(small.message).fields)
    print(
        f"shrink: {shrinking:.3f} s, {len(octets):,} to {len(small.message.octets)} octets, {fields} fields, {small.runs} candidates"
    )
    with mailsim.Simulation(busy(60)) as world:
        world.run()
    telling, _ = best(world.trace.why)
    print(f"trace.why(), {len(world.trace):,} events: {telling:.3f} s")
    for name, scenario in (
        ("rewritten.toml", load_scenario(SCENARIOS / "rewritten.toml")),
        ("spf.toml", load_scenario(SCENARIOS / "spf.toml")),
        ("60 letters", busy(60)),
        ("1,000 letters", busy(1000)),
    ):
        seconds, found = best(lambda scenario=scenario: shrink_scenario(scenario))  # type: ignore[misc] # mypy infers no type of a lambda with a default
        print(
            f"shrink {name}: {seconds:.2f} s, {found.events[0]:,} to {found.events[1]} events, {found.runs} candidates"
        )


if __name__ == "__main__":
    main()
