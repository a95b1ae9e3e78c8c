"""The SMTP client against servers of every kind: each message ends in one outcome, and no socket stays."""

import asyncio
import base64
import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest
import trustme
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailsim.mail import Address, Envelope, Message, Reply
from mailsim.pop3.proof import Proof
from mailsim.practice.settings import Authentication
from mailsim.smtp.backend import Peer, Tls
from mailsim.smtp.client import Client, Route, SubmissionPortError
from mailsim.smtp.outcome import BAD_RECIPIENT, BAD_SENDER, NO_SMTPUTF8, Outcome
from mailsim.smtp.server import listen

pytestmark = pytest.mark.anyio

JANE, JOHN = Address("jane", "client.example"), Address("john", "client.example")
ENVELOPE = Envelope(Address("a1234", "abc.com"), (JANE, JOHN))
MESSAGE = b"Subject: x\r\n\r\nbody\r\n"
NAME = "smtp.provider.example"
SECRET = "pass word"
DROP, SILENCE, DEAF = b"", b"silence", b"deaf"
"""Instead of a reply: end the connection; say nothing more; read nothing more."""
HELLO = (
    b"220 hello\r\n",
    b"250-me\r\n250-SIZE 1000\r\n250-AUTH PLAIN LOGIN CRAM-MD5 XOAUTH2\r\n250 8BITMIME\r\n",
)
TAKEN = Reply(250, "OK", "2.0.0")
OK = b"250 2.0.0 OK\r\n"
GO = b"354 go on\r\n"


@dataclass
class Scripted:
    """A server that gives these replies in order, whatever it is asked, and keeps what it was told."""

    replies: Sequence[bytes]
    port: int = 0
    lines: list[bytes] = field(default_factory=list)
    connections: int = 0

    @property
    def route(self) -> Route:
        """How to reach it."""
        return Route(name=NAME, port=587, host="127.0.0.1", host_port=self.port)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Go through the replies once for all connections."""
        self.connections += 1
        for number, reply in enumerate(self.replies):
            if reply == DEAF:
                await asyncio.Event().wait()
            if number and self.replies[number - 1] == GO:
                self.lines.append(await reader.readuntil(b"\r\n.\r\n"))
            elif number:
                self.lines.append((await reader.readline()).rstrip())
            if reply == DROP:
                break
            if reply == SILENCE:
                await reader.read()
                break
            writer.write(reply)
        writer.close()


@asynccontextmanager
async def scripted(*replies: bytes) -> AsyncIterator[Scripted]:
    """A running scripted server."""
    script = Scripted(replies)
    tasks: set[asyncio.Task[None]] = set()
    writers: list[asyncio.StreamWriter] = []

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        tasks.add(asyncio.ensure_future(script.serve(reader, writer)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    script.port = server.sockets[0].getsockname()[1]
    try:
        yield script
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for writer in writers:
            writer.transport.abort()
        await asyncio.sleep(0)


@asynccontextmanager
async def client(route: Route, *, timeout: float = 5) -> AsyncIterator[Client]:  # noqa: ASYNC109 - the client's own
    """A client; afterwards nothing of it is open."""
    one = Client(route, local_name="practice", timeout=timeout)
    try:
        yield one
    finally:
        await one.close()
        await one.close()


def everybody(reply: Reply) -> Outcome:
    """All recipients refused alike, and no DATA."""
    return Outcome({JANE: reply, JOHN: reply}, None)


# Replies


@pytest.mark.parametrize(
    ("replies", "outcome"),
    [
        ((OK, OK, OK, GO, OK), Outcome({}, TAKEN)),
        (
            (OK, b"550 5.1.1 no Jane\r\n", b"251 will forward\r\n", GO, OK),
            Outcome({JANE: Reply(550, "no Jane", "5.1.1")}, TAKEN),
        ),
        (
            (OK, b"550-5.1.1 no\r\n550 5.1.1 Jane\r\n", b"450 later\r\n", OK),
            Outcome({JANE: Reply(550, "no\nJane", "5.1.1"), JOHN: Reply(450, "later")}, None),
        ),
        ((b"552 5.3.4 too big\r\n", OK), everybody(Reply(552, "too big", "5.3.4"))),
        (
            (OK, OK, OK, b"503 no\r\n", OK),
            Outcome({}, Reply(503, "no")),
        ),
        (
            (OK, b"550 no\r\n", OK, GO, b"554 5.2.252 SendAsDenied\r\n", OK),
            Outcome({JANE: Reply(550, "no")}, Reply(554, "SendAsDenied", "5.2.252")),
        ),
        ((b"550 caf\xe9\r\n", OK), everybody(Reply(550, "caf\ufffd"))),
    ],
)
async def test_every_reply_is_kept(replies: Sequence[bytes], outcome: Outcome) -> None:
    """Code, enhanced status code and text, for each recipient; the connection goes on."""
    async with scripted(*HELLO, *replies, OK, OK, OK, GO, OK) as script, client(script.route) as one:
        assert await one.send(ENVELOPE, MESSAGE) == outcome
        assert await one.send(ENVELOPE, MESSAGE) == Outcome({}, TAKEN)

    assert script.connections == 1


async def test_a_refused_message_is_refused_for_everybody() -> None:
    """Who was refused before keeps the first refusal."""
    refused = {JANE: Reply(550, "no")}

    assert Outcome(refused, TAKEN).refusals(ENVELOPE) == refused
    assert Outcome(refused, Reply(554, "bad")).refusals(ENVELOPE) == refused | {JOHN: Reply(554, "bad")}


async def test_a_server_lost_in_resetting_loses_no_reply() -> None:
    """The refusal stands; the next message has a new connection."""
    async with scripted(*HELLO, b"550 no\r\n", DROP) as script, client(script.route) as one:
        assert await one.send(ENVELOPE, MESSAGE) == everybody(Reply(550, "no"))
        assert await one.send(ENVELOPE, MESSAGE) == everybody(Reply(550, "no"))

    assert script.connections == 2


@pytest.mark.parametrize(
    ("replies", "text"),
    [
        ((DROP,), "Unexpected EOF"),
        ((SILENCE,), "Timed out"),
        ((b"+OK POP3 ready\r\n",), "Malformed SMTP response line: +OK POP3 ready"),
        ((b"* OK IMAP4rev1\r\n",), "Malformed SMTP response line: * OK IMAP4rev1"),
        ((b"HTTP/1.1 400 Bad Request\r\n\r\n",), "Malformed SMTP response line: HTTP/1.1 400"),
        ((b"\x16\x03\x01\x02\x00\xff\r\n",), "Malformed SMTP response line"),
        ((b"250 too early\r\n",), "unexpected reply 250"),
        ((b"x" * 100_000,), "Response too long"),
        ((b"220-more\r\n" * 10_000,), "Response too long"),
        ((b"220 hello\r\n", DROP), "Unexpected EOF"),
        ((b"220 hello\r\n", b"354 what\r\n", b"354 what\r\n"), "unexpected reply 354"),
        ((*HELLO, DROP), "Unexpected EOF"),
        ((*HELLO, SILENCE), "Timed out"),
        ((*HELLO, b"354 what\r\n"), "unexpected reply 354"),
        ((*HELLO, b"999 what\r\n"), "unexpected reply 999"),
        ((*HELLO, OK, DROP), "Unexpected EOF"),
        ((*HELLO, OK, OK, b"nonsense\r\n"), "Malformed"),
        ((*HELLO, OK, OK, OK, DROP), "Unexpected EOF"),
        ((*HELLO, OK, OK, OK, SILENCE), "Timed out"),
        ((*HELLO, OK, OK, OK, b"250 already\r\n"), "unexpected reply 250"),
        ((*HELLO, OK, OK, OK, GO, DROP), "Unexpected EOF"),
        ((*HELLO, OK, OK, OK, GO, SILENCE), "Timed out"),
        ((*HELLO, OK, OK, OK, GO, b"354 more\r\n"), "unexpected reply 354"),
    ],
)
async def test_a_server_that_fails_is_a_lost_connection(replies: Sequence[bytes], text: str) -> None:
    """421: try again later, on another connection; one line that says what happened."""
    async with scripted(*replies) as script, client(script.route, timeout=0.2) as one:
        outcome = await one.send(ENVELOPE, MESSAGE)
        again = await one.send(ENVELOPE, MESSAGE)

    assert set(outcome.refusals(ENVELOPE)) == {JANE, JOHN}
    for reply in outcome.refused.values():
        assert (reply.code, reply.enhanced) == (421, "4.4.2")
        assert text in reply.text
        assert reply.text.isprintable()
    assert again == outcome
    assert script.connections == 2


@pytest.mark.parametrize("reply", [DROP, b"25\r\n", b"354 more\r\n"])
async def test_a_lost_last_reply_leaves_the_outcome_uncertain(reply: bytes) -> None:
    """RFC 5321 §4.2.5: the server may have taken the message; it was not before it said 354."""
    async with scripted(*HELLO, OK, OK, OK, GO, reply) as script, client(script.route) as one:
        after = await one.send(ENVELOPE, MESSAGE)
    async with scripted(*HELLO, OK, OK, OK, reply) as script, client(script.route) as one:
        before = await one.send(ENVELOPE, MESSAGE)

    assert after.uncertain
    assert [reply.code for reply in after.refusals(ENVELOPE).values()] == [421, 421]
    assert not before.uncertain or reply.startswith(b"354")


async def test_421_to_ehlo_is_heard() -> None:
    """It is no reason to try HELO: the server closes (RFC 5321 §3.8)."""
    async with scripted(b"220 hello\r\n", b"421 4.3.2 busy\r\n") as script, client(script.route) as one:
        assert await one.send(ENVELOPE, MESSAGE) == everybody(Reply(421, "busy", "4.3.2"))


async def test_what_was_refused_before_the_loss_stays_refused() -> None:
    """A recipient's own refusal is final, whatever becomes of the connection."""
    async with scripted(*HELLO, OK, b"550 no\r\n", OK, GO, DROP) as script, client(script.route) as one:
        outcome = await one.send(ENVELOPE, MESSAGE)

    refusals = outcome.refusals(ENVELOPE)
    assert [refusals[JANE].code, refusals[JOHN].code] == [550, 421]


@pytest.mark.parametrize("said", [b"421 4.3.2 shutting down\r\n", b"554 5.7.1 go away\r\n"])
async def test_a_server_that_greets_with_a_refusal_is_heard(said: bytes) -> None:
    """Its own code and text, and no connection is kept."""
    async with scripted(said) as script, client(script.route) as one:
        outcome = await one.send(ENVELOPE, MESSAGE)

    assert str(outcome.refused[JANE]) == said.decode().strip()


async def test_a_server_that_knows_no_ehlo_gets_helo() -> None:
    """And no parameter (RFC 5321 section 3.2)."""
    async with (
        scripted(b"220 hello\r\n", b"502 what\r\n", b"250 me\r\n", OK, OK, OK, GO, OK) as script,
        client(script.route) as one,
    ):
        assert (await one.send(ENVELOPE, b"\xe9")).final == TAKEN

    assert script.lines[:3] == [b"EHLO practice", b"HELO practice", b"MAIL FROM:<a1234@abc.com>"]


async def test_nobody_listens() -> None:
    """The connection is refused: 421 as well."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    async with client(Route(name=NAME, port=587, host="127.0.0.1", host_port=port)) as one:
        outcome = await one.send(ENVELOPE, MESSAGE)

    assert (
        "Connection refused" in outcome.refused[JANE].text
        or "Connect call failed" in outcome.refused[JANE].text
    )
    assert outcome.final is None


async def test_nobody_answers_on_ipv6() -> None:
    """A literal address of the other family is an address too."""
    async with client(Route(name=NAME, port=587, host="::1", host_port=1), timeout=1) as one:
        assert (await one.send(ENVELOPE, MESSAGE)).refused[JANE].code == 421


# What is said


async def test_the_dialogue() -> None:
    """Size as transmitted, 8-bit where it is, each recipient, dots stuffed, every line ended by CRLF."""
    async with scripted(*HELLO, OK, OK, OK, GO, OK, b"221 bye\r\n") as script, client(script.route) as one:
        await one.send(Envelope(None, (JANE, JOHN)), b"Subject: caf\xc3\xa9\n\n.x\rBcc: y")

    assert script.lines == [
        b"EHLO practice",
        b"MAIL FROM:<> SIZE=29 BODY=8BITMIME",
        b"RCPT TO:<jane@client.example>",
        b"RCPT TO:<john@client.example>",
        b"DATA",
        b"Subject: caf\xc3\xa9\r\n\r\n..x Bcc: y\r\n.\r\n",
        b"QUIT",
    ]


@pytest.mark.parametrize(
    ("offer", "envelope", "outcome", "lines"),
    [
        (
            b"250-me\r\n250 SMTPUTF8\r\n",
            Envelope(Address("jürgen", "abc.com"), (JANE,)),
            Outcome({}, TAKEN),
            ["MAIL FROM:<jürgen@abc.com> SMTPUTF8", "RCPT TO:<jane@client.example>"],
        ),
        (
            b"250 me\r\n",
            Envelope(None, (Address("jürgen", "abc.com"),)),
            Outcome({Address("jürgen", "abc.com"): NO_SMTPUTF8}, None),
            ["RSET"],
        ),
        (
            b"250 me\r\n",
            Envelope(Address("a\r\nRSET", "abc.com"), (JANE,)),
            Outcome({JANE: BAD_SENDER}, None),
            ["RSET"],
        ),
        (
            b"250 me\r\n",
            Envelope(None, (Address("x", "y> SIZE=1"), JANE)),
            Outcome({Address("x", "y> SIZE=1"): BAD_RECIPIENT}, TAKEN),
            ["MAIL FROM:<>", "RCPT TO:<jane@client.example>", "DATA"],
        ),
        (
            b"250 me\r\n",
            Envelope(Address("<x>", "abc.com"), (Address("a b", "c.example"),)),
            Outcome({}, TAKEN),
            ['MAIL FROM:<"<x>"@abc.com>', 'RCPT TO:<"a b"@c.example>', "DATA"],
        ),
    ],
)
async def test_addresses_go_out_as_they_are_or_not_at_all(
    offer: bytes, envelope: Envelope, outcome: Outcome, lines: list[str]
) -> None:
    """UTF-8 only to a server that takes it (RFC 6531); what would inject is refused here, and the rest goes on."""
    async with scripted(b"220 hello\r\n", offer, OK, OK, GO, OK) as script, client(script.route) as one:
        assert await one.send(envelope, MESSAGE) == outcome

    assert [line.decode() for line in script.lines][1 : 1 + len(lines)] == lines


# Logging in


@pytest.mark.parametrize(
    ("authentication", "challenges", "said"),
    [
        (Authentication.PLAIN, [], [b"AUTH PLAIN " + base64.b64encode(b"\0matters\0pass word")]),
        (
            Authentication.LOGIN,
            [b"334 UGFzc3dvcmQ6\r\n"],
            [b"AUTH LOGIN bWF0dGVycw==", base64.b64encode(b"pass word")],
        ),
        (
            Authentication.CRAM_MD5,
            [b"334 PDFAeD4=\r\n"],
            [b"AUTH CRAM-MD5", b"bWF0dGVycyA3ZjVhNDEwODM3ZTM2MmQyNTczNGFmMzQ3NmI5ZTI3Zg=="],
        ),
        (
            Authentication.XOAUTH2,
            [],
            [b"AUTH XOAUTH2 " + base64.b64encode(b"user=matters\1auth=Bearer pass word\1\1")],
        ),
    ],
)
async def test_login(authentication: Authentication, challenges: list[bytes], said: list[bytes]) -> None:
    """Once for a connection, in the way that is set (R1.8)."""
    async with scripted(*HELLO, *challenges, b"235 in\r\n", OK, OK, OK, GO, OK, OK) as script:
        route = replace(script.route, authentication=authentication, username="matters", password=SECRET)
        async with client(route) as one:
            assert (await one.send(ENVELOPE, MESSAGE)).final == TAKEN

    assert script.lines[1 : 1 + len(said)] == said or authentication is Authentication.CRAM_MD5
    assert script.lines[1 + len(said)].startswith(b"MAIL")


@pytest.mark.parametrize(
    ("replies", "refusal"),
    [
        ((*HELLO, b"535 5.7.8 wrong\r\n"), "535 5.7.8 wrong"),
        ((*HELLO, DROP), "421 4.4.2 Connection lost: Unexpected EOF received"),
        ((*HELLO, b"250 what\r\n"), "421 4.4.2 Connection lost: unexpected reply 250 what"),
        (
            (b"220 hello\r\n", b"250-me\r\n250 AUTH CRAM-MD5 LOGIN\r\n"),
            "504 5.5.4 Not tried: authentication plain is not offered, but cram-md5, login",
        ),
        (
            (b"220 hello\r\n", b"250 me\r\n"),
            "504 5.5.4 Not tried: authentication plain is not offered, but none",
        ),
    ],
)
async def test_who_does_not_get_in_sends_nothing(replies: Sequence[bytes], refusal: str) -> None:
    """Not now and not by the next message: the connection is not kept. The password is told to nobody (R1.11)."""
    async with scripted(*replies) as script:
        route = replace(
            script.route, authentication=Authentication.PLAIN, username="matters", password=SECRET
        )
        async with client(route) as one:
            assert str((await one.send(ENVELOPE, MESSAGE)).refused[JANE]) == refusal
            assert str((await one.send(ENVELOPE, MESSAGE)).refused[JOHN]) == refusal
            assert SECRET not in repr(one) + repr(route)

    assert script.connections == 2
    assert not any(line.startswith(b"MAIL") for line in script.lines)


TOKENS = {
    Authentication.PLAIN: b"\0matters\0pass word",
    Authentication.XOAUTH2: b"user=matters\1auth=Bearer pass word\1\1",
    Authentication.LOGIN: SECRET.encode(),
}


@pytest.mark.parametrize("authentication", TOKENS)
@pytest.mark.parametrize(
    "replies",
    [
        (b"535 5.7.8 %s %s?\r\n",),
        (b"235 in\r\n", b"550 5.7.8 %s %s?\r\n", OK),
        (b"235 in\r\n", OK, OK, OK, GO, b"550 5.7.8 %s %s?\r\n", OK),
    ],
)
async def test_a_server_that_repeats_the_password_is_quoted_without_it(
    authentication: Authentication, replies: Sequence[bytes]
) -> None:
    """As it is, and as it was sent, whatever it is that it refuses (R1.11)."""
    said = SECRET.encode(), base64.b64encode(TOKENS[authentication])
    asked = [b"334 \r\n"] * (authentication is Authentication.LOGIN)
    told = [reply % said if b"%s" in reply else reply for reply in replies]
    async with scripted(*HELLO, *asked, *told) as script:
        route = replace(script.route, authentication=authentication, username="matters", password=SECRET)
        async with client(route) as one:
            refusals = (await one.send(ENVELOPE, MESSAGE)).refusals(ENVELOPE)

    assert str(refusals[JANE])[3:] == " 5.7.8 *** ***?"


@pytest.mark.parametrize("port", [25, 0, 70_000])
@pytest.mark.parametrize("which", ["port", "host_port"])
async def test_no_submission_to_port_25(port: int, which: str) -> None:
    """Refused before it connects, with what to use instead (R1.6)."""
    route = Route(name=NAME, host="127.0.0.1", port=587, host_port=587, submission=True)
    route = replace(route, port=port) if which == "port" else replace(route, host_port=port)
    async with client(route) as one:
        with pytest.raises(SubmissionPortError, match=rf"^{NAME}:.*{port}.*587"):
            await one.send(ENVELOPE, MESSAGE)


async def test_servers_relay_to_port_25() -> None:
    """Only submissions are kept off it."""
    async with (
        scripted(*HELLO, OK, OK, OK, GO, OK) as script,
        client(replace(script.route, port=25)) as one,
    ):
        assert (await one.send(ENVELOPE, MESSAGE)).final == TAKEN


# TLS


class Anyone:
    """A backend that takes all mail."""

    def login(self, username: str, proof: Proof) -> bool:
        """Let anyone in."""
        return True

    def mail(self, peer: Peer, sender: Address | None, size: int) -> Reply:
        """Take it."""
        return TAKEN

    def rcpt(self, peer: Peer, sender: Address | None, recipient: Address) -> Reply:
        """Take it."""
        return TAKEN

    def data(self, peer: Peer, envelope: Envelope, message: Message) -> Reply:
        """Take it."""
        return TAKEN


@asynccontextmanager
async def secured(context: ssl.SSLContext, tls: Tls) -> AsyncIterator[Route]:
    """A server with TLS."""
    listener = await listen(Anyone(), hostname=NAME, tls=tls, context=context)
    try:
        yield Route(name=NAME, port=465, host=listener.host, host_port=listener.port, tls=tls)
    finally:
        await listener.close()


@pytest.mark.parametrize("tls", [Tls.STARTTLS, Tls.IMPLICIT])
async def test_a_certificate_for_another_name_is_refused(
    authority: trustme.CA, client_tls: ssl.SSLContext, tls: Tls
) -> None:
    """Nothing is sent to it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("other.example").configure_cert(context)
    async with secured(context, tls) as route, client(replace(route, context=client_tls)) as one:
        outcome = await one.send(ENVELOPE, MESSAGE)

    assert outcome.refused[JANE].code == 421
    assert f"certificate is not valid for '{NAME}'" in outcome.refused[JANE].text


@pytest.mark.parametrize("tls", [Tls.STARTTLS, Tls.IMPLICIT])
async def test_an_authority_that_is_not_trusted_is_refused(server_tls: ssl.SSLContext, tls: Tls) -> None:
    """Without a context the system's authorities count."""
    async with secured(server_tls, tls) as route, client(route) as one:
        outcome = await one.send(ENVELOPE, MESSAGE)

    assert outcome.refused[JANE].code == 421
    assert "certificate verify failed" in outcome.refused[JANE].text


async def test_silence_inside_tls_is_not_waited_for_twice(
    server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    """The socket is closed at once, though the peer does not end TLS."""
    writers: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(
        lambda _, writer: writers.append(writer), "127.0.0.1", 0, ssl=server_tls
    )
    port = server.sockets[0].getsockname()[1]
    route = Route(name=NAME, port=465, host="127.0.0.1", host_port=port, tls=Tls.IMPLICIT, context=client_tls)
    async with client(route, timeout=0.2) as one:
        outcome = await one.send(ENVELOPE, MESSAGE)
    server.close()
    for writer in writers:
        writer.transport.abort()

    assert "Timed out" in outcome.refused[JANE].text


@pytest.mark.parametrize(
    ("tls", "text"),
    [(Tls.IMPLICIT, "SSL"), (Tls.STARTTLS, "STARTTLS extension not supported")],
)
async def test_a_plain_server_gets_nothing_meant_for_tls(
    client_tls: ssl.SSLContext, tls: Tls, text: str
) -> None:
    """There is no falling back to plain text."""
    async with (
        scripted(*HELLO) as script,
        client(replace(script.route, tls=tls, context=client_tls)) as one,
    ):
        assert text in (await one.send(ENVELOPE, MESSAGE)).refused[JANE].text

    assert not any(line.startswith(b"MAIL") for line in script.lines)


async def test_a_tls_server_spoken_to_in_plain_is_a_lost_connection(server_tls: ssl.SSLContext) -> None:
    """It waits for a handshake, and the client for a greeting."""
    async with (
        secured(server_tls, Tls.IMPLICIT) as route,
        client(replace(route, tls=Tls.NONE), timeout=0.2) as one,
    ):
        assert (await one.send(ENVELOPE, MESSAGE)).refused[JANE].code == 421


# Ends


async def test_a_cancelled_transaction_is_not_resumed() -> None:
    """The late reply would answer the next command: the next message gets a connection of its own."""
    async with scripted(*HELLO, OK, SILENCE) as script, client(script.route) as one:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await one.send(ENVELOPE, MESSAGE)
        script.replies = (*HELLO, OK, OK, OK, GO, OK)
        assert (await one.send(ENVELOPE, MESSAGE)).final == TAKEN

    assert script.connections == 2


async def test_a_peer_that_does_not_read_is_left() -> None:
    """A message that nobody takes does not keep its socket open."""
    async with scripted(*HELLO, OK, OK, OK, GO, DEAF) as script, client(script.route, timeout=0.2) as one:
        outcome = await one.send(ENVELOPE, b"x" * 20_000_000)
        assert outcome.uncertain
        assert outcome.refusals(ENVELOPE)[JANE].code == 421


async def test_an_unfit_name_of_one_s_own_opens_nothing() -> None:
    """It is the caller's error."""
    async with scripted(*HELLO) as script:
        one = Client(script.route, local_name="two words")
        with pytest.raises(ValueError, match="local_hostname"):
            await one.send(ENVELOPE, MESSAGE)
        await one.close()

    assert script.connections == 0


async def test_a_name_that_is_no_host_s_leaves_no_socket(client_tls: ssl.SSLContext) -> None:
    """It is the caller's error, and comes after connecting."""
    async with scripted(*HELLO) as script:
        route = replace(script.route, name="x" * 70, tls=Tls.IMPLICIT, context=client_tls)
        async with client(route) as one:
            with pytest.raises(UnicodeError):
                await one.send(ENVELOPE, MESSAGE)


@pytest.mark.parametrize("goodbye", [b"221 bye\r\n", DROP, SILENCE, b"500 no\r\n", b"nonsense\r\n"])
async def test_close_ends_whatever_the_server_says(goodbye: bytes) -> None:
    """QUIT is said; what is answered does not matter."""
    async with (
        scripted(*HELLO, OK, OK, OK, GO, OK, goodbye) as script,
        client(script.route, timeout=0.2) as one,
    ):
        await one.send(ENVELOPE, MESSAGE)
        await one.close()

    assert script.lines[-1] == b"QUIT"


async def test_a_kept_connection_that_was_closed_meanwhile_is_opened_again() -> None:
    """A server may end an idle connection (RFC 5321 section 4.5.3.2)."""
    async with scripted(*HELLO, OK, OK, OK, GO, OK) as script, client(script.route) as one:
        first = await one.send(ENVELOPE, MESSAGE)
        await asyncio.sleep(0.05)  # nothing tells when the connection's end has come
        assert await one.send(ENVELOPE, MESSAGE) == first

    assert script.connections == 2


LINE = st.one_of(
    st.sampled_from(
        [OK, GO, *HELLO, DROP, b"550 no\r\n", b"421 bye\r\n", b"235 in\r\n", b"334 \r\n", b"250-\r\n"]
    ),
    st.binary(max_size=30).map(lambda octets: octets + b"\r\n"),
)


@given(replies=st.lists(LINE, max_size=8), authentication=st.sampled_from(Authentication))
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_a_server_says_ends_in_an_outcome(
    replies: list[bytes], authentication: Authentication
) -> None:
    """Every recipient is refused or the message was taken; nothing is raised."""
    async with scripted(b"220 hi\r\n", *replies, DROP) as script:
        route = replace(script.route, authentication=authentication, username="u", password=SECRET)
        async with client(route, timeout=0.5) as one:
            outcome = await one.send(ENVELOPE, MESSAGE)

    taken = outcome.final is not None and outcome.final.accepted
    refusals = outcome.refusals(ENVELOPE)
    assert taken or set(refusals) == {JANE, JOHN}
    assert all(400 <= reply.code < 600 for reply in refusals.values())
