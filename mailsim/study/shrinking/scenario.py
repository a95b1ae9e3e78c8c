"""The smallest scenario in which the same is still wrong: the fewest events, parties, faults, then keys and values.

    shrink_scenario("busy.toml").tables

Every candidate is played in memory; it stands where the finding is the same (`finding.py`), and where a change puts the
scenario right, such a change must put the candidate right too: less than was expected comes of no mail at all as well,
and a message that a server lost is lost where nobody collects, too. A workload is written out as events first, of as few
letters as show it. Personal data is replaced, the same by the same, unless it is kept or the finding would go with it.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from os import PathLike

from mailsim.errors import MailsimError
from mailsim.study.diagnosis.anonymous import Anonymity
from mailsim.study.diagnosis.shrink import ShrinkError
from mailsim.study.journey.inquiry import scenario_again
from mailsim.study.shrinking.cures import Cure, cures
from mailsim.study.shrinking.finding import Finding, Kind, Ran, play
from mailsim.study.shrinking.structure import smaller
from mailsim.world.plan import plan
from mailsim.world.programme import Programme
from mailsim.world.retelling import Retelling
from mailsim.world.scenario import Scenario, scenario_of

Tables = dict[str, object]
Judged = Callable[[Ran, Finding], bool]


@dataclass(frozen=True, slots=True)
class SmallScenario:
    """The least in which it is still wrong."""

    tables: Tables
    """A scenario file's, with an `[expect]` that does not hold where one can say it."""
    finding: Finding
    cure: Cure | None
    """The first single change that puts it right, played; None where none is known."""
    events: tuple[int, int]
    """How many things happened, before and after."""
    runs: int
    """How many candidates were played."""
    anonymous: bool
    """Whether personal data was replaced."""
    interrupted: bool
    """Whether it was broken off: less may be enough."""


def shrink_scenario(
    source: Scenario | str | PathLike[str] | Mapping[str, object],
    *,
    keep: bool = False,
    advanced: Callable[[int], object] = lambda _: None,
) -> SmallScenario:
    """The smallest scenario in which the same is wrong as in this one.

    Args:
        source: A scenario, the path of a scenario file, or its tables.
        keep: Whether personal data stays; else it is replaced, the same by the same.
        advanced: Called with the number of candidates so far, before each is played.

    Interrupted (`KeyboardInterrupt`) while it makes the scenario smaller, it returns the smallest so far.

    Raises:
        ScenarioError: The scenario is faulty.
        ShrinkError: Nothing is wrong with it.
    """
    scenario = scenario_of(source)
    ran = play(scenario)
    finding = ran.finding()
    if finding is None:
        raise ShrinkError(
            "nothing is wrong with this run: no law is broken, nothing was misrouted, and it ended as expected"
        )
    workload = scenario.tables.workload
    before = len(scenario.events) + (workload.letters if workload else 0)
    same = _Same(finding, advanced)
    scenario = _with_less_workload(scenario, same)
    tables = _written_out(scenario)
    expect = dict(finding.expect) if finding.kind is Kind.EXPECT else {}
    same.begin(tables, expect)
    interrupted = False
    try:
        tables = same.smaller(tables, expect)
    except KeyboardInterrupt:
        tables, interrupted = same.least, True
    nobody = None if keep else _anonymous(_expecting(tables, expect), same)
    if nobody:
        tables = nobody
        kept = tables.pop("expect", {})
        expect = kept if isinstance(kept, dict) else {}
    least = play(scenario_again(_expecting(tables, expect)))
    found = least.same(finding) or least.finding() or finding
    return SmallScenario(
        _expecting(tables, found.expect),
        found,
        None if interrupted and same.cure is None else same.cured(tables, found, Ran.is_right),
        (before, len(scenario_again(tables).events)),
        same.runs,
        nobody is not None,
        interrupted,
    )


class _Same:
    """Whether candidates show the same finding, and the change that puts the whole right puts them right too."""

    def __init__(self, finding: Finding, advanced: Callable[[int], object]) -> None:
        self._finding = finding
        self._advanced = advanced
        self.cure: Cure | None = None
        self.runs = 0
        self.least: Tables = {}

    def begin(self, tables: Tables, expect: Mapping[str, object]) -> None:
        """Find what puts the whole right; from now on it must put each candidate right."""
        self.least = tables
        found = self.found(scenario_again(_expecting(tables, expect)))
        self.cure = self.cured(tables, found, Ran.is_better) if found else None

    def found(self, scenario: Scenario) -> Finding | None:
        return self._played(scenario).same(self._finding)

    def holds(self, tables: object, expect: Mapping[str, object]) -> bool:
        """Of tables that are no scenario it does not hold."""
        if not isinstance(tables, Mapping):
            return False
        with suppress(MailsimError):
            found = self.found(scenario_again(_expecting(tables, expect)))
            if found is not None and self._is_cured(tables, found):
                self.least = dict(tables)
                return True
        return False

    def cured(self, tables: Tables, found: Finding, judged: Judged) -> Cure | None:
        """The first change that puts it right, of which the one that does so of the whole is tried first."""
        known = sorted(
            _cures(tables, found), key=lambda one: self.cure is None or one.words != self.cure.words
        )
        return next((one for one in known if self._helps(one, found, judged)), None)

    def _is_cured(self, tables: Mapping[str, object], found: Finding) -> bool:
        if self.cure is None:
            return True
        alike = (one for one in _cures(tables, found) if one.words == self.cure.words)
        return any(self._helps(one, found, Ran.is_better) for one in alike)

    def _helps(self, cure: Cure, found: Finding, judged: Judged) -> bool:
        with suppress(MailsimError):
            return judged(self._played(scenario_again(cure.tables)), found)
        return False

    def _played(self, scenario: Scenario) -> Ran:
        self.runs += 1
        self._advanced(self.runs)
        return play(scenario)

    def renamed(self, tables: Tables) -> bool:
        """Of tables in which names are others, those of targets among them where something was expected."""
        bare = {name: one for name, one in tables.items() if name != "expect"}
        with suppress(MailsimError):
            ran = self._played(scenario_again(tables))
            found = ran.finding() if "expect" in tables else ran.same(self._finding)
            if found is not None and found.nameless == self._finding.nameless:
                return self.cure is None or self.cured(bare, found, Ran.is_better) is not None
        return False

    def smaller(self, tables: Tables, expect: Mapping[str, object]) -> Tables:
        """Events first, for most others are needed by one; then all, until nothing more can go."""

        def with_events(events: object) -> bool:
            return self.holds({**tables, "event": events}, expect)

        tables = {**tables, "event": smaller(tables.get("event", []), with_events)}
        size = None
        while size != (size := len(str(tables))):
            less = smaller(tables, lambda some: self.holds(some, expect))
            tables = dict(less) if isinstance(less, Mapping) else tables
        return tables


def _with_less_workload(scenario: Scenario, same: _Same) -> Scenario:
    """Of a workload no more letters than show it: 1, 2, 4 and so on are tried."""
    workload = scenario.tables.workload
    number = 1
    while workload is not None and number < workload.letters:
        fewer = workload.model_copy(
            update={"letters": number, "over": workload.over * number / workload.letters}
        )
        less = replace(scenario, tables=scenario.tables.model_copy(update={"workload": fewer}))
        if same.found(less):
            return less
        number *= 2
    return scenario


def _written_out(scenario: Scenario) -> Tables:
    """The scenario as tables of plain values, its workload as events, its files within it."""
    bare = replace(scenario, tables=scenario.tables.model_copy(update={"workload": None}))
    retelling, programme = Retelling(bare), Programme(scenario)
    while (event := programme.peek()) is not None:
        retelling.played(event)
        programme.take()
    return dict(retelling.tables() or {})


def _cures(tables: Mapping[str, object], finding: Finding) -> Iterator[Cure]:
    stamped = [header.name for header in plan(scenario_again(tables)).mail_host.headers]
    missing = finding.expect.get("delivered")
    return cures(tables, stamped, missing if isinstance(missing, Mapping) else ())


def _expecting(tables: Mapping[str, object], expect: Mapping[str, object]) -> Tables:
    return {**tables, **({"expect": dict(expect)} if expect else {})}


def _anonymous(tables: Tables, same: _Same) -> Tables | None:
    """The same with nobody named; the practice's own names kept where the finding lies in their spelling."""
    site = scenario_again(tables).site
    for inside in (True, False):
        hidden = Anonymity(site, inside=inside).scenario(tables)
        if same.renamed(hidden):
            return hidden
    return None
