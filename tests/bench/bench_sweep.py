"""A sweep of 200 cells on one worker and on two: the ratio of their rates, and what a cell costs beside its simulation.

    python tests/bench/bench_sweep.py [--cells N] [--letters N]

The overhead is that of one worker: the time of the whole, less its start and what its simulations took, by cell.
"""

import argparse
import logging
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from distributed import Client, LocalCluster

import mailsim

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


def timed(path: Path, workers: int) -> tuple[float, float]:
    """Seconds of the sweep on a cluster that stands, and the sum of its cells'."""
    with (
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL,
        ) as cluster,
        Client(cluster) as client,
    ):
        mailsim.sweep(path.with_name("warm.toml"), scheduler=client.scheduler.address)
        begin = time.perf_counter()
        rows = mailsim.sweep(path, scheduler=client.scheduler.address)
        return time.perf_counter() - begin, float(rows["seconds"].sum())


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--cells", type=int, default=200)
    parser.add_argument("--letters", type=int, default=50)
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        (Path(folder) / "scenario.toml").write_text(SCENARIO.format(letters=options.letters))
        (Path(folder) / "warm.toml").write_text(SWEEP.format(seeds=[1_000_001]))
        path = Path(folder) / "sweep.toml"
        path.write_text(SWEEP.format(seeds=options.cells // 4))
        one, cells = timed(path, 1)
        two, _ = timed(path, 2)
    print(
        f"one worker  {options.cells / one:7.1f} cells a second, {(one - cells) / options.cells * 1e3:.1f} ms a cell beside its simulation"
    )
    print(f"two workers {options.cells / two:7.1f} cells a second, {one / two:.2f} times one worker's rate")


if __name__ == "__main__":
    main()
