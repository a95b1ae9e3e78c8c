"""A sweep of 200 cells on one worker and on two: the ratio of their rates, and what a cell costs beside its simulation.

    python tests/bench/bench_sweep.py [--cells N] [--letters N] [--rounds N]

The overhead is that of one worker: the time of the whole, less its start and what its simulations took, by cell. The
processor's time is that of this process, where the client and the scheduler are, which share the cores with the workers.
Each round measures one worker, then two; on a machine that does other work too, its load stands beside the rates.
"""

import argparse
import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import mailsim
from mailsim.study.cluster import client_of

SCENARIO = """
poll = "1h"
[mailbox]
type = "catch-all"
default_sender = "matters@abc.com"
fallback_address = "help@elsewhere.example"
[[action]]
id = 1234
[provider]
profile = "postfix"
[[correspondent]]
address = "jane@client.example"
[workload]
letters = {letters}
over = "8h"
"""
SWEEP = """
scenarios = "scenario.toml"
seeds = {seeds}
[grid]
"provider.sender_policy" = ["accept", "rewrite"]
"correspondent.replies_to" = ["from", "reply-to"]
"""


class Timed(NamedTuple):
    """Seconds of one sweep."""

    whole: float
    cells: float
    """The sum of its cells'."""
    beside: float
    """Of the processor, for client and scheduler."""


def timed(path: Path, workers: int) -> Timed:
    """A sweep on a cluster that stands."""
    with client_of(None, workers) as client:
        address = client.scheduler_info()["address"]
        mailsim.sweep(path.with_name("warm.toml"), scheduler=address)
        begin, begun = time.perf_counter(), time.process_time()
        rows = mailsim.sweep(path, scheduler=address)
        whole, beside = time.perf_counter() - begin, time.process_time() - begun
    return Timed(whole, float(rows["seconds"].sum()), beside)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--cells", type=int, default=200)
    parser.add_argument("--letters", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    number = options.cells
    with TemporaryDirectory() as folder:
        (Path(folder) / "scenario.toml").write_text(SCENARIO.format(letters=options.letters))
        (Path(folder) / "warm.toml").write_text(SWEEP.format(seeds=[1_000_001]))
        path = Path(folder) / "sweep.toml"
        path.write_text(SWEEP.format(seeds=number // 4))
        for _ in range(options.rounds):
            one, two = timed(path, 1), timed(path, 2)
            print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
            print(
                f"one worker  {number / one.whole:7.1f} cells a second, {(one.whole - one.cells) / number * 1e3:.1f} ms a cell beside its simulation, "
                f"of the processor {one.beside / number * 1e3:.1f} ms"
            )
            print(
                f"two workers {number / two.whole:7.1f} cells a second, {one.whole / two.whole:.2f} times one worker's rate, "
                f"of the processor {two.beside / number * 1e3:.1f} ms a cell"
            )


if __name__ == "__main__":
    main()
