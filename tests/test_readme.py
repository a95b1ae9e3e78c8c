"""README claims only what works: its Python runs, its commands are the ones there are."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


def test_the_lines_of_python_print_what_their_comment_says(capsys: pytest.CaptureFixture[str]) -> None:
    """The first example a reader tries, run as it stands."""
    example, _ = blocks("python")

    exec(compile(example, "README.md", "exec"), {})

    first, *table = capsys.readouterr().out.splitlines()
    assert first == "unassigned sender-rewritten action:1234"
    assert "composed" in table[1]


def test_the_commands_told_are_the_commands_there_are() -> None:
    """No command is promised before it exists, none is forgotten."""
    from mailsim.cli import app

    told = set(re.findall(r"^\| `mailsim (\w+)", README, re.MULTILINE))

    assert told == {command.name for command in app.registered_commands}


def test_the_spec_told_passes(tmp_path: Path) -> None:
    """One file, as it stands, run by pytest alone."""
    feature, _ = blocks("gherkin")
    (tmp_path / "reply.feature").write_text(feature, "utf-8")
    assert "1 passed" in pytest_says(tmp_path)


def test_the_test_of_a_pop3_client_passes(tmp_path: Path) -> None:
    """As it stands, with nothing imported from here."""
    _, example = blocks("python")
    (tmp_path / "test_client.py").write_text(example, "utf-8")
    assert "1 passed" in pytest_says(tmp_path)


def pytest_says(folder: Path) -> str:
    """What pytest says of a folder."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "."]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout


def test_two_commands_stand_on_top() -> None:
    """One runs the main job, the other passes the tests; nothing need be done before."""
    commands = blocks("sh")[0].splitlines()

    assert [command.rpartition("uv run ")[2] for command in commands] == ["mailsim demo", "pytest"]
