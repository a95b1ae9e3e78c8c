"""Closed loops a second in memory, every event recorded to Parquet, beside the Lab's rate in the same run.

    python tests/bench/bench_simulation.py [LOOPS] [--lab LOOPS] [--steps N] [--out TRACE]

A loop is: compose, submit, judge, relay, answer, take by catch-all, collect, decide, store, delete. Prints the rate by the
clock and by processor time, which says the same on a busy machine; the ratio to the Lab's; each stage's share of the time;
and, of `--steps`, the cost of a loop and the memory after each part of the run: neither should grow. Then how long a
scenario of ten messages takes from start to stop, in both worlds. `--out` is where the trace of the run stays.
"""

import argparse
import cProfile
import pstats
import resource
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from mailsim.world.lab import Lab
from mailsim.world.simulation import Simulation

TEXT = ("x" * 70 + "\n") * 10
COLLECT_EVERY = 500
WARM_UP = 5000  # until the first part of the trace is written, and all that it takes is loaded
SCENARIO: dict[str, object] = {
    "mailbox": {
        "type": "catch-all",
        "default_sender": "matters@abc.com",
        "fallback_address": "help@elsewhere.example",
    },
    "action": [{"id": 1234}],
    "provider": {"profile": "postfix"},
    "correspondent": [{"address": "jane@client.example"}],
}
STAGES = {
    "compose, submit": ("mailroom.py", "send"),
    "submission server": ("hosts.py", "data"),
    "answer": ("people.py", "arrived"),
    "POP3, decide, store": ("memory.py", "_done"),
    "of it: decide, store": ("office.py", "take"),
    "record events": ("recorder.py", "record"),
    "of it: Parquet": ("files.py", "write"),
}


def play(world: Simulation | Lab, loops: int) -> None:
    """So many letters, answered and collected."""
    for number in range(1, loops + 1):
        world.send(from_action=1234, to="jane@client.example", subject="Draft", text=TEXT)
        if number % COLLECT_EVERY == 0:
            world.collect()
    world.collect()


class Rate(NamedTuple):
    """Loops a second."""

    by_clock: float
    by_processor: float


def memory() -> float:
    """What this process has, in MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


def rate(kind: type[Simulation | Lab], loops: int, out: Path, *, steps: int = 1, warm_up: int) -> Rate:
    """Loops a second, the trace's end included, and the laws, which are held once, not; a warm-up goes first."""
    with kind(SCENARIO, out=out) as world:
        play(world, warm_up)
        begin = time.perf_counter(), time.process_time()
        for step in range(1, steps + 1):
            part = time.process_time()
            play(world, loops // steps)
            if steps > 1:
                cost = (time.process_time() - part) / (loops // steps)
                print(
                    f"  {step * loops // steps:9,} loops: {cost * 1e6:6.0f} us of processor a loop, {memory():5.0f} MB",
                    flush=True,
                )
        check = time.perf_counter(), time.process_time()
        world.check()
        begin = begin[0] + time.perf_counter() - check[0], begin[1] + time.process_time() - check[1]
    return Rate(loops / (time.perf_counter() - begin[0]), loops / (time.process_time() - begin[1]))


def shares(loops: int, out: Path) -> None:
    """Each stage's share of the time, from a profile."""
    profile = cProfile.Profile()
    with Simulation(SCENARIO, out=out) as world:
        profile.runcall(play, world, loops)
    stats = pstats.Stats(profile).stats  # type: ignore[attr-defined] # typeshed leaves it out
    whole = max(row[3] for row in stats.values())
    for stage, (file, function) in STAGES.items():
        spent = sum(
            row[3] for key, row in stats.items() if key[0].endswith(f"/{file}") and key[2] == function
        )
        print(f"  {stage:22} {spent / whole:5.0%}")


def ten_messages(kind: type[Simulation | Lab]) -> float:
    """Seconds from start to stop, the median of several."""
    events = [{"receive": {"to": "a1234@abc.com", "from": f"p{number}@shop.example"}} for number in range(10)]
    tables = SCENARIO | {"event": [*events, {"collect": {}}], "expect": {"delivered": {"action:1234": 10}}}
    times = []
    for _ in range(15):
        begin = time.perf_counter()
        with kind(tables) as world:
            world.run()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("loops", nargs="?", type=int, default=20_000)
    parser.add_argument("--lab", type=int, default=500)
    parser.add_argument("--steps", type=int, default=1)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        other = Path(folder) / "trace.parquet"
        out = options.out or other
        fast = rate(Simulation, options.loops, out, steps=options.steps, warm_up=WARM_UP)
        print(
            f"memory {fast.by_clock:6.0f} loops a second, {fast.by_processor:6.0f} of processor time"
            f" ({1e6 / fast.by_processor:.0f} us a loop); the trace is {out.stat().st_size / 2**20:.1f} MB"
        )
        if options.lab:
            slow = rate(Lab, options.lab, other, warm_up=COLLECT_EVERY)
            times = fast.by_clock / slow.by_clock
            print(
                f"wire   {slow.by_clock:6.0f} loops a second, {slow.by_processor:6.0f} of processor time;"
                f" memory is {times:.0f} times as fast"
            )
        shares(5_000, other)
    print(
        f"ten messages: {ten_messages(Simulation) * 1e3:.1f} ms in memory, {ten_messages(Lab) * 1e3:.0f} ms on sockets"
    )


if __name__ == "__main__":
    main()
