"""The pytest plugin: its options, what it collects, and the modules whose fixtures and hooks belong to it.

Laws:
- It loads in every pytest run of an environment that has mailsim installed, so it imports no server, no
  settings, no pandas: `world` does, when a test asks for it.
- Feature files are collected without Python (`feature_file.py`), in every environment that has mailsim installed;
  `mailsim_features = false` in pytest's configuration leaves them to others, such as behave.
"""

from functools import partial
from pathlib import Path

import pytest

from mailsim.testing.program import PURPOSES
from mailsim.testing.rule_tags import RuleTags
from mailsim.testing.worlds import SOCKETS, Kind, parametrize

pytest_plugins = [
    "mailsim.testing.failed_step",
    "mailsim.testing.fixtures",
    "mailsim.testing.found",
    "mailsim.testing.program",
    "mailsim.testing.unstruck",
    "mailsim.testing.vocabulary",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the plugin's options."""
    group = parser.getgroup("mailsim")
    group.addoption(
        "--mailsim-world",
        choices=[*Kind, "both"],
        help="Have mail move in memory, on loopback sockets (wire), or in both, a test each.",
    )
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
    config.pluginmanager.register(RuleTags(config), "mailsim-rule-tags")
    page, messages = config.getoption("mailsim_page"), config.getoption("mailsim_messages")
    runs = config.pluginmanager.hasplugin("pytest-bdd") and not config.option.collectonly
    if runs and (page or messages):
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
