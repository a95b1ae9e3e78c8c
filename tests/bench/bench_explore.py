"""How many of the planted bugs `mailsim explore` finds, and how fast.

    uv run python tests/bench/bench_explore.py

Each is planted in a copy of the package, and explored by a process of its own. `--seconds`, `--seed`, and words of
names to try those alone.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.explore.planting import Mutant, mutants

_SMALLER = 600
"""Seconds more than the search for making small what was found; a bug that has the world go round takes longer."""


def explored(mutant: Mutant, seconds: float, seed: int) -> dict[str, object] | None:
    """What is found of a bug; None for nothing."""
    with tempfile.TemporaryDirectory() as folder:
        packages = mutant.plant(Path(folder))
        ran = subprocess.run(
            [
                *(sys.executable, "-m", "mailsim", "explore", "--site", str(mutant.site_path), "--json"),
                *("--seconds", str(seconds), "--seed", str(seed)),
            ],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(packages)},
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds + _SMALLER,
        )
    if ran.returncode not in (0, 1):
        raise RuntimeError(f"{mutant.name}: {ran.stderr}")
    found = json.loads(ran.stdout)["found"]
    assert isinstance(found, dict | None)
    return found


def main() -> None:
    """Print a line for each, and the rate."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    chosen = [one for one in mutants() if all(word in one.name for word in options.names)]
    hits = 0
    for mutant in chosen:
        found = explored(mutant, options.seconds, options.seed)
        hits += found is not None
        told = (
            f"{found['after']:5.1f} s  {found['kind']} {found['rule']}: {found['told']}" if found else "  -"
        )
        print(f"{mutant.name:66} {told}"[:200], flush=True)
    print(f"{hits} of {len(chosen)} found within {options.seconds:g} s each")


if __name__ == "__main__":
    main()
