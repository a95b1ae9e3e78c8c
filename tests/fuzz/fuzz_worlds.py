"""Play generated scenarios in memory and on sockets, and compare. No test of the suite: a program.

    uv run python tests/fuzz/fuzz_worlds.py --examples 500

It ends with the time that it took, at Ctrl-C too, or at the first scenario on which the worlds differ, made small and
printed.
"""

import argparse
import contextlib
import sys
import time
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings

sys.path.insert(0, str(Path(__file__).parents[2]))

from mailsim.smtp import limits
from mailsim.testing.hostile_mail import CROWD
from mailsim.testing.strategies import scenarios
from tests.laws.agreeing import assert_agree


def main() -> None:
    """Compare as many as are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--examples", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    done = 0
    limits.MOST_RECIPIENTS, limits.LINE_LIMIT = CROWD - 2, 2500  # so that small mail is too much

    @seed(options.seed)
    @settings(
        max_examples=options.examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
    )
    @given(scenarios())
    def agree(tables: dict[str, Any]) -> None:
        nonlocal done
        assert_agree(tables)
        done += 1

    begin = time.perf_counter()
    with contextlib.suppress(KeyboardInterrupt):
        agree()
    print(f"{done} scenarios, the worlds agree on each; {time.perf_counter() - begin:.0f} seconds")


if __name__ == "__main__":
    main()
