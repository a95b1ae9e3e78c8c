"""What a made-up letter costs beside its delivery: no more, or a workload would measure itself.

    uv run python tests/bench/bench_workload.py

Both are measured by turns in one run, in seconds of this process: a letter drawn, with and without a corpus, and a
letter sent, answered, collected and stored in memory.
"""

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from mailsim.world.programme import Programme
from mailsim.world.scenario import read_scenario
from mailsim.world.simulation import Simulation

ROUNDS, LETTERS = 5, 2000
TABLES: dict[str, Any] = {
    "mailbox": {
        "type": "catch-all",
        "default_sender": "matters@abc.com",
        "fallback_address": "help@elsewhere.example",
    },
    "action": [{"id": number} for number in range(20)],
    "provider": {"profile": "postfix"},
}
WORKLOAD: dict[str, Any] = {"letters": LETTERS, "over": "30d", "people": 24, "delay": "2h"}


def drawn(workload: dict[str, Any], folder: Path) -> float:
    """Seconds a letter."""
    programme = Programme(read_scenario(TABLES | {"workload": workload}, folder=folder))
    begin = time.process_time()
    while programme.peek() is not None:
        programme.take()
    return (time.process_time() - begin) / LETTERS


def delivered() -> float:
    """Seconds a letter and its answer, the drawing left out."""
    scenario = read_scenario(TABLES | {"poll": "1h", "workload": WORKLOAD})
    with Simulation(scenario) as world:
        begin = time.process_time()
        world.run()
        return (time.process_time() - begin) / LETTERS


def main() -> None:
    """Print the medians and their ratio."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "one.eml").write_bytes(b"From: jane@client.example\r\n\r\n" + b"x" * 4000 + b"\r\n")
        costs: dict[str, list[float]] = {"drawn": [], "with a corpus": [], "delivered": []}
        for _ in range(ROUNDS):
            costs["drawn"].append(drawn(WORKLOAD, folder))
            costs["with a corpus"].append(drawn(WORKLOAD | {"corpus": "one.eml", "share": 0.3}, folder))
            costs["delivered"].append(delivered() - costs["drawn"][-1])
    middle = {what: sorted(seconds)[ROUNDS // 2] for what, seconds in costs.items()}
    for what, seconds in middle.items():
        print(
            f"{what:<14} {seconds * 1e6:7.1f} us a letter, {seconds / middle['delivered']:.2f} of its delivery"
        )


if __name__ == "__main__":
    main()
