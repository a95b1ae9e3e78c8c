"""How many mutants that unit tests kill the features kill alone.

    uv run python -m tests.mutation [--sample 300] [--seed 7] [--jobs 2] [MODULE...]

Small changes are made to the practice's routing, composing, directory and settings, and to the provider's policy (or to
the modules named, such as `practice/routing.py`). On each run, until one fails, first the tests of these rooms, then the
features in memory. Printed are the mutants that the tests kill and the features do not, and last the counts: the share that
features kill of those that the tests kill should be at least 90 %. What both let live is seldom a fault: most of it changes
nothing that can be seen.
"""

import argparse
import random
import time
from collections.abc import Sequence
from pathlib import Path

from tests.mutation.trial import all_mutants, killed

ROOT = Path(__file__).resolve().parents[2]
MODULES = (
    "practice/composing.py",
    "practice/clashes.py",
    "practice/directory.py",
    "practice/duplicates.py",
    "practice/forwarding.py",
    "practice/recipients.py",
    "practice/resolvers.py",
    "practice/routing.py",
    "practice/server_address.py",
    "practice/settings.py",
    "provider/mailhost.py",
    "provider/policy.py",
    "provider/rewriting.py",
)
UNIT_TESTS = ("tests/practice", "tests/provider", "--hypothesis-profile=mutation")
FEATURES = ("features", "-m", "not wire", "--mailsim-world=memory")


def main(modules: Sequence[str], sample: int | None, seed: int, jobs: int) -> None:
    """Try the mutants, and print what came of them."""
    paths = [ROOT / "mailsim" / name for name in modules]
    every = all_mutants(paths)
    serials = sorted(random.Random(seed).sample(range(len(every)), min(sample or len(every), len(every))))
    print(f"{len(serials)} of {len(every)} mutants of {len(paths)} modules")
    started = time.monotonic()
    by_tests = killed(paths, serials, UNIT_TESTS, jobs=jobs)
    by_features = killed(paths, serials, FEATURES, jobs=jobs)
    for serial in serials:
        if by_tests[serial] and not by_features[serial]:
            print(f"left to the unit tests: {every[serial]}")
    both = sum(by_tests[serial] and by_features[serial] for serial in serials)
    tested, featured = sum(by_tests.values()), sum(by_features.values())
    print(
        f"unit tests kill {tested}, features {featured}, of all {len(serials)} in {time.monotonic() - started:.0f} s"
    )
    print(f"of those that unit tests kill features kill {both}: {both / max(tested, 1):.1%}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__.partition("\n")[0])
    parser.add_argument("module", nargs="*", default=MODULES, help="a path below mailsim/")
    parser.add_argument("--sample", type=int, help="how many mutants; all without it")
    parser.add_argument("--seed", type=int, default=7, help="of the sample")
    parser.add_argument("--jobs", type=int, default=2, help="mutants tried at a time")
    given = parser.parse_args()
    main(given.module, given.sample, given.seed, given.jobs)
