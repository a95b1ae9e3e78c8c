"""The linter finds what would fail, or go unread, before anything runs; our own features have nothing of it."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from mailsim.cli import main
from mailsim.testing.collected import CollectionError
from mailsim.testing.lint import lint
from mailsim.testing.rules import RULES

ROOT = Path(__file__).parents[2]
START = "Given a practice whose catch-all mailbox is matters@abc.com"
GOOD = f"Feature: Mail\n @R4.5\n Scenario: One\n  {START}\n  Then nothing is lost\n"

OUTLINE = f"Feature: Mail\n @R4.5\n Scenario Outline: One\n  {START}\n  And the practice has action <what>\n  Then nothing is lost\n  Examples:\n"
QUOTES = '"""'


def found(pytester: pytest.Pytester, text: str, conftest: str = "") -> Sequence[str]:
    """The findings in one feature, beside a conftest."""
    pytester.makefile(".feature", one=text)
    pytester.makeconftest(conftest)
    return [f"{one.kind} {one}" for one in lint([Path()])]


def test_our_own_features_have_no_finding() -> None:
    """As a user would ask, in a process of its own."""
    command = [sys.executable, "-m", "mailsim", "lint", "features", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert (json.loads(done.stdout), done.returncode) == ({"findings": []}, 0)


def test_a_good_feature_has_no_finding(pytester: pytest.Pytester) -> None:
    """Steps of a conftest count, and may override."""
    python = "from pytest_bdd import then\n@then('nothing is lost')\ndef _(): pass\n@then('mine')\ndef _own(): pass\n"

    assert found(pytester, GOOD + "  And mine\n", python) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            GOOD + "  And nothing lost\n",
            ["unknown-step one.feature:6: nobody defines the step 'nothing lost'; the nearest known: Then nothing is lost | Then nothing shows \"pass-word\""],
        ),
        (
            GOOD.replace("Scenario:", "Scenario Outline:") + "  And <what>\n  Examples:\n   | what |\n   | nothing lost |\n",
            ["unknown-step one.feature:6: nobody defines the step 'nothing lost'; the nearest known: Then nothing is lost | Then nothing shows \"pass-word\""],
        ),
        (
            GOOD + f" Rule: Two\n  Background:\n   {START}\n",
            ["unused-background one.feature:7: no scenario uses this background; write one in the rule, or remove it"],
        ),
        (
            "Feature: Mail\n Background:\n  " + START,
            ["unused-background one.feature:2: no scenario uses this background; write one in the feature, or remove it"],
        ),
        (
            f"Feature: Mail\n Background:\n  {START}\n Rule: One\n  Scenario: Two\n   Then nothing is lost",
            [],
        ),
        (GOOD + " Rule: Two\n", ["no-scenario one.feature:6: Rule 'Two' has no scenario; write one, or remove it"]),
        (
            GOOD + f" Scenario: Two\n  {START}\n  Then nothing is lost\n",
            ["no-rule-tag one.feature:6: scenario 'Two' has no tag of a rule; write such as @R4.5 above it"],
        ),
        (f"Feature: Mail\n Scenario: Two\n  {START}\n  Then nothing is lost\n", []),
        (
            f"Feature: Mail\n Background:\n  {START}\n  Then nothing is lost\n Scenario: Two\n  When all mail has arrived\n",
            ["no-then one.feature:5: scenario 'Two' has no Then, so that it passes whatever comes of it; write one"],
        ),
        (
            GOOD.replace("R4.5", "R4.99"),
            ["unknown-rule one.feature:2: @R4.99 is no rule; features/STEPS.md of mailsim lists them (`mailsim steps --markdown`)"],
        ),
        (
            GOOD + GOOD[GOOD.index(" @") :],
            ["not-collected one.feature:7: another scenario has this name, 'One', in line 3, and only one would run; rename one"],
        ),
        (
            OUTLINE + "   | what |\n",
            ["not-collected one.feature:7: these examples of 'One' have no row, and nothing would run; write one below the names of the columns, or remove them"],
        ),
        (
            OUTLINE.replace("action <what>", "action <waht>") + "   | what |\n   | 1 |\n",
            [
                "unknown-placeholder one.feature:5: no column of the examples is called 'waht'; write one of what",
                "unknown-step one.feature:5: nobody defines the step 'the practice has action <waht>'; the nearest known: Given the practice has action 1234",
                "unused-column one.feature:7: no step has <what>, so that this column changes nothing; write it, or remove the column",
            ],
        ),
        (
            OUTLINE.replace("And the", "And the setting mailbox.common is <b>\n  And the") + "   | what |\n   | 1 |\n",
            ["unknown-placeholder one.feature:5: no column of the examples is called 'b'; write one of what"],
        ),
        (
            OUTLINE.replace("And", f"When this message is routed:\n   {QUOTES}\n   Message-ID: <1@x.example>\n   <html><waht></html>\n   {QUOTES}\n  Given") + "   | what |\n   | 1 |\n",
            ["unknown-placeholder one.feature:5: no column of the examples is called 'waht'; write one of what"],
        ),
        (
            GOOD.replace(START, START.replace("Given", "Givn")),
            ["misspelt-keyword one.feature:4: 'Givn' begins no step, so that this line is a description and does not run; write Given"],
        ),
        (
            GOOD.replace(START, "given a practise whose catch all mailbox is matters@abc.com"),
            ["misspelt-keyword one.feature:4: 'given' begins no step, so that this line is a description and does not run; write Given"],
        ),
        (
            GOOD.replace("@R4.5", "@R4.5 @wier"),
            ["misspelt-tag one.feature:2: @wier marks nothing that is known; write @wire, or register the marker in pytest's configuration"],
        ),
        (
            GOOD.replace("Feature", "@r4_5\nFeature"),
            ["misspelt-tag one.feature:1: @r4_5 marks nothing that is known; write @R4.5, or register the marker in pytest's configuration"],
        ),
        (GOOD.replace("@R4.5", "@R4.5 @smoke @wire @skip"), []),
        ("\ufeff" + GOOD, ["not-read one.feature:1: begins with a byte order mark; save it as UTF-8 without one"]),
        (
            GOOD.replace("Feature:", "Featur:"),
            ["not-read one.feature:1: not Gherkin: (1:1): expected: #EOF, #Language, #TagLine, #FeatureLine, #Comment, #Empty, got 'Featur: Mail'"],
        ),
        (
            GOOD.replace("Then", "When the program under test collects\n  Then"),
            ["needs-sockets one.feature:5: this step needs servers on sockets; tag the scenario @wire"],
        ),
        (
            GOOD.replace("Then", "When the practice checks POP\n  Then"),
            ["needs-sockets one.feature:5: this step needs servers on sockets; tag the scenario @wire"],
        ),
        (GOOD.replace("Then", "When the program under test collects\n  Then").replace("@R4.5", "@R4.5 @wire"), []),
        (
            GOOD + "  Scenari: Two\n",
            ["not-read one.feature:6: not Gherkin: (6:3): expected: #EOF, #TableRow, #DocStringSeparator, #StepLine, #TagLine, #ExamplesLine, #ScenarioLine, #RuleLine, #Comment, #Empty, got 'Scenari: Two'"],
        ),
    ],
)  # fmt: skip
def test_each_fault_is_found_and_nothing_else(
    pytester: pytest.Pytester, text: str, told: Sequence[str]
) -> None:
    """In one line, with its place, and what to do."""
    assert [line.replace(f"{pytester.path}/", "") for line in found(pytester, text)] == told


def test_steps_that_several_define_are_found(pytester: pytest.Pytester) -> None:
    """pytest-bdd would run one of them, and say nothing of the other."""
    python = (
        "from pytest_bdd import then\n@then('it is so')\ndef _a(): pass\n@then('it is so')\ndef _b(): pass\n"
    )
    [line] = found(pytester, GOOD + "  And it is so\n", python)

    assert line.startswith("ambiguous-step one.feature:6: several steps have these words")
    assert "conftest.py:2" in line
    assert "conftest.py:4" in line


def test_a_python_module_brings_its_steps(pytester: pytest.Pytester) -> None:
    """Where it is named beside the feature that it binds."""
    pytester.makefile(".feature", one=GOOD + "  And mine\n")
    binding = pytester.makepyfile(
        test_one="from pytest_bdd import scenarios, then\nscenarios('one.feature')\n@then('mine')\ndef _(): pass\n"
    )

    assert [one.kind for one in lint([Path("one.feature")])] == ["unknown-step"]
    assert lint([Path("one.feature"), binding]) == []


def test_a_complete_book_is_wanted_on_demand(pytester: pytest.Pytester) -> None:
    """Each rule without a scenario is a finding."""
    pytester.makefile(".feature", one=GOOD)

    missing = [one.file for one in lint([Path()], complete=True)]
    assert missing == sorted(f"@{rule}" for rule in RULES if rule != "R4.5")


def test_the_command_ends_as_it_found(pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str]) -> None:
    """0 nothing, 1 something, 2 no such features; one that cannot be read hides nothing of the others."""
    pytester.makefile(".feature", good=GOOD, bad=GOOD + "  And nothing lost\n", broken="Scenario: One\n")

    assert main(["lint", "good.feature"]) == 0
    assert capsys.readouterr().out == ""
    assert main(["lint", "good.feature", "bad.feature"]) == 1
    assert capsys.readouterr().out.startswith("bad.feature:6: nobody defines")
    assert main(["lint", "bad.feature", "--json"]) == 1
    [finding] = json.loads(capsys.readouterr().out)["findings"]
    assert (finding["file"], finding["line"], finding["kind"]) == ("bad.feature", 6, "unknown-step")
    assert main(["lint", "broken.feature", "bad.feature", "good.feature"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(" ")[0] for line in lines] == ["bad.feature:6:", "broken.feature:1:"]
    for path, told in (
        ("nowhere", "is not there"),
        ("empty", "no .feature file"),
    ):
        (pytester.path / "empty").mkdir(exist_ok=True)
        assert main(["lint", path]) == 2
        assert told in capsys.readouterr().err


def test_a_repository_that_pytest_refuses_is_told(pytester: pytest.Pytester) -> None:
    """In pytest's own words."""
    pytester.makefile(".feature", one=GOOD)
    pytester.makeconftest("import nowhere_at_all\n")

    with pytest.raises(CollectionError, match="nowhere_at_all"):
        lint([Path()])


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        (
            "  Then nothing is lost\n   | a | b |\n",
            "this step takes no table, and nobody would read the one below it",
        ),
        ("  Then the copies are:\n", "this step takes a table; write it below the step"),
    ],
)
def test_a_table_that_nobody_reads_or_that_lacks_is_found(
    pytester: pytest.Pytester, steps: str, told: str
) -> None:
    """Before the scenario runs."""
    [finding] = found(pytester, GOOD + steps)

    assert finding.startswith(f"misfit one.feature:6: {told}")


@pytest.mark.parametrize("words", ["nothing is {what}", "nothing is lost"])
def test_a_step_that_hides_one_of_ours_is_found(pytester: pytest.Pytester, words: str) -> None:
    """By chance, that is: who writes the very words means it."""
    python = f"from pytest_bdd import parsers, then\n@then(parsers.parse('{words}'))\ndef _(): pass\n"
    told = found(pytester, GOOD, python)

    if words == "nothing is lost":
        assert told == []
        return
    [line] = told
    assert line.startswith("shadowed-step one.feature:5: nothing is {what} (")
    assert "conftest.py:2) would run unseen instead of mailsim's own nothing is lost (" in line


def test_a_module_that_cannot_be_imported_has_a_place(pytester: pytest.Pytester) -> None:
    """Editors go to it; the features beside it are judged all the same."""
    pytester.makefile(".feature", one=GOOD + "  And mine\n")
    binding = pytester.makepyfile(test_one="import nowhere_at_all\n")

    assert [(one.file, one.line, one.kind) for one in lint([Path("one.feature"), binding])] == [
        ("one.feature", 6, "unknown-step"),
        ("test_one.py", 1, "not-collected"),
    ]


def test_the_options_of_a_repository_change_nothing(pytester: pytest.Pytester) -> None:
    """Nothing is written over a report of the last run, and nothing is left out."""
    pytester.makefile(".feature", good=GOOD, bad=GOOD.replace("R4.5", "R1.1") + "  And nothing lost\n")
    pytester.makeini(
        "[pytest]\naddopts = --mailsim-page=page.html --mailsim-messages=m --ff -x -n 2 -m R4.5\n"
    )
    pytester.path.joinpath("page.html").write_text("of the last run", "utf-8")

    assert [one.kind for one in lint([Path()])] == ["unknown-step"]
    assert pytester.path.joinpath("page.html").read_text("utf-8") == "of the last run"
    assert not pytester.path.joinpath(".pytest_cache").exists()


def test_collecting_writes_no_page(pytester: pytest.Pytester) -> None:
    """Nothing has run, and what is there is of a run."""
    pytester.makefile(".feature", good=GOOD)
    pytester.runpytest_inprocess("-p", "no:cacheprovider", "--collect-only", "--mailsim-page", "page.html")

    assert not pytester.path.joinpath("page.html").exists()
