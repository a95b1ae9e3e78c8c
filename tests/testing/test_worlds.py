"""A run chooses its world; a test of each is made where both are asked for."""

import pytest

from mailsim.testing import worlds
from mailsim.testing.worlds import Kind

FEATURE = """
Feature: Mail
 Scenario Outline: One
  Given a practice whose catch-all mailbox is matters@abc.com
  And the practice has action <id>
  Then nothing is lost
  Examples:
   | id |
   | 1  |
   | 2  |
"""
BOTH = """
import pytest
from mailsim.world.lab import Lab

@pytest.fixture(autouse=True)
def _mailbox(blueprint):
    blueprint.set("mailbox", type="single", default_sender="m@abc.com", fallback_address="h@elsewhere.example")

def test_through_another(trace): pass
def test_asked_for(world, mailsim_world): pass
def test_named(lab): assert isinstance(lab, Lab)
def test_without(site): assert site.settings.domain == "abc.com"
"""


@pytest.fixture
def two_worlds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever memory world there is, the Lab plays its part."""
    monkeypatch.setitem(worlds._MADE_BY, Kind.MEMORY, worlds._MADE_BY[Kind.WIRE])


def run(pytester: pytest.Pytester, *options: str) -> pytest.RunResult:
    return pytester.runpytest_inprocess("-p", "no:cacheprovider", "-W", "error", *options)


@pytest.mark.usefixtures("two_worlds")
def test_both_worlds_make_two_tests(pytester: pytest.Pytester) -> None:
    """Of each scenario and each test with a world; not of one that names its world or has none."""
    pytester.makefile(".feature", one=FEATURE)
    pytester.makepyfile(BOTH)
    result = run(pytester, "--mailsim-world", "both", "-v")

    result.assert_outcomes(passed=4 + 2 + 2 + 2)
    result.stdout.fnmatch_lines(
        [
            "one.feature::test_one?memory-1? PASSED*",
            "one.feature::test_one?wire-2? PASSED*",
            "*::test_through_another?wire? PASSED*",
            "*::test_asked_for?memory? PASSED*",
            "*::test_named PASSED*",
            "*::test_without PASSED*",
        ]
    )


@pytest.mark.parametrize("options", [(), ("--mailsim-world", "wire")])
def test_one_world_makes_one_test(pytester: pytest.Pytester, options: tuple[str, ...]) -> None:
    """The usual one, or the one asked for."""
    pytester.makefile(".feature", one=FEATURE)

    run(pytester, *options).assert_outcomes(passed=2)


def test_a_world_that_is_not_there_is_told(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything runs in another one."""
    monkeypatch.setitem(worlds._MADE_BY, Kind.MEMORY, ("mailsim.world.nowhere", "Nowhere"))
    pytester.makefile(".feature", one=FEATURE)
    result = run(pytester, "--mailsim-world", "both")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*--mailsim-world both: this mailsim has no memory world; write wire*"])


def test_a_fixture_for_a_world_that_is_not_there_says_so(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line, not an import that fails."""
    monkeypatch.setitem(worlds._MADE_BY, Kind.MEMORY, ("mailsim.world.nowhere", "Nowhere"))
    pytester.makepyfile("def test_one(simulation): pass")
    result = run(pytester)

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*MissingWorldError: this mailsim has no memory world; ask for wire*"])


def test_one_test_speaks_of_one_world(pytester: pytest.Pytester) -> None:
    """`world` and `lab` are the same where the usual world is a Lab."""
    pytester.makepyfile(
        """
        def test_one(blueprint, request):
            blueprint.set("mailbox", type="single", default_sender="m@abc.com", fallback_address="h@e.example")
            assert request.getfixturevalue("world") is request.getfixturevalue("lab")
        """
    )

    run(pytester, "--mailsim-world", "wire").assert_outcomes(passed=1)
