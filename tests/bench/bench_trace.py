"""A trace of a million loops: how long its tables take, and how much memory; twelve million events.

    python tests/bench/bench_trace.py [LOOPS]

A Lab's trace of 1,000 loops is repeated with new ids into a Parquet file, and each question is asked of that file in a
process of its own. Prints seconds of the wall clock and of the processor, which on a busy machine differ, and the most
memory the process had.
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
from mailsim.world.lab import Lab

BASE = 1000
ASKED = ("frame", "messages", "story")
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

trace = mailsim.read_trace(sys.argv[1])
what = sys.argv[2]
if what == "frame":
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
    timed("story()", lambda: trace.story("t000500-1"))
memory("at the end")
"""


def loops() -> pa.Table:
    """The trace of 1,000 letters and their answers."""
    work = Workload(7)
    scenario = {
        "mailbox": {
            "type": "catch-all",
            "default_sender": "matters@abc.com",
            "fallback_address": "help@elsewhere.example",
        },
        "action": [{"id": number, "name": name} for number, name in work.actions.items()],
        "provider": {"profile": "gmail"},
        "correspondent": [{"address": address, "delay": "2h"} for address in work.correspondents],
    }
    with Lab(scenario) as world:
        for letter in work.letters(BASE):
            world.send(from_action=letter.action, to=letter.to, subject=letter.subject, text=letter.text)
        world.settle()
        world.collect()
    return table(world.trace)


def repeated(rows: pa.Table, number: int) -> pa.Table:
    """The same events of other messages, later."""
    texts = {
        "trace_id": pc.if_else(
            pc.equal(rows["trace_id"], ""),
            "",
            pc.binary_join_element_wise(rows["trace_id"], pa.scalar(str(number)), "-"),
        ),
        "message_id": pc.replace_substring(rows["message_id"], "<", f"<{number}."),
        "detail": pc.replace_substring(rows["detail"], '"message_id": "<', f'"message_id": "<{number}.'),
        "serial": pc.add(rows["serial"], number * len(rows)),
        "time": pc.add(rows["time"], pa.scalar(number * 10_000_000, pa.duration("us"))),
    }
    for name, column in texts.items():
        rows = rows.set_column(rows.schema.get_field_index(name), name, column)
    return rows


def main() -> None:
    """Write the file and ask."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    rows = loops()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "trace.parquet"
        begin = time.perf_counter()
        with pq.ParquetWriter(path, rows.schema, compression="zstd") as writer:
            for number in range(max(1, count // BASE)):
                writer.write_table(repeated(rows, number))
        size = path.stat().st_size / 1e6
        print(
            f"{count:,} loops, {pq.read_metadata(path).num_rows:,} events, {size:.0f} MB, written in {time.perf_counter() - begin:.0f} s"
        )
        for what in ASKED:
            subprocess.run([sys.executable, "-c", QUESTION, str(path), what], check=True)


if __name__ == "__main__":
    main()
