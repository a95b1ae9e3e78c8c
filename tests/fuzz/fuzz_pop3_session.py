"""Fuzz the POP3 session machine, with faults and without. No test of the suite: a program.

    python tests/fuzz/fuzz_pop3_session.py --seconds 900 --seed 1

The corpus is the clients' lines in fixtures/dialogues, and fixtures/fuzz/pop3.txt; they are mixed, cut, repeated and
spoilt. Laws: no octets raise; whole, cut anywhere and octet by octet give the same effects; a server's word begins
with +OK, -ERR or `+ `; there is at most one Remove, and only after a login. A breach ends the program with the input.
"""

import argparse
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from mailsim.pop3.conduct import Conduct
from mailsim.pop3.effects import Authenticate, Remove
from mailsim.pop3.fault_kinds import KINDS
from mailsim.pop3.quirks import QUIRKS, with_quirks
from tests.pop3.driving import bytewise, cut, drive, sent

SOUND = {
    "drop",
    "half-close",
    "stall",
    "slow",
    "vanish",
    "arrive",
    "ignore-deletes",
    "eager-delete",
    "refuse",
    "locked",
}
"""The faults that leave words whole, or cut them off."""


def corpus() -> list[bytes]:
    """Every line that a client says in the dialogues, and the odd ones, each once."""
    lines = {
        line.partition(": ")[2].encode() + b"\r\n"
        for path in sorted((ROOT / "fixtures" / "dialogues").glob("*.txt"))
        for line in path.read_text("utf-8").splitlines()
        if line.startswith("C")
    }
    odd = (ROOT / "fixtures" / "fuzz" / "pop3.txt").read_text("utf-8").splitlines()
    return sorted(lines | {line.encode().decode("unicode_escape").encode("latin-1") for line in odd})


def turns(chance: random.Random, lines: Sequence[bytes]) -> list[bytes]:
    """Some turns of conversation, most of them in good order."""
    return [turn(chance, lines) for _ in range(chance.choice((1, 1, 2, 3)))]


def turn(chance: random.Random, lines: Sequence[bytes]) -> bytes:
    """Lines of the corpus in any order, some of them spoilt, behind a login or none."""
    octets = bytearray(
        chance.choice((b"", b"", b"USER alice\r\nPASS secret\r\n", b"AUTH PLAIN AGFsaWNlAHNlY3JldA==\r\n"))
    )
    for _ in range(chance.randrange(12)):
        octets += chance.choice(lines)
    for _ in range(chance.choice((0, 0, 1, 3))):
        spoil(chance, octets)
    return bytes(octets)


def spoil(chance: random.Random, octets: bytearray) -> None:
    """Change octets somewhere."""
    at = chance.randrange(len(octets) + 1)
    match chance.randrange(5):
        case 0:
            octets[at : at + chance.randrange(9)] = chance.randbytes(chance.randrange(9))
        case 1:
            del octets[at : at + chance.randrange(20)]
        case 2:
            octets[at:at] = chance.choice((b"\r\n", b"\n", b"\r", b"\0", b" ", b"=", b"*"))
        case 3:
            octets[at:at] = b"x" * chance.choice((250, 300, 12_000, 13_000))
        case _:
            octets[at:at] = octets[: chance.randrange(200)]


def breach(conduct: Conduct, said: Sequence[bytes], faults: Sequence[str], places: Sequence[int]) -> str:
    """The law that these break; empty when they keep all."""
    whole = drive(conduct, [[octets] for octets in said], faults)
    if drive(conduct, [cut(octets, places) for octets in said], faults) != whole:
        return "cut elsewhere, the effects are others"
    if sum(map(len, said)) < 1500 and drive(conduct, [bytewise(octets) for octets in said], faults) != whole:
        return "octet by octet, the effects are others"
    kinds = [type(effect) for effect in whole]
    if kinds.count(Remove) > 1 or (Remove in kinds and Authenticate not in kinds[: kinds.index(Remove)]):
        # a fault may refuse the Authenticate, but then there is no Remove
        return "a Remove too many"
    answer = sent(whole)
    if all(fault.split(":", 3)[3].split("@")[0].split()[0] in SOUND for fault in faults) and answer:
        return "" if answer.startswith((b"+", b"-")) else "not a word of POP3"
    return ""


def main() -> int:
    """Fuzz for so long; the number of conversations, or the one that broke a law."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    lines = corpus()
    examples = [example for kind in KINDS.values() for example in kind.examples]
    ends = time.monotonic() + options.seconds
    played = octets = 0
    while time.monotonic() < ends:
        quirks = chance.sample(sorted(QUIRKS), chance.randrange(3))
        base = Conduct(utf8=True, stls=chance.random() < 0.5, failed_logins=chance.choice((1, 3, 10)))
        said = turns(chance, lines)
        faults = chance.sample(examples, chance.choice((0, 0, 1, 2, 3)))
        places = [chance.randrange(600) for _ in range(chance.randrange(8))]
        broken = breach(with_quirks(base, quirks), said, faults, places)
        if broken:
            sys.stdout.write(
                f"{broken}: quirks {quirks}, {base}, faults {faults}, places {places}\n{said!r}\n"
            )
            return 1
        played += 1
        octets += sum(map(len, said))
    sys.stdout.write(f"{played} conversations, {octets} octets, every law kept (seed {options.seed})\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
