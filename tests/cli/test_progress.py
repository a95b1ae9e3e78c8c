"""Progress: one line on a terminal, nothing when piped."""

import io
import sys
import time
from pathlib import Path

import pytest

from mailsim.cli import main
from mailsim.cli.progress import Progress

SCENARIO = Path(__file__).parents[2] / "fixtures" / "scenarios" / "rewritten.toml"
SHOWN = {
    "run": "4 messages, ",
    "replay": "[##############################] 100%  4 messages, ",
    "report": " events",
}


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Always."""
        return True


def shown(
    monkeypatch: pytest.MonkeyPatch,
    *,
    total: int | None,
    seconds: float,
    stderr: io.StringIO,
    results_appear: bool = False,
) -> str:
    """What is written to standard error while ten messages of a hundred octets are done, evenly in that time."""
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    monkeypatch.setattr(sys, "stderr", stderr)
    with Progress(total, results_appear=results_appear) as progress:
        for _ in range(10):
            now += seconds / 10
            progress.advance(100)
    return stderr.getvalue()


def test_short_work_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under a second."""
    assert shown(monkeypatch, total=1000, seconds=0.9, stderr=Terminal()) == ""


def test_long_work_shows_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """The line is drawn over itself, and gone at the end."""
    text = shown(monkeypatch, total=1000, seconds=10, stderr=Terminal())

    *lines, last = text.split("\r\x1b[K")[1:]
    assert lines[4] == "[###############               ]  50%  5 messages, 1 a second"
    assert last == ""


def test_without_a_total_it_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream's end is not known."""
    text = shown(monkeypatch, total=None, seconds=10, stderr=Terminal())

    assert "\r\x1b[K10 messages, 1 a second" in text


def test_slow_work_is_told_by_the_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """Below one a second, which said 0; and one is no several."""
    text = shown(monkeypatch, total=1000, seconds=100, stderr=Terminal())

    assert "  10%  1 message, 6 a minute\r" in text
    assert "  20%  2 messages, 6 a minute\r" in text


def test_lines_are_not_drawn_too_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """At most five a second."""
    text = shown(monkeypatch, total=1000, seconds=1.5, stderr=Terminal())

    assert text.count("messages") <= 3


def test_nothing_when_piped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard error is no terminal."""
    assert shown(monkeypatch, total=1000, seconds=10, stderr=io.StringIO()) == ""


@pytest.mark.parametrize("results_appear", [True, False])
def test_results_that_appear_on_the_terminal_show_how_far_it_is(
    *, results_appear: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Work that says all at its end shows its progress there too."""
    monkeypatch.setattr(sys, "stdout", Terminal())

    text = shown(monkeypatch, total=1000, seconds=10, stderr=Terminal(), results_appear=results_appear)

    assert bool(text) is not results_appear


@pytest.mark.parametrize("command", ["run", "replay", "report"])
def test_long_runs_show_how_far_they_are(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a terminal, and nothing when piped."""
    trace, page = str(tmp_path / "trace.parquet"), str(tmp_path / "page.html")
    assert main(["run", str(SCENARIO), "--out", trace]) == 0
    arguments = {
        "run": ["run", str(SCENARIO)],
        "replay": ["replay", trace],
        "report": ["report", trace, "-o", page],
    }[command]
    monkeypatch.setattr("mailsim.cli.progress._QUIET", 0)

    assert main(arguments) == 0
    assert capsys.readouterr().err == ""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    assert main(arguments) == 0
    assert SHOWN[command] in terminal.getvalue()
