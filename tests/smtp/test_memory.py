"""SMTP in memory and over sockets: one outcome, the same calls of the backend."""

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest
import trustme
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsim.mail import Address, Envelope, Message, Reply
from mailsim.pop3.certificates import issue
from mailsim.pop3.conduct import Mechanism
from mailsim.practice.settings import Authentication
from mailsim.smtp.backend import Tls
from mailsim.smtp.client import Client, Route
from mailsim.smtp.fault_kinds import Moment
from mailsim.smtp.faults import FaultPlan
from mailsim.smtp.memory import MemoryClient, MemoryServer
from mailsim.smtp.outcome import CLOSED, Outcome
from mailsim.smtp.server import listen
from mailsim.smtp.service import Certificates
from tests.smtp.recording import SECRET, USER, Recorder

NAME = "smtp.provider.example"
PATIENCE = 30.0
"""Seconds that both clients wait; no socket on loopback takes so long."""
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
MECHANISMS = ((), (Mechanism.PLAIN,))
KEYS = (*(f"from {sender}" for sender in SENDERS), *map(str, RECIPIENTS), "data")


@pytest.fixture(scope="session")
def contexts(authority: trustme.CA) -> Certificates:
    """A server's certificates, the bad ones too."""
    return issue(authority, NAME)


@pytest.fixture(scope="session")
def trust(contexts: Certificates, client_tls: ssl.SSLContext) -> tuple[Certificates, ssl.SSLContext]:
    """What both sides need for TLS."""
    return contexts, client_tls


@dataclass(frozen=True)
class Case:
    """Some messages for one server, over one connection as long as it holds."""

    messages: Sequence[tuple[Envelope, bytes]]
    replies: Mapping[str, Reply]
    login: bool
    username: str
    password: str
    announces_size: bool
    tls: Tls
    faults: Sequence[str]
    patience: float = PATIENCE


FAULTS = st.builds(
    "smtp:{}:{}:{}".format,
    st.sampled_from(
        ["CONNECT", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "DATA-END", "RSET", "ANY"]
    ),
    st.sampled_from(["1", "1", "2", "3", "every", "p=0.3"]),
    st.sampled_from(
        [
            "drop",
            "drop@5",
            "drop@500",
            "half-close",
            "stall 0.01s",
            "tarpit 0.001",
            "garbage",
            "reply 451 4.3.0 try later",
            "reply 550 no",
            "reply 421 4.3.2 closing",
        ]
    ),
)
OTHER_FAULTS = st.sampled_from(
    [
        "smtp:DATA-END:every:lose",
        "smtp:RCPT:every:greylist",
        "smtp:RCPT:2:greylist",
        "smtp:MAIL:every:rate-limit 1",
        "smtp:RCPT:every:rate-limit 2",
        "smtp:EHLO:every:without SIZE",
        "smtp:EHLO:1:without SMTPUTF8",
        "smtp:EHLO:2:without AUTH",
        "smtp:EHLO:1:without STARTTLS",
        "smtp:CONNECT:1:expired-certificate",
        "smtp:STARTTLS:1:foreign-certificate",
        "smtp:RCPT=jane@client.example:2:reply 450 not again",
        "smtp:DATA-END=jane@client.example:1:drop",
        "smtp:MAIL=a1234@abc.com:1:garbage",
    ]
)
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
    tls=st.sampled_from([Tls.NONE, Tls.NONE, Tls.STARTTLS, Tls.IMPLICIT]),
    faults=st.lists(st.one_of(FAULTS, OTHER_FAULTS), max_size=3),
)


async def over_sockets(
    case: Case, contexts: Certificates, trust: ssl.SSLContext
) -> tuple[list[Outcome], list[tuple[object, ...]]]:
    """What the client hears and the backend is asked, over a real connection."""
    recorder = Recorder(case.replies)
    size_limit = 100_000 if case.announces_size else 0
    listener = await listen(
        recorder,
        hostname=NAME,
        tls=case.tls,
        context=contexts,
        mechanisms=MECHANISMS[case.login],
        size_limit=size_limit,
        faults=FaultPlan(case.faults, seed=7),
    )
    route = Route(
        name=NAME,
        port=25,
        host=listener.host,
        host_port=listener.port,
        tls=case.tls,
        context=trust,
        authentication=Authentication.PLAIN if case.username else Authentication.NONE,
        username=case.username,
        password=case.password,
    )
    client = Client(route, local_name="sender", timeout=case.patience)
    outcomes = [await client.send(envelope, octets) for envelope, octets in case.messages]
    await client.close()
    await listener.close()
    return outcomes, recorder.calls


def in_memory(case: Case) -> tuple[list[Outcome], list[tuple[object, ...]]]:
    """The same by calls."""
    recorder = Recorder(case.replies)
    server = MemoryServer(
        backend=recorder,
        tls=case.tls,
        mechanisms=MECHANISMS[case.login],
        announces_size=case.announces_size,
        faults=FaultPlan(case.faults, seed=7),
    )
    client = MemoryClient(
        server,
        local_name="sender",
        username=case.username,
        password=case.password,
        mechanism=Mechanism.PLAIN if case.username else None,
        timeout=case.patience,
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


@settings(max_examples=150, deadline=None)
@given(case=CASES)
def test_memory_and_sockets_agree(case: Case, contexts: Certificates, client_tls: ssl.SSLContext) -> None:
    """Replies, refusals, loss of the connection, and every call of the backend with its arguments."""
    heard, asked = asyncio.run(over_sockets(case, contexts, client_tls))
    outcomes, calls = in_memory(case)

    envelopes = [envelope for envelope, _ in case.messages]
    assert list(map(told, outcomes, envelopes)) == list(map(told, heard, envelopes))
    assert calls == asked


UNFIT = Address("x", "y> SIZE=1")
FROM_UNFIT = Envelope(UNFIT, RECIPIENTS[:1])
TO_TWO = Envelope(SENDERS[0], RECIPIENTS[:2])


@pytest.mark.parametrize(
    ("envelope", "tls", "login", "faults"),
    [
        (FROM_UNFIT, Tls.NONE, True, ["smtp:RSET:2:drop"]),
        (Envelope(SENDERS[1], RECIPIENTS[:1]), Tls.NONE, True, ["smtp:EHLO:1:without SMTPUTF8"]),
        (TO_TWO, Tls.STARTTLS, True, ["smtp:EHLO:1:without STARTTLS"]),
        (TO_TWO, Tls.STARTTLS, True, ["smtp:STARTTLS:1:reply 454 4.7.0 later"]),
        (TO_TWO, Tls.IMPLICIT, True, ["smtp:AUTH:1:reply 454 4.7.0 later"]),
        (TO_TWO, Tls.STARTTLS, True, ["smtp:MAIL:1:half-close"]),
        (TO_TWO, Tls.NONE, True, ["smtp:EHLO:1:without AUTH"]),
        (TO_TWO, Tls.NONE, False, ["smtp:MAIL:9:drop"]),
        (TO_TWO, Tls.IMPLICIT, True, ["smtp:CONNECT:1:foreign-certificate", "smtp:CONNECT:1:reply 554 no"]),
        (TO_TWO, Tls.STARTTLS, True, ["smtp:STARTTLS:1:foreign-certificate", "smtp:STARTTLS:1:reply 454 no"]),
    ],
)
def test_what_ends_before_data_agrees_too(
    envelope: Envelope, tls: Tls, login: bool, faults: list[str], trust: tuple[Certificates, ssl.SSLContext]
) -> None:
    """Addresses that cannot be offered, extensions that are missing, logins that fail: the next message goes on."""
    case = Case([(envelope, BODIES[0])] * 2, {}, login, USER, SECRET, True, tls, faults)
    heard, asked = asyncio.run(over_sockets(case, *trust))
    outcomes, calls = in_memory(case)

    assert [told(outcome, envelope) for outcome in outcomes] == [told(outcome, envelope) for outcome in heard]
    assert calls == asked
    assert outcomes[0].refusals(envelope)


EVERYBODY = Envelope(SENDERS[0], tuple(Address(name, "client.example") for name in "vwxyz"))


@pytest.mark.parametrize(
    "faults", [[], ["smtp:RCPT:2:reply 450 later"], ["smtp:RCPT:4:reply 450 later"], ["smtp:RCPT:2:drop"]]
)
@pytest.mark.parametrize(
    "body",
    [
        b"x" * 40,
        b"Subject: x\r\n\r\n." + b"x" * 39,
        b"Received: x\r\n" * 9 + b"\r\n" + b"Received: x\r\n" * 9,
        b"x" * 41,
        b"x\n" * 30 + b"y" * 41 + b"\nz",
        b"RECEIVED: x\r\n" * 5 + b"received: x\r\n" * 5 + b"\r\n",
    ],
)
def test_what_a_server_takes_at_most_agrees(
    body: bytes,
    faults: list[str],
    trust: tuple[Certificates, ssl.SSLContext],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Recipients of one transaction, octets of one line, without the dot that is stuffed (RFC 5321 section 4.5.3.1), hops."""
    monkeypatch.setattr("mailsim.smtp.limits.MOST_RECIPIENTS", 3)
    monkeypatch.setattr("mailsim.smtp.limits.LINE_LIMIT", 40)
    monkeypatch.setattr("mailsim.smtp.limits.MOST_HOPS", 9)
    case = Case([(EVERYBODY, body)] * 2, {}, False, "", SECRET, True, Tls.NONE, faults)
    heard, asked = asyncio.run(over_sockets(case, *trust))
    outcomes, calls = in_memory(case)

    assert [told(outcome, EVERYBODY) for outcome in outcomes] == [
        told(outcome, EVERYBODY) for outcome in heard
    ]
    assert calls == asked
    refusals = outcomes[-1].refusals(EVERYBODY)
    too_much = body.startswith((b"x" * 41, b"x\n", b"RECEIVED"))
    assert len(refusals) == (5 if too_much else 2)


def test_a_client_s_patience_ends_in_memory_too(contexts: Certificates, client_tls: ssl.SSLContext) -> None:
    """A reply that comes too late, at each moment, and a message nobody reads: nothing waits in memory."""
    faults = [f"smtp:{moment}:1:stall" for moment in Moment if moment is not Moment.QUIT]
    faults += [
        "smtp:DATA:1:stall@3",
        "smtp:EHLO:1:stall@9",
        "smtp:MAIL:1:tarpit 5",
        "smtp:DATA-END:1:stall 5s@2",
    ]
    message = (Envelope(SENDERS[0], RECIPIENTS[:1]), BODIES[0])
    refusals = {str(RECIPIENTS[0]): REPLIES[1]}
    cases = [
        Case(
            [message, message],
            refusals if "RSET" in fault else {},
            True,
            USER,
            SECRET,
            True,
            Tls.STARTTLS,
            [fault],
            0.5,
        )
        for fault in faults
    ]

    async def together() -> list[tuple[list[Outcome], list[tuple[object, ...]]]]:
        return await asyncio.gather(*(over_sockets(case, contexts, client_tls) for case in cases))

    for case, (heard, asked) in zip(cases, asyncio.run(together()), strict=True):
        outcomes, calls = in_memory(case)
        expected = [told(outcome, message[0]) for outcome in heard]
        assert [told(outcome, message[0]) for outcome in outcomes] == expected, case.faults
        assert calls == asked, case.faults
