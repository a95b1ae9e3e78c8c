"""Closed loops a second: compose, submit, judge, relay, answer, relay, store, collect, decide, keep, delete.

    python tests/bench/bench_lab.py [LOOPS]

Everything is in one process on loopback sockets, as in a spec. Prints loops a second in steady state (a warm-up
goes first), how the time divides between sending and collecting, and, for scale, the rate of bare submissions from
aiosmtplib to aiosmtpd measured in the same run: a loop has three such hops.
"""

import asyncio
import sys
import time

from mailsim.mail import Envelope, Message, Reply, parse_address
from mailsim.pop3.proof import Proof
from mailsim.smtp.backend import OK, Peer
from mailsim.smtp.client import Client, Route
from mailsim.smtp.server import listen
from mailsim.world.lab import Lab

TEXT = ("x" * 70 + "\n") * 70  # with its header about 5 KB
SCENARIO: dict[str, object] = {
    "mailbox": {
        "type": "catch-all",
        "default_sender": "matters@abc.com",
        "fallback_address": "help@elsewhere.example",
    },
    "action": [{"id": 1234}],
    "provider": {"profile": "postfix"},
    "correspondent": [{"address": "jane@client.example"}],
}


class Sink:
    """Takes everything."""

    def login(self, username: str, proof: Proof) -> bool:
        """Anybody."""
        return True

    def mail(self, peer: Peer, sender: object, size: int) -> Reply:
        """Anything."""
        return OK

    def rcpt(self, peer: Peer, sender: object, recipient: object) -> Reply:
        """Anyone."""
        return OK

    def data(self, peer: Peer, envelope: Envelope, message: Message) -> Reply:
        """Everything."""
        return OK


async def hops(count: int) -> float:
    """Bare submissions a second over one kept connection."""
    listener = await listen(Sink(), hostname="sink.example")
    client = Client(
        Route(name="sink.example", port=587, host=listener.host, host_port=listener.port),
        local_name="bench",
    )
    sender, recipient = parse_address("a1234@abc.com"), parse_address("jane@client.example")
    assert recipient is not None
    envelope = Envelope(sender, (recipient,))
    octets = ("Subject: bench\r\n\r\n" + TEXT.replace("\n", "\r\n")).encode()
    await client.send(envelope, octets)
    begin = time.perf_counter()
    for _ in range(count):
        await client.send(envelope, octets)
    rate = count / (time.perf_counter() - begin)
    await client.close()
    await listener.close()
    return rate


def loops(count: int) -> None:
    """Run and print."""
    with Lab(SCENARIO) as world:
        for _ in range(20):
            world.send(from_action=1234, to="jane@client.example", text=TEXT)
        world.collect()
        begin = time.perf_counter()
        for _ in range(count):
            world.send(from_action=1234, to="jane@client.example", text=TEXT)
        world.settle()
        sent = time.perf_counter()
        decisions = world.collect()
        end = time.perf_counter()
        assert len(decisions) == count
        assert {decision.targets for decision in decisions} == {("action:1234",)}
    bare = asyncio.run(hops(count))
    print(f"closed loops       {count / (end - begin):8.0f} a second")
    print(f"  sending, answers {(sent - begin) / count * 1e3:8.2f} ms a loop")
    print(f"  collecting       {(end - sent) / count * 1e3:8.2f} ms a loop")
    print(f"bare SMTP hops     {bare:8.0f} a second; a loop costs {bare * (end - begin) / count:.1f} of them")


if __name__ == "__main__":
    loops(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
