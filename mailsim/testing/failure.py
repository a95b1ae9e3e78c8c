"""What is told of a step that failed: beside the assertion's own words, in the terminal and in every report.

The step as it stands in the feature, what was expected and found side by side, the nearest outcome that there is,
the story of the mail, and the command that plays it again. Nothing in it is obeyed by a terminal.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import dropwhile
from os.path import relpath
from pathlib import Path
from textwrap import dedent
from types import MappingProxyType
from typing import TYPE_CHECKING

from _pytest._code.code import ExceptionChainRepr, ReprEntry  # pytest has no public name for what it shows

from mailsim.practice.decision import Decision
from mailsim.practice.faults import SiteError, printable
from mailsim.testing.blueprint import Blueprint, BlueprintError
from mailsim.testing.needs import StepError
from mailsim.testing.parameters import UnknownTargetError
from mailsim.testing.program import ProgramError
from mailsim.testing.worlds import MissingWorldError
from mailsim.trace.story import told

if TYPE_CHECKING:
    from pytest_bdd.parser import Scenario, Step

    from mailsim.world.world import World

MISWRITTEN = (BlueprintError, MissingWorldError, ProgramError, StepError, UnknownTargetError)
"""What is wrong with the feature or the configuration, whatever happened to the mail: its story would explain nothing."""
_MOST_CONVERSATIONS = 3
_MOST_LINES = 40
_MODULE = re.compile(r"\A(?:\w+\.)+(?=\w+: )")
_VERDICT = re.compile(r"expected (?P<expected>.+?)[,;] found (?P<found>.+)")

_GIVENS = MappingProxyType(
    {
        "[mailbox]": "Given a practice whose catch-all mailbox is matters@abc.com",
        "[[user]]": "Given the practice has users mary and john",
        "[[action]]": "Given the practice has action 1234",
    }
)
"""Which step writes a table that a fault asks for, in the words of a scenario file."""


def place(scenario: "Scenario", step: "Step", root: Path) -> str:
    """The step as it is written, and where, as seen from the root folder."""
    return f"{step.keyword} {step.name} ({relpath(scenario.feature.filename, root)}:{step.line_number})"


def verdict(exception: BaseException) -> Iterator[str]:
    """What was expected and what was found, one above the other; nothing where the failure tells no such thing."""
    said = _VERDICT.match(str(exception).partition("\n")[0])
    if said:
        yield f"expected  {printable(said['expected'])}"
        yield f"found     {printable(said['found'].rstrip(':'))}"


def givens(exception: BaseException, blueprint: Blueprint) -> Iterator[str]:
    """Which step wrote each value that was refused when the world read them all; which writes a table that is missing."""
    missing = set[str]()
    for fault in exception.faults if isinstance(exception, SiteError) else ():
        if writer := blueprint.written_by(fault.key):
            yield f"given     {printable(fault.key)} by {writer}"
        missing |= {step for table, step in _GIVENS.items() if fault.fix.startswith(f"add {table}")}
    yield from (f"missing   perhaps '{step}'" for step in sorted(missing))


def nearest(exception: BaseException, decisions: Sequence[Decision], asked: Decision | None) -> Iterator[str]:
    """Another message to which happened what was expected of the one that the step asked about."""
    said = _VERDICT.match(str(exception).partition("\n")[0])
    if not said:
        return
    expected = said["expected"]
    for decision in reversed(decisions):
        if decision is asked:
            continue
        reached = set(expected.split(", ")) <= set(decision.targets)
        if reached or f"{decision.outcome} ({decision.reason})" == expected:
            towards = f" to {', '.join(decision.targets)}" if decision.targets else ""
            name = printable(decision.message_id or "a message without an id")
            yield f"nearest   {name} was {decision.outcome}{towards} ({decision.reason})"
            return


def story(world: "World") -> Iterator[str]:
    """The last conversations hop by hop, each bounded."""
    conversations = list(dict.fromkeys(event.trace_id for event in world.trace if event.trace_id))
    if len(conversations) > _MOST_CONVERSATIONS:
        yield f"The last {_MOST_CONVERSATIONS} of {len(conversations)} conversations:"
    for trace_id in conversations[-_MOST_CONVERSATIONS:]:
        lines = list(told(world.trace.story(trace_id)))
        yield f"What happened to {trace_id}:"
        yield from (f"  {printable(line)}" for line in lines[-_MOST_LINES:])
    if not conversations:
        yield "No mail has moved in this world yet."


def without_python(shown: object) -> None:
    """Leave of what pytest shows of a failure the words of the failure alone."""
    if not isinstance(shown, ExceptionChainRepr):
        return
    for traceback, _, _ in shown.chain:
        traceback.extraline = None
        for entry in traceback.reprentries:
            entry.lines = _plain(dropwhile(lambda line: not line.startswith("E "), entry.lines))
            if isinstance(entry, ReprEntry):
                entry.reprfuncargs = entry.reprlocals = entry.reprfileloc = None
        traceback.reprentries = [entry for entry in traceback.reprentries if entry.lines]
    if shown.reprcrash is not None:
        shown.reprcrash.message = _MODULE.sub("", shown.reprcrash.message, count=1)


def _plain(lines: Iterable[str]) -> list[str]:
    """Lines behind pytest's E, indented as if no Python stood above, the exception without its module."""
    told = dedent(
        "\n".join(line[1:] for line in lines)
    )  # of several lines of one error only the first has an E
    return [f"E   {line}".rstrip() for line in _MODULE.sub("", told, count=1).splitlines()]


def without_values(shown: object) -> None:
    """Leave out of it what functions were called with, and what their names stood for."""
    if not isinstance(shown, ExceptionChainRepr):
        return
    for traceback, _, _ in shown.chain:
        for entry in traceback.reprentries:
            if isinstance(entry, ReprEntry):
                entry.reprfuncargs = entry.reprlocals = None
