"""One cell of a sweep, played: what a worker does.

A cell that fails is a result too: its row has the error, and the tables that show it again are in the sweep.
"""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from mailsim.practice.decision import Outcome
from mailsim.study.sweep.plan import Cell
from mailsim.trace.event import Step
from mailsim.trace.messages import ACTION
from mailsim.trace.recorded import read_trace
from mailsim.world.expectation import ExpectationError
from mailsim.world.scenario import read_scenario
from mailsim.world.simulation import Simulation

FIGURES: Mapping[str, type] = {
    "messages": int,
    "letters": int,
    "delivered": int,
    "unassigned": int,
    "fallback": int,
    "duplicate": int,
    "refused": int,
    "bounced": int,
    "answers": int,
    "misrouted": int,
    "events": int,
    "latency": float,
    "as_expected": bool,
    "world_seconds": float,
    "seconds": float,
    "error": str,
}
"""What is known of a played cell, in the order of its columns: `messages` are rows of `messages()` of its trace, `letters` those
that actions sent, the outcomes those of collected messages, `refused` and `bounced` how often a server did so, `answers` those to letters of actions, `misrouted` how many
of these, `latency` the median in seconds of those that were collected, `seconds` the time of the worker."""


def play(cell: Cell, traces: str | None) -> dict[str, object]:
    """The row of a cell: its key, its axes, and its figures; with `traces`, its trace is kept in that folder.

    No exception leaves it but for what ends the process: an error is in the row, whose figures are then missing.
    """
    begin = time.perf_counter()
    try:
        found = _played(cell, traces)
        error = ""
    except Exception as raised:  # noqa: BLE001 - the sweep goes on, whatever a cell did
        found, error = {}, f"{type(raised).__name__}: {raised}"
    return row(cell, found | {"seconds": time.perf_counter() - begin, "error": error})


def play_all(cells: Sequence[Cell], traces: str | None) -> list[dict[str, object]]:
    """The rows of some cells, played one after the other: a task for Dask, which takes a few milliseconds of its own for each."""
    return [play(cell, traces) for cell in cells]


def row(cell: Cell, found: Mapping[str, object]) -> dict[str, object]:
    """A row with every column; what was not found is None."""
    return {"cell": cell.key, **cell.axes, **{name: found.get(name) for name in FIGURES}}


def _played(cell: Cell, traces: str | None) -> dict[str, object]:
    scenario = read_scenario(cell.tables)
    with TemporaryDirectory(prefix="mailsim-") as scratch:
        out = Path(traces or scratch) / f"{cell.key}.parquet"
        as_expected = True
        with Simulation(scenario, out=out) as world:
            try:
                world.run()
            except ExpectationError:
                as_expected = False
            outcomes = Counter[Outcome]()
            for (outcome, _), number in world.decided.items():
                outcomes[outcome] += number
            steps = dict(world.steps)
            passed = (world.now - scenario.tables.start).total_seconds()
        messages = read_trace(out).messages()
    answers = messages[(messages["meant_for"] != "") & (messages["provider"] != "")]  # to a letter
    collected = answers[answers["outcome"] != Step.STORED]
    return {
        "messages": len(messages),
        "letters": int(messages["origin"].astype("str").str.match(ACTION).sum()),
        **{outcome.value: outcomes[outcome] for outcome in Outcome},
        "refused": steps.get("refused", 0),
        "bounced": steps.get("bounced", 0),
        "answers": len(answers),
        "misrouted": int(answers["misrouted"].sum()),
        "events": sum(steps.values()),
        "latency": collected["latency"].dt.total_seconds().median(),
        "as_expected": as_expected,
        "world_seconds": passed,
    }
