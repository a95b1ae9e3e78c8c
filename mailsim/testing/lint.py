"""What is wrong with features before they run: steps that nobody or several define, parts that nothing uses.

Which steps a scenario has, conftests and other plugins included, is asked of pytest itself: it collects the
features, and pytest-bdd looks each step up as it would when it runs. What stands in the files is read beside it.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest
from pytest_bdd.parser import Step
from pytest_bdd.scenario import find_fixturedefs_for_step, scenario_wrapper_template_registry
from pytest_bdd.steps import StepFunctionContext, step_function_context_registry

from mailsim.errors import MailsimError
from mailsim.testing.catalogue import definition, every, suggestions
from mailsim.testing.needs import misfit
from mailsim.testing.outline import Scenario, Section, read_feature
from mailsim.testing.rules import RULES, is_rule


class LintError(MailsimError):
    """Features that cannot be found or collected at all."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing that is wrong, and where."""

    file: str
    line: int
    """0 where no line is meant."""
    kind: str
    text: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.text}"


def lint(paths: Sequence[Path], *, complete: bool = False) -> Sequence[Finding]:
    """Every finding in features, in order; `complete` wants a scenario for each rule of mailsim's rule book.

    `paths` are features, folders of them, and Python modules that bind some with steps of their own.

    Raises:
        LintError: A path is not there, no feature is, or pytest cannot collect them.
        FeatureError: A feature cannot be read.
    """
    files = list(_features(paths))
    sections = [(_relative(file), section) for file in files for section in read_feature(file)]
    scenarios = [(file, scenario) for file, section in sections for scenario in section.scenarios]
    found = {*_unused(sections), *_untagged(scenarios), *_collected(paths)}
    if complete:
        found |= set(_uncovered(scenario.tags for _, scenario in scenarios))
    return sorted(found)


def _features(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if not path.exists():
            raise LintError(f"{path}: is not there; name a .feature file or a folder of them")
    found = [
        file
        for path in paths
        for file in (sorted(path.rglob("*.feature")) if path.is_dir() else [path])
        if file.suffix == ".feature"
        and not any(part.startswith(".") for part in file.parts[len(path.parts) :])
    ]
    if not found:
        raise LintError(f"{', '.join(map(str, paths))}: no .feature file; name one, or a folder of them")
    yield from dict.fromkeys(found)


# What stands in the files


def _unused(sections: Sequence[tuple[str, Section]]) -> Iterator[Finding]:
    used = {file for file, section in sections if section.scenarios}
    for file, section in sections:
        if section.scenarios or (section.keyword == "Feature" and file in used):
            continue
        if section.background:
            told = (
                f"no scenario uses this background; write one in the {section.keyword.lower()}, or remove it"
            )
            yield Finding(file, section.background_line, "unused-background", told)
        else:
            told = f"{section.keyword} {section.name!r} has no scenario; write one, or remove it"
            yield Finding(file, section.line, "no-scenario", told)


def _untagged(scenarios: Sequence[tuple[str, Scenario]]) -> Iterator[Finding]:
    """Scenarios without the tag of a rule, where others have one; and tags that look like one and are none."""
    tagged = any(_rules(scenario.tags) for _, scenario in scenarios)
    for file, scenario in scenarios:
        for tag in sorted(_rules(scenario.tags) - RULES.keys()):
            told = f"@{tag} is no rule; features/README.md of mailsim lists them (`mailsim steps --markdown`)"
            yield Finding(file, scenario.line, "unknown-rule", told)
        if tagged and not _rules(scenario.tags):
            told = f"scenario {scenario.name!r} has no tag of a rule; write such as @R4.5 above it"
            yield Finding(file, scenario.line, "no-rule-tag", told)


def _uncovered(tags: Iterable[Collection[str]]) -> Iterator[Finding]:
    covered = {tag for some in tags for tag in some}
    for number, rule in RULES.items():
        if number not in covered:
            told = f"no scenario has this tag: {rule}"
            yield Finding(f"@{number}", 0, "rule-without-scenario", told)


def _rules(tags: Collection[str]) -> set[str]:
    return {tag for tag in tags if is_rule(tag)}


# What pytest says


class _Collector:
    """A plugin that looks at every scenario that pytest collects."""

    def __init__(self) -> None:
        self.findings: set[Finding] = set()

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, session: pytest.Session, items: list[pytest.Item]) -> None:
        """Judge the steps of each scenario."""
        known = every()
        for item in items:
            for file, step in _steps(item):
                found = list(find_fixturedefs_for_step(step, session._fixturemanager, item))  # noqa: SLF001 - as pytest-bdd itself looks
                words = [_words(one) for one in _rivals(found)]
                if not found:
                    near = " | ".join(suggestions(step.type, step.name, known)) or "none; see `mailsim steps`"
                    told = f"nobody defines the step {step.name!r}; the nearest known: {near}"
                    self.findings.add(Finding(file, step.line_number, "unknown-step", told))
                elif words:
                    told = f"several steps have these words, and one would run unseen: {' | '.join(words)}; rename all but one"
                    self.findings.add(Finding(file, step.line_number, "ambiguous-step", told))
                elif wrong := misfit(step, _context(found[-1]).step_func):
                    self.findings.add(Finding(file, step.line_number, "misfit", wrong))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """What cannot be collected would not run."""
        if report.failed:
            told = " ".join(str(report.longrepr).splitlines()[-1].split())
            self.findings.add(Finding(report.nodeid, 0, "not-collected", told))


def _steps(item: pytest.Item) -> Iterator[tuple[str, Step]]:
    if not isinstance(item, pytest.Function):
        return
    template = scenario_wrapper_template_registry.get(item.function)
    if template is None:
        return
    callspec = getattr(item, "callspec", None)
    row = callspec.params.get("_pytest_bdd_example", {}) if callspec else {}
    for step in template.render(row).steps:
        yield _relative(Path(template.feature.filename)), step


def _relative(file: Path) -> str:
    """As people name it: from where they are."""
    path = file.resolve()
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def _rivals(found: "Sequence[pytest.FixtureDef[object]]") -> "Sequence[pytest.FixtureDef[object]]":
    """Those of which pytest-bdd would choose one unseen: a nearer definition may override, its equal may not."""
    where = [(one.baseid, Path(_context(one).step_func.__code__.co_filename).parent) for one in found]
    return [one for one, place in zip(found, where, strict=True) if where.count(place) > 1]


def _context(fixture: "pytest.FixtureDef[object]") -> StepFunctionContext:
    return step_function_context_registry[fixture.func]


def _words(fixture: "pytest.FixtureDef[object]") -> str:
    one = definition(_context(fixture))
    return f"{one.words} ({one.place})"


def _collected(paths: Sequence[Path]) -> Collection[Finding]:
    collector = _Collector()
    options = ["--collect-only", "--capture=no", "--assert=plain", "-q", "-o", "mailsim_features=true"]
    output = StringIO()
    with redirect_stdout(output), redirect_stderr(output):
        status = pytest.main([*options, "-p", "no:cacheprovider", *map(str, paths)], plugins=[collector])
    if status in {pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.INTERNAL_ERROR}:
        told = [line for line in output.getvalue().splitlines() if line.strip()]
        raise LintError(f"pytest cannot collect {', '.join(map(str, paths))}: {told[-1] if told else status}")
    return collector.findings
