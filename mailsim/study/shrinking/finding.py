"""What is wrong with a run: a broken law, an `[expect]` that does not hold, or a message that was misrouted.

A broken law is told first. Where what was expected did not come because of a misrouted message, the message is the
finding, and its cause; what nothing misrouted explains is the expectation itself. Two runs have the same finding when
their marks are equal: marks name no message, time or address that a smaller run would not have.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from mailsim.practice.decision import Outcome, Reason
from mailsim.study.journey.fate import Fate, conversation, directories, got_outside, meant_for
from mailsim.study.journey.inquiry import Inquiry
from mailsim.trace.event import Event, Step, Trace, parted
from mailsim.world.broken_laws import ConservationError
from mailsim.world.expectation import unmet
from mailsim.world.scenario import Scenario
from mailsim.world.scenario_tables import ALL_OF, ExpectTable
from mailsim.world.simulation import Simulation

_PARTICULARS = re.compile(r"<[^>]*>|\([^)]*\)|\S+@\S+|\b(?:action|mailbox|fallback|target):\S+|\bt?\d+\b")
"""What a law's words say of one run."""
_UNMET = re.compile(r"expect\.(?P<key>.+) = (?P<wanted>\d+): found (?P<found>\d+);")


class Kind(StrEnum):
    """What was found."""

    LAW = "law"
    EXPECT = "expect"
    MISROUTE = "misroute"


class Finding(NamedTuple):
    """One thing that is wrong."""

    kind: Kind
    words: str
    mark: tuple[str, ...]
    """What a smaller run must have in common."""
    expect: Mapping[str, object]
    """The `[expect]` that does not hold, and would if all were right."""
    then: str
    """The Gherkin step that does not hold either."""
    message: tuple[str, str, int] | None = None
    """The conversation of what was misrouted, and what it is found by in that."""

    @property
    def nameless(self) -> tuple[str, ...]:
        """The mark without the names of targets, which renaming changes."""
        return tuple(_PARTICULARS.sub("…", part) for part in self.mark)


@dataclass(frozen=True)
class Ran:
    """A run, and what came of it."""

    scenario: Scenario
    """Without what it expects."""
    expect: ExpectTable
    trace: Trace
    targets: Mapping[str, int]
    broken: str
    """The first line of the law that is broken; empty where none is."""
    unmet: tuple[str, ...]
    """The expectations that do not hold, a line each."""

    def finding(self) -> Finding | None:
        """What is wrong; None where nothing is."""
        if self.broken:
            return self._broken_law
        astray = self.astray
        if self.unmet:
            astray = [one for one in astray if any(_explains(one, line) for line in self.unmet)]
        if astray:
            return self._misroute(astray[0], _mark(astray[0]))
        return self._unmet_expectation if self.unmet else None

    def same(self, finding: Finding) -> Finding | None:
        """What is wrong here in the same way; None where nothing is."""
        here: Finding | None = None
        if self.broken:
            here = self._broken_law
        elif finding.kind is Kind.EXPECT and self.unmet:
            here = self._unmet_expectation
        elif finding.kind is Kind.MISROUTE:
            alike = (one for one in self.astray if _came_to(one.fate) == finding.mark[:2])
            one = next((one for one in alike if _mark(one) == finding.mark), None)
            here = self._misroute(one, finding.mark) if one else None
        return here if here and here.mark == finding.mark else None

    def is_right(self, finding: Finding) -> bool:
        """Whether nothing is wrong any more: no law broken, the message come, and what the finding says should be so is so."""
        if not self.is_better(finding):
            return False
        wanted = re.fullmatch(r"Then (\S+@\S+) gets (\d+) messages?", finding.then)
        return not self._unmet(finding) and (wanted is None or self._got(wanted[1]) == int(wanted[2]))

    def is_better(self, finding: Finding) -> bool:
        """Whether no law is broken and the message has come, whatever went astray beside it."""
        if finding.message is None:
            return not self.broken and not self._unmet(finding)
        return not self.broken and any(
            one.arrived for one in self._messages if _message(one.fate) == finding.message
        )

    def _unmet(self, finding: Finding) -> list[str]:
        return list(unmet(ExpectTable.model_validate(finding.expect), self.targets, self._decided))

    def _got(self, address: str) -> int:
        return sum(got_outside(event) and event.place == address for event in self.trace)

    @cached_property
    def astray(self) -> list[Inquiry]:
        """The messages that did not reach what they were meant for, in order; what still waits to be collected is not lost."""
        systems = {str(one.site.rules.system) for one in self.scenario.practices}
        waits = {one for one in self._messages if one.fate.decided is None and one.fate.end.place in systems}
        return [one for one in self._messages if one not in waits and not one.arrived]

    @cached_property
    def _messages(self) -> list[Inquiry]:
        found: list[Inquiry] = []
        inside = directories(self.scenario)
        for name, events in self._conversations.items():
            fates = conversation(events)
            found += (
                Inquiry(name, one, fates, meant_for(one, fates, inside), self.scenario) for one in fates
            )
        return found

    @cached_property
    def _conversations(self) -> Mapping[str, list[Event]]:
        found: dict[str, list[Event]] = {}
        for event in self.trace:
            if event.trace_id:
                found.setdefault(event.trace_id, []).append(event)
        return found

    @property
    def _broken_law(self) -> Finding:
        mark = Kind.LAW.value, _PARTICULARS.sub("…", self.broken)
        return Finding(Kind.LAW, self.broken, mark, {}, "Then nothing is lost")

    @property
    def _unmet_expectation(self) -> Finding:
        expect = self.expect.model_dump(exclude_unset=True)
        return Finding(Kind.EXPECT, self.unmet[0], self._expectations, expect, "Then nothing is lost")

    @property
    def _expectations(self) -> tuple[str, ...]:
        """Each key with too many, or with just so many too few: of less mail there is always less."""
        matches = [match for line in self.unmet if (match := _UNMET.match(line))]
        more = {match["key"]: int(match["found"]) > int(match["wanted"]) for match in matches}
        return tuple(
            f"{match['key']} {'too many' if more[match['key']] else match['found']}" for match in matches
        )

    @property
    def _decided(self) -> Mapping[tuple[Outcome, Reason], int]:
        counts: dict[tuple[Outcome, Reason], int] = {}
        for event in self.trace.steps(Step.DECIDED):
            key = Outcome(event.outcome), Reason(event.reason)
            counts[key] = counts.get(key, 0) + 1
        return counts

    def _misroute(self, inquiry: Inquiry, mark: tuple[str, ...]) -> Finding:
        fate = inquiry.fate
        missing = _missing(inquiry)
        inside = [target for target in missing if "@" not in target]
        lacking = Counter(target for one in self.astray for target in _missing(one))
        expect = (
            {"delivered": {target: self.targets.get(target, 0) + lacking[target] for target in inside}}
            if inside
            else {}
        )
        first = missing[0]
        outcome, reason = fate.ended
        causes = ", ".join(mark[len(_came_to(fate)) :])
        words = f"{fate.begun.message_id} for {', '.join(missing)} went astray: {outcome}"
        words += f" ({reason})" if reason else ""
        words += f", because of {causes}" if causes else ""
        if "@" in first:
            got = self._got(first) + lacking[first]
            then = f"Then {first} gets {got} message{'s' if got > 1 else ''}"
        else:
            count = self.targets.get(first, 0) + lacking[first]
            then = f"Then {_in_gherkin(first)} holds {count} cop{'ies' if count > 1 else 'y'}"
        return Finding(Kind.MISROUTE, words, mark, expect, then, _message(fate))


def play(scenario: Scenario) -> Ran:
    """Play a scenario in memory, to its end whatever goes wrong."""
    bare = replace(scenario, tables=scenario.tables.model_copy(update={"expect": ExpectTable()}))
    broken = ""
    with Simulation(bare) as world:
        try:
            world.run()
        except ConservationError as error:
            broken = str(error).partition("\n")[0]
        differences = tuple(unmet(scenario.expect, world.targets(), world.decided))
        return Ran(bare, scenario.expect, world.trace, dict(world.targets()), broken, differences)


def _missing(inquiry: Inquiry) -> list[str]:
    return [target for target in inquiry.wanted if target not in inquiry.fate.reached]


def _message(fate: Fate) -> tuple[str, str, int]:
    return fate.begun.trace_id, *fate.key


def _came_to(fate: Fate) -> tuple[str, str]:
    """The outcome, and the reason without what a server said to one sender."""
    outcome, reason = fate.ended
    return outcome, reason if fate.decided else fate.end.outcome


def _mark(inquiry: Inquiry) -> tuple[str, ...]:
    losses, _ = inquiry.lost()
    return (*_came_to(inquiry.fate), *(loss.cause for loss in losses))


def _explains(inquiry: Inquiry, line: str) -> bool:
    """Whether an expectation fails because of this message."""
    match = _UNMET.match(line)
    if match is None:
        return False
    key = match["key"].removeprefix("delivered.")
    if int(match["found"]) < int(match["wanted"]):
        return any(_is_of(key, target) for target in _missing(inquiry))
    return key == inquiry.fate.ended[0] or any(_is_of(key, target) for target in inquiry.fate.reached)


def _is_of(expected: str, target: str) -> bool:
    """Whether a target is the expected one, or of all of that kind."""
    return target == expected or (expected.endswith(ALL_OF) and target.startswith(expected.removesuffix("*")))


def _in_gherkin(target: str) -> str:
    prefix, own = parted(target)
    kind, _, name = own.partition(":")
    words = f"{name}'s mailbox" if kind == "mailbox" else f"{kind} {name}"
    return f"{words} of {prefix[:-1]}" if prefix else words
