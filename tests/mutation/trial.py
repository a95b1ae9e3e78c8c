"""What becomes of mutants when tests run on them: a pytest plugin that collects once, and then forks for each.

In the fork the mutant's code takes the place of its function's, so that all who hold the function run it. Only tests
that reach a changed line are run, quick ones first, until one fails: that kills the mutant, as does a test that takes too long.
"""

import contextlib
import gc
import os
import pickle
import resource
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from types import FunctionType
from typing import NamedTuple

import coverage
import pytest

from tests.mutation.mutants import Mutant, mutants

_SURVIVED, _KILLED = 0, 1
_PATIENCE = 10
"""Seconds of processor time for a test, beside ten times those that it usually takes; where others are busy, it waits longer."""
_STANDSTILL = 10
"""How many times that by the clock: some mutants wait for what never comes."""
_MEMORY = 4 << 30
"""Octets for one mutant: some never stop collecting."""


class TrialError(Exception):
    """Tests that fail without any mutant, so that they can judge none."""


class Baseline(NamedTuple):
    """One run of all tests on the code as it is."""

    reached: Mapping[str, Mapping[int, Sequence[str]]]
    """By file and line, the tests that run it, by their place in the session."""
    seconds: Sequence[float]
    failed: Sequence[str]
    modules: Sequence[str]
    """All of mailsim that was imported in the end."""


def killed(
    paths: Sequence[Path], serials: Sequence[int], arguments: Sequence[str], *, jobs: int
) -> Mapping[int, bool]:
    """Which mutants a run of pytest with these arguments kills.

    Args:
        paths: The modules to change.
        serials: Of the mutants, among all of these modules in their order.
        arguments: Pytest's.
        jobs: How many mutants are tried at a time.

    Raises:
        TrialError: A test fails without any mutant, or pytest does not start.
    """
    with ProcessPoolExecutor(
        1, mp_context=get_context("fork")
    ) as pool:  # pytest can be started once a process
        return pool.submit(_session, list(paths), list(serials), list(arguments), jobs).result()


def all_mutants(paths: Sequence[Path]) -> Sequence[Mutant]:
    """Those of several modules, in the order of the modules."""
    return [mutant for path in paths for mutant in mutants(path)]


def _session(
    paths: Sequence[Path], serials: Sequence[int], arguments: Sequence[str], jobs: int
) -> Mapping[int, bool]:
    with tempfile.TemporaryDirectory() as folder, Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        os.environ["PYTEST_DEBUG_TEMPROOT"] = folder
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
        every = all_mutants(paths)
        trial = _Trial({serial: every[serial] for serial in serials}, Path(folder), jobs)
        status = pytest.main(
            [*arguments, "-q", "-p", "no:cacheprovider", "-o", f"mailsim_failures={folder}"], plugins=[trial]
        )
        if trial.trouble or status != pytest.ExitCode.OK:
            raise TrialError(trial.trouble or f"pytest ended with {status!r}")
        return trial.killed


class _Trial:
    """One session of pytest, in whose loop mutants stand where tests do."""

    def __init__(self, trials: Mapping[int, Mutant], folder: Path, jobs: int) -> None:
        self.killed: dict[int, bool] = {}
        self.trouble = ""
        self._trials = trials
        self._folder = folder
        self._jobs = jobs
        self._failed = False
        self._seconds = 0.0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Hear of a failure."""
        self._failed |= report.failed
        self._seconds += report.duration

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Try each mutant."""
        baseline = self._baseline(session.items)
        if baseline.failed:
            self.trouble = f"without any mutant these fail: {', '.join(baseline.failed)}"
            return True
        for module in baseline.modules:
            import_module(module)
        gc.collect()
        functions = _functions()
        waiting = list(self._trials.items())
        running: dict[int, int] = {}
        while waiting or running:
            while waiting and len(running) < self._jobs:
                serial, mutant = waiting.pop(0)
                tests = _reaching(mutant, baseline)
                live = functions.get((str(mutant.path), mutant.first_line, mutant.function), ())
                if not tests or not live:
                    self.killed[serial] = False
                    continue
                running[_forked(partial(self._judge, mutant, live, session.items, tests, baseline))] = serial
            if running:
                process, status = os.wait()
                self.killed[running.pop(process)] = status != _SURVIVED
                if sys.stderr.isatty():
                    print(f"\r{len(self.killed)} of {len(self._trials)} ", end="", file=sys.stderr)
        return True

    def _judge(
        self,
        mutant: Mutant,
        live: Sequence[FunctionType],
        items: Sequence[pytest.Item],
        tests: Sequence[int],
        baseline: Baseline,
    ) -> int:
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        code = mutant.code()
        for function in live:
            try:
                function.__code__ = code
            except ValueError:  # it closes over other variables than before, so that it cannot be tried
                return _SURVIVED
        for place, test in enumerate(tests):
            seconds = _PATIENCE + 10 * baseline.seconds[test]
            signal.setitimer(signal.ITIMER_PROF, seconds)
            signal.setitimer(signal.ITIMER_REAL, _STANDSTILL * seconds)
            self._run(items[test], items[tests[place + 1]] if place + 1 < len(tests) else None)
            if self._failed:
                return _KILLED
        return _SURVIVED

    @staticmethod
    def _run(item: pytest.Item, following: pytest.Item | None) -> None:
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)

    def _baseline(self, items: Sequence[pytest.Item]) -> Baseline:
        """Of a run in a process of its own, which leaves nothing remembered in this one."""
        found = self._folder / "baseline"
        status = os.waitpid(_forked(partial(self._write_baseline, items, found)), 0)[1]
        if status != 0 or not found.exists():
            raise TrialError("the run without any mutant did not end")
        baseline: Baseline = pickle.loads(found.read_bytes())
        return baseline

    def _write_baseline(self, items: Sequence[pytest.Item], target: Path) -> int:
        paths = sorted({str(mutant.path) for mutant in self._trials.values()})
        meter = coverage.Coverage(data_file=None, include=paths, config_file=False)
        meter.set_option("run:disable_warnings", ["no-data-collected"])
        failed, seconds = [], []
        meter.start()
        for place, item in enumerate(items):
            meter.switch_context(str(place))
            self._failed, self._seconds = False, 0.0
            self._run(item, items[place + 1] if place + 1 < len(items) else None)
            seconds.append(self._seconds)
            failed += [item.nodeid] if self._failed else []
        meter.stop()
        data = meter.get_data()
        reached = {path: data.contexts_by_lineno(path) for path in paths}
        modules = [name for name in sys.modules if name.partition(".")[0] == "mailsim"]
        target.write_bytes(pickle.dumps(Baseline(reached, seconds, failed, modules)))
        return 0


def _reaching(mutant: Mutant, baseline: Baseline) -> Sequence[int]:
    """The tests that run a line of the changed statement, quick ones first."""
    lines = baseline.reached[str(mutant.path)]
    tests = {int(test) for line in mutant.lines for test in lines.get(line, ()) if test}
    return sorted(tests, key=baseline.seconds.__getitem__)


def _functions() -> Mapping[tuple[str, int, str], Sequence[FunctionType]]:
    """All functions there are, by file, first line and qualified name; nothing is remembered of earlier calls."""
    found: dict[tuple[str, int, str], list[FunctionType]] = {}
    for thing in gc.get_objects():
        if isinstance(thing, FunctionType):
            code = thing.__code__
            found.setdefault((code.co_filename, code.co_firstlineno, code.co_qualname), []).append(thing)
        elif hasattr(type(thing), "cache_clear"):
            thing.cache_clear()
    return found


def _forked(work: Callable[[], int]) -> int:
    """The id of a process that does the work and ends with its result; an error ends it as a killed mutant."""
    if process := os.fork():
        return process
    status = _KILLED
    with contextlib.suppress(BaseException):
        status = work()
    os._exit(status)
