"""What one POP3 server bears: measures for `bench_pop3.py --limits`, each with the server in another process."""

import asyncio
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

MEGABYTE = 1024 * 1024
SESSIONS = 200

MAIL = {
    "large": """{"large": ("x", [(b"." + b"z" * 70 + b"\\r\\n") * 280_000]), "small": ("x", [b"x" * 100])}""",
    "many": """{"many": ("x", [b"Subject: x\\r\\n\\r\\nx\\r\\n"] * 100_000), "small": ("x", [b"x" * 100])}""",
    "users": """{f"u{n}": ("x", [b"x" * 4998 + b"\\r\\n"] * 50) for n in range(200)}""",
}


@contextmanager
def server(mail: str, tls: str = "none") -> Iterator[tuple[int, int]]:
    """A server's port and process id."""
    program = (
        "import sys; from mailsim.pop3.embedded import Pop3Server\n"
        f"with Pop3Server({MAIL[mail]}, tls={tls!r}) as server:\n"
        "    print(server.port, flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline()), process.pid
        process.communicate(b"")


async def login(port: int, user: str, tls: str = "none") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A session in TRANSACTION."""
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port, limit=MEGABYTE, ssl=trusting if tls == "implicit" else None
    )
    await reader.readline()
    if tls == "stls":
        writer.write(b"STLS\r\n")
        await reader.readline()
        await writer.start_tls(trusting)
    writer.write(f"USER {user}\r\nPASS x\r\n".encode())
    for _ in range(2):
        await reader.readline()
    return reader, writer


def longest_wait(mail: str, user: str, command: str) -> str:
    """NOOP after NOOP of one session, while another has one command answered."""
    # a process of its own reads the answer, so that this one measures the server and not itself
    script = (
        "import socket, sys; s = socket.create_connection(('127.0.0.1', int(sys.argv[1])));"
        f"s.sendall(b'USER {user}\\r\\nPASS x\\r\\n{command}\\r\\nQUIT\\r\\n')\n"
        "while s.recv(1 << 20): pass"
    )

    async def main(port: int) -> tuple[float, float]:
        reader, writer = await login(port, "small")
        waits = []

        async def beat() -> None:
            while True:
                began = time.perf_counter()
                writer.write(b"NOOP\r\n")
                await reader.readline()
                waits.append(time.perf_counter() - began)

        beating = asyncio.create_task(beat())
        began = time.perf_counter()
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", script, str(port))
        await process.wait()
        took = time.perf_counter() - began
        beating.cancel()
        return max(waits), took

    with server(mail) as (port, _):
        wait, took = asyncio.run(main(port))
    return f"{wait * 1000:.1f} ms (all done in {took:.2f} s)"


def opening_a_hundred_thousand() -> str:
    """USER and PASS, then STAT, LIST and UIDL."""

    async def main(port: int) -> str:
        began = time.perf_counter()
        reader, writer = await login(port, "many")
        opened = time.perf_counter() - began
        writer.write(b"LIST\r\n")
        received = b""
        while not received.endswith(b"\r\n.\r\n"):
            received += await reader.read(MEGABYTE)
        return f"{opened * 1000:.0f} ms (LIST in {(time.perf_counter() - began - opened) * 1000:.0f} ms)"

    with server("many") as (port, _):
        return asyncio.run(main(port))


def two_hundred_sessions() -> str:
    """Each retrieves 50 messages of 5 KB; the first to be done, and the last."""

    async def one(port: int, number: int, began: float) -> float:
        reader, writer = await login(port, f"u{number}")
        writer.write(b"".join(b"RETR %d\r\n" % n for n in range(1, 51)) + b"QUIT\r\n")
        received = 0
        while some := await reader.read(MEGABYTE):
            received += len(some)
        assert received > 50 * 5000
        writer.close()
        return time.perf_counter() - began

    async def main(port: int) -> list[float]:
        began = time.perf_counter()
        return await asyncio.gather(*(one(port, number, began) for number in range(SESSIONS)))

    with server("users") as (port, _):
        ends = asyncio.run(main(port))
    return f"{min(ends):.2f} s to {max(ends):.2f} s"


def memory_of_an_idle_session(tls: str, *, busy: bool) -> str:
    """Resident memory of the server, before and after 200 logins; where busy, each has retrieved 50 messages."""

    async def main(port: int, process: int) -> float:
        reader, writer = await login(port, "u0", tls)  # what is loaded once is no session's
        writer.close()
        before = resident(process)
        sessions = []
        for number in range(1, SESSIONS):
            reader, writer = await login(port, f"u{number}", tls)
            if busy:
                writer.write(b"".join(b"RETR %d\r\n" % n for n in range(1, 51)) + b"NOOP\r\n")
                await reader.readuntil(b"\r\n.\r\n+OK\r\n")
            sessions.append(writer)
        after = resident(process)
        for writer in sessions:
            writer.transport.abort()
        return (after - before) / len(sessions)

    with server("users", tls) as (port, process):
        return f"{asyncio.run(main(port, process)) / 1024:.1f} KB"


def resident(process: int) -> int:
    """Octets of a process in memory."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * 4096


LIMITS: dict[str, Callable[[], str]] = {
    "longest wait of a session while another retrieves 20 MB": partial(
        longest_wait, "large", "large", "RETR 1"
    ),
    "longest wait while another lists 100,000 messages": partial(longest_wait, "many", "many", "LIST"),
    "longest wait while another asks their uids": partial(longest_wait, "many", "many", "UIDL"),
    "login to a maildrop of 100,000 messages": opening_a_hundred_thousand,
    f"{SESSIONS} sessions at once, 50 messages of 5 KB each": two_hundred_sessions,
    "memory of an idle session": partial(memory_of_an_idle_session, "none", busy=False),
    "memory of an idle session, by STLS": partial(memory_of_an_idle_session, "stls", busy=False),
    "memory of an idle session, implicit TLS": partial(memory_of_an_idle_session, "implicit", busy=False),
    "the same, after 50 messages of 5 KB": partial(memory_of_an_idle_session, "implicit", busy=True),
}
