"""Worlds whose SMTP servers lose lines and replies at every stage: nothing is lost, nothing doubled unaccounted.

`python -m tests.crash.replies --runs 1000` runs so many, each with its own seed, over sockets; `--world memory`
runs them in memory. A run that breaks the law of conservation (R6.2) ends the program with its seed and its words.
"""

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping

from mailsim.smtp.fault_kinds import Moment
from mailsim.trace.event import Step
from mailsim.world.lab import Lab
from mailsim.world.simulation import Simulation

WORLDS: Mapping[str, Callable[[dict[str, object]], Lab | Simulation]] = {"wire": Lab, "memory": Simulation}
STAGES = [moment for moment in Moment if moment not in (Moment.QUIT, Moment.ANY)]
KINDS = (
    "drop",
    "drop",
    "drop@3",
    "half-close",
    "garbage",
    "reply 451 4.3.0 later",
    "reply 421 4.3.2 closing",
)
MESSAGES = 6


def faults(seed: int) -> list[str]:
    """One at every stage of the submission server, by turns and by chance, and some where mail comes in."""
    chance = random.Random(seed)
    where = STAGES[seed % len(STAGES)]
    texts = [f"smtp:{where}:{chance.randint(1, 3)}:{chance.choice(KINDS)}", "smtp:DATA-END:p=0.2:drop"]
    texts += [
        f"{chance.choice(('smtp', 'mx'))}:{chance.choice(STAGES)}:{chance.choice(('1', '2', '3', 'p=0.2'))}:{chance.choice(KINDS)}"
        for _ in range(3)
    ]
    return [*texts, f"smtp:DATA:p=0.1:drop@{chance.randint(0, 900)}", "mx:DATA-END:p=0.2:drop"]


def tables(seed: int) -> dict[str, object]:
    """A practice, its provider with faults, and two people who answer."""
    return {
        "seed": seed,
        "mailbox": {
            "type": "catch-all",
            "default_sender": "matters@abc.com",
            "fallback_address": "help@elsewhere.example",
        },
        "smtp": {
            "server": "smtp.abc.com",
            "port": (587, 465)[seed % 2],
            "authentication": ("plain", "login", "cram-md5", "xoauth2")[seed % 4],
            "username": "matters@abc.com",
            "password": "secret",
        },
        "action": [{"id": 1234}],
        "provider": {"faults": faults(seed)},
        "correspondent": [{"address": "jane@client.example"}, {"address": "john@client.example"}],
    }


def run(seed: int, world: str) -> Counter[str]:
    """One world: letters go out, answers come back and are collected; raises ConservationError. What happened."""
    with WORLDS[world](tables(seed)) as one:
        for number in range(MESSAGES):
            to = ["jane@client.example", "john@client.example"][: 1 + number % 2]
            one.send(from_action=1234, to=to, subject=f"Letter {number}")
        one.settle()
        while one.collect():
            one.settle()
        one.check()
        return _counted(one)


def _counted(world: Lab | Simulation) -> Counter[str]:
    trace = world.trace
    uncertain = Counter(
        (event.message_id, event.recipient)
        for step in (Step.DEFERRED, Step.BOUNCED)
        for event in trace.steps(step)
        if "uncertain" in event.detail
    )
    composed = {event.message_id for event in trace.steps(Step.COMPOSED)}
    stored = Counter(
        (event.message_id, event.recipient)
        for event in trace.steps(Step.STORED)
        if event.message_id in composed and event.recipient.endswith("client.example")
    )
    unaccounted = {copy: count for copy, count in stored.items() if count > 1 + uncertain[copy]}
    assert not unaccounted, f"got twice and not accounted for: {unaccounted}"
    ended = {
        (event.message_id, event.recipient)
        for step in (Step.STORED, Step.REFUSED, Step.BOUNCED)
        for event in trace.steps(step)
    }
    promised = [
        (event.message_id, recipient)
        for event in trace.steps(Step.COMPOSED)
        for recipient in event.recipient.split(", ")
    ]
    missing = [copy for copy in promised if copy not in ended]
    assert not missing, f"lost: {missing}"
    return Counter(
        {
            "runs": 1,
            "copies": len(promised),
            "reached": len(stored),
            "twice": sum(count - 1 for count in stored.values()),
            "deferred": len(trace.steps(Step.DEFERRED)),
            "uncertain": sum(uncertain.values()),
            "refused": len(trace.steps(Step.REFUSED)),
            "bounced": len(trace.steps(Step.BOUNCED)),
            "answers": len(trace.steps(Step.REPLIED)),
            "collected": len(trace.steps(Step.COLLECTED)),
            "recognised as duplicates": sum(
                event.outcome == "duplicate" for event in trace.steps(Step.DECIDED)
            ),
        }
    )


def main() -> None:
    """Run them, and print the totals."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--world", choices=WORLDS, default="wire")
    options = parser.parse_args()
    begin, total = time.perf_counter(), Counter[str]()
    for seed in range(options.first, options.first + options.runs):
        try:
            total += run(seed, options.world)
        except Exception:
            sys.stderr.write(f"seed {seed}: {faults(seed)}\n")
            raise
    told = ", ".join(f"{what}: {count}" for what, count in total.items())
    sys.stdout.write(f"{told}, seconds: {time.perf_counter() - begin:.1f}\n")


if __name__ == "__main__":
    main()
