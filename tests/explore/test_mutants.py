"""The planted bugs: each can still be planted, and some are found here; `tests/bench/bench_explore.py` tries all."""

import ast
import os
import subprocess
import sys
import tomllib
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
from mailsim.world.conservation import ConservationError
from mailsim.world.expectation import ExpectationError
from mailsim.world.scenario import read_scenario
from mailsim.world.simulation import Simulation
from tests.explore.planting import HERE, PACKAGE, Mutant, mutants

MUTANTS = {one.name: one for one in mutants()}
SITES = sorted((HERE / "sites").glob("*.toml"))


@pytest.mark.parametrize("mutant", MUTANTS.values(), ids=MUTANTS.keys())
def test_a_bug_can_be_planted(mutant: Mutant) -> None:
    """The place for it stands once, and the code is another with it; who changes that place moves the bug along."""
    planted = mutant.source()  # raises where the place is gone

    assert ast.dump(ast.parse(planted)) != ast.dump(ast.parse((PACKAGE / mutant.file).read_text("utf-8")))
    assert mutant.site_path in SITES


@pytest.mark.parametrize(
    "name",
    [
        "what is collected stays at the server",
        "an alias reaches its first mailbox alone",
        "the envelope header names the mailbox, not the recipient",
    ],
)
def test_a_planted_bug_is_found(name: str, tmp_path: Path) -> None:
    """Of collecting, of routing and of the provider: told on standard output as a scenario, with status 1."""
    mutant = MUTANTS[name]
    mutant.plant(tmp_path)
    command = [sys.executable, "-m", "mailsim", "explore", "--site", str(mutant.site_path), "--seconds", "60"]
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    assert (ran.returncode, ran.stderr) == (1, "")
    with Simulation(read_scenario(tomllib.loads(ran.stdout))) as world:  # the code without the bug
        try:
            world.run()
        except (ConservationError, ExpectationError) as error:
            pytest.fail(f"what was found is no bug of the mutant's: {error}")


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
