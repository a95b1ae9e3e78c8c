"""How fast POP3 goes here: 2,000 messages of 5 KB over loopback, ours beside Dovecot's, and what one server bears.

Run as a program: `python tests/bench/bench_pop3.py [--tls] [--dovecot] [--limits]`. The server runs in a process of
its own, so that neither side is paid for by the other. Every measure is taken seven times, interleaved; the best is
shown. `--dovecot` reads the same mail from a Dovecot too (its packages must be installed), for the ratio; `--tls`
does all over TLS, and reads from our server over asyncio's own TLS too, for the ratio to ours; `--limits` measures
many sessions, a large maildrop, a large message beside small ones, and memory.
"""

import asyncio
import poplib
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from itertools import product
from pathlib import Path

import trustme

sys.path.insert(0, str(Path(__file__).parents[2]))

from mailsim.pop3.collection import Retrieved
from mailsim.pop3.collector import collect
from mailsim.pop3.connection import Connection
from mailsim.pop3.embedded import Pop3Server
from mailsim.pop3.maildrops import Maildrops
from mailsim.pop3.service import Service

COUNT = 2000
MESSAGE = b"Subject: bench\r\nFrom: a@a.example\r\n\r\n" + (b"x" * 70 + b"\r\n") * 69
ROUNDS = 7

Place = tuple[str, int, ssl.SSLContext | None]


def main() -> None:
    """Measure and print."""
    tls = "--tls" in sys.argv
    if "--serve" in sys.argv:
        _serve(tls=tls)
        return
    if "--serve-asyncio-tls" in sys.argv:
        asyncio.run(_serve_asyncio_tls())
        return
    if "--limits" in sys.argv:
        measure_limits()
        return
    rivals = _rivals(tls=tls)
    best: dict[str, float] = {}
    for _ in range(ROUNDS):
        for name, run in RUNS.items():
            with _server("--serve", *(["--tls"] if tls else [])) as place:
                _time(best, name, run, place)
            for rival, serve in rivals.items() if name in READING else ():
                with serve() as place:
                    _time(best, f"{name}, {rival}", run, place)
    for name, seconds in best.items():
        sys.stdout.write(f"{name:42} {seconds:6.3f} s {COUNT / seconds:9.0f} messages/s\n")
    for name, rival in product(READING, rivals):
        sys.stdout.write(f"{name}: {rival} takes {best[f'{name}, {rival}'] / best[name]:.1f} times as long\n")


def _rivals(*, tls: bool) -> dict[str, Callable[[], AbstractContextManager[Place]]]:
    """The other servers that are read from."""
    rivals: dict[str, Callable[[], AbstractContextManager[Place]]] = {}
    if "--dovecot" in sys.argv:
        rivals["Dovecot"] = partial(_dovecot, tls=tls)
    if tls:
        rivals["asyncio's own TLS"] = partial(_server, "--serve-asyncio-tls")
    return rivals


def _time(best: dict[str, float], name: str, run: Callable[[Place], None], place: Place) -> None:
    started = time.perf_counter()
    run(place)
    best[name] = min(best.get(name, 1e9), time.perf_counter() - started)


@contextmanager
def _dovecot(*, tls: bool) -> Iterator[Place]:
    from tests.interop.dovecot import Dovecot

    with Dovecot({"alice": ("secret", [MESSAGE] * COUNT)}) as server:
        client = poplib.POP3(server.host, server.port)
        client.user("alice")
        client.pass_("secret")
        client.stat()  # its index is made now, not in the measure
        client.quit()
        context = ssl.create_default_context(cafile=server.ca) if tls else None
        yield server.host, server.tls_port if tls else server.port, context


def _serve(*, tls: bool) -> None:
    maildrops = {"alice": ("secret", [MESSAGE] * COUNT)}
    with Pop3Server(maildrops, tls="implicit" if tls else "none") as server:
        sys.stdout.write(f"{server.port} {server.ca}\n")
        sys.stdout.flush()
        sys.stdin.read()


async def _serve_asyncio_tls() -> None:
    """Our server, but TLS is the transport's, as `create_server(ssl=...)` makes it."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    service = Service(Maildrops({"alice": ("secret", [MESSAGE] * COUNT)}))
    loop = asyncio.get_running_loop()
    with authority.cert_pem.tempfile() as ca:
        server = await loop.create_server(
            lambda: Connection(service, set(), asyncio.Event()), "127.0.0.1", 0, ssl=context
        )
        sys.stdout.write(f"{server.sockets[0].getsockname()[1]} {ca}\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)
        server.close()


@contextmanager
def _server(*options: str) -> Iterator[Place]:
    command = [sys.executable, str(Path(__file__)), *options]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port, ca = process.stdout.readline().split()
        context = None if ca == "None" else ssl.create_default_context(cafile=ca)
        yield "127.0.0.1", int(port), context
        process.communicate("")


def _poplib(place: Place, *, delete: bool) -> None:
    host, port, tls = place
    client = poplib.POP3(host, port) if tls is None else poplib.POP3_SSL(host, port, context=tls)
    client.user("alice")
    client.pass_("secret")
    for number in range(1, COUNT + 1):
        assert client.retr(number)[2] == len(MESSAGE)
    if delete:
        for number in range(1, COUNT + 1):
            client.dele(number)
    client.quit()


def _collect(place: Place) -> None:
    host, port, tls = place

    def keep(batch: Sequence[Retrieved]) -> None:
        assert all(one.octets == MESSAGE for one in batch)

    done = asyncio.run(collect(host, port, username="alice", password="secret", tls=tls, keep=keep))
    assert done.deleted == COUNT


async def _read_raw(place: Place) -> None:
    """Pipeline RETR by 64 and look at nothing but the number of octets: the server's rate."""
    host, port, tls = place
    reader, writer = await asyncio.open_connection(host, port, ssl=tls, limit=2**20)
    await reader.readline()
    writer.write(b"USER alice\r\nPASS secret\r\n")
    await reader.readline()
    await reader.readline()
    answer = len(b"+OK %d octets\r\n" % len(MESSAGE)) + len(MESSAGE) + len(b".\r\n")
    for first in range(1, COUNT + 1, 64):
        numbers = range(first, min(first + 64, COUNT + 1))
        writer.write(b"".join(b"RETR %d\r\n" % number for number in numbers))
        left = answer * len(numbers)
        while left:
            left -= len(await reader.read(min(left, 2**18)))
    writer.write(b"QUIT\r\n")
    await reader.read()
    writer.close()
    await writer.wait_closed()


RUNS: dict[str, Callable[[Place], None]] = {
    "poplib, RETR": lambda place: _poplib(place, delete=False),
    "poplib, RETR and DELE": lambda place: _poplib(place, delete=True),
    "raw reader, RETR by 64": lambda place: asyncio.run(_read_raw(place)),
    "collector, RETR, keep, DELE": _collect,
}

READING = ("poplib, RETR", "raw reader, RETR by 64")


def measure_limits() -> None:
    """Print how long the longest wait is beside a large message, what a large maildrop and an idle session take."""
    from tests.bench.bench_pop3_limits import LIMITS

    for name, measure in LIMITS.items():
        sys.stdout.write(f"{name:60} {measure()}\n")


if __name__ == "__main__":
    main()
