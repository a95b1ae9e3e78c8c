"""What every test run says at its end, and an address where nobody listens."""

import socket
from collections.abc import Iterator

import pytest
from hypothesis import settings

# A law is about what comes out; how long it takes says only how busy the machine is.
settings.register_profile("law", deadline=None)
settings.load_profile("law")
# For mutation testing: few examples and always the same, since a mutant costs a run of the tests that reach it.
settings.register_profile("mutation", max_examples=20, derandomize=True, deadline=None, database=None)


@pytest.fixture
def nobody() -> Iterator[tuple[str, int]]:
    """A host and port that are taken, so that nobody else can listen there, and where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        host, port = taken.getsockname()
        yield host, port


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
