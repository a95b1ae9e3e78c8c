"""Kill collectors and see what is left of the mail.

As a program: `python -m tests.crash.killing [N]` kills at every step and at N random moments (500), and counts.
"""

import multiprocessing
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from mailsim.pop3.embedded import Pop3Server
from mailsim.practice.store import Store
from tests.crash.collecting import PASSWORD, USER, collect, collect_and_die

COUNT = 14
CHILDREN = multiprocessing.get_context("forkserver")
CHILDREN.set_forkserver_preload(["tests.crash.collecting", "mailsim.pop3.sessions", "encodings.idna"])


def letter(number: int, to: str) -> bytes:
    head = f"Delivered-To: {to}\r\nFrom: jane@client.example\r\nMessage-ID: <{number}@client.example>\r\n\r\n"
    return head.encode() + b"%d\r\n" % number * 300


LETTERS = tuple(letter(n, ("a1234@abc.com", "sales@abc.com", "x@abc.com")[n % 3]) for n in range(COUNT))
UNREADABLE = tuple(b"no header %d\r\n\r\n" % number for number in range(2))
SECOND_COPY = letter(0, "a1234@abc.com, sales@abc.com")  # of the first letter, for two mailboxes more
MAIL = (*LETTERS[:7], *UNREADABLE, LETTERS[3], *LETTERS[7:], SECOND_COPY)


@dataclass
class Tally:
    """How many collectors were killed, where, and what it came to."""

    killed: Counter[str] = field(default_factory=Counter)
    finished: int = 0
    longest: float = 0.0  # seconds from the first step to the end
    lost: int = 0
    doubled: int = 0


def holdings(path: Path) -> Counter[tuple[str, bytes]]:
    """What every target holds, and what waits to be forwarded, with how often."""
    with Store(path) as store:
        held = Counter(
            (target, message.octets) for target in store.targets() for message in store.messages(target)
        )
        held.update(
            ("to forward", one.message.message_id.encode())
            for one in store.forwards()
            if one.message.message_id
        )
    return held


def recover(server: Pop3Server, path: Path) -> None:
    """Collect as the next run would, once the server has noticed that the last one is gone."""
    gives_up = time.monotonic() + 20
    while (broken := collect(server.port, path).broken) is not None:
        assert getattr(broken, "code", None) == "IN-USE", broken
        assert time.monotonic() < gives_up, broken


def expected() -> Counter[tuple[str, bytes]]:
    """What a collector that nobody kills comes to."""
    with tempfile.TemporaryDirectory() as folder, Pop3Server({USER: (PASSWORD, MAIL)}) as server:
        path = Path(folder) / "store.sqlite"
        recover(server, path)
        return holdings(path)


def kill_at(last: int, seconds: float | None, tally: Tally, wanted: Counter[tuple[str, bytes]]) -> int:
    """Kill one collector, let another finish, and hold what is there to what should be; the steps it took, or 0."""
    with tempfile.TemporaryDirectory() as folder, Pop3Server({USER: (PASSWORD, MAIL)}) as server:
        path = Path(folder) / "store.sqlite"
        ours, theirs = CHILDREN.Pipe(duplex=False)
        with ours, theirs:
            child = CHILDREN.Process(target=collect_and_die, args=(server.port, path, last, theirs))
            child.start()
            ours.recv_bytes()
            begun = time.monotonic()
        child.join(seconds)
        child.kill()
        child.join()
        steps = path.with_suffix(".steps")
        finished = int((steps.exists() and steps.read_text()) or 0)  # it may be killed while it writes this
        if finished:
            tally.finished += 1
            tally.longest = max(tally.longest, time.monotonic() - begun)
        else:
            before = sum(holdings(path).values()) if path.exists() else 0
            left = len(server.messages(USER))
            tally.killed["nothing kept" if not before else "some kept" if left else "all deleted"] += 1
        recover(server, path)
        found = holdings(path)
        tally.lost += (wanted - found).total() + len(server.messages(USER))
        tally.doubled += (found - wanted).total()
    return finished


def kill_at_every_step(tally: Tally) -> int:
    """Kill at each step there is; how many there are."""
    wanted = expected()
    steps = kill_at(0, None, Tally(), wanted)
    for step in range(1, steps + 1):
        kill_at(step, None, tally, wanted)
    return steps


def kill_at_random(count: int, tally: Tally, seed: int = 7) -> None:
    """Kill at random moments of the time that collecting takes."""
    wanted = expected()
    unharmed = Tally()
    kill_at(0, None, unharmed, wanted)
    chance = random.Random(seed)
    for _ in range(count):
        kill_at(0, chance.uniform(0, unharmed.longest), tally, wanted)


def main() -> None:
    """Kill, and say what it came to."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    at_steps, at_random = Tally(), Tally()
    steps = kill_at_every_step(at_steps)
    sys.stdout.write(f"{steps} steps: {at_steps}\n")
    kill_at_random(count, at_random)
    sys.stdout.write(f"{count} random moments: {at_random}\n")


if __name__ == "__main__":
    main()
