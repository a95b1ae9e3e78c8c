"""What every test run says at its end."""

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was left out, and how to run it."""
    left_out = [
        item for item in terminalreporter.stats.get("deselected", ()) if item.get_closest_marker("peers")
    ]
    if left_out:
        terminalreporter.write_line(
            f"{len(left_out)} tests were left out: they need real peers from system packages; "
            "`bash .ci/run` installs these and runs them, or `pytest -m peers` where they are installed"
        )
