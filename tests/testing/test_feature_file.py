"""Feature files are collected without Python, each scenario once, none unread."""

import pytest

STEPS = """
  Given a practice whose catch-all mailbox is matters@abc.com
  Then nothing is lost
"""


def feature(*names: str, steps: str = STEPS) -> str:
    """A feature with these scenarios."""
    return "Feature: Mail\n" + "".join(f" Scenario: {name}\n{steps}" for name in names)


def run(pytester: pytest.Pytester, *options: str) -> pytest.RunResult:
    return pytester.runpytest_inprocess("-p", "no:cacheprovider", "-W", "error", *options)


def test_a_feature_alone_runs(pytester: pytest.Pytester) -> None:
    """No Python, no configuration; the file can be named, or its folder."""
    pytester.makefile(".feature", one=feature("First", "Second"))

    run(pytester).assert_outcomes(passed=2)
    run(pytester, "one.feature").assert_outcomes(passed=2)
    run(pytester, "-k", "second").assert_outcomes(passed=1, deselected=1)


def test_a_conftest_gives_its_steps(pytester: pytest.Pytester) -> None:
    """As to any test beside it."""
    pytester.makefile(".feature", one=feature("First", steps="  Then it fails\n"))
    pytester.makeconftest(
        "from pytest_bdd import then\n@then('it fails')\ndef _():\n    assert False, 'as it should'\n"
    )
    result = run(pytester)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*as it should*"])


def test_what_python_binds_runs_there_alone(pytester: pytest.Pytester) -> None:
    """With the steps of its own; what it does not bind of the same file runs all the same."""
    pytester.makefile(
        ".feature",
        one=feature("Own", steps="  Then my own step runs\n") + feature("Other").partition("\n")[2],
    )
    pytester.makepyfile(
        test_one="from pytest_bdd import scenario, then\n"
        "@then('my own step runs')\ndef _(): pass\n"
        "@scenario('one.feature', 'Own')\ndef test_own(): pass\n"
    )
    result = run(pytester, "-v")

    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["one.feature::test_other PASSED*", "test_one.py::test_own PASSED*"])


def test_names_that_look_alike_stay_apart(pytester: pytest.Pytester) -> None:
    """Of `A b` and `a-b` both run."""
    pytester.makefile(".feature", one=feature("A b", "a-b", "A b!", "?"))

    run(pytester).assert_outcomes(passed=4)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            feature("Twice", "Between", "Twice"),
            "*.feature:10: another scenario has this name, 'Twice', in line 2,*",
        ),
        (
            feature("Twice") + " Rule: Another\n  Scenario: Twice\n" + STEPS,
            "*.feature:7: another scenario has this name, 'Twice', in line 2,*rename one*",
        ),
        ("", "*holds no feature; begin it with 'Feature:'*"),
        (
            "Feature: One\n Scenario: Two\n  Perhaps so\n  Maybe\n",
            "*the scenario 'Two' has no steps and would pass*",
        ),
        (
            "Feature: One\n Scenario: Two\n  Givn the practice has action 7\n  When all mail has arrived\n",
            "*one.feature:3: 'Givn' begins no step, so that this line is a description and does not run; write Given",
        ),
        (
            "Feature: One\n Background:\n  given the practice has action 7\n Scenario: Two\n  When all mail has arrived\n",
            "*one.feature:3: 'given' begins no step, so that this line is a description and does not run; write Given",
        ),
        (
            "Feature: One\n Scenario Outline: Two\n  When <what>\n  Examples:\n   | what |\n",
            "*one.feature:4: these examples of 'Two' have no row, and nothing would run; write one*",
        ),
        ("Feature: One\n Scenario: Two\n  Given one\n  Scenari: Two\n", "*not Gherkin: *(4:3)*"),
    ],
)
def test_what_could_go_unread_fails(pytester: pytest.Pytester, text: str, told: str) -> None:
    """pytest-bdd would run one scenario of each name, and say nothing."""
    pytester.makefile(".feature", one=text)
    result = run(pytester)

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([told])


def test_prose_may_begin_as_it_likes(pytester: pytest.Pytester) -> None:
    """A sentence is no step for a word that is like a keyword, nor for one that is a step behind another."""
    prose = "  Then again, who knows? When in doubt, ask.\n  Andy has action 7. They say: nothing is lost.\n"
    pytester.makefile(".feature", one=f"Feature: One\n{prose} Scenario: Two\n{STEPS}")

    run(pytester).assert_outcomes(passed=1)


def test_other_letters_than_utf_8_fail(pytester: pytest.Pytester) -> None:
    """In one line."""
    (pytester.path / "one.feature").write_bytes(b"Feature: caf\xe9\n")
    result = run(pytester)

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*one.feature: not UTF-8: *; save it as UTF-8*"])


def test_features_can_be_left_to_others(pytester: pytest.Pytester) -> None:
    """A repository whose features are another program's."""
    pytester.makefile(".feature", one=feature("First"))
    pytester.makeini("[pytest]\nmailsim_features = false\n")

    run(pytester).assert_outcomes()


def test_features_need_pytest_bdd(pytester: pytest.Pytester) -> None:
    """Without it nobody could run them."""
    pytester.makefile(".feature", one=feature("First"))

    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:pytest-bdd")
    result.assert_outcomes()
