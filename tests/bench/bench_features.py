"""What a scenario costs: 1,000 whole loops in memory, some over sockets, beside as many whose steps do nothing.

    uv run python tests/bench/bench_features.py [SCENARIOS]

The last is what pytest and pytest-bdd themselves cost. Each run is a process of its own; `-n 2` is pytest-xdist. Seconds
by the clock are pytest's; processor time has its start too, and says more where other programs run beside.
"""

import re
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

LOOP = """
Feature: Replies find their action
  Scenario Outline: A reply
    Given a practice whose catch-all mailbox is matters@abc.com
    And the practice has action <action>
    And a provider that rewrites foreign senders
    And the practice puts the action address in Reply-To
    And jane@client.example answers every message
    When action <action> writes to jane@client.example
    And all mail has arrived
    And the practice collects its mail
    Then the reply is delivered to action <action>
    And nothing is lost

    Examples:
      | action |
"""
BARE = re.sub(r"(Given|And|When|Then) .*", r"\1 nothing is done for <action>", LOOP)
PYTHON = (
    "from pytest_bdd import given, parsers, then, when\n"
    "@given(parsers.parse('nothing is done for {n}'))\n@when(parsers.parse('nothing is done for {n}'))\n"
    "@then(parsers.parse('nothing is done for {n}'))\ndef _(n): pass\n"
)


def run(feature: str, scenarios: int, *options: str) -> tuple[float, float]:
    """Seconds that pytest says it took, and of processors."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = "".join(f"      | {number} |\n" for number in range(1, scenarios + 1))
        (folder / "loops.feature").write_text(feature + rows, "utf-8")
        (folder / "conftest.py").write_text(PYTHON, "utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    said = re.search(rf"{scenarios} passed in ([\d.]+)s", done.stdout)
    assert said, done.stdout[-1000:]
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return float(said[1]), after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main(scenarios: int) -> None:
    """Print a line for each way."""
    few = max(scenarios // 10, 1)
    for label, feature, number, options in (
        ("steps that do nothing", BARE, scenarios, ()),
        ("in memory", LOOP, scenarios, ("--mailsim-world=memory",)),
        ("in memory, -n 2", LOOP, scenarios, ("--mailsim-world=memory", "-n", "2")),
        ("over sockets", LOOP, few, ("--mailsim-world=wire",)),
    ):
        seconds, busy = run(feature, number, *options)
        each = f"{1000 * seconds / number:7.2f} ms each, {1000 * busy / number:7.2f} ms of processor time"
        print(f"{label:<24} {number:>6} scenarios {seconds:7.2f} s {each}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 1000)
