"""A failed scenario leaves a notebook that plays it: run in a kernel, it shows the story and the decision."""

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

GIVENS = """
  Given a practice whose catch-all mailbox is matters@abc.com
  And the practice has action 1234
  And a provider that rewrites foreign senders
  And jane@client.example answers every message
"""
LOOP = """
  When action 1234 writes to jane@client.example
  And all mail has arrived
  And the practice collects its mail
"""


def failed(pytester: pytest.Pytester, steps: str, *options: str) -> Path:
    """Run one scenario that fails; the notebook that its report names."""
    pytester.makefile(".feature", one=f"Feature: Mail\n Scenario: One\n{steps}")
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-W", "error", "--tb=short", *options)
    result.assert_outcomes(failed=1)
    [line] = [line for line in result.outlines if line.startswith("E   notebook  ")]
    return Path(line.removeprefix("E   notebook  "))


def shown(path: Path) -> list[str]:
    """What each of its cells shows when it runs beside its files, as text."""
    notebook: Any = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call] # nbformat is typed in part
    nbformat.validate(notebook)
    place = {"metadata": {"path": str(path.parent.resolve())}}
    NotebookClient(notebook, kernel_name="python3", timeout=60, resources=place).execute()
    told = []
    for cell in notebook.cells:
        outputs = cell.get("outputs", [])
        words = [
            one.get("text") or one["data"].get("text/html", one["data"]["text/plain"]) for one in outputs
        ]
        told.append(" ".join([*([cell.source] if cell.cell_type == "markdown" else []), *words]))
    return told


@pytest.fixture
def own_kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person's own settings and history play no part."""
    for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
        (tmp_path / name).mkdir()
        monkeypatch.setenv(name, str(tmp_path / name))


@pytest.mark.usefixtures("own_kernel")
def test_it_plays_the_scenario_and_shows_story_and_decision(pytester: pytest.Pytester) -> None:
    """Of the message that the failed step asked about; what was expected does not come there either."""
    notebook = failed(pytester, GIVENS + LOOP + "Then the reply is delivered to action 1234")
    told, played, story, decision, messages = shown(notebook)

    assert "    Then the reply is delivered to action 1234 (one.feature:" in told
    assert "    found     unassigned" in told
    assert "expect.delivered.action:1234 = 1: found 0" in played
    assert "jane@client.example" in story
    assert "sender-rewritten" in decision
    assert "unassigned" in messages


@pytest.mark.usefixtures("own_kernel")
def test_it_routes_what_was_only_routed(pytester: pytest.Pytester) -> None:
    """By the site and the message beside it."""
    fields = "| From | jane@client.example |\n| To | a99@abc.com |\n"
    steps = f"{GIVENS}When a message with these fields is routed:\n{fields}Then the message is delivered to action 7"
    _, decision, message = shown(failed(pytester, steps))

    assert "no-such-action" in decision
    assert "a99@abc.com" in message


def test_over_sockets_it_is_played_over_sockets(pytester: pytest.Pytester) -> None:
    """As is the command beside it."""
    notebook = failed(pytester, GIVENS + LOOP + "Then Unassigned holds 7 copies", "--mailsim-world", "wire")

    assert "with mailsim.Lab('scenario.toml') as world" in notebook.read_text("utf-8")


def test_what_a_feature_says_is_no_markup(pytester: pytest.Pytester) -> None:
    """A header may hold anything: it is neither HTML nor code there."""
    hostile = "# <img src=x onerror=alert(1)> `"
    steps = f'{GIVENS}When action 1234 writes to jane@client.example\nThen the letter has Subject "{hostile}"'
    notebook: Any = nbformat.read(failed(pytester, steps), as_version=4)  # type: ignore[no-untyped-call] # nbformat is typed in part
    lines = notebook.cells[0].source.splitlines()

    assert "<img src=x" in notebook.cells[0].source
    assert [line for line in lines[2:] if not re.match(r"    \S", line)] == []
