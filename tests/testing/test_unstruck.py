"""A scenario whose fault never struck proves nothing: it fails, and says which Given is idle."""

import pytest

GIVENS = """
  Given a practice whose catch-all mailbox is matters@abc.com
  And the practice has action 1234
"""
LOOP = """
  When jane@client.example writes to a1234@abc.com
  And all mail has arrived
  And the practice tries to collect its mail
"""


def run(pytester: pytest.Pytester, steps: str) -> pytest.RunResult:
    """Run one scenario."""
    pytester.makefile(".feature", one=f"Feature: Mail\n Scenario: One\n{GIVENS}{steps}")
    return pytester.runpytest_inprocess("-p", "no:cacheprovider", "-W", "error", "--tb=short")


def test_a_fault_that_never_struck_fails_the_scenario(pytester: pytest.Pytester) -> None:
    """By name, with the Given and its line, without Python; the one that struck is not told."""
    faults = '  And the first RETR drops after 20 octets\n  And the fault "pop:DELE:9:drop"\n'
    result = run(pytester, faults + LOOP + "  Then nothing is lost\n")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            '"pop:DELE:9:drop": never struck, so that this scenario proves nothing of it; correct which moment*',
            'given     And the fault "pop:DELE:9:drop" (one.feature:7)',
        ]
    )
    assert ".py" not in result.stdout.str().partition("= FAILURES =")[2].partition("= short test")[0]


def test_one_that_struck_says_nothing(pytester: pytest.Pytester) -> None:
    """And the step that asks for it passes."""
    fault = '  And the fault "pop:RETR:1:drop@20"\n'
    result = run(pytester, fault + LOOP + '  Then the fault "pop:RETR:1:drop@20" has struck\n')

    result.assert_outcomes(passed=1)


@pytest.mark.parametrize(("second", "outcome"), [("", "passed"), ("mx:RCPT:9:drop", "failed")])
def test_a_scenario_may_say_that_it_has_not_struck(
    pytester: pytest.Pytester, second: str, outcome: str
) -> None:
    """Of that fault alone."""
    faults = [f'  And the fault "{fault}"\n' for fault in ("pop:DELE:9:drop", second) if fault]
    result = run(pytester, "".join(faults) + LOOP + '  Then the fault "pop:DELE:9:drop" has not struck\n')

    result.assert_outcomes(**{outcome: 1})
    assert ('"mx:RCPT:9:drop": never struck' in result.stdout.str()) is bool(second)


@pytest.mark.parametrize(
    ("fault", "step", "told"),
    [
        ("pop:RETR:1:drop@20", "has not struck", "expected that pop:RETR:1:drop@20 has not struck, found that it has"),
        ("pop:DELE:9:drop", "has struck", "expected pop:DELE:9:drop to have struck, found that its moment never came"),
    ],
)  # fmt: skip
def test_the_steps_fail_where_they_are_wrong(
    pytester: pytest.Pytester, fault: str, step: str, told: str
) -> None:
    """Once, in the step's words."""
    result = run(pytester, f'  And the fault "{fault}"\n{LOOP}  Then the fault "{fault}" {step}\n')

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"E   *{told}"])


def test_a_fault_that_was_not_given_is_told(pytester: pytest.Pytester) -> None:
    """A misspelt one has not struck, and that means nothing."""
    result = run(pytester, LOOP + '  Then the fault "pop:RETR:1:drop" has not struck\n')

    result.stdout.fnmatch_lines(["E   *expected a fault that is given, found none"])


def test_a_scenario_that_fails_tells_it_beside(pytester: pytest.Pytester) -> None:
    """It may be why."""
    fault = '  And the fault "pop:DELE:9:drop"\n'
    result = run(pytester, fault + LOOP + "  Then Unassigned holds 7 copies\n")

    result.stdout.fnmatch_lines(["E   unstruck  pop:DELE:9:drop: its moment never came"])
    result.stdout.no_fnmatch_line("*proves nothing*")
