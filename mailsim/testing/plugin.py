"""The pytest plugin: fixtures, the Gherkin steps, and the story of the mail beside a failed step.

Laws:
- It loads in every pytest run of an environment that has mailsim installed, so it imports no server, no
  settings, no pandas: `world` does, when a test asks for it.
- A step that cannot have run does not pass: pytest-bdd calls an `async def` step without awaiting it.
- Feature files are collected without Python (`feature_file.py`), in every environment that has mailsim installed;
  `mailsim_features = false` in pytest's configuration leaves them to others, such as behave.
- `@R3.1` and its like are markers wherever they stand as tags of a feature, a rule or a scenario, under
  `--strict-markers` too.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from inspect import unwrap
from pathlib import Path
from tomllib import TOMLDecodeError
from typing import TYPE_CHECKING

import pytest

from mailsim.errors import MailsimError
from mailsim.testing.blueprint import Blueprint
from mailsim.testing.found import DOCKET
from mailsim.testing.program import PURPOSES
from mailsim.testing.worlds import SOCKETS, Kind, chosen, demand_sockets, made, parametrize

if TYPE_CHECKING:
    from pytest_bdd.parser import Scenario, Step

    from mailsim.pop3.embedded import Pop3Server
    from mailsim.practice.site import Site
    from mailsim.smtp.embedded import SmtpServer
    from mailsim.testing.reading import Reading
    from mailsim.trace.event import Trace
    from mailsim.world.lab import Lab
    from mailsim.world.world import World

pytest_plugins = [
    "mailsim.testing.found",
    "mailsim.testing.program",
    "mailsim.testing.vocabulary",
]

_RULE_TAG = re.compile(r"R\d{1,2}\.\d{1,3}")
_UNLIKE = "No known step is like it; `mailsim steps` lists them all."
_IN_WORDS = pytest.StashKey[bool]()
"""Set where a failure is told in words: the Python of a step that is not the user's says nothing more."""
_SECRET = pytest.StashKey[bool]()
"""Set where that Python was given what may be a secret: `--tb` does not ask for it either (R1.11)."""
_TOLD = (MailsimError, TOMLDecodeError, OSError)
"""Errors whose words say all that there is to say."""
_WORLD = pytest.StashKey["World"]()
_FAILED = pytest.StashKey[bool]()
"""Set where a step has failed."""


@pytest.fixture
def blueprint() -> Blueprint:
    """The world in the making; Givens write to it."""
    return Blueprint()


@pytest.fixture
def mailsim_world(request: pytest.FixtureRequest) -> Kind:
    """Which world `world` is: as `--mailsim-world` says, and always on sockets under the tag `@wire`."""
    if request.node.get_closest_marker(SOCKETS):
        return Kind.WIRE
    kind: Kind = getattr(request, "param", None) or chosen(request.config)[0]
    return kind


@pytest.fixture
def world(mailsim_world: Kind, blueprint: Blueprint, request: pytest.FixtureRequest) -> "Iterator[World]":
    """The world that the blueprint describes; it starts when it is first asked for."""
    yield from _begun(mailsim_world, blueprint, request)


@pytest.fixture
def simulation(
    mailsim_world: Kind, blueprint: Blueprint, request: pytest.FixtureRequest
) -> "Iterator[World]":
    """As `world`, always in memory; `world` itself where that is."""
    yield from _always(Kind.MEMORY, mailsim_world, blueprint, request)


@pytest.fixture
def lab(mailsim_world: Kind, blueprint: Blueprint, request: pytest.FixtureRequest) -> "Iterator[World]":
    """As `world`, always on loopback sockets; `world` itself where that is."""
    yield from _always(Kind.WIRE, mailsim_world, blueprint, request)


@pytest.fixture
def servers(mailsim_world: Kind, request: pytest.FixtureRequest) -> "Lab":
    """The scenario's world, which must be on sockets; raises MissingWorldError."""
    demand_sockets(mailsim_world, "a check or probe")
    lab: Lab = request.getfixturevalue("lab")
    return lab


def _always(
    kind: Kind, usual: Kind, blueprint: Blueprint, request: pytest.FixtureRequest
) -> "Iterator[World]":
    if kind is usual:  # a test that asks for both speaks of one world
        yield request.getfixturevalue("world")
    else:
        yield from _begun(kind, blueprint, request)


def _begun(kind: Kind, blueprint: Blueprint, request: pytest.FixtureRequest) -> "Iterator[World]":
    with made(kind, blueprint.start()) as world:
        stash = request.node.stash
        stash[_WORLD] = world
        yield world
        if stash.get(_WORLD, None) is world:  # pytest keeps every test until the run ends
            del stash[_WORLD]


@pytest.fixture
def site(blueprint: Blueprint) -> "Site":
    """The practice that the blueprint describes, without a world; raises SiteError with every fault."""
    from mailsim.world.scenario import scenario_of

    return scenario_of(blueprint.start()).site


@pytest.fixture
def reading(blueprint: Blueprint) -> "Reading":
    """What comes of reading the settings that the blueprint describes."""
    from mailsim.testing.reading import read

    return read(blueprint.start())


@pytest.fixture
def pop3_server() -> "Iterator[Pop3Server]":
    """A POP3 server of its own on a free port, plain, with an empty maildrop of `alice`, password `secret`.

    `pop3_server.append("alice", octets)` puts mail in, `.add_fault("pop:RETR:1:drop")` has it fail.
    """
    from mailsim.pop3.embedded import Pop3Server

    with Pop3Server({"alice": ("secret", [])}) as server:
        yield server


@pytest.fixture
def smtp_server() -> "Iterator[SmtpServer]":
    """An SMTP server on loopback that takes mail from anybody to anybody.

    `smtp_server.messages` is what it took, `.add_fault("smtp:DATA-END:next:drop")` has it fail.
    """
    from mailsim.smtp.embedded import SmtpServer

    with SmtpServer() as server:
        yield server


@pytest.fixture
def trace(world: "World") -> "Trace":
    """Everything that has happened in the test's world."""
    return world.trace


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the plugin's options."""
    parser.getgroup("mailsim").addoption(
        "--mailsim-world",
        choices=[*Kind, "both"],
        help="Have mail move in memory, on loopback sockets (wire), or in both, a test each.",
    )
    group = parser.getgroup("mailsim")
    group.addoption(
        "--mailsim-page", metavar="FILE", help="Write the features and what came of them as one page of HTML."
    )
    group.addoption(
        "--mailsim-messages", metavar="FILE", help="Write the same as Cucumber Messages, for other programs."
    )
    parser.addini(
        "mailsim_features",
        "Whether mailsim collects .feature files that no Python binds.",
        "bool",
        default=True,
    )
    for purpose in PURPOSES:
        parser.addini(f"mailsim_program_{purpose}", f"The command by which the program under test {purpose}.")
    parser.addini(
        "mailsim_failures",
        "Where mailsim writes what plays a failed scenario again; relative to the root folder.",
        default=".mailsim",
    )


def pytest_collect_file(parent: pytest.Collector, file_path: Path) -> pytest.Collector | None:
    """Collect a feature file, with all its scenarios."""
    config = parent.config
    if file_path.suffix != ".feature" or not config.getini("mailsim_features"):
        return None
    if not config.pluginmanager.hasplugin("pytest-bdd"):
        return None
    from mailsim.testing.feature_file import FeatureFile

    return FeatureFile.from_parent(parent, path=file_path)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test for each world that is asked for."""
    parametrize(metafunc, is_scenario="_pytest_bdd_example" in metafunc.fixturenames)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave scenarios that a Python module binds to that module."""
    if config.pluginmanager.hasplugin("pytest-bdd"):
        from mailsim.testing.feature_file import without_repetition

        items[:] = without_repetition(items)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Guard the steps that are known now: those of conftest files and of test modules."""
    if session.config.pluginmanager.hasplugin("pytest-bdd"):
        from mailsim.testing.coroutines import guard

        guard()


def pytest_configure(config: pytest.Config) -> None:
    """Have rule tags be known markers."""
    config.addinivalue_line("markers", f"{SOCKETS}: needs servers on sockets, whatever --mailsim-world says")
    config.pluginmanager.register(_RuleTags(config), "mailsim-rule-tags")
    page, messages = config.getoption("mailsim_page"), config.getoption("mailsim_messages")
    if (page or messages) and config.pluginmanager.hasplugin("pytest-bdd"):
        from mailsim.testing.cucumber_messages import write_messages
        from mailsim.testing.living_page import write_page
        from mailsim.testing.results import Results

        root, start = config.rootpath, config.invocation_params.dir
        for option, name in (("page", page), ("messages", messages)):
            if name and (start / name).is_dir():
                raise pytest.UsageError(f"--mailsim-{option} {name}: is a folder; name a file in it")
        write = [(write_page, page), (write_messages, messages)]
        writers = [partial(writer, start / name, root=root) for writer, name in write if name]
        config.pluginmanager.register(Results(writers), "mailsim-results")


class _RuleTags:
    """Registers the tag of a rule as a marker when it is first met."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._known: set[str] = set()

    @pytest.hookimpl(tryfirst=True, optionalhook=True)
    def pytest_bdd_apply_tag(self, tag: str) -> None:
        """Make the marker known; pytest-bdd then applies it as it does any tag's."""
        if _RULE_TAG.fullmatch(tag) and tag not in self._known:
            self._known.add(tag)
            self._config.addinivalue_line("markers", f"{tag}: rule {tag} of mailsim's rule book")


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
def pytest_bdd_before_step_call(step: "Step", step_func: Callable[..., object]) -> None:
    """Fail a step that pytest-bdd would pass without running it."""
    from mailsim.testing.coroutines import refuse

    refuse(step.name, step_func)
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
    request.node.stash[_FAILED] = True
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
        "\n".join(_told(request.node, scenario, step, shown, step_func=step_func, arguments=step_func_args))
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
    if report.when == "call" and report.passed and "_pytest_bdd_example" in getattr(item, "fixturenames", ()):
        from mailsim.testing.again import forget

        forget(item)
    return report  # type: ignore[return-value]  # as above


def _shorten(shown: object, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    from mailsim.testing.failure import without_python, without_values

    usual = item.config.getoption("tbstyle") == "auto"
    if item.stash.get(_IN_WORDS, False) and (usual or item.stash.get(_SECRET, False)):
        without_python(shown)
    elif call.excinfo is not None and isinstance(call.excinfo.value, MailsimError | TOMLDecodeError):
        without_values(shown)


def _told(
    node: pytest.Item,
    scenario: "Scenario",
    step: "Step",
    exception: BaseException,
    *,
    step_func: Callable[..., object],
    arguments: Mapping[str, object],
) -> Iterator[str]:
    from mailsim.testing import failure
    from mailsim.testing.again import again

    where = failure.place(scenario, step, node.config.rootpath)
    yield f"step      {where}"
    yield from failure.verdict(exception)
    world = node.stash.get(_WORLD, None)
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
