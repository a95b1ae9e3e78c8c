"""Tables on standard output are as wide as the terminal."""

import sys

import pytest

from mailsim.cli.table import terminal_width


def test_the_width_is_that_of_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Piped output is not cut."""
    monkeypatch.setenv("COLUMNS", "93")

    assert terminal_width() is None
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert terminal_width() == 93
