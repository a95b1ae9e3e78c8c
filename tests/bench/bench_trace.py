"""A trace of a million loops: how long its tables, stories and page take, and how much memory; twelve million events.

    python tests/bench/bench_trace.py [LOOPS [PROVIDER]]

A Simulation's trace of 1,000 letters and their answers is repeated with new ids into a Parquet file, in row groups of as
many events as a run writes, and each question is asked of that file in a process of its own. Through `postfix`, which
keeps no copy of what was sent and changes nothing, a loop is twelve events; through `gmail` it is seventeen.

Prints seconds of the wall clock and of the processor, which on a busy machine differ, and the most memory the process
had; `plain` is what pandas alone makes of the file, to compare with.
"""

import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mailsim.study.workload import Workload
from mailsim.trace.arrow import table
from mailsim.trace.files import BATCH
from mailsim.world.simulation import Simulation

BASE = 1000
ASKED = ("plain", "frame", "messages", "story", "duckdb", "report")
QUESTION = """
import resource, sys, time
import mailsim

def timed(name, ask):
    begin, work = time.perf_counter(), time.process_time()
    found = ask()
    wall, worked = time.perf_counter() - begin, time.process_time() - work
    print(f"  {name:<28} {wall:6.2f} s   processor {worked:6.2f} s", flush=True)
    return found

def memory(when):
    print(f"  most memory {when}: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB", flush=True)

path, what = sys.argv[1:]
trace = mailsim.read_trace(path)
if what == "plain":
    import pandas
    timed("pandas.read_parquet()", lambda: pandas.read_parquet(path))
elif what == "frame":
    frame = timed("frame()", trace.frame)
    memory("with the frame")
    timed("  by step", lambda: frame.groupby("step").size())
    timed("  by place and outcome", lambda: frame.groupby(["place", "outcome"]).size())
    timed("  size by sender", lambda: frame.groupby("sender")["size"].mean())
    timed("  hours by conversation", lambda: frame.groupby("trace_id")["time"].agg(["min", "max"]))
    timed("  events by message", lambda: frame.groupby("message_id").size())
elif what == "messages":
    messages = timed("messages()", trace.messages)
    timed("  by outcome and reason", lambda: messages.groupby(["outcome", "reason"]).size())
    timed("  latency by provider", lambda: messages.groupby("provider")["latency"].median())
elif what == "story":
    timed("len()", lambda: len(trace))
    timed("first event", lambda: next(iter(trace)))
    timed("story()", lambda: trace.story("t0000000500"))
elif what == "duckdb":
    import duckdb
    for question in ("step", "place, outcome", "trace_id"):
        timed("by " + question, lambda: duckdb.sql(f"select {question}, count(*) from '{path}' group by all").fetchall())
elif what == "report":
    from mailsim.trace.report import report
    page = timed("report()", lambda: report(trace, "bench"))
    print(f"  {len(page) / 1000:.0f} KB")
memory("at the end")
"""


def loops(provider: str) -> pa.Table:
    """The trace of 1,000 letters and their answers."""
    work = Workload(7)
    scenario = {
        "mailbox": {
            "type": "catch-all",
            "default_sender": "matters@abc.com",
            "fallback_address": "help@elsewhere.example",
        },
        "action": [{"id": number, "name": name} for number, name in work.actions.items()],
        "provider": {"profile": provider},
        "correspondent": [{"address": address, "delay": "2h"} for address in work.correspondents],
    }
    with Simulation(scenario) as world:
        for letter in work.letters(BASE):
            world.send(from_action=letter.action, to=letter.to, subject=letter.subject, text=letter.text)
        world.settle()
        world.collect()
    return table(world.trace)


def repeated(rows: pa.Table, number: int) -> pa.Table:
    """The same events of other messages, later; conversations are numbered on, as a run does."""
    texts = {
        "trace_id": pc.replace_substring_regex(rows["trace_id"], "^t", f"t{number:04}"),
        "message_id": pc.replace_substring(rows["message_id"], "<", f"<{number}."),
        "detail": pc.replace_substring(rows["detail"], '"message_id": "<', f'"message_id": "<{number}.'),
        "serial": pc.add(rows["serial"], number * len(rows)),
        "time": pc.add(rows["time"], pa.scalar(number * 10_000_000, pa.duration("us"))),
    }
    for name, column in texts.items():
        rows = rows.set_column(rows.schema.get_field_index(name), name, column)
    return rows


def write(path: Path, count: int, provider: str) -> None:
    """A trace of that many loops, to the next thousand."""
    rows = loops(provider)
    waiting: list[pa.Table] = []
    with pq.ParquetWriter(path, rows.schema, compression="zstd") as writer:
        for number in range(max(1, count // BASE)):
            waiting.append(repeated(rows, number))
            if sum(map(len, waiting)) >= BATCH:
                writer.write_table(pa.concat_tables(waiting))
                waiting.clear()
        if waiting:
            writer.write_table(pa.concat_tables(waiting))


def main() -> None:
    """Write the file and ask."""
    count, provider = int((sys.argv[1:2] or ["1000000"])[0]), (sys.argv[2:3] or ["postfix"])[0]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "trace.parquet"
        begin = time.perf_counter()
        write(path, count, provider)
        size, events = path.stat().st_size / 1e6, pq.read_metadata(path).num_rows
        print(
            f"{count:,} loops, {events:,} events, {size:.0f} MB, written in {time.perf_counter() - begin:.0f} s"
        )
        for what in ASKED:
            print(what, flush=True)
            subprocess.run([sys.executable, "-c", QUESTION, str(path), what], check=True)


if __name__ == "__main__":
    main()
