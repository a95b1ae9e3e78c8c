"""SMTP in memory and over sockets: one outcome, the same calls of the backend."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from mailsim.mail import Address, Envelope, Message, Reply
from mailsim.practice.settings import Authentication
from mailsim.smtp.client import Client, Route
from mailsim.smtp.memory import MemoryClient, MemoryServer
from mailsim.smtp.outcome import CLOSED, Outcome
from mailsim.smtp.server import listen
from tests.smtp.recording import SECRET, USER, Recorder

PATIENCE = 0.3
"""Seconds that both clients wait; far longer than a socket on loopback takes."""
SENDERS = (Address("a1234", "abc.com"), Address("jürgen", "abc.com"), Address("a b", "abc.com"), None)
RECIPIENTS = (
    Address("jane", "client.example"),
    Address("Jöhn", "client.example"),
    Address("x", "y> SIZE=1"),
    Address("peter", "xn--bcher-kva.example"),
)
BODIES = (b"Subject: x\r\n\r\n.body\r\n", b"bare\nline ends\n..", b"", b"8-bit \xff\r\n.\r\nQUIT\r\n")
REPLIES = (
    Reply(451, "Try later", "4.3.0"),
    Reply(550, "No\nsuch user", "5.1.1"),
    Reply(421, "Closing", "4.3.2"),
    Reply(250, "Fine", "2.0.0"),
)
KEYS = (*(f"from {sender}" for sender in SENDERS), *map(str, RECIPIENTS), "data")


@dataclass(frozen=True)
class Case:
    """Some messages for one server, over one connection as long as it holds."""

    messages: Sequence[tuple[Envelope, bytes]]
    replies: Mapping[str, Reply]
    login: bool
    username: str
    password: str
    announces_size: bool


CASES = st.builds(
    Case,
    messages=st.lists(
        st.tuples(
            st.builds(
                Envelope,
                st.sampled_from(SENDERS),
                st.lists(st.sampled_from(RECIPIENTS), min_size=1, max_size=3).map(tuple),
            ),
            st.sampled_from(BODIES),
        ),
        min_size=1,
        max_size=3,
    ),
    replies=st.dictionaries(st.sampled_from(KEYS), st.sampled_from(REPLIES), max_size=3),
    login=st.booleans(),
    username=st.sampled_from(["", USER]),
    password=st.sampled_from([SECRET, SECRET, "wrong"]),
    announces_size=st.booleans(),
)


async def over_sockets(case: Case) -> tuple[list[Outcome], list[tuple[object, ...]]]:
    """What the client hears and the backend is asked, over a real connection."""
    recorder = Recorder(case.replies)
    size_limit = 100_000 if case.announces_size else 0
    listener = await listen(recorder, hostname="mx.example", login=case.login, size_limit=size_limit)
    route = Route(
        name="mx.example",
        port=25,
        host=listener.host,
        host_port=listener.port,
        authentication=Authentication.PLAIN if case.username else Authentication.NONE,
        username=case.username,
        password=case.password,
    )
    client = Client(route, local_name="sender", timeout=PATIENCE)
    outcomes = [await client.send(envelope, octets) for envelope, octets in case.messages]
    await client.close()
    await listener.close()
    return outcomes, recorder.calls


def in_memory(case: Case) -> tuple[list[Outcome], list[tuple[object, ...]]]:
    """The same by calls."""
    recorder = Recorder(case.replies)
    server = MemoryServer(backend=recorder, login=case.login, announces_size=case.announces_size)
    client = MemoryClient(
        server, local_name="sender", username=case.username, password=case.password, timeout=PATIENCE
    )
    outcomes = [client.send(envelope, Message(octets)) for envelope, octets in case.messages]
    client.close()
    return outcomes, recorder.calls


def told(outcome: Outcome, envelope: Envelope) -> tuple[object, ...]:
    """An outcome without the words for how a connection was lost, and who heard them."""

    def plain(reply: Reply | None) -> Reply | None:
        lost = reply is not None and reply.enhanced == CLOSED.enhanced
        return CLOSED if lost else reply

    refused = {recipient: plain(reply) for recipient, reply in outcome.refused.items()}
    everybody = {recipient: plain(reply) for recipient, reply in outcome.refusals(envelope).items()}
    return refused, plain(outcome.final), outcome.uncertain, everybody


@settings(max_examples=60, deadline=None)
@given(case=CASES)
def test_memory_and_sockets_agree(case: Case) -> None:
    """Replies, refusals, loss of the connection, and every call of the backend with its arguments."""
    heard, asked = asyncio.run(over_sockets(case))
    outcomes, calls = in_memory(case)

    envelopes = [envelope for envelope, _ in case.messages]
    assert list(map(told, outcomes, envelopes)) == list(map(told, heard, envelopes))
    assert calls == asked
