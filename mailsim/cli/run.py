"""`mailsim run`: a scenario from beginning to end."""

import json
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

import typer

from mailsim.cli.seed import Seed

if TYPE_CHECKING:
    from mailsim.world.lab import Lab
    from mailsim.world.scenario import Scenario
    from mailsim.world.simulation import Simulation

_ENDS = (signal.SIGINT, signal.SIGTERM)
_MOST_ROWS = 10
"""Of reasons that are shown."""


class _Waiting(NamedTuple):
    """What lies in the system mailbox of a practice at the end."""

    practice: str
    server: str
    messages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ran:
    """What came of a run."""

    scenario: Path
    world: str
    seed: int
    world_seconds: float
    seconds: float
    steps: dict[str, int]
    targets: dict[str, int]
    decided: dict[str, dict[str, int]]
    """Outcome -> reason -> how many."""
    failures: list[tuple[str, str, str, int]]
    """What happened, at which server, in which words, and how often."""
    never_struck: list[str]
    waiting: list[_Waiting]
    polled: bool
    warnings: list[str]
    """Of the settings."""
    differences: list[str]
    """Of the scenario's `[expect]`."""
    broken: list[str]
    """The laws that were broken, and the stories of the messages concerned; a line each."""
    trace: Path | None

    @property
    def as_expected(self) -> bool:
        return not (self.differences or self.broken)

    @property
    def lost_on_purpose(self) -> int:
        """Copies that faults had servers take and lose, or took out of server mailboxes."""
        from mailsim.world.hosts import REMOVED_BY_FAULT
        from mailsim.world.servers import LOST_BY_FAULT

        return sum(count for *_, reply, count in self.failures if reply in (LOST_BY_FAULT, REMOVED_BY_FAULT))

    def as_json(self) -> dict[str, object]:
        return {
            "scenario": str(self.scenario),
            "world": self.world,
            "seed": self.seed,
            "as_expected": self.as_expected,
            "differences": self.differences,
            "broken_laws": self.broken,
            "decided": self.decided,
            "targets": self.targets,
            "events": self.steps,
            "failures": [
                {"step": step, "server": server, "reply": reply, "count": count}
                for step, server, reply, count in self.failures
            ],
            "never_struck": self.never_struck,
            "waiting": {one.practice: one.messages for one in self.waiting},
            "warnings": self.warnings,
            "world_seconds": round(self.world_seconds, 3),
            "seconds": round(self.seconds, 3),
            "trace": None if self.trace is None else str(self.trace),
        }


def run(
    scenario: Annotated[Path, typer.Argument(metavar="SCENARIO", help="A scenario file.")],
    world: Annotated[
        Literal["memory", "wire"],
        typer.Option("--world", help="In memory under a virtual clock, or on loopback sockets."),
    ] = "memory",
    seed: Seed = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="TRACE",
            help="Write the trace there: its name ends in .parquet, .jsonl, .csv, .otlp.jsonl or .chrome.json.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Play a scenario, hold the laws of conservation and what the scenario expects; exits 1 where one does not hold.

    SIGINT and SIGTERM end it; the trace is written as far as it is.

    Example: mailsim run fixtures/scenarios/rewritten.toml --out /tmp/trace.parquet
    """
    from mailsim.practice.faults import printable

    with _interrupted_once():
        ran = _run(scenario, world, seed, out)
    sys.stderr.writelines(f"{printable(line)}\n" for line in ran.broken)
    text = json.dumps(ran.as_json(), ensure_ascii=False) if as_json else "\n".join(_told(ran))
    sys.stdout.write(text + "\n")
    if not ran.as_expected:
        raise typer.Exit(1)


@contextmanager
def _interrupted_once() -> Iterator[None]:
    """SIGTERM unwinds as SIGINT does, else the trace is lost; until the process has ended no other one is heard."""
    ending = False

    def end(*_: object) -> None:
        nonlocal ending
        ending = True
        for one in _ENDS:
            signal.signal(one, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {one: signal.signal(one, end) for one in _ENDS}
    try:
        yield
    finally:
        if not ending:
            for one, handler in before.items():
                signal.signal(one, handler)


def _run(path: Path, kind: Literal["memory", "wire"], seed: int | None, out: Path | None) -> _Ran:
    from mailsim.cli.progress import watching
    from mailsim.cli.site import warn
    from mailsim.world.broken_laws import ConservationError
    from mailsim.world.expectation import ExpectationError, unmet
    from mailsim.world.scenario import load_scenario

    scenario = load_scenario(path)
    warn(path, scenario.warnings)
    if seed is not None:
        scenario = scenario.with_seed(seed)
    begin = time.perf_counter()
    broken: list[str] = []
    with _world(kind)(scenario, out=out) as world:
        try:
            with watching(world):
                world.run()
        except ConservationError as error:
            broken = str(error).splitlines()
        except ExpectationError:
            pass  # what is unmet is asked below, of a run that broke a law too
        differences = list(unmet(scenario.expect, world.targets(), world.decided))
        decided: dict[str, dict[str, int]] = {}
        for (outcome, reason), number in world.decided.items():
            decided.setdefault(outcome.value, {})[reason.value] = number
        targets, steps, now = dict(world.targets()), world.steps, world.now
        failures = [(one.step.value, one.place, one.reply, count) for one, count in world.failures]
        never_struck = list(world.never_struck)
        waiting = list(_waiting(world, scenario))
    return _Ran(
        scenario=path,
        world=kind,
        seed=scenario.seed,
        world_seconds=(now - scenario.tables.start).total_seconds(),
        seconds=time.perf_counter() - begin,
        steps=dict(steps),
        targets=targets,
        decided=decided,
        failures=failures,
        never_struck=never_struck,
        waiting=waiting,
        polled=scenario.tables.poll is not None,
        warnings=list(map(str, scenario.warnings)),
        differences=differences,
        broken=broken,
        trace=out,
    )


def _world(kind: Literal["memory", "wire"]) -> "type[Simulation | Lab]":
    if kind == "wire":
        from mailsim.world.lab import Lab

        return Lab
    from mailsim.world.simulation import Simulation

    return Simulation


def _waiting(world: "Simulation | Lab", scenario: "Scenario") -> Iterator[_Waiting]:
    from mailsim.world.plan import plan

    for practice, own in zip(scenario.practices, plan(scenario).practices, strict=True):
        domain = practice.domain
        yield _Waiting(domain, own.pop.server.host, len(world.waiting(practice=domain)))


def _told(ran: _Ran) -> Iterator[str]:
    from mailsim.cli.table import table, terminal_width
    from mailsim.practice.faults import printable

    yield from map(printable, ran.differences)
    width = terminal_width()
    ends = [
        (outcome, reason, str(number))
        for outcome, reasons in ran.decided.items()
        for reason, number in reasons.items()
    ]
    if ends:
        yield from table(("OUTCOME", "BECAUSE OF", "MESSAGES"), ends, width=width)
        yield ""
        held = [(target, str(number)) for target, number in ran.targets.items()]
        yield from table(("TARGET", "COPIES"), held, width=width)
        yield ""
    if ran.failures:
        shown = [
            (step, server, reply, str(count)) for step, server, reply, count in ran.failures[:_MOST_ROWS]
        ]
        yield from table(("WHAT", "AT", "BECAUSE OF", "COPIES"), shown, width=width)
        if more := ran.failures[_MOST_ROWS:]:
            yield f"and {sum(count for *_, count in more):,} for {len(more):,} other reasons; --json tells them"
        yield ""
    told = ", ".join(f"{number:,} {step}" for step, number in ran.steps.items())
    yield f"Events: {told or 'none'}."
    if ran.never_struck:
        yield f"Faults that never struck: {', '.join(map(printable, ran.never_struck))}."
    yield from _uncollected(ran)
    spent = f"{timedelta(seconds=ran.world_seconds)} in the world, {ran.seconds:.1f} seconds here."
    yield f"{_conserved(ran)} {spent}"
    if ran.trace:
        yield f"The trace: {printable(str(ran.trace))}"


def _uncollected(ran: _Ran) -> Iterator[str]:
    """A line for each practice whose mail waits, with what to do where nothing collects by itself."""
    from mailsim.practice.faults import printable

    for practice, server, messages in ran.waiting:
        if messages:
            count = f"{messages:,} message{'s' * (messages != 1)}"
            whose = f" of {practice}" if len(ran.waiting) > 1 else ""
            wait = "wait" if messages != 1 else "waits"
            at = printable(server)
            if ran.polled:
                yield f"{count}{whose} still {wait} at {at} after the last poll."
            else:
                cure = 'add poll = "5m", or an [[event]] with collect at the end'
                yield f"{count}{whose} {wait} uncollected at {at}; {cure}."


def _conserved(ran: _Ran) -> str:
    if ran.broken:
        return "A law of conservation is broken: standard error says which."
    if lost := ran.lost_on_purpose:
        return f"Nothing lost but {lost:,} on purpose, by a fault; nothing delivered twice."
    return "Nothing lost, nothing delivered twice."
