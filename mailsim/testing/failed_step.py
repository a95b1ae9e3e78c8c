"""What pytest shows of a step that cannot be, or has failed: the words that its reader needs, and the story of the mail.

Laws:
- A step that cannot have run does not pass: pytest-bdd calls an `async def` step without awaiting it.
- Of mailsim's own steps no Python is shown unless `--tb` asks for it, and never what may be a secret (R1.11).
"""

from collections.abc import Callable, Iterator, Mapping
from inspect import unwrap
from os.path import relpath
from pathlib import Path
from tomllib import TOMLDecodeError
from typing import TYPE_CHECKING

import pytest

from mailsim.errors import MailsimError
from mailsim.testing.blueprint import Blueprint
from mailsim.testing.fixtures import WORLD
from mailsim.testing.found import DOCKET
from mailsim.testing.unstruck import told, unstruck

if TYPE_CHECKING:
    from pytest_bdd.parser import Scenario, Step

_UNLIKE = "No known step is like it; `mailsim steps` lists them all."
_IN_WORDS = pytest.StashKey[bool]()
"""Set where a failure is told in words: the Python of a step that is not the user's says nothing more."""
_SECRET = pytest.StashKey[bool]()
"""Set where that Python was given what may be a secret: `--tb` does not ask for it either (R1.11)."""
_TOLD = (MailsimError, TOMLDecodeError, OSError)
"""Errors whose words say all that there is to say."""


@pytest.hookimpl(optionalhook=True)
def pytest_bdd_step_func_lookup_error(
    request: pytest.FixtureRequest, step: "Step", exception: BaseException
) -> None:
    """Say which known steps are nearest to one that is not."""
    request.node.stash[_IN_WORDS] = True
    from mailsim.testing.catalogue import every, suggestions

    near = suggestions(step.type, step.name, every())
    exception.add_note(
        "\n  ".join(["The nearest known steps, each with an example:", *near]) if near else _UNLIKE
    )


@pytest.hookimpl(optionalhook=True)
def pytest_bdd_before_step_call(
    request: pytest.FixtureRequest,
    scenario: "Scenario",
    step: "Step",
    step_func: Callable[..., object],
    step_func_args: Mapping[str, object],
) -> None:
    """Fail a step that pytest-bdd would pass without running it; put down to a Given what it writes."""
    from mailsim.testing.coroutines import refuse
    from mailsim.testing.failure import place

    refuse(step.name, step_func)
    blueprint = step_func_args.get("blueprint")
    if isinstance(blueprint, Blueprint):
        blueprint.writer = place(scenario, step, request.config.rootpath)
    if step.docstring is not None or step.datatable is not None:
        from mailsim.testing.needs import StepError, misfit

        if wrong := misfit(step, step_func):
            raise StepError(wrong)


@pytest.hookimpl(optionalhook=True, trylast=True)
def pytest_bdd_step_error(  # noqa: PLR0917 - pluggy hands them over by name
    request: pytest.FixtureRequest,
    scenario: "Scenario",
    step: "Step",
    step_func: Callable[..., object],
    step_func_args: Mapping[str, object],
    exception: BaseException,
) -> None:
    """Show the step that failed, not the machinery that called it; tell what happened to the mail beside it."""
    ours = step_func.__module__.startswith("mailsim.")
    shown = _in_words(step, step_func, exception) if ours else exception
    trace = exception.__traceback__
    while trace is not None and trace.tb_frame.f_code is not getattr(unwrap(step_func), "__code__", None):
        trace = trace.tb_next
    if trace is not None:
        shown.__traceback__ = trace
    if ours and isinstance(shown, AssertionError):
        request.node.stash[_IN_WORDS] = True
    elif isinstance(shown, _TOLD) and (ours or trace is None):
        request.node.stash[_SECRET] = request.node.stash[_IN_WORDS] = True
    shown.add_note(
        "\n".join(_told(request, scenario, step, shown, step_func=step_func, arguments=step_func_args))
    )
    if shown is not exception:
        raise shown from None


def _in_words(step: "Step", step_func: Callable[..., object], exception: BaseException) -> BaseException:
    """The failure of a step of ours as its reader needs it: pytest repeats a verdict, and speaks of fixtures."""
    if isinstance(exception, AssertionError):
        exception.args = (str(exception).partition("\nassert ")[0],)
    if isinstance(exception, pytest.FixtureLookupError):
        from mailsim.testing.needs import StepError, misfit, missing

        wrong = misfit(step, step_func) or missing(str(exception.argname))
        return StepError(wrong) if wrong else exception
    return exception


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Leave out the Python of mailsim's own steps, unless `--tb` asks for it."""
    report: pytest.TestReport = yield  # type: ignore[assignment]  # as pluggy hands results to wrappers
    if report.failed:
        _shorten(report.longrepr, item, call)
        if item.config.pluginmanager.hasplugin("html"):
            _link(report, item)
    if report.when == "call" and report.passed and "_pytest_bdd_example" in getattr(item, "fixturenames", ()):
        from mailsim.testing.again import forget

        forget(item)
    return report  # type: ignore[return-value]  # as above


def _link(report: pytest.TestReport, item: pytest.Item) -> None:
    """Have the page of pytest-html link the notebook: what `pytest_html.extras.url` makes."""
    from mailsim.testing.again import NOTEBOOK

    page, notebook = item.config.getoption("htmlpath"), item.stash.get(NOTEBOOK, None)
    if page and notebook:
        link = {"name": "notebook", "format_type": "url", "content": relpath(notebook, Path(page).parent)}
        link |= {"mime_type": "", "extension": ""}
        report.extras = [*getattr(report, "extras", ()), link]  # type: ignore[attr-defined]  # pytest-html's own


def _shorten(shown: object, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    from mailsim.testing.failure import without_python, without_values

    usual = item.config.getoption("tbstyle") == "auto"
    if item.stash.get(_IN_WORDS, False) and (usual or item.stash.get(_SECRET, False)):
        without_python(shown)
    elif call.excinfo is not None and isinstance(call.excinfo.value, MailsimError | TOMLDecodeError):
        without_values(shown)


def _told(
    request: pytest.FixtureRequest,
    scenario: "Scenario",
    step: "Step",
    exception: BaseException,
    *,
    step_func: Callable[..., object],
    arguments: Mapping[str, object],
) -> Iterator[str]:
    from mailsim.testing import failure
    from mailsim.testing.again import again

    node: pytest.Item = request.node
    where = failure.place(scenario, step, node.config.rootpath)
    yield f"step      {where}"
    yield from failure.verdict(exception)
    yield from failure.givens(exception, request.getfixturevalue("blueprint"))
    if isinstance(exception, failure.MISWRITTEN):
        return
    yield from told(unstruck(node))
    world = node.stash.get(WORLD, None)
    docket = node.stash.get(DOCKET, None)
    decisions = docket.routed if docket and docket.routed else world.decisions if world else ()
    yield from failure.nearest(exception, decisions, docket.asked if docket else None)
    comment = [where, *failure.verdict(exception)]
    judged = isinstance(exception, AssertionError)
    yield from again(
        node, world, docket, comment=comment, step_func=step_func if judged else None, arguments=arguments
    )
    if world is not None:
        yield from failure.story(world)
