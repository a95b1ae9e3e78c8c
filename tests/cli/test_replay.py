"""`mailsim replay`: what changed, counted and for programs; nothing changes under the same settings."""

import json
from pathlib import Path

import pytest

from mailsim.cli import main

SCENARIO = Path(__file__).parents[2] / "fixtures" / "scenarios" / "rewritten.toml"


@pytest.fixture
def trace(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """A run's."""
    main(["run", str(SCENARIO), "--out", str(tmp_path / "trace.parquet")])
    capsys.readouterr()
    return str(tmp_path / "trace.parquet")


def test_nothing_changes(trace: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Status 0."""
    assert main(["replay", trace]) == 0
    assert "0 of " in capsys.readouterr().out


def test_what_changes_is_counted(trace: str, capsys: pytest.CaptureFixture[str]) -> None:
    """From outcome to outcome, with the reasons; status 1, as diff."""
    assert main(["replay", trace, "--provider", "postfix"]) == 1
    told = " ".join(capsys.readouterr().out.split())

    assert "unassigned sender-rewritten delivered action-address 1 <" in told
    assert "Misrouted: 1 of 2 for an action before, 0 after." in told


def test_for_programs(trace: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One object a message that changed."""
    assert main(["replay", trace, "--provider", "m365", "--json"]) == 1
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    assert rows
    assert all(row["changed"] for row in rows)
    assert "not written" in {row["outcome_after"] for row in rows}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [(["--provider", "gmial"], "gmial"), (["--site", "nowhere.toml"], "nowhere.toml: cannot be read")],
)
def test_bad_input_is_one_line(
    trace: str, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    """Status 2."""
    assert main(["replay", trace, *arguments]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert len(error.splitlines()) == 1
