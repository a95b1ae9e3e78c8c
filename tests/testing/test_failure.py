"""A step that failed tells what is needed to mend it, and leaves files that play it again."""

import shlex
from fnmatch import fnmatch
from pathlib import Path

import pytest

from mailsim.cli import main
from mailsim.trace.event import Step
from mailsim.world.expectation import ExpectationError
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


def run(pytester: pytest.Pytester, steps: str, tag: str = "") -> pytest.RunResult:
    """Run one scenario that fails."""
    pytester.makefile(".feature", one=f"{tag}\nFeature: Mail\n Scenario: One\n{steps}")
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


@pytest.mark.parametrize("expected", ["action 12", "action 1234 and mary's mailbox"])
def test_a_message_is_not_near_itself_nor_near_half_a_target(
    pytester: pytest.Pytester, expected: str
) -> None:
    """`action:12` is not `action:1234`."""
    result = run(pytester, GIVENS + WHENS + f"Then the message is delivered to {expected}\n")

    result.stdout.no_fnmatch_line("E   nearest*")


def test_the_message_that_failed_is_left_out(pytester: pytest.Pytester) -> None:
    """It reached what was expected of it, and others."""
    whens = """
  And the practice has users mary and john
  And the alias sales@abc.com leads to mary and john
  When this message comes for sales@abc.com:
    '''
    From: peter@shop.example
    Message-ID: <1@shop.example>

    Hello
    '''
  And the practice collects its mail
""".replace("'''", '"""')
    result = run(pytester, GIVENS + whens + "Then the message is delivered to mary's mailbox\n")

    result.stdout.no_fnmatch_line("E   nearest*")


def test_a_gitignore_of_the_user_s_stays(pytester: pytest.Pytester) -> None:
    """The folder may be one that is there already."""
    pytester.makeini("[pytest]\nmailsim_failures = .\n")
    pytester.path.joinpath(".gitignore").write_text("mine\n", "utf-8")
    run(pytester, GIVENS + WHENS + "Then Unassigned holds 2 copies")

    assert pytester.path.joinpath(".gitignore").read_text("utf-8") == "mine\n"


def test_where_nothing_is_like_it_nothing_is_told(pytester: pytest.Pytester) -> None:
    """Nor where the failure has no two sides."""
    result = run(pytester, GIVENS + WHENS + "Then the reply is delivered to action 8\n")

    result.stdout.no_fnmatch_line("E   nearest*")


def test_the_files_play_it_again(pytester: pytest.Pytester) -> None:
    """The same decisions at the same times; no password of the specification is in them."""
    words = command(run(pytester, GIVENS + WHENS + "Then the reply is delivered to action 7"))
    file = Path(words[-1])

    with Simulation(file) as world:
        with pytest.raises(ExpectationError):
            world.run()
        assert [str(target) for decision in world.decisions for target in decision.targets] == [
            "action:1234",
            "action:7",
        ]
        assert [event.time.hour for event in world.trace.steps(Step.DECIDED)] == [11, 11]
    assert words[:2] == ["mailsim", "run"]
    assert "sesame" not in file.read_text("utf-8")
    assert (file.parents[1] / ".gitignore").read_text("utf-8") == "*\n"


@pytest.mark.parametrize(
    ("step", "expect"),
    [
        ("the reply is delivered to action 7", ['"action:1234" = 0', '"action:7" = 2']),
        ("the message is delivered to action 7 and mary's mailbox", ['"mailbox:mary" = 1']),
        ("Unassigned holds 2 copies", ["unassigned = 2"]),
        ("each of mary and john holds one copy", ['"mailbox:mary" = 1', '"mailbox:john" = 1']),
        (
            "the copies are:\n| action 7 | 1 |\n| mary's mailbox | 3 |",
            ['"mailbox:mary" = 3', '"action:1234" = 0'],
        ),
        ("nobody inside holds anything", ['"action:7" = 0', '"action:1234" = 0']),
        ("the reply lands in Unassigned because no action has that number", ["unassigned = 1"]),
        ("the message is a duplicate because a copy was delivered before", ["duplicate = 1"]),
        ("the message goes to the fallback address because nobody sent it", ["fallback = 1"]),
    ],
)
def test_what_plays_it_again_judges_as_the_step_did(
    pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str], step: str, expect: list[str]
) -> None:
    """By the command as it stands: what the step expected is expected there, and does not come."""
    givens = GIVENS + "And the practice has users mary and john\n"
    words = command(run(pytester, givens + WHENS + f"Then {step}"))
    capsys.readouterr()

    assert main(words[1:]) == 1
    assert "expect." in capsys.readouterr().out
    said = Path(words[-1]).read_text("utf-8").partition("[expect]")[2]
    assert [line for line in expect if line not in said] == []


@pytest.mark.parametrize(
    "step",
    [
        "jane@client.example gets nothing",
        "the reply is addressed to a7@abc.com",
        "the reply is delivered because of the thread",
    ],
)
def test_what_cannot_be_expected_is_told(
    pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str], step: str
) -> None:
    """The run shows the mail's way and ends well; nobody takes that for a judgement."""
    result = run(pytester, GIVENS + WHENS + f"Then {step}")

    assert main(command(result)[1:]) == 0
    capsys.readouterr()
    result.stdout.fnmatch_lines(
        ["E             (it shows the mail's way, not this step's judgement: status 0 says nothing of that)"]
    )


def test_a_check_is_played_again_by_nothing(pytester: pytest.Pytester) -> None:
    """Its servers are gone."""
    steps = "When action 1234 writes to jane@client.example\nAnd the practice checks POP\nThen the advice is to 'dance'"
    result = run(pytester, GIVENS + steps.replace("'", '"'), "@wire")

    result.stdout.fnmatch_lines(["E   again     by pytest alone: no file plays a check"])
    assert not (pytester.path / ".mailsim").exists()


@pytest.mark.parametrize(
    ("step", "told"),
    [
        (
            "Then the copies are:\n | mary | 1 |",
            'UnknownTargetError: "mary" is no target; write action 1234, mary\'s mailbox, *',
        ),
        (
            "Given the practice has action 9",
            "BlueprintError: action: was set after the world had started; *",
        ),
    ],
)
def test_what_is_wrong_with_the_feature_is_told_without_the_story(
    pytester: pytest.Pytester, step: str, told: str
) -> None:
    """The mail did nothing wrong; where Python names the error, its module says nothing to a reader."""
    pytester.makefile(".feature", one=f"Feature: Mail\n Scenario: One\n{GIVENS + WHENS + step}")

    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-W", "error")

    lines = [line for line in result.outlines if line.startswith("E ")]
    assert len(lines) == 2
    assert fnmatch(lines[0], f"E   {told}")
    assert lines[1].startswith(f"E   step      {step.splitlines()[0]} (one.feature:")
    result.stdout.fnmatch_lines(["FAILED one.feature::test_one - " + told.partition(":")[0] + ":*"])


def test_where_no_mail_moved_nothing_plays_it_again(pytester: pytest.Pytester) -> None:
    """A file without events would play nothing."""
    result = run(pytester, GIVENS + "Then Unassigned holds 2 copies")

    result.stdout.no_fnmatch_line("E   again*")


def test_a_path_can_be_typed_where_pytest_was(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a folder below the root, and with a blank in a name."""
    pytester.makeini("[pytest]\nmailsim_failures = what failed\n")
    (pytester.path / "below").mkdir()
    monkeypatch.chdir(pytester.path / "below")
    pytester.makefile(
        ".feature", one=f"Feature: Mail\n Scenario: One\n{GIVENS}{WHENS}Then Unassigned holds 2 copies"
    )
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "--tb=short", "..")

    words = command(result)
    assert words[-1].startswith("../what failed/")
    assert Path(words[-1]).is_file()


def test_what_played_a_failure_again_goes_when_it_passes(pytester: pytest.Pytester) -> None:
    """Nobody plays again what is mended; what others put there stays."""
    file = Path(command(run(pytester, GIVENS + WHENS + "Then Unassigned holds 2 copies"))[-1])
    (file.parents[1] / "note").write_text("mine", "utf-8")
    pytester.makefile(
        ".feature", one=f"Feature: Mail\n Scenario: One\n{GIVENS}{WHENS}Then Unassigned holds 0 copies"
    )
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)

    assert sorted(one.name for one in file.parents[1].iterdir()) == [".gitignore", "note"]


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


@pytest.mark.parametrize(
    ("step", "told"),
    [
        (
            "the copies are:\n | action 1234 | 1 |\n | Unassigned | 2 |",
            ["E   missing: unassigned: 2", "E   not expected: action:7: 1"],
        ),
        (
            "the story of the letter is:\n | composed | practice |\n | refused | smtp.abc.com |",
            ["E   missing: refused at smtp.abc.com", "E   not expected: submitted at practice"],
        ),
        (
            "the evidence is:\n | R4.5 | a7@abc.com | the address of nobody |",
            [
                "E   missing: R4.5 | a7@abc.com | the address of nobody",
                "E   not expected: R4.5 | a7@abc.com | the address of action 7",
            ],
        ),
    ],
)
def test_a_table_tells_its_rows_apart(pytester: pytest.Pytester, step: str, told: list[str]) -> None:
    """Those that nothing was found for, and what stands in none of them."""
    result = run(pytester, GIVENS + WHENS + f"Then {step}")
    for line in told:
        result.stdout.fnmatch_lines([f"E*{line.removeprefix('E   ')}"])


def test_rows_in_another_order_are_told_as_such(pytester: pytest.Pytester) -> None:
    """Nothing is missing then."""
    rows = "| submitted | practice |\n | composed | practice |\n | refused | smtp.abc.com |"
    steps = GIVENS + '  And the fault "smtp:MAIL:1:reply 554 5.7.1 no"\n'
    result = run(
        pytester,
        f"{steps}When action 1234 writes to jane@client.example\nThen the story of the letter is:\n {rows}",
    )
    result.stdout.fnmatch_lines(["E*the order is another"])
