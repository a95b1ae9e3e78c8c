"""What came of each scenario of a run, step by step: what pages and other programs are told.

It crosses pytest-xdist: each report carries its own scenario as JSON, and the process that controls the run
gathers them. Under xdist pytest-bdd's own reports are empty.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from os.path import relpath
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pytest_bdd.parser import Feature, Scenario, Step

_SCENARIO = pytest.StashKey["ScenarioResult"]()


class Status(StrEnum):
    """What came of a step or a scenario, in Cucumber's words."""

    PASSED = "passed"
    FAILED = "failed"
    UNDEFINED = "undefined"
    """Nobody defines the step."""
    SKIPPED = "skipped"
    """Not reached, or left out on purpose."""


@dataclass(slots=True)
class StepResult:
    """What came of one step."""

    line: int
    text: str
    status: Status = Status.SKIPPED
    started: float = 0.0
    seconds: float = 0.0


@dataclass(slots=True)
class ScenarioResult:
    """What came of one scenario, or one row of an outline."""

    file: str
    """Relative to the root folder of the run."""
    name: str
    line: int
    row: dict[str, str]
    """Of an outline the values of its row."""
    number: int
    """Of an outline which row it is, from 0."""
    world: str
    """Where its mail moved: `memory` or `wire`; empty where that was not asked."""
    steps: list[StepResult] = field(default_factory=list)
    status: Status = Status.PASSED
    message: str = ""
    """Of one that failed all that pytest says of it."""
    seconds: float = 0.0


def result_of(carried: str) -> ScenarioResult:
    """The result that a report carries as JSON."""
    plain: dict[str, Any] = json.loads(carried)
    steps = [StepResult(**step | {"status": Status(step["status"])}) for step in plain["steps"]]
    return ScenarioResult(**plain | {"steps": steps, "status": Status(plain["status"])})


class Results:
    """A pytest plugin that gathers the results, and hands them to those who write them when the run has ended."""

    def __init__(self, write: Sequence[Callable[[Sequence[ScenarioResult]], None]]) -> None:
        self._found: dict[str, ScenarioResult] = {}
        self._write = write
        self._unwritten: list[str] = []

    @pytest.hookimpl
    def pytest_bdd_before_scenario(
        self, request: pytest.FixtureRequest, feature: "Feature", scenario: "Scenario"
    ) -> None:
        """Note the scenario with all its steps, none reached yet."""
        request.node.stash[_SCENARIO] = _planned(request.node, feature.filename, scenario)

    @pytest.hookimpl
    def pytest_bdd_before_step(
        self, request: pytest.FixtureRequest, scenario: "Scenario", step: "Step"
    ) -> None:
        """Note when it began."""
        _step(request, scenario, step).started = time.time()

    @pytest.hookimpl
    def pytest_bdd_after_step(
        self, request: pytest.FixtureRequest, scenario: "Scenario", step: "Step"
    ) -> None:
        """Note that it passed."""
        _end(_step(request, scenario, step), Status.PASSED)

    @pytest.hookimpl
    def pytest_bdd_step_error(
        self, request: pytest.FixtureRequest, scenario: "Scenario", step: "Step", exception: BaseException
    ) -> None:
        """Note that it failed, or that it skipped the rest."""
        skipped = isinstance(exception, pytest.skip.Exception)
        _end(_step(request, scenario, step), Status.SKIPPED if skipped else Status.FAILED)

    @pytest.hookimpl
    def pytest_bdd_step_func_lookup_error(
        self, request: pytest.FixtureRequest, scenario: "Scenario", step: "Step"
    ) -> None:
        """Note that nobody defines it."""
        _step(request, scenario, step).status = Status.UNDEFINED

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Iterator[None]:
        """Have the report of the test itself carry its scenario."""
        report: pytest.TestReport = yield  # type: ignore[assignment]  # as pluggy hands results to wrappers
        if report.when == "call" or not report.passed:
            result = item.stash.get(_SCENARIO, None) or _unbegun(item)
            if result is not None:
                _end_all(result, report)
                report.mailsim_scenario = json.dumps(asdict(result))  # type: ignore[attr-defined]  # reports carry what they are given
        return report  # type: ignore[return-value]  # as above

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Gather what a report carries, whichever process made it; that on the teardown is the last word."""
        carried = getattr(report, "mailsim_scenario", None)
        if carried:
            self._found[report.nodeid] = result_of(carried)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the results, in the order of files, lines and rows, once for the whole run."""
        if hasattr(session.config, "workerinput"):  # one of xdist's workers
            return
        found = sorted(self._found.values(), key=lambda one: (one.file, one.line, one.number, one.world))
        for write in self._write:
            try:
                write(found)
            except OSError as error:
                self._unwritten.append(
                    f"mailsim: {error.filename}: cannot be written: {error.strerror}; name another file"
                )
        if self._unwritten and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.USAGE_ERROR

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Tell what could not be written, after all that pytest has to tell of the tests."""
        for line in self._unwritten:
            terminalreporter.write_line(line, red=True)


def _planned(item: pytest.Item, file: str, scenario: "Scenario") -> ScenarioResult:
    """A scenario with all its steps, none reached yet."""
    callspec = getattr(item, "callspec", None)
    parameters = callspec.params if callspec else {}
    return ScenarioResult(
        relpath(file, item.config.rootpath),
        scenario.name,
        scenario.line_number,
        dict(parameters.get("_pytest_bdd_example", {})),
        callspec.indices.get("_pytest_bdd_example", 0) if callspec else 0,
        str(parameters.get("mailsim_world", "")),
        [StepResult(step.line_number, f"{step.keyword} {step.name}") for step in scenario.steps],
    )


def _unbegun(item: pytest.Item) -> ScenarioResult | None:
    """The scenario of an item that never came to its first step; None of any other test."""
    from pytest_bdd.scenario import scenario_wrapper_template_registry

    if not isinstance(item, pytest.Function):
        return None
    template = scenario_wrapper_template_registry.get(item.function)
    if template is None:
        return None
    callspec = getattr(item, "callspec", None)
    row = callspec.params.get("_pytest_bdd_example", {}) if callspec else {}
    return _planned(item, template.feature.filename, template.render(row))


def _end_all(result: ScenarioResult, report: pytest.TestReport) -> None:
    """Note what came of the whole; what is wrong around the steps is told of setup or teardown."""
    result.status = Status(report.outcome)
    result.seconds += report.duration
    if report.skipped and isinstance(report.longrepr, tuple):
        result.message = report.longrepr[2]  # file, line and reason
    elif not report.passed:
        around = "" if report.when == "call" else f"in the {report.when} of the scenario:\n"
        result.message = "\n\n".join(filter(None, [result.message, around + report.longreprtext]))


def _step(request: pytest.FixtureRequest, scenario: "Scenario", step: "Step") -> StepResult:
    result: ScenarioResult = request.node.stash[_SCENARIO]
    return result.steps[next(index for index, one in enumerate(scenario.steps) if one is step)]


def _end(step: StepResult, status: Status) -> None:
    step.status = status
    step.seconds = time.time() - step.started
