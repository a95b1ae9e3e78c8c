"""The planted bugs: each can still be planted, and some are found here; `tests/bench/bench_explore.py` tries all."""

import ast
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from mailsim.practice.site import load_site
from mailsim.study.exploration.letters import history
from mailsim.study.exploration.machine import machine
from mailsim.study.exploration.play import judge
from mailsim.study.exploration.plot import Plot
from mailsim.study.exploration.truth import Truth
from mailsim.study.explore import STEPS
from tests.explore.planting import HERE, PACKAGE, Mutant, mutants

MUTANTS = {one.name: one for one in mutants()}
SITES = sorted((HERE / "sites").glob("*.toml"))


@pytest.mark.parametrize("mutant", MUTANTS.values(), ids=MUTANTS.keys())
def test_a_bug_can_be_planted(mutant: Mutant) -> None:
    """The place for it stands once, and the code is another with it; who changes that place moves the bug along."""
    planted = mutant.source()  # raises where the place is gone

    assert ast.dump(ast.parse(planted)) != ast.dump(ast.parse((PACKAGE / mutant.file).read_text("utf-8")))
    assert mutant.site_path in SITES


_SEARCH = """
import sys
from mailsim.practice.site import load_site
from mailsim.study.explore import explore

class Enough(BaseException):
    pass

def advanced(examples, finding):
    if finding is not None or examples == int(sys.argv[2]):
        raise Enough(f"{finding.kind.value} {finding.rule}" if finding else "nothing")

try:
    explore(load_site(sys.argv[1]), seconds=3600, seed=7, advanced=advanced)
except Enough as enough:
    print(enough)
"""
_MOST = 40
"""Scenarios that are played; with this seed each bug is found within ten."""


def searched(mutant: Mutant, folder: Path) -> str:
    """The first thing that is found."""
    command = [sys.executable, "-c", _SEARCH, str(mutant.site_path), str(_MOST)]
    environment = os.environ | {"PYTHONPATH": str(mutant.plant(folder))}
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return ran.stdout.strip() or ran.stderr


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("what is collected stays at the server", "rule R4.1"),
        ("an alias reaches its first mailbox alone", "rule R3.5"),
    ],
)
def test_a_planted_bug_is_found(name: str, found: str, tmp_path: Path) -> None:
    """Of collecting and of routing, by the rule that each breaks."""
    assert searched(MUTANTS[name], tmp_path) == found


def test_what_finds_bugs_finds_nothing_without_one(tmp_path: Path) -> None:
    """The same search, in a copy into which nothing is planted."""
    one = MUTANTS["an alias reaches its first mailbox alone"]

    assert searched(one._replace(new=one.old), tmp_path) == "nothing"


@pytest.mark.parametrize(
    "path", [path for path in SITES if path.stem != "single"], ids=lambda path: path.stem
)
def test_nothing_is_found_at_a_well_set_site(path: Path) -> None:
    """Nobody is alarmed for nothing; `mailsim explore` tries many more."""
    truth = Truth(load_site(path).settings)
    site = replace(load_site(path), sent=dict(history(truth)))

    def play(plot: Plot) -> None:
        assert judge(plot, site, truth) is None

    how = settings(
        max_examples=20, stateful_step_count=STEPS, deadline=None, suppress_health_check=list(HealthCheck)
    )
    run_state_machine_as_test(machine(truth, None, play), settings=how)
