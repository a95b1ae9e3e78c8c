"""Closed loops a second in memory, every event recorded to Parquet, beside the Lab's rate in the same run.

    python tests/bench/bench_simulation.py [LOOPS] [--lab LOOPS] [--steps N]

A loop is: compose, submit, judge, relay, answer, take by catch-all, collect, decide, store, delete. Prints the rate, the
ratio to the Lab's, each stage's share of the time, and, of `--steps`, the cost of a loop and the memory after each part of
the run: neither should grow. Then how long a scenario of ten messages takes from start to stop, in both worlds.
"""

import argparse
import cProfile
import pstats
import resource
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from mailsim.world.lab import Lab
from mailsim.world.simulation import Simulation

TEXT = ("x" * 70 + "\n") * 10
COLLECT_EVERY = 500
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
    "record events": ("event.py", "record"),
    "of it: Parquet": ("files.py", "write"),
}


def play(world: Simulation | Lab, loops: int) -> None:
    """So many letters, answered and collected."""
    for number in range(1, loops + 1):
        world.send(from_action=1234, to="jane@client.example", subject="Draft", text=TEXT)
        if number % COLLECT_EVERY == 0:
            world.collect()
    world.collect()


def memory() -> float:
    """The most that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def rate(kind: type[Simulation | Lab], loops: int, out: Path, steps: int = 1) -> float:
    """Loops a second, the trace's end included; a warm-up goes first."""
    with kind(SCENARIO, out=out) as world:
        play(world, COLLECT_EVERY)
        begin = time.perf_counter()
        for step in range(1, steps + 1):
            part = time.perf_counter()
            play(world, loops // steps)
            if steps > 1:
                cost = (time.perf_counter() - part) / (loops // steps)
                print(f"  {step * loops // steps:9,} loops: {cost * 1e6:6.0f} us a loop, {memory():5.0f} MB")
        world.check()
    return loops / (time.perf_counter() - begin)


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
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        out = Path(folder) / "trace.parquet"
        memory_rate = rate(Simulation, options.loops, out, options.steps)
        print(f"memory {memory_rate:8.0f} loops a second; the trace is {out.stat().st_size / 2**20:.1f} MB")
        if options.lab:
            lab_rate = rate(Lab, options.lab, out)
            print(
                f"wire   {lab_rate:8.0f} loops a second; memory is {memory_rate / lab_rate:.0f} times as fast"
            )
        shares(5_000, out)
    print(
        f"ten messages: {ten_messages(Simulation) * 1e3:.1f} ms in memory, {ten_messages(Lab) * 1e3:.0f} ms on sockets"
    )


if __name__ == "__main__":
    main()
