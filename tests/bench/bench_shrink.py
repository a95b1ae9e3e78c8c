"""How long `mailsim shrink` and `mailsim why` take for a reply of 40 KB with 60 header fields.

uv run python tests/bench/bench_shrink.py
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from mailsim.study.diagnosis.fields import Anatomy
from mailsim.study.diagnosis.shrink import shrink
from mailsim.study.diagnosis.why import why
from tests.study.diagnosis.large_reply import SITE, large_reply


def main() -> None:
    """Three rounds, the best of each."""
    octets = large_reply()
    explaining, shrinking = [], []
    for _ in range(3):
        start = time.perf_counter()
        why(octets, site=SITE, expect="action:1234")
        explaining.append(time.perf_counter() - start)
        start = time.perf_counter()
        found = shrink(octets, site=SITE, expect="action:1234")
        shrinking.append(time.perf_counter() - start)
    fields = len(Anatomy.of(found.message).fields)
    print(f"why --expect: {min(explaining):.3f} s")
    print(
        f"shrink: {min(shrinking):.3f} s, {len(octets):,} to {len(found.message.octets)} octets, "
        f"{fields} fields, {found.runs} candidates"
    )


if __name__ == "__main__":
    main()
