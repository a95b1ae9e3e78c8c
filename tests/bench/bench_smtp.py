"""Our SMTP server beside a bare aiosmtpd handler: Postfix's smtp-source delivers to both, by turns.

`uv run python tests/bench/bench_smtp.py`; needs Postfix. What counts is the ratio of one run (at most 1.3). The second
table is of long messages: the policy looks at the header alone, so it costs nothing per line of a body.
"""

import argparse
import asyncio
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

sys.path.insert(0, str(Path(__file__).parents[2]))

from mailsim.background.loop import BackgroundLoop
from mailsim.mail import Address, Message, Reply
from mailsim.mail import Envelope as Recipients
from mailsim.pop3.proof import Proof
from mailsim.provider.profiles import profile
from mailsim.smtp.backend import OK, Peer
from mailsim.smtp.server import listen
from mailsim.smtp.taking import Taker

SESSIONS = 4
"""Connections at once."""


class Bare:
    """The least that aiosmtpd asks for."""

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Take it, and forget it."""
        return "250 OK"


class Forgetful:
    """A backend without a policy."""

    def login(self, username: str, proof: Proof) -> bool:
        """Nobody logs in."""
        return False

    def mail(self, peer: Peer, sender: Address | None, size: int) -> Reply:
        """Any."""
        return OK

    def rcpt(self, peer: Peer, sender: Address | None, recipient: Address) -> Reply:
        """Any."""
        return OK

    def data(self, peer: Peer, envelope: Recipients, message: Message) -> Reply:
        """Take it, and forget it."""
        return OK


class Rewriting(Taker):
    """A provider's policy; what it took is forgotten."""

    def data(self, peer: Peer, envelope: Recipients, message: Message) -> Reply:
        """Judge and rewrite it."""
        reply = super().data(peer, envelope, message)
        self.taken.clear()
        return reply


async def bare() -> int:
    """The port of an aiosmtpd server as its documentation makes it."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Bare(), data_size_limit=None), "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    return port


async def ours() -> int:
    """The port of ours, which forgets."""
    return (await listen(Forgetful(), hostname="mx.example")).port


async def policy() -> int:
    """The port of ours with Gmail's policy."""
    return (await listen(Rewriting(profile("gmail").policy(), {}), hostname="mx.example")).port


def deliver(source: str, port: int, messages: int, octets: int) -> float:
    """The seconds that it takes."""
    begin = time.perf_counter()
    command = [source, "-s", str(SESSIONS), "-m", str(messages), "-l", str(octets), "-f", "a1234@abc.com"]
    subprocess.run([*command, "-t", "jane@client.example", f"127.0.0.1:{port}"], check=True, timeout=600)
    return time.perf_counter() - begin


def line_by_line(port: int, messages: int = 20) -> float:
    """The milliseconds that a message takes from a client that writes each line by itself, as it comes, with Nagle's delay."""
    with socket.create_connection(("127.0.0.1", port)) as client, client.makefile("rb") as replies:

        def say(*lines: bytes) -> None:
            for line in lines:
                client.send(line)
            while replies.readline()[3:4] == b"-":
                pass

        say()
        say(b"EHLO me\r\n")
        begin = time.perf_counter()
        for _ in range(messages):
            for command in (b"MAIL FROM:<a@b.example>\r\n", b"RCPT TO:<a@b.example>\r\n", b"DATA\r\n"):
                say(command)
            say(*[b"line of text\r\n"] * 20, b".\r\n")
        return (time.perf_counter() - begin) / messages * 1000


SERVERS: dict[str, Callable[[], Coroutine[None, None, int]]] = {
    "bare aiosmtpd": bare,
    "ours": ours,
    "ours with a policy": policy,
}


def compare(source: str, ports: dict[str, int], *, messages: int, octets: int, rounds: int) -> None:
    """Deliver to each by turns, and print the best: others use the machine too."""
    print(f"{messages} messages of {octets} octets, {SESSIONS} connections, the best of {rounds} rounds")
    taken: dict[str, list[float]] = {name: [] for name in ports}
    for _ in range(rounds):
        for name, port in ports.items():
            taken[name].append(deliver(source, port, messages, octets))
    floor = min(taken["bare aiosmtpd"])
    for name, seconds in taken.items():
        found = min(seconds)
        print(f"  {name:20} {found:7.2f} s {messages / found:8.0f} a second  {found / floor:5.2f}")


def main() -> None:
    """Run both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    source = shutil.which("smtp-source") or "/usr/sbin/smtp-source"
    with BackgroundLoop("bench") as portal:
        ports = {name: portal.call(start) for name, start in SERVERS.items()}
        compare(source, ports, messages=options.messages, octets=5 * 1024, rounds=options.rounds)
        for name, port in ports.items():
            print(f"  {name:20} {line_by_line(port):7.2f} ms a message, written line by line")
        compare(source, ports, messages=options.messages // 50, octets=1024 * 1024, rounds=options.rounds)


if __name__ == "__main__":
    main()
