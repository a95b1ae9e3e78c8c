"""Labs under faults for as long as one likes: their laws hold, and they grow in nothing.

    uv run python tests/bench/soak_lab.py --minutes 30 --seed 1

Several worlds run side by side over sockets, and when their time is over others take their place. In each a practice
sends, people answer and write, and the practice collects, while faults of the whole catalogue are given by the seed: some
once, as the world goes, some by chance for as long as it lives. At its end no more are given and time runs on: then every
message must be where its subject says it belongs, and the laws hold.

Every minute, of each generation once it is settled, and once it is over, a line tells what the process holds. It ends
with 1 where a law is broken, a message is elsewhere, an exception was nobody's, or a generation leaves descriptors,
threads or tasks behind. So it does in a run of six minutes or more where a figure grows: twice as many of these in the
later half of a generation as in its first; a quarter more of them in a settled generation than in the first one; 5 % more
memory, or blocks of Python, that the last generation leaves behind than the second (resident, and without what the C
library and Arrow have free).
Within its life a world grows by what it remembers, its last 200,000 messages, and by 32 MB of its store.
"""

import argparse
import asyncio
import ctypes
import gc
import logging
import os
import random
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa

from mailsim.errors import MailsimError
from mailsim.pop3.collection import CollectError
from mailsim.practice.decision import Outcome
from mailsim.testing.fault_sets import EVERY_FAULT
from mailsim.trace.event import Step
from mailsim.world.lab import Lab
from mailsim.world.orders import OrderError

BESIDE, GENERATIONS = 4, 6
LONG = 60.0
"""Seconds of a generation from which a minute may be waited for, and its figures are compared: in fewer it only begins."""
SYSTEM = "matters@abc.com"
PEOPLE = ("jane@client.example", "joe@other.example", "ann@client.example", "sue@third.example")
ACTIONS = range(1, 21)
STRIKE = 0.2
"""How likely a fault is given before something is done."""
BY_CHANCE = 6
"""Faults that may strike at any time in one world, each one moment in a thousand: of a larger share a session over hundreds of messages never ends well."""
CERTIFICATES = ("pop:CONNECT:p=0.001:expired-certificate", "smtp:STARTTLS:p=0.001:foreign-certificate")
MOST_COLLECTIONS = 20
MARK = "for action:"
FIGURES = ("descriptors", "threads", "tasks")


class SoakError(Exception):
    """What should hold does not."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What the process holds."""

    descriptors: int
    threads: int
    tasks: int
    memory: float
    """Resident, MB."""
    blocks: int
    """What Python has allocated: without the gaps between it, which make the resident part uneven."""

    def __str__(self) -> str:
        return (
            f"{self.descriptors:4} descriptors {self.threads:3} threads {self.tasks:4} tasks {self.memory:6.1f} MB"
            f" {self.blocks:9,} blocks"
        )


Loops = Sequence[asyncio.AbstractEventLoop]


def loops() -> Loops:
    """The event loops that run; asked while nothing happens in them, since tuples that are being made must not be seen."""
    return [
        one for one in gc.get_objects() if isinstance(one, asyncio.AbstractEventLoop) and one.is_running()
    ]


def figures(loops: Loops = ()) -> Figures:
    """Of now."""
    gc.collect()
    pa.default_memory_pool().release_unused()
    with suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    tasks = sum(len(asyncio.all_tasks(loop)) for loop in loops)
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    descriptors = sum(1 for _ in Path("/proc/self/fd").iterdir()) - 1  # that of looking
    resident = pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    return Figures(descriptors, threading.active_count(), tasks, resident, sys.getallocatedblocks())


def faults(*, patient: bool) -> Sequence[str]:
    """Each of the catalogue once, with little to wait for; of those at which a client waits a minute only where there is time."""
    shorter = {fault.replace(" 2s", " 0.05s").replace("slow 50", "slow 5000") for fault in EVERY_FAULT}
    waited_for = ("half-close", "unterminated")
    return sorted(one for one in shorter if ":next:" in one and (patient or not one.endswith(waited_for)))


def tables(seed: int, by_chance: Sequence[str]) -> dict[str, object]:
    """A practice with many actions, a provider at which much goes wrong by chance, and people who answer."""
    return {
        "seed": seed,
        "mailbox": {
            "type": "catch-all",
            "default_sender": SYSTEM,
            "fallback_address": "help@elsewhere.example",
        },
        "action": [{"id": number} for number in ACTIONS],
        "provider": {
            "profile": "postfix",
            "faults": [*(one.replace(":next:", ":p=0.001:") for one in by_chance), *CERTIFICATES],
        },
        "correspondent": [
            {"address": PEOPLE[0]},
            {"address": PEOPLE[1], "delay": "17m"},
            {"address": PEOPLE[2], "habit": "reply-all"},
            {"address": PEOPLE[3], "habit": "write-anew", "delay": "3h"},
        ],
    }


class Soak:
    """One world, and what is done in it."""

    def __init__(self, world: Lab, chance: random.Random, faults: Sequence[str]) -> None:
        self.world = world
        self.acts = 0
        self.given = 0
        self._chance = chance
        self._faults = faults
        self._letters: list[str] = []

    def live(self, until: float, stop: threading.Event) -> None:
        """Act for so long, then settle. Raises SoakError, ConservationError."""
        while time.monotonic() < until and not stop.is_set():
            self._act()
        if not stop.is_set():
            self._end()

    def _act(self) -> None:
        """Do one thing, at times after a fault was given."""
        chance, world = self._chance, self.world
        if chance.random() < STRIKE:
            world.add_fault(chance.choice(self._faults))
            self.given += 1
        action = chance.choice(ACTIONS)
        subject = f"{MARK}{action}."
        match chance.randrange(20):
            case 0 | 1:
                self._collect()
            case 2:
                world.settle(until=world.now + timedelta(minutes=chance.randrange(240)))
            case 3 if self._letters:
                self._answer()
            case number if number < 10:
                world.receive(to=f"a{action}@abc.com", from_address=chance.choice(PEOPLE), subject=subject)
            case _:
                people = chance.sample(PEOPLE, chance.randint(1, 2))
                text = "line\n" * chance.randrange(200)
                sent = world.send(from_action=action, to=people, subject=subject, text=text)
                self._letters = [*self._letters[-20:], sent.message_id]
        self.acts += 1

    def _answer(self) -> None:
        with suppress(OrderError):  # it has not arrived
            self.world.reply(self._chance.choice(self._letters), text="By hand.")

    def _collect(self) -> None:
        with suppress(CollectError):  # what it left is collected later
            self.world.collect()

    def _end(self) -> None:
        """Let time run on, and hold the world to account."""
        world = self.world
        for _ in range(MOST_COLLECTIONS):
            world.settle()
            self._collect()
        world.settle()
        world.check()
        for wrong in self._wrong():
            raise SoakError(f"world {world.scenario.seed}: {wrong}")

    def _wrong(self) -> Iterator[str]:
        """What is not where it belongs."""
        world = self.world
        if waiting := len(world.waiting()):
            yield f"{waiting} messages still wait after {MOST_COLLECTIONS} collections"
        if world.steps[Step.COLLECTED] != world.steps[Step.DECIDED]:
            yield "not every message collected was decided once"
        for (outcome, reason), number in world.decided.items():
            if outcome not in (Outcome.DELIVERED, Outcome.DUPLICATE):
                yield f"{number} messages went to {outcome}, {reason}"
        for target in world.targets():
            for message in world.mailbox(target):
                subject = message.value("Subject") or ""
                if MARK in subject and f"for {target}." not in subject:
                    yield f"{target} holds {message.message_id}, {subject!r}"


class Complaints(logging.Handler):
    """What event loops say of exceptions that nobody took."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        self.told.append(self.format(record))


class Clock:
    """Tells lines with the seconds since it was made."""

    def __init__(self) -> None:
        self._begin = time.monotonic()

    def tell(self, generation: int, soaks: Sequence[Soak], now: Figures, words: str = "") -> None:
        """What was done, and what the process holds now."""
        acts, given = sum(one.acts for one in soaks), sum(one.given for one in soaks)
        events = sum(sum(one.world.steps.values()) for one in soaks)
        print(
            f"{time.monotonic() - self._begin:6.0f} s  generation {generation}  {acts:8,} acts {given:7,} faults"
            f" {events:10,} events  {now}{words}",
            flush=True,
        )


@dataclass(frozen=True, slots=True)
class Generation:
    """What the process held while its worlds ran, when they were settled, and when they were gone."""

    running: Sequence[Figures]
    settled: Figures
    left: Figures


def generation(number: int, seeds: Sequence[int], seconds: float, clock: Clock) -> Generation:
    """Worlds side by side; raises as `Soak.live`."""
    running: list[Figures] = []
    stop = threading.Event()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        soaks = []
        for seed in seeds:
            chance, given = random.Random(seed), faults(patient=seconds >= LONG)
            world = Lab(tables(seed, chance.sample(given, BY_CHANCE)), out=folder / f"{seed}.parquet")
            soaks.append(Soak(stack.enter_context(world), chance, given))
        theirs = loops()
        pool = stack.enter_context(ThreadPoolExecutor(BESIDE))
        stack.callback(stop.set)
        until = time.monotonic() + seconds
        waiting = {pool.submit(one.live, until, stop) for one in soaks}
        while waiting:
            done, waiting = wait(waiting, min(60.0, seconds / 4), FIRST_EXCEPTION)
            for one in done:
                one.result()
            if time.monotonic() < until:
                running.append(figures(theirs))
                clock.tell(number, soaks, running[-1])
        settled = figures(theirs)
        clock.tell(number, soaks, settled, "  settled, all where it belongs")
    left = figures(theirs)
    clock.tell(number, (), left, "  over")
    return Generation(running, settled, left)


def left_behind(before: Figures, generations: Sequence[Generation]) -> Iterator[str]:
    """What worlds that are gone have left, in words."""
    for name in FIGURES:
        least = getattr(before, name)
        for number, one in enumerate(generations, 1):
            if (left := getattr(one.left, name)) > least:
                yield f"generation {number} left {left} {name}, of {least} before the first"


def grown(generations: Sequence[Generation]) -> Iterator[str]:
    """What has become more, in words."""
    for name in FIGURES:
        first, *others = (getattr(one.settled, name) for one in generations)
        if max(others) > 1.25 * first:
            yield f"{max(others)} {name} in a settled generation, {first} in the first"
        for number, one in enumerate(generations, 1):
            held = [getattr(now, name) for now in one.running]
            early, late = held[: len(held) // 2], held[len(held) // 2 :]
            if early and max(late) > 2 * max(early):
                yield f"{max(late)} {name} late in generation {number}, {max(early)} before"
    second, last = generations[1].left, generations[-1].left
    if last.memory > 1.05 * second.memory:
        yield f"{last.memory:.0f} MB after the last generation, {second.memory:.0f} MB after the second"
    if last.blocks > 1.05 * second.blocks:
        yield f"{last.blocks:,} blocks after the last generation, {second.blocks:,} after the second"


def main() -> int:
    """Run one generation after another."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    clock, complaints = Clock(), Complaints()
    logging.getLogger("asyncio").addHandler(complaints)
    with Lab(tables(0, ())):  # what is loaded and made once
        pass
    before = figures()
    seconds = options.minutes * 60 / GENERATIONS
    generations = []
    for number in range(GENERATIONS):
        first = options.seed + number * BESIDE
        generations.append(generation(number + 1, range(first, first + BESIDE), seconds, clock))
    print(f"before the first world: {before}")
    found = [*complaints.told, *left_behind(before, generations)]
    if seconds >= LONG:
        found += grown(generations)
    print("\n".join(found) or "every law held, nothing has grown")
    return 1 if found else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (SoakError, MailsimError) as error:
        sys.exit(str(error))
