"""A step that failed tells what is needed to mend it, and leaves files that play it again."""

import shlex
from pathlib import Path

import pytest

from mailsim.cli import main
from mailsim.trace.event import Step
from mailsim.world.simulation import Simulation

GIVENS = """
  Given a practice whose catch-all mailbox is matters@abc.com
  And the practice has action 1234
  And the practice has action 7
  And the practice collects from "ssl://pop.abc.com:995"
  And the setting pop.password is open-sesame
  And jane@client.example answers every message after 2 hours
"""
WHENS = """
  When action 1234 writes to jane@client.example
  And all mail has arrived
  And this message comes for a7@abc.com:
    '''
    From: peter@shop.example
    Message-ID: <1@shop.example>

    Hello
    '''
  And the practice collects its mail
""".replace("'''", '"""')


def run(pytester: pytest.Pytester, steps: str) -> pytest.RunResult:
    """Run one scenario that fails."""
    pytester.makefile(".feature", one=f"Feature: Mail\n Scenario: One\n{steps}")
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-W", "error", "--tb=short")
    result.assert_outcomes(failed=1)
    return result


def command(result: pytest.RunResult) -> list[str]:
    """What it says plays it again."""
    [line] = [line for line in result.outlines if line.startswith("E   again ")]
    return shlex.split(line.removeprefix("E   again "))


def test_expected_and_found_stand_side_by_side(pytester: pytest.Pytester) -> None:
    """With the step, and the message to which the expected thing did happen; nothing is told twice."""
    result = run(pytester, GIVENS + WHENS + "Then the reply is delivered to action 7")

    result.stdout.fnmatch_lines(
        [
            "E   step      Then the reply is delivered to action 7 (one.feature:*)",
            "E   expected  action:7",
            "E   found     action:1234",
            "E   nearest   <1@shop.example> was delivered to action:7 (action-address)",
            "E   again     mailsim run .mailsim/*/scenario.toml",
            "E   What happened to t000001:",
        ]
    )
    result.stdout.no_fnmatch_line("*At index 0*")


def test_a_reason_expected_of_another_message_is_told(pytester: pytest.Pytester) -> None:
    """Outcome and reason together make the likeness."""
    whens = """
  When these people write:
    | jane@client.example | a99@abc.com   |
    | jane@client.example | a1234@abc.com |
  And the practice collects its mail
"""
    step = "Then the message lands in Unassigned because no action has that number"
    result = run(pytester, GIVENS + whens + step)

    result.stdout.fnmatch_lines(
        ["E   nearest   <0.1@client.example> was unassigned to unassigned (no-such-action)"]
    )


def test_where_nothing_is_like_it_nothing_is_told(pytester: pytest.Pytester) -> None:
    """Nor where the failure has no two sides."""
    result = run(pytester, GIVENS + WHENS + "Then the reply is delivered to action 8\n")

    result.stdout.no_fnmatch_line("E   nearest*")


def test_the_files_play_it_again(pytester: pytest.Pytester) -> None:
    """The same decisions at the same times; no password of the specification is in them."""
    words = command(run(pytester, GIVENS + WHENS + "Then the reply is delivered to action 7"))
    file = Path(words[-1])

    with Simulation(file) as world:
        world.run()
        assert [str(target) for decision in world.decisions for target in decision.targets] == [
            "action:1234",
            "action:7",
        ]
        assert [event.time.hour for event in world.trace.steps(Step.DECIDED)] == [11, 11]
    assert words[:2] == ["mailsim", "run"]
    assert "sesame" not in file.read_text("utf-8")
    assert (file.parents[1] / ".gitignore").read_text("utf-8") == "*\n"


def test_what_was_only_routed_is_routed_again(
    pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the command as it stands."""
    steps = (
        GIVENS
        + """
  When a message with these fields is routed:
    | From | jane@client.example |
    | To   | a99@abc.com         |
  Then the message is delivered to action 7
"""
    )
    words = command(run(pytester, steps))
    capsys.readouterr()

    assert words[:2] == ["mailsim", "route"]
    assert main(words[1:]) == 0
    assert "no-such-action" in capsys.readouterr().out
    assert "sesame" not in Path(words[3]).read_text("utf-8")


def test_files_that_cannot_be_written_do_not_hide_the_failure(pytester: pytest.Pytester) -> None:
    """A file stands where the folder should."""
    (pytester.path / ".mailsim").write_text("", "utf-8")
    result = run(pytester, GIVENS + WHENS + "Then the reply is delivered to action 7")

    result.stdout.fnmatch_lines(
        ["E   again     (the files for it cannot be written: *)", "E   What happened to t000001:"]
    )


def test_the_folder_can_be_chosen(pytester: pytest.Pytester) -> None:
    """Beside the reports of a build, say."""
    pytester.makeini("[pytest]\nmailsim_failures = reports/mail\n")
    words = command(run(pytester, GIVENS + WHENS + "Then the reply is delivered to action 7"))

    assert words[-1].startswith("reports/mail/")
