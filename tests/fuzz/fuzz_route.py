"""Fuzz `Site.route`, guided by coverage, for so many seconds. No test of the suite: a program.

    uv run --group fuzz python tests/fuzz/fuzz_route.py --seconds 900

An input is four octets of control and a message: which site, where a piece of the message begins (two octets), how long
the piece is. A message with a piece is also routed with it repeated, so that slow reading shows. It ends with the number
of runs, or at the first breach of the law of `routing_law.py`, whose input it leaves in a file and names.
`--corpus DIR` keeps what reached new code, and goes on from there.
"""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import atheris

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

with atheris.instrument_imports(include=["mailsim"]):
    from tests.fuzz import routing_law

_CONTROL = 4
_NO_PIECE = 240  # up to this length there is none: most messages are routed as they are, quickly


def one_input(data: bytes) -> None:
    """One message in one site, and once more with a piece of it repeated."""
    if len(data) < _CONTROL:
        return
    sites = routing_law.sites()
    site, octets = sites[data[0] % len(sites)], data[_CONTROL:]
    routing_law.check(octets, site)
    length = data[3] - _NO_PIECE
    if length > 0 and octets:
        routing_law.check_cost(octets, int.from_bytes(data[1:3], "big") % len(octets), length, site)


def main() -> None:
    """Writes the seeds for each site beside the corpus and fuzzes until the time is up; never returns."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--corpus", type=Path)
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        seeds = Path(folder, "seeds")
        found = options.corpus or Path(folder, "found")
        for place in (seeds, found):
            place.mkdir(parents=True, exist_ok=True)
        for number, octets in enumerate(routing_law.seeds()):
            for site in range(len(routing_law.sites())):
                control = bytes([site, 0, 0, 0])
                Path(seeds, f"{number}-{site}").write_bytes(control + octets)
        arguments = [
            sys.argv[0],
            f"-max_total_time={options.seconds}",
            f"-seed={options.seed}",
            "-max_len=4096",
            "-timeout=30",
            f"-dict={routing_law.FIXTURES / 'corpus' / 'routing.dict'}",
            "-print_final_stats=1",
            str(found),
            str(seeds),
        ]
        atheris.Setup(arguments, one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
