"""What a run leaves for people and programs: one page of HTML, and Cucumber Messages; the same under xdist."""

import json
import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from cucumber_messages import Envelope, message_converter

FEATURE = """
@R4.5
Feature: Mail <b>finds</b> its way
  And is told so.

  Background:
    Given a practice whose catch-all mailbox is matters@abc.com
    And the practice has action 7

  Scenario: Right
    When a message with these fields is routed:
      | From | jane@client.example |
      | To   | a7@abc.com          |
    Then the message is delivered to action 7

  Rule: Others

    @R4.7
    Scenario Outline: Wrong <address>
      When this message is routed:
        \"\"\"
        From: <jane@client.example>
        To: <address>

        Hello
        \"\"\"
      Then the message is delivered to action 7
      And the evidence of R4.5 says "action 7"

      Examples:
        | address    |
        | a7@abc.com |
        | a8@abc.com |

    Scenario: Unknown
      Then the message goes astray
"""


WORLDS = """
@R4.5
Feature: Mail
  Background:
    Given a practice whose catch-all mailbox is matters@abc.com

  Rule: Same

    @R4.6
    Scenario: Differs
      When all mail has arrived
      Then it is in memory

  Rule: Same

    Background:
      Given the practice has action 7

    Scenario Outline: Rows
      When jane@client.example writes to <address>
      And all mail has arrived
      And the practice collects its mail
      Then action 7 holds 1 copy

      Examples:
        | address    |
        | a7@abc.com |

      @R4.7
      Examples: strangers
        | address    |
        | a8@abc.com |
"""
AROUND = """
Feature: Mail
  Scenario: Setup
    Given a practice whose catch-all mailbox is matters@abc.com
    Then nothing is lost
  Scenario: Teardown
    Given a practice whose catch-all mailbox is matters@abc.com
    Then nothing is lost
  Scenario: Idle
    Given a practice whose catch-all mailbox is matters@abc.com
    And the fault "pop:RETR:1:drop"
    Then nothing is lost
  @skip
  Scenario: Left out
    Given a practice whose catch-all mailbox is matters@abc.com
    Then nothing is lost
"""
CONFTEST = """
import pytest
from pytest_bdd import then
@then("it is in memory")
def _(world, mailsim_world):
    assert mailsim_world == "memory", "expected memory, found sockets"
@pytest.fixture(autouse=True)
def around(request):
    if "setup" in request.node.name: raise RuntimeError("no disk")
    yield
    if "teardown" in request.node.name: raise RuntimeError("no way out")
"""
FAILING = """
Feature: Mail
  Scenario: Wrong
    Given a practice whose catch-all mailbox is matters@abc.com
    And the practice has action 1234
    And jane@client.example answers every message
    When action 1234 writes to jane@client.example
    And all mail has arrived
    And the practice collects its mail
    Then the reply is delivered to action 7
"""


def run(pytester: pytest.Pytester, *options: str) -> pytest.RunResult:
    """Run the feature and have both reports written."""
    pytester.makefile(".feature", one=FEATURE)
    written = ["--mailsim-page", "out/page.html", "--mailsim-messages", "out/messages.ndjson"]
    way = pytester.runpytest_subprocess if options else pytester.runpytest_inprocess
    result = way("-p", "no:cacheprovider", "-W", "error", *written, *options)
    result.assert_outcomes(passed=2, failed=2)
    return result


def messages(pytester: pytest.Pytester) -> list[dict[str, Any]]:
    lines = (pytester.path / "out/messages.ndjson").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


class Page(HTMLParser):
    """The words of a page, and what it would fetch or obey."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.words: list[str] = []
        self.signs: list[str] = []
        self.outside: list[str] = []
        self.feed(file.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a browser would fetch or run, and what the signs say."""
        self.outside += [tag] if tag in {"script", "link", "img", "iframe"} else []
        self.outside += [name for name, _ in attrs if name in {"src", "href"} or name.startswith("on")]
        self.signs += [value or "" for name, value in attrs if name == "aria-label"]

    def handle_data(self, data: str) -> None:
        """Note the words."""
        self.words.append(" ".join(data.split()))


def test_the_page_tells_what_is_promised_and_what_came_of_it(pytester: pytest.Pytester) -> None:
    """Features, rules, steps, tables, texts, rows, the failure in full; nothing is fetched, nothing obeyed."""
    run(pytester)
    page = Page(pytester.path / "out/page.html")
    told = " ".join(page.words)

    assert page.outside == []
    assert "Mail <b>finds</b> its way" in told
    assert "of 4 scenarios, in 1 feature." in told
    for words in (
        "And is told so.",
        "Others",
        "Right",
        "a practice whose catch-all mailbox is matters@abc.com",
        "jane@client.example",
        "From: <jane@client.example> To: <address>",
        "a8@abc.com",
        "expected action:7",
        "Step definition is not found",
        "An action's address goes to the action; one without an action to Unassigned.",
    ):
        assert words in told, words
    assert page.signs == [
        *("failed", "undefined", "passed"),  # how many of each
        *("failed", "failed"),  # the rules R4.5 and R4.7
        *("passed", "passed", "passed"),  # the scenario, its steps
        *("failed", "passed", "failed", "skipped"),  # the outline, its steps: the worst of the rows
        *("passed", "failed"),  # its rows
        *("undefined", "undefined"),
    ]


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_messages_are_cucumber_s(pytester: pytest.Pytester, options: tuple[str, ...]) -> None:
    """Its own library reads them back as they are; each row is a pickle, each step has its result."""
    run(pytester, *options)
    found = messages(pytester)

    for one in found:
        message_converter.from_dict(one, Envelope)  # raises on what is none
    kinds = [kind for one in found for kind in one]
    assert kinds[:3] == ["meta", "source", "gherkinDocument"]
    assert kinds.count("pickle") == kinds.count("testCase") == kinds.count("testCaseFinished") == 4
    assert kinds[-1] == "testRunFinished"
    assert found[-1]["testRunFinished"]["success"] is False
    steps = [one["testStepFinished"]["testStepResult"] for one in found if "testStepFinished" in one]
    assert [step["status"] for step in steps] == [
        *("PASSED", "PASSED", "PASSED", "PASSED"),
        *("PASSED", "PASSED", "PASSED", "PASSED", "PASSED"),
        *("PASSED", "PASSED", "PASSED", "FAILED", "SKIPPED"),
        *("PASSED", "PASSED", "UNDEFINED"),
    ]
    assert ["expected action:7" in step.get("message", "") for step in steps].count(True) == 1


def test_rows_are_told_in_their_order(pytester: pytest.Pytester) -> None:
    """Whichever ran first: under xdist, or in random order."""
    pytester.makeconftest("def pytest_collection_modifyitems(items): items.reverse()")
    run(pytester)
    ended = [
        one["testStepFinished"]["testStepResult"] for one in messages(pytester) if "testStepFinished" in one
    ]
    failed = [at for at, step in enumerate(ended) if step["status"] == "FAILED"]

    assert failed == [4 + 5 + 3]  # after the scenario and the first row


def test_every_identifier_leads_to_what_it_names(pytester: pytest.Pytester) -> None:
    """Reports are lost in a reference that leads nowhere."""
    run(pytester)
    found = messages(pytester)
    pickles = {one["pickle"]["id"]: one["pickle"] for one in found if "pickle" in one}
    cases = {one["testCase"]["id"]: one["testCase"] for one in found if "testCase" in one}
    started = {
        one["testCaseStarted"]["id"]: one["testCaseStarted"] for one in found if "testCaseStarted" in one
    }

    assert {case["pickleId"] for case in cases.values()} == pickles.keys()
    assert {one["testCaseId"] for one in started.values()} == cases.keys()
    for case in cases.values():
        wanted = [step["id"] for step in pickles[case["pickleId"]]["steps"]]
        assert [step["pickleStepId"] for step in case["testSteps"]] == wanted
    for one in found:
        if "testStepFinished" in one:
            told = one["testStepFinished"]
            case = cases[started[told["testCaseStartedId"]]["testCaseId"]]
            assert told["testStepId"] in {step["id"] for step in case["testSteps"]}


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_the_page_of_pytest_html_tells_a_failure_in_full(
    pytester: pytest.Pytester, options: tuple[str, ...]
) -> None:
    """Expected and found, the hops, the command, the notebook as a link; nothing in it is markup."""
    pytester.makefile(".feature", one=FAILING)
    command = ("-p", "no:cacheprovider", "-W", "error", "--html", "out/report.html", "--self-contained-html")
    pytester.runpytest_subprocess(*command, *options).assert_outcomes(failed=1)
    page = (pytester.path / "out/report.html").read_text("utf-8")
    found = re.search(r'data-jsonblob="([^"]*)"', page)
    assert found is not None
    [[test]] = json.loads(unescape(found[1]))["tests"].values()

    assert "<0.1.a1234@abc.com>" not in test["log"]
    for words in (
        "expected  action:7",
        "found     action:1234",
        "again     mailsim run .mailsim/",
        "writes &lt;0.1.a1234@abc.com&gt; from a1234@abc.com to jane@client.example",
        "decides: delivered to action:1234 (action-address)",
    ):
        assert words in test["log"], words
    [link] = test["extras"]
    assert (pytester.path / "out" / link["content"]).resolve().name == "story.ipynb"
    assert (pytester.path / "out" / link["content"]).is_file()


def test_messages_tell_a_failure_in_full(pytester: pytest.Pytester) -> None:
    """What the terminal tells, at the step that failed."""
    pytester.makefile(".feature", one=FAILING)
    options = ("-p", "no:cacheprovider", "--mailsim-messages", "out/messages.ndjson")
    pytester.runpytest_inprocess(*options).assert_outcomes(failed=1)
    steps = [
        one["testStepFinished"]["testStepResult"] for one in messages(pytester) if "testStepFinished" in one
    ]

    assert [step["status"] for step in steps].count("FAILED") == 1
    for words in ("expected  action:7", "again     mailsim run", "writes <0.1.a1234@abc.com>", "notebook  "):
        assert words in steps[-1]["message"], words


def test_the_page_tells_worlds_apart(pytester: pytest.Pytester) -> None:
    """Counts of each; one mark where they agree, a named one of each where they do not; every failure under its world and row."""
    pytester.makefile(".feature", one=WORLDS)
    pytester.makeconftest(CONFTEST)
    options = (
        "-p",
        "no:cacheprovider",
        "-W",
        "error",
        "--mailsim-world",
        "both",
        "--mailsim-page",
        "page.html",
    )
    pytester.runpytest_inprocess(*options).assert_outcomes(passed=3, failed=3)
    page = Page(pytester.path / "page.html")
    told = " ".join(page.words)

    assert "of 3 scenarios in the memory world" in told
    assert "of 3 scenarios in the wire world" in told
    assert page.signs == [
        *("failed", "passed", "failed", "passed"),  # how many of each, by world
        *("failed", "failed", "failed"),  # R4.5, R4.6, and R4.7 of some rows
        *("passed (memory)", "failed (wire)", "passed", "passed (memory)", "failed (wire)"),
        *(
            "failed",
            "passed",
            "passed",
            "passed",
            "failed",
            "passed",
            "failed",
        ),  # the outline, its steps, its rows
    ]
    assert "@R4.7" in told
    for place in ("in the wire world", "in the memory world, address = a8@abc.com"):
        assert place in page.words
    assert (
        told.count("the practice has action 7") == 1
    )  # of two rules of one name the second has this background
    assert told.index("expected memory, found sockets") < told.index("strangers")


def test_the_page_counts_the_features_of_each_world(pytester: pytest.Pytester) -> None:
    """What is tagged @wire is in neither world's count, and its feature neither."""
    steps = " Scenario: One\n  Given a practice whose catch-all mailbox is matters@abc.com\n  Then nobody inside holds anything\n"
    sources = {"one": f"Feature: One\n{steps}", "two": f"@wire\nFeature: Two\n{steps}"}
    pytester.makefile(".feature", **sources)
    options = ("-p", "no:cacheprovider", "--mailsim-world", "both", "--mailsim-page", "page.html")
    pytester.runpytest_inprocess(*options)
    told = " ".join(Page(pytester.path / "page.html").words)

    assert "of 1 scenario in the memory world, in 1 feature." in told
    assert "of 1 scenario in the wire world, in 1 feature." in told
    assert "of 1 scenario, in 1 feature." in told
    assert "<span class='tag'></span>" not in (pytester.path / "page.html").read_text("utf-8")


def test_the_page_and_messages_tell_what_failed_around_the_steps(pytester: pytest.Pytester) -> None:
    """A setup, a teardown, a fault that never struck; none of them is told as passed, nor a skip as failed."""
    pytester.makefile(".feature", one=AROUND)
    pytester.makeconftest(CONFTEST)
    written = ("--mailsim-page", "out/page.html", "--mailsim-messages", "out/messages.ndjson")
    pytester.runpytest_inprocess("-p", "no:cacheprovider", *written)
    page = Page(pytester.path / "out/page.html")
    told = " ".join(page.words)
    results = [
        one["testStepFinished"]["testStepResult"] for one in messages(pytester) if "testStepFinished" in one
    ]

    assert page.signs[:2] == ["failed", "skipped"]
    assert "✗ 3 failed, - 1 skipped of 4 scenarios" in told
    for words in (
        "in the setup of the scenario:",
        "no disk",
        "in the teardown of the scenario:",
        "no way out",
        "never struck, so that this scenario proves nothing of it",
        "unconditional skip",
    ):
        assert words in told, words
    assert [step["status"] for step in results] == [
        *("FAILED", "SKIPPED"),
        *("PASSED", "FAILED"),
        *("PASSED", "PASSED", "FAILED"),
        *("SKIPPED", "SKIPPED"),
    ]
    assert "no disk" in results[0]["message"]


def test_a_scenario_that_did_not_run_is_on_the_page(pytester: pytest.Pytester) -> None:
    """Left out by a choice of tests, it stays a promise."""
    pytester.makefile(".feature", one=FEATURE)
    pytester.runpytest_inprocess("-p", "no:cacheprovider", "--mailsim-page", "page.html", "-k", "right")

    assert "Not in this run." in Page(pytester.path / "page.html").words


@pytest.mark.parametrize("option", ["--mailsim-page", "--mailsim-messages"])
def test_a_folder_is_refused_before_anything_runs(pytester: pytest.Pytester, option: str) -> None:
    """Nobody waits for a run whose report has no place."""
    pytester.makefile(".feature", one=FEATURE)
    result = pytester.runpytest_subprocess(option, ".")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {option} .: is a folder; name a file in it"])


@pytest.mark.parametrize(("choice", "status"), [("right", 4), ("wrong", 1)])
def test_a_report_that_cannot_be_written_hides_no_failure(
    pytester: pytest.Pytester, choice: str, status: int
) -> None:
    """One line after those of pytest; a run that is good but for it is not good."""
    pytester.makefile(".feature", one=FEATURE)
    (pytester.path / "file").write_text("", "utf-8")
    result = pytester.runpytest_subprocess("--mailsim-page", "file/page.html", "-k", choice)

    assert result.ret == status
    result.stdout.fnmatch_lines(["mailsim: *file*: cannot be written: *; name another file"])
    assert "Traceback" not in result.stdout.str() + result.stderr.str()
