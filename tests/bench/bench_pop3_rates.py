"""How fast our POP3 server goes beside Twisted's: 2,000 messages of 5 KB from memory over loopback, nothing kept.

Run as a program: `python -m tests.bench.bench_pop3_rates PYTHON [ROUNDS]`, where PYTHON is that of an environment with
Twisted (`python -m venv there; there/bin/pip install 'twisted>=24'`). Each server runs in a process of its own, the
readers here, interleaved; shown are medians, and their ratio to ours. The status is 1 when ours is not five times as
fast as Twisted as it comes, to any reader.

Twisted as it comes sends an answer in two writes, so that a reader that awaits each answer waits some 40 ms for its own
delayed acknowledgement; it is measured once. With TCP_NODELAY it does not wait: that is the rate of its code, shown but
not judged, for poplib and the plain reader then take much of the time themselves.
"""

import poplib
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tests.bench.bench_pop3 import COUNT, MESSAGE

HERE = Path(__file__).parent
WANTED = 5
"""How many times Twisted's rate ours is to be at least."""
OURS, TWISTED, PROMPT = "ours", "Twisted as it comes", "Twisted, TCP_NODELAY"


def main() -> None:
    """Measure and print."""
    python, rounds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 5
    twisted = [python, str(HERE / "twisted_pop3.py"), str(COUNT), str(len(LINES))]
    servers = {
        OURS: [sys.executable, str(HERE / "bench_pop3.py"), "--serve"],
        PROMPT: [*twisted, "--nodelay"],
        TWISTED: twisted,
    }
    seconds: dict[tuple[str, str], list[float]] = {}
    for turn in range(rounds):
        for server, command in servers.items():
            for reader, read in READERS.items():
                if server != TWISTED or not turn:
                    with _running(command) as port:
                        seconds.setdefault((reader, server), []).append(_timed(read, port))
    medians = {which: statistics.median(taken) for which, taken in seconds.items()}
    for (reader, server), taken in sorted(medians.items()):
        ratio = taken / medians[reader, OURS]
        print(
            f"{reader:20} {server:24} {taken:7.3f} s {COUNT / taken:8,.0f} a second  {ratio:6.1f} times ours"
        )
    sys.exit(any(medians[reader, TWISTED] < WANTED * medians[reader, OURS] for reader in READERS))


LINES = MESSAGE.replace(b"\r\n", b"\n")


@contextmanager
def _running(command: Sequence[str]) -> Iterator[int]:
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(LINES)  # ours reads to the end of it only
        process.stdin.flush()
        yield int(process.stdout.readline().split()[0])
        process.stdin.close()
        process.wait(20)


def _timed(read: Callable[[int], None], port: int) -> float:
    started = time.perf_counter()
    read(port)
    return time.perf_counter() - started


def _read(port: int, *, at_once: int) -> None:
    """RETR by so many; looks for nothing but the ends of messages: there is no dot in them."""
    with socket.create_connection(("127.0.0.1", port)) as client, client.makefile("rb") as lines:
        lines.readline()
        for command in (b"USER alice\r\n", b"PASS secret\r\n"):
            client.sendall(command)
            assert lines.readline().startswith(b"+OK")
        for first in range(1, COUNT + 1, at_once):
            numbers = range(first, min(first + at_once, COUNT + 1))
            client.sendall(b"".join(b"RETR %d\r\n" % number for number in numbers))
            missing, end = len(numbers), b""
            while missing:
                octets = end + client.recv(2**18)
                missing -= octets.count(b"\r\n.\r\n")
                end = octets[-4:]
        client.sendall(b"QUIT\r\n")
        assert lines.readline().startswith(b"+OK")


def _poplib(port: int) -> None:
    client = poplib.POP3("127.0.0.1", port)
    client.user("alice")
    client.pass_("secret")
    for number in range(1, COUNT + 1):
        assert client.retr(number)[2] == len(MESSAGE)
    client.quit()


READERS: dict[str, Callable[[int], None]] = {
    "RETR by 64": partial(_read, at_once=64),
    "RETR one at a time": partial(_read, at_once=1),
    "poplib": _poplib,
}

if __name__ == "__main__":
    main()
