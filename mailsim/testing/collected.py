"""What pytest says of features before they run: it collects them, and pytest-bdd looks each step up as it would then.

So the steps of conftests, of Python modules and of other plugins count, whatever defines them.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from pytest_bdd.parser import Step
from pytest_bdd.scenario import find_fixturedefs_for_step, scenario_wrapper_template_registry
from pytest_bdd.steps import StepFunctionContext, step_function_context_registry

from mailsim.errors import MailsimError
from mailsim.testing.catalogue import Definition, definition, every, suggestions
from mailsim.testing.finding import Finding, relative
from mailsim.testing.needs import misfit
from mailsim.testing.vocabulary import NAME
from mailsim.testing.worlds import SOCKETS, Kind, chosen

_OPTIONS = (
    *("--collect-only", "-q", "--capture=no", "--assert=plain"),
    *("-o", "mailsim_features=true", "--maxfail=0", "--mailsim-page=", "--mailsim-messages="),
)
"""After the user's own `addopts`: all is collected, and nothing is written."""
_ON_SOCKETS = {"program", "servers"}
"""The fixtures that a world in memory does not have."""


class CollectionError(MailsimError):
    """Features that pytest cannot collect at all."""


class Inspection:
    """A pytest plugin that looks at every scenario that is collected."""

    def __init__(self) -> None:
        self.findings: set[Finding] = set()
        self.known: Sequence[Definition] = ()
        """Every step that there is."""
        self.tags: Collection[str] = ()
        """Every tag that marks something: pytest's own markers, plugins', and those of the configuration."""
        self._failed: list[pytest.CollectReport] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, session: pytest.Session, items: list[pytest.Item]) -> None:
        """Judge the steps of each scenario."""
        self.known = every()
        self.tags = [re.split("[:(]", line)[0].strip() for line in session.config.getini("markers")]
        for report in self._failed:
            self._note(report, session.config.rootpath)
        for item in items:
            for file, step in _steps(item):
                found = list(find_fixturedefs_for_step(step, session._fixturemanager, item))  # noqa: SLF001 - as pytest-bdd itself looks
                if wrong := self._judged(step, found) or _worldless(item, step, found):
                    self.findings.add(Finding(file, step.line_number, *wrong))

    def _judged(self, step: Step, found: "Sequence[pytest.FixtureDef[object]]") -> tuple[str, str] | None:
        """The kind and the text of what is wrong with one step; of those `found` the last would run."""
        if not found:
            near = " | ".join(suggestions(step.type, step.name, self.known)) or "none; see `mailsim steps`"
            return "unknown-step", f"nobody defines the step {step.name!r}; the nearest known: {near}"
        if rivals := [_words(one) for one in _rivals(found)]:
            told = f"several steps have these words, and one would run unseen: {' | '.join(rivals)}; rename all but one"
            return "ambiguous-step", told
        if shadowed := [one for one in found[:-1] if _is_shadowed(one, found[-1])]:
            told = f"{_words(found[-1])} would run unseen instead of mailsim's own {_words(shadowed[-1])}"
            return "shadowed-step", f"{told}; write other words, or exactly these where that is meant"
        wrong = misfit(step, _context(found[-1]).step_func)
        return ("misfit", wrong) if wrong else None

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Remember what cannot be collected: it would not run."""
        if report.failed:
            self._failed.append(report)

    def _note(self, report: pytest.CollectReport, root: Path) -> None:
        told = " ".join(str(report.longrepr).splitlines()[-1].split())
        file = root / report.nodeid.partition("::")[0]
        if file.suffix != ".feature":  # these have been read, and judged line by line
            self.findings.add(Finding(relative(file), 1, "not-collected", told))


def _worldless(
    item: pytest.Item, step: Step, found: "Sequence[pytest.FixtureDef[object]]"
) -> tuple[str, str] | None:
    """That a When would have the servers of another world than the one that its scenario is run in."""
    code = _context(found[-1]).step_func.__code__
    ours = _context(found[-1]).step_func.__module__.startswith("mailsim.testing.steps.")
    asks = ours and step.type == "when" and _ON_SOCKETS & set(code.co_varnames[: code.co_argcount])
    if not asks or item.get_closest_marker(SOCKETS) or Kind.MEMORY not in chosen(item.config):
        return None
    return "needs-sockets", "this step needs servers on sockets; tag the scenario @wire"


def _steps(item: pytest.Item) -> Iterator[tuple[str, Step]]:
    if not isinstance(item, pytest.Function):
        return
    template = scenario_wrapper_template_registry.get(item.function)
    if template is None:
        return
    callspec = getattr(item, "callspec", None)
    row = callspec.params.get("_pytest_bdd_example", {}) if callspec else {}
    for step in template.render(row).steps:
        yield relative(Path(template.feature.filename)), step


def _rivals(found: "Sequence[pytest.FixtureDef[object]]") -> "Sequence[pytest.FixtureDef[object]]":
    """Those of which pytest-bdd would choose one unseen: a nearer definition may override, its equal may not."""
    where = [(one.baseid, Path(_context(one).step_func.__code__.co_filename).parent) for one in found]
    return [one for one, place in zip(found, where, strict=True) if where.count(place) > 1]


def _is_shadowed(one: "pytest.FixtureDef[object]", nearer: "pytest.FixtureDef[object]") -> bool:
    """Whether a step of mailsim's is hidden by one of the user's that has other words, and happens to match."""
    return one.argname == NAME and str(_context(one).parser.name) != str(_context(nearer).parser.name)


def _context(fixture: "pytest.FixtureDef[object]") -> StepFunctionContext:
    return step_function_context_registry[fixture.func]


def _words(fixture: "pytest.FixtureDef[object]") -> str:
    one = definition(_context(fixture))
    return f"{one.words} ({one.place})"


def collected(paths: Sequence[Path]) -> Inspection:
    """What pytest says of features, folders of them, and Python modules that bind some.

    Raises:
        CollectionError: It cannot collect them.
    """
    plugin = Inspection()
    output = StringIO()
    with redirect_stdout(output), redirect_stderr(output), TemporaryDirectory() as cache:
        options = [*_OPTIONS, "-o", f"cache_dir={cache}"]
        status = pytest.main([*options, *map(str, paths)], plugins=[plugin])
    if status in {pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.INTERNAL_ERROR}:
        told = [line for line in output.getvalue().splitlines() if line.strip()]
        raise CollectionError(
            f"pytest cannot collect {', '.join(map(str, paths))}: {told[-1] if told else status}"
        )
    return plugin
