"""Octet for octet: what our client and the standard library's send is what the server takes."""

import asyncio
import smtplib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from anyio import to_thread

from mailsim.mail import Address, Envelope, Message, Reply
from mailsim.pop3.conduct import Mechanism
from mailsim.pop3.proof import Proof
from mailsim.practice.settings import Authentication
from mailsim.smtp.backend import OK, Peer, Tls
from mailsim.smtp.client import Client, Route
from mailsim.smtp.server import Listener, listen

pytestmark = pytest.mark.anyio

NAME = "smtp.provider.example"
USER, SECRET = "matters@abc.com", "pass word"
HEAD = b"From: a1234@abc.com\r\nSubject: x\r\n\r\n"
MESSAGES = {
    "plain": HEAD + b"body\r\n",
    "dots": HEAD + b".\r\n..\r\n.x\r\n\r\n.\r\n",
    "ends in a dot": b".\r\n",
    "blank": b"\r\n",
    "8-bit": HEAD + bytes(octet for octet in range(256) if octet not in b"\r\n") * 20 + b"\r\n",
    "commands": HEAD + b"QUIT\r\nRSET\r\nMAIL FROM:<evil@x>\r\n",
    "a long line": HEAD + b"x" * 900_000 + b"\r\n",
    "5 MB": HEAD + (b"." + b"x" * 70 + b"\r\n") * 70_000,
}
TO = ("jane@client.example", "john@client.example")


@dataclass
class Keeper:
    """A backend that keeps what it takes, and knows one account."""

    kept: list[tuple[Peer, Envelope, bytes]] = field(default_factory=list)

    def login(self, username: str, proof: Proof) -> bool:
        """Whether it is the account."""
        return (username, proof) == (USER, SECRET)

    def mail(self, peer: Peer, sender: Address | None, size: int) -> Reply:
        """Take it."""
        return OK

    def rcpt(self, peer: Peer, sender: Address | None, recipient: Address) -> Reply:
        """Refuse nobody's."""
        return Reply(550, "No such user", "5.1.1") if recipient.local == "nobody" else OK

    def data(self, peer: Peer, envelope: Envelope, message: Message) -> Reply:
        """Keep it."""
        self.kept.append((peer, envelope, message.octets))
        return OK


@asynccontextmanager
async def serving(keeper: Keeper, tls: Tls, context: ssl.SSLContext) -> AsyncIterator[Listener]:
    """A server that asks for a login."""
    listener = await listen(
        keeper, hostname=NAME, tls=tls, context=context, mechanisms=tuple(Mechanism), size_limit=10_000_000
    )
    try:
        yield listener
    finally:
        await listener.close()


def submission(
    listener: Listener,
    tls: Tls,
    context: ssl.SSLContext,
    authentication: Authentication = Authentication.PLAIN,
) -> Route:
    """How our client reaches the server."""
    return Route(
        name=NAME,
        port=587,
        host=listener.host,
        host_port=listener.port,
        tls=tls,
        context=context,
        authentication=authentication,
        username=USER,
        password=SECRET,
        submission=True,
    )


def by_standard_library(
    listener: Listener, tls: Tls, context: ssl.SSLContext, octets: bytes, recipients: tuple[str, ...] = TO
) -> dict[str, tuple[int, bytes]]:
    """Send with smtplib; the refusals."""
    smtp: smtplib.SMTP
    if tls is Tls.IMPLICIT:
        smtp = smtplib.SMTP_SSL(
            listener.host, listener.port, local_hostname="judge", timeout=30, context=context
        )
    else:
        smtp = smtplib.SMTP(listener.host, listener.port, local_hostname="judge", timeout=30)
    with smtp:
        if tls is Tls.STARTTLS:
            smtp.starttls(context=context)
        smtp.login(USER, SECRET)
        return smtp.sendmail("a1234@abc.com", recipients, octets)


@pytest.mark.parametrize("octets", MESSAGES.values(), ids=MESSAGES)
@pytest.mark.parametrize("tls", Tls)
async def test_smtplib_s_octets_arrive(
    server_tls: ssl.SSLContext, client_tls: ssl.SSLContext, tls: Tls, octets: bytes
) -> None:
    """An independent client, over plain TCP, STARTTLS and implicit TLS, logged in."""
    keeper = Keeper()
    async with serving(keeper, tls, server_tls) as listener:
        refused = await to_thread.run_sync(by_standard_library, listener, tls, client_tls, octets)

    assert refused == {}
    [(peer, envelope, arrived)] = keeper.kept
    assert peer == Peer("judge", USER)
    assert [str(envelope.sender), *map(str, envelope.recipients)] == ["a1234@abc.com", *TO]
    assert arrived == octets


@pytest.mark.parametrize("tls", Tls)
@pytest.mark.parametrize("authentication", [Authentication.PLAIN, Authentication.LOGIN])
async def test_our_client_s_octets_arrive(
    server_tls: ssl.SSLContext, client_tls: ssl.SSLContext, tls: Tls, authentication: Authentication
) -> None:
    """All of them over one connection, as they are."""
    keeper = Keeper()
    envelope = Envelope(Address("jürgen", "abc.com"), (Address("jane", "client.example"),))
    async with serving(keeper, tls, server_tls) as listener:
        route = submission(listener, tls, client_tls, authentication)
        client = Client(route, local_name="practice")
        outcomes = [await client.send(envelope, octets) for octets in MESSAGES.values()]
        assert len(listener.connections) == 1
        await client.close()

    assert all(not outcome.refusals(envelope) for outcome in outcomes)
    assert [octets for _, _, octets in keeper.kept] == list(MESSAGES.values())
    assert {(peer, kept) for peer, kept, _ in keeper.kept} == {(Peer("practice", USER), envelope)}


async def test_a_refusal_says_the_same_to_both(
    server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    """Code, enhanced status code and text; the message goes to the others."""
    keeper = Keeper()
    nobody, jane = Address("nobody", "client.example"), Address("jane", "client.example")
    async with serving(keeper, Tls.STARTTLS, server_tls) as listener:
        theirs = await to_thread.run_sync(
            by_standard_library, listener, Tls.STARTTLS, client_tls, HEAD, (str(nobody), str(jane))
        )
        route = submission(listener, Tls.STARTTLS, client_tls)
        client = Client(route, local_name="practice")
        ours = await client.send(Envelope(None, (nobody, jane)), HEAD)
        await client.close()

    assert theirs == {str(nobody): (550, b"5.1.1 No such user")}
    assert ours.refused == {nobody: Reply(550, "No such user", "5.1.1")}
    assert [envelope.recipients for _, envelope, _ in keeper.kept] == [(jane,), (jane,)]


async def test_many_clients_at_once(server_tls: ssl.SSLContext, client_tls: ssl.SSLContext) -> None:
    """Ours in the server's loop, the judges in threads: each message arrives once, whole."""
    keeper = Keeper()
    octets = [HEAD + b"%d\r\n" % number * 1000 for number in range(20)]
    envelope = Envelope(None, (Address("jane", "client.example"),))
    async with serving(keeper, Tls.STARTTLS, server_tls) as listener:
        route = submission(listener, Tls.STARTTLS, client_tls)
        clients = [Client(route, local_name="practice") for _ in range(5)]
        await asyncio.gather(
            *(clients[number % 5].send(envelope, octets[number]) for number in range(10)),
            *(
                to_thread.run_sync(by_standard_library, listener, Tls.STARTTLS, client_tls, octets[number])
                for number in range(10, 20)
            ),
        )
        await asyncio.gather(*(client.close() for client in clients))

    assert sorted(arrived for _, _, arrived in keeper.kept) == sorted(octets)
