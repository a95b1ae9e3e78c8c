"""The SMTP server: what clients may do to it, and what it must never do to its backend."""

import asyncio
import base64
import logging
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

import pytest

import mailsim.smtp.connection
import mailsim.smtp.hooks
from mailsim.mail import Address, Envelope, Message, Reply
from mailsim.pop3.proof import Proof
from mailsim.smtp.backend import OK, Peer, Tls
from mailsim.smtp.server import PASSWORDS, Listener, TlsContextError, listen

pytestmark = pytest.mark.anyio

LIMIT = 1000
TOO_BIG = Reply(552, "Your message exceeded our limits", "5.3.4")
SECRET = "pass word"
PLAIN = base64.b64encode(f"\0alice\0{SECRET}".encode()).decode()
NAME = "smtp.provider.example"


@dataclass
class Keeper:
    """A backend that keeps what it takes; one account; a refusal for each address that has one."""

    refusals: Mapping[str, Reply] = field(default_factory=dict)
    kept: list[tuple[Peer, Envelope, bytes]] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)

    def login(self, username: str, proof: Proof) -> bool:
        """Whether it is Alice."""
        return (username, proof) == ("alice", SECRET)

    def mail(self, peer: Peer, sender: Address | None, size: int) -> Reply:
        """Judge size, then sender; fail where told so."""
        self.sizes.append(size)
        if sender is not None and sender.local == "bug":
            raise ZeroDivisionError(SECRET)
        if sender is not None and sender.local == "mute":
            return cast("Reply", None)
        return TOO_BIG if size > LIMIT else self.refusals.get(str(sender), OK)

    def rcpt(self, peer: Peer, sender: Address | None, recipient: Address) -> Reply:
        """Judge the recipient."""
        return self.refusals.get(str(recipient), OK)

    def data(self, peer: Peer, envelope: Envelope, message: Message) -> Reply:
        """Judge the size, and keep the message."""
        if len(message.octets) > LIMIT:
            return TOO_BIG
        self.kept.append((peer, envelope, message.octets))
        return OK


class Raw:
    """A client by hand: commands out, whole replies in."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def reply(self) -> str:
        """One reply, its lines joined."""
        lines = []
        while True:
            line = (await self.reader.readline()).decode()
            lines.append(line.rstrip("\r\n"))
            if line[3:4] != "-":
                return "\n".join(lines)

    async def say(self, *commands: bytes) -> str:
        """Send commands and return the last one's reply."""
        reply = ""
        for command in commands:
            self.writer.write(command + b"\r\n")
            reply = await self.reply()
        return reply

    async def start_tls(self, context: ssl.SSLContext) -> None:
        """Go on in TLS, after the server's 220."""
        await self.writer.start_tls(context, server_hostname=NAME)


@asynccontextmanager
async def serving(
    backend: Keeper, *, tls: Tls = Tls.NONE, context: ssl.SSLContext | None = None, login: bool = False
) -> AsyncIterator[Listener]:
    """A server; nothing is left of it afterwards."""
    before = asyncio.all_tasks()
    listener = await listen(
        backend,
        hostname=NAME,
        tls=tls,
        context=context,
        mechanisms=PASSWORDS if login else (),
        size_limit=LIMIT,
    )
    try:
        yield listener
    finally:
        await listener.close()
        assert not listener.connections
        assert asyncio.all_tasks() <= before


@asynccontextmanager
async def connected(listener: Listener, context: ssl.SSLContext | None = None) -> AsyncIterator[Raw]:
    """A raw client that was greeted."""
    name = NAME if context else None
    reader, writer = await asyncio.open_connection(
        listener.host, listener.port, ssl=context, server_hostname=name
    )
    raw = Raw(reader, writer)
    assert await raw.reply() == "220 smtp.provider.example mailsim"
    try:
        yield raw
    finally:
        raw.writer.transport.abort()


async def until(is_so: Callable[[], bool]) -> None:
    """Let the loop go on until something is so."""
    async with asyncio.timeout(10):
        while not is_so():  # noqa: ASYNC110 - it is the server's state, which tells of no change
            await asyncio.sleep(0)


# What is offered


@pytest.mark.parametrize(("login", "auth"), [(True, ["AUTH LOGIN PLAIN"]), (False, [])])
async def test_ehlo_offers_what_is_to_be_had(*, login: bool, auth: list[str]) -> None:
    """SIZE with the server's limit (RFC 1870), AUTH only with accounts, STARTTLS only with a certificate."""
    async with serving(Keeper(), login=login) as listener, connected(listener) as raw:
        lines = (await raw.say(b"EHLO me")).split("\n")

    offered = ["PIPELINING", f"SIZE {LIMIT}", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", *auth, "HELP"]
    assert [line[4:] for line in lines] == [NAME, *offered]


async def test_a_server_without_limit_announces_none() -> None:
    """And takes what is declared."""
    listener = await listen(Keeper(), hostname=NAME)
    async with connected(listener) as raw:
        assert "SIZE" not in await raw.say(b"EHLO me")
        assert await raw.say(b"MAIL FROM:<a@b> SIZE=900") == "250 2.0.0 OK"
    await listener.close()


@pytest.mark.parametrize("tls", [Tls.STARTTLS, Tls.IMPLICIT])
async def test_tls_needs_a_certificate(tls: Tls) -> None:
    """It would be a server without TLS otherwise."""
    with pytest.raises(TlsContextError, match=rf"^tls '{tls.value}' without a context"):
        await listen(Keeper(), hostname=NAME, tls=tls)


async def test_a_port_in_use_is_an_error() -> None:
    """The first server goes on; closing one that is closed is harmless."""
    async with serving(Keeper()) as listener:
        with pytest.raises(OSError, match="address already in use"):
            await listen(Keeper(), hostname=NAME, port=listener.port)
        async with connected(listener) as raw:
            assert await raw.say(b"NOOP") == "250 2.0.0 OK"
        await listener.close()


# Authentication and TLS


@pytest.mark.parametrize(
    ("commands", "reply"),
    [
        ([f"AUTH PLAIN {PLAIN}"], "235 2.7.0 Authentication successful"),
        (["AUTH PLAIN", PLAIN], "235 2.7.0 Authentication successful"),
        (
            ["AUTH LOGIN", "YWxpY2U=", base64.b64encode(SECRET.encode()).decode()],
            "235 2.7.0 Authentication successful",
        ),
        (["AUTH LOGIN YWxpY2U=", "d3Jvbmc="], "535 5.7.8 Authentication credentials invalid"),
        (["AUTH PLAIN AGFsaWNlAHdyb25n"], "535 5.7.8 Authentication credentials invalid"),
        (["AUTH PLAIN AP//AP//"], "535 5.7.8 Authentication credentials invalid"),
        (["AUTH PLAIN ?"], "501 5.5.2 the response is not base64"),
        (["AUTH PLAIN", "*"], "501 5.7.0 Authentication cancelled"),
        (["AUTH CRAM-MD5"], "504 5.5.4 Unrecognized authentication type"),
        (
            ["AUTH PLAIN " + "A" * 12_000],
            "501 5.5.2 PLAIN needs name and password, and no other's name (RFC 4616)",
        ),
        (["AUTH PLAIN " + "A" * 13_000], "500 5.5.2 Command line too long"),
    ],
)
async def test_login(commands: list[str], reply: str) -> None:
    """PLAIN and LOGIN, in one step or in several; a command may be 12,288 octets long (RFC 4954)."""
    backend = Keeper()
    async with serving(backend, login=True) as listener, connected(listener) as raw:
        await raw.say(b"EHLO me")
        assert await raw.say(b"MAIL FROM:<a@b>") == "530 5.7.0 Authentication required"

        assert await raw.say(*(command.encode() for command in commands)) == reply

        mail = await raw.say(b"MAIL FROM:<a@b>")
        assert mail == ("250 2.0.0 OK" if reply.startswith("235") else "530 5.7.0 Authentication required")


async def test_login_only_over_tls_where_tls_is_to_be_had(
    server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    """Before STARTTLS no password is asked for or taken; after it the dialogue begins anew (RFC 3207)."""
    backend = Keeper()
    async with (
        serving(backend, tls=Tls.STARTTLS, context=server_tls, login=True) as listener,
        connected(listener) as raw,
    ):
        offer = await raw.say(b"EHLO me")
        assert "STARTTLS" in offer
        assert "AUTH" not in offer
        assert (await raw.say(f"AUTH PLAIN {PLAIN}".encode())).startswith("538 5.7.11")

        assert await raw.say(b"STARTTLS") == "220 Ready to start TLS"
        await raw.start_tls(client_tls)

        assert (await raw.say(b"MAIL FROM:<a@b>")).startswith("503")
        offer = await raw.say(b"EHLO me")
        assert "STARTTLS" not in offer
        assert "AUTH" in offer
        assert await raw.say(b"STARTTLS") == "503 5.5.1 TLS is active already"
        assert (await raw.say(f"AUTH PLAIN {PLAIN}".encode())).startswith("235")
        assert await raw.say(b"MAIL FROM:<a@b>", b"RCPT TO:<c@d>", b"DATA", b".") == "250 2.0.0 OK"
    assert backend.kept[0][0] == Peer("me", "alice")


async def test_nothing_said_before_tls_counts_in_it(
    server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    """A command sent along with STARTTLS in the clear is not carried across (RFC 3207 section 4.2)."""
    backend = Keeper()
    async with (
        serving(backend, tls=Tls.STARTTLS, context=server_tls) as listener,
        connected(listener) as raw,
    ):
        await raw.say(b"EHLO me")
        await raw.say(b"MAIL FROM:<evil@x>")
        raw.writer.write(b"STARTTLS\r\nEHLO evil\r\nMAIL FROM:<evil@x>\r\nRCPT TO:<evil@x>\r\n")
        assert (await raw.reply()).startswith("220")
        await raw.start_tls(client_tls)

        assert await raw.say(b"NOOP") == "250 2.0.0 OK"
        assert (await raw.say(b"RCPT TO:<c@d>")).startswith("503")


async def test_tls_from_the_first_octet_serves_logins(
    server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    """No warning, no STARTTLS, AUTH at once (RFC 8314)."""
    async with (
        serving(Keeper(), tls=Tls.IMPLICIT, context=server_tls, login=True) as listener,
        connected(listener, client_tls) as raw,
    ):
        offer = await raw.say(b"EHLO me")
        assert "AUTH LOGIN PLAIN" in offer
        assert "STARTTLS" not in offer
        assert (await raw.say(f"AUTH PLAIN {PLAIN}".encode())).startswith("235")


@pytest.mark.parametrize("tls", [Tls.STARTTLS, Tls.IMPLICIT])
async def test_who_does_not_get_through_the_handshake_is_sent_away(
    server_tls: ssl.SSLContext, client_tls: ssl.SSLContext, tls: Tls
) -> None:
    """No TLS client, or one that does not trust us: the connection ends, the others are served."""
    stranger = ssl.create_default_context()
    async with serving(Keeper(), tls=tls, context=server_tls) as listener:
        reader, writer = await asyncio.open_connection(listener.host, listener.port)
        if tls is Tls.STARTTLS:
            await Raw(reader, writer).reply()
            await Raw(reader, writer).say(b"STARTTLS")
        writer.write(b"EHLO me\r\n" * 3)
        assert not (await reader.read()).startswith(b"250")
        writer.transport.abort()

        reader, writer = await asyncio.open_connection(listener.host, listener.port)
        if tls is Tls.STARTTLS:
            await Raw(reader, writer).reply()
            await Raw(reader, writer).say(b"STARTTLS")
        with pytest.raises(ssl.SSLCertVerificationError):
            await writer.start_tls(stranger, server_hostname=NAME)
        writer.transport.abort()

        async with connected(listener, client_tls if tls is Tls.IMPLICIT else None) as raw:
            assert await raw.say(b"NOOP") == "250 2.0.0 OK"


async def test_a_login_says_nothing_of_itself(caplog: pytest.LogCaptureFixture) -> None:
    """What aiosmtpd warns of is its own business, and would stand beside every failed test."""
    async with serving(Keeper(), login=True) as listener, connected(listener) as raw:
        assert (await raw.say(b"EHLO me", f"AUTH PLAIN {PLAIN}".encode())).startswith("235")

    assert "mail.log" not in caplog.text


async def test_passwords_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """At no level, in no form (R1.11)."""
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="mail.log")
    secret = base64.b64encode(SECRET.encode())
    async with serving(Keeper(), login=True) as listener, connected(listener) as raw:
        await raw.say(b"EHLO me", b"AUTH LOGIN", b"YWxpY2U=", b"d3Jvbmc=")
        await raw.say(b"AUTH LOGIN YWxpY2U=", secret)
    async with serving(Keeper(), login=True) as listener, connected(listener) as raw:
        await raw.say(b"EHLO me", b"AUTH PLAIN", PLAIN.encode())
    async with serving(Keeper(), login=True) as listener, connected(listener) as raw:
        await raw.say(b"EHLO me", b"AUTH PLAIN " + PLAIN.encode())

    assert "AUTH" in caplog.text
    for form in (SECRET, secret.decode(), PLAIN):
        assert form not in caplog.text


# Envelopes


@pytest.mark.parametrize(
    ("mail", "sender"),
    [
        ("<>", None),
        ("<jane@client.example>", Address("jane", "client.example")),
        ('<"two words"@client.example>', Address("two words", "client.example")),
        ("<jürgen@client.example> SMTPUTF8", Address("jürgen", "client.example")),
        ("<jane@bücher.example> SMTPUTF8", Address("jane", "xn--bcher-kva.example")),
        ("<jane@[127.0.0.1]> BODY=8BITMIME SIZE=10", Address("jane", "[127.0.0.1]")),
    ],
)
async def test_the_backend_gets_addresses(mail: str, sender: Address | None) -> None:
    """The null sender is None; UTF-8 is text (RFC 6531); recipients are in the order given."""
    backend = Keeper({"no@d.example": Reply(550, "No such user", "5.1.1")})
    async with serving(backend) as listener, connected(listener) as raw:
        await raw.say(b"EHLO me")
        assert await raw.say(f"MAIL FROM:{mail}".encode()) == "250 2.0.0 OK"
        assert await raw.say(b"RCPT TO:<c@d.example>") == "250 2.0.0 OK"
        assert await raw.say(b"RCPT TO:<no@d.example>") == "550 5.1.1 No such user"
        assert await raw.say(b"RCPT TO:<b@d.example>", b"DATA", b"Subject: x\r\n.") == "250 2.0.0 OK"

    [(peer, envelope, octets)] = backend.kept
    assert peer == Peer("me")
    assert envelope == Envelope(sender, (Address("c", "d.example"), Address("b", "d.example")))
    assert octets == b"Subject: x\r\n"


@pytest.mark.parametrize(
    ("address", "reply"),
    [
        ("jane", "553 5.1.3"),
        ("jane@x@y", "5"),
        ('"a\rb"@abc.com', "5"),
        ('"a\0b"@abc.com', "5"),
        ("jane@[x", "5"),
        ("jürgen@abc.com", "553 5.6.7"),
        ("jane@bücher.example", "553 5.6.7"),
    ],
)
@pytest.mark.parametrize("command", ["MAIL FROM", "RCPT TO"])
async def test_what_is_no_address_is_refused(command: str, address: str, reply: str) -> None:
    """Nothing of it reaches the backend, and the dialogue stays in step."""
    backend = Keeper()
    async with serving(backend) as listener, connected(listener) as raw:
        await raw.say(b"EHLO me")
        if command == "RCPT TO":
            await raw.say(b"MAIL FROM:<a@b>")
        assert (await raw.say(f"{command}:<{address}>".encode())).startswith(reply)
        assert (await raw.say(command.encode() + b":<\xff@abc.com>")).startswith("553")
        assert await raw.say(b"RSET") == "250 2.0.0 OK"
    assert backend.kept == []


async def test_hostile_commands_are_answered(capsys: pytest.CaptureFixture[str]) -> None:
    """Octets that are no text, no command, no end: an answer each, nothing on standard error."""
    async with serving(Keeper()) as listener, connected(listener) as raw:
        assert (await raw.say(b"\xff\xfe")).startswith("500")
        assert (await raw.say(b"VRFY @\xff")).startswith("500 5.5.2")
        assert (await raw.say(b"\x1b[31m x")).startswith("500")
        assert (await raw.say(b"EHLO " + b"x" * 1000)).startswith("500")
        assert (await raw.say(b"x" * 2_000_000)).startswith("500")
        await raw.say("EHLO a\x1bb\u202e".encode())
        assert (await raw.say(b"HELP")).startswith("250")
    assert capsys.readouterr() == ("", "")


async def test_a_peer_s_name_holds_no_control_character() -> None:
    """It goes into traces and onto terminals."""
    backend = Keeper()
    async with serving(backend) as listener, connected(listener) as raw:
        await raw.say(b"EHLO a\x1b\xffb", b"MAIL FROM:<a@b>", b"RCPT TO:<c@d>", b"DATA", b".")

    assert backend.kept[0][0] == Peer("a\ufffd\ufffdb")


# Size


@pytest.mark.parametrize(
    ("declared", "reply"),
    [
        (str(LIMIT), "250 2.0.0 OK"),
        (str(LIMIT + 1), "552 5.3.4 Your message exceeded our limits"),
        (str(2 * LIMIT + 1), "552 5.3.4 Your message exceeded our limits"),
        ("9" * 20, "552 5.3.4 Your message exceeded our limits"),
        ("big", "501"),
    ],
)
async def test_a_declared_size_is_judged_at_mail(declared: str, reply: str) -> None:
    """In the backend's words, however big (RFC 1870 section 6.1)."""
    async with serving(Keeper()) as listener, connected(listener) as raw:
        await raw.say(b"EHLO me")

        assert (await raw.say(f"MAIL FROM:<a@b> SIZE={declared}".encode())).startswith(reply)


@pytest.mark.parametrize(
    ("line", "count", "taken"),
    [
        (b"x" * 98 + b"\r\n", 10, True),
        (b"." + b"." * 97 + b"\r\n", 11, False),
        (b"..\r\n", 333, True),  # `.` and CRLF, stuffed: 999 octets
        (b"x" * 98 + b"\r\n", 11, False),
        (b"x" * 98 + b"\r\n", 100, False),
    ],
)
async def test_a_counted_size_is_judged_after_data(line: bytes, count: int, *, taken: bool) -> None:
    """Stuffed dots do not count; the connection stays in step; a message far too big is not kept meanwhile."""
    backend = Keeper()
    async with serving(backend) as listener, connected(listener) as raw:
        reply = await raw.say(b"EHLO me", b"MAIL FROM:<a@b>", b"RCPT TO:<c@d>", b"DATA", line * count + b".")

        assert reply == ("250 2.0.0 OK" if taken else "552 5.3.4 Your message exceeded our limits")
        assert await raw.say(b"NOOP") == "250 2.0.0 OK"
    assert len(backend.kept) == taken


async def test_a_message_too_big_is_not_kept_as_it_comes() -> None:
    """It is read to its end, and the connection goes on."""
    backend = Keeper()
    async with serving(backend) as listener, connected(listener) as raw:
        await raw.say(b"EHLO me", b"MAIL FROM:<a@b>", b"RCPT TO:<c@d>", b"DATA")
        for _ in range(3):
            raw.writer.write((b"x" * 98 + b"\r\n") * 100)
            await raw.writer.drain()
            await asyncio.sleep(0.02)  # so that the server reads them apart
        assert await raw.say(b"x\r\n.") == TOO_BIG.wire()
        assert await raw.say(b"NOOP") == "250 2.0.0 OK"
    assert backend.kept == []


async def test_a_backend_without_opinion_leaves_the_refusal_to_the_server() -> None:
    """A message over what is taken at all is refused, whatever the backend says of its declared size."""

    class Easy(Keeper):
        def mail(self, peer: Peer, sender: Address | None, size: int) -> Reply:
            return OK

    async with serving(Easy()) as listener, connected(listener) as raw:
        await raw.say(b"EHLO me", b"MAIL FROM:<a@b>", b"RCPT TO:<c@d>", b"DATA")
        reply = await raw.say((b"x" * 98 + b"\r\n") * 30 + b".")

    assert reply == "552 5.3.4 Message size exceeds fixed maximum message size"


async def test_a_line_over_a_megabyte_is_refused_in_step() -> None:
    """500 after the end of the data, and the next command is understood."""
    listener = await listen(Keeper(), hostname=NAME)
    async with connected(listener) as raw:
        await raw.say(b"EHLO me", b"MAIL FROM:<a@b>", b"RCPT TO:<c@d>", b"DATA")
        assert (await raw.say(b"x" * 3_000_000 + b"\r\n.")).startswith("500 5.5.2 Line too long")
        assert await raw.say(b"NOOP") == "250 2.0.0 OK"
    await listener.close()


async def test_an_endless_line_ends_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would fill the memory otherwise."""
    monkeypatch.setattr(mailsim.smtp.connection, "HARD_LIMIT", 3_000_000)
    listener = await listen(Keeper(), hostname=NAME)
    async with connected(listener) as raw:
        await raw.say(b"EHLO me", b"MAIL FROM:<a@b>", b"RCPT TO:<c@d>", b"DATA")
        raw.writer.write(b"x" * 4_000_000)
        with pytest.raises(ConnectionError):
            await raw.reader.read()
    await listener.close()


# Data


async def test_only_crlf_dot_crlf_ends_a_message() -> None:
    """No other line ends smuggle a second message in (RFC 5321 section 4.1.1.4)."""
    backend = Keeper()
    smuggled = b"\n.\nMAIL FROM:<evil@x>\r\n\r.\rRSET\r\n\n.\r\nRSET\r\n\r\n.\nQUIT\r\n"
    async with serving(backend) as listener, connected(listener) as raw:
        await raw.say(b"EHLO me", b"MAIL FROM:<a@b>", b"RCPT TO:<c@d>", b"DATA")
        assert await raw.say(smuggled + b".") == "250 2.0.0 OK"
        assert await raw.say(b"NOOP") == "250 2.0.0 OK"

    [(_, envelope, octets)] = backend.kept
    assert envelope.sender == Address("a", "b")
    assert octets == smuggled.replace(b"\r\n.\n", b"\r\n\n")  # a dot that begins a line was stuffed


@pytest.mark.parametrize("end", ["eof", "reset"])
async def test_a_message_cut_off_is_not_taken(end: str) -> None:
    """The connection dropped in DATA: nothing reaches the backend, nothing is left."""
    backend = Keeper()
    async with serving(backend) as listener, connected(listener) as raw:
        await raw.say(b"EHLO me", b"MAIL FROM:<a@b>", b"RCPT TO:<c@d>", b"DATA")
        raw.writer.write(b"Subject: x\r\n\r\nhalf")
        await raw.writer.drain()
        if end == "eof":
            raw.writer.write_eof()
            assert await raw.reader.read() == b""
        else:
            raw.writer.transport.abort()
    assert backend.kept == []


async def test_connections_do_not_mix() -> None:
    """Many at once, each in another state, each with its own envelope and limits."""
    backend = Keeper()

    async def one(listener: Listener, number: int) -> None:
        async with connected(listener) as raw:
            await raw.say(b"EHLO me%d" % number, b"MAIL FROM:<a%d@b> SIZE=10 BODY=8BITMIME" % number)
            await raw.say(b"RCPT TO:<c%d@d>" % number, b"DATA")
            assert await raw.say(b"%d\r\n." % number) == "250 2.0.0 OK"
            assert (await raw.say(b"QUIT")).startswith("221")

    async with serving(backend) as listener:
        await asyncio.gather(*(one(listener, number) for number in range(30)))

    kept = {peer.name: (str(envelope.sender), octets) for peer, envelope, octets in backend.kept}
    assert kept == {f"me{number}": (f"a{number}@b", b"%d\r\n" % number) for number in range(30)}


# Ends


async def test_a_backend_s_bug_is_told_to_the_loop_and_not_to_the_client() -> None:
    """451, so that the mail is kept; no text of the exception goes out."""
    told: list[object] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: told.append(context.get("exception")))
    async with serving(Keeper()) as listener, connected(listener) as raw:
        await raw.say(b"EHLO me")
        assert await raw.say(b"MAIL FROM:<bug@b>") == "451 4.3.0 Local error in processing"
        assert await raw.say(b"MAIL FROM:<mute@b>") == "451 4.3.0 Local error in processing"
        assert await raw.say(b"MAIL FROM:<a@b>") == "250 2.0.0 OK"
    loop.set_exception_handler(None)

    assert [type(error) for error in told] == [ZeroDivisionError, TypeError]
    assert str(told[1]) == "a backend answered None, which is no Reply"


@pytest.mark.parametrize("tls", Tls)
async def test_close_ends_connections_in_every_state(
    server_tls: ssl.SSLContext, client_tls: ssl.SSLContext, tls: Tls
) -> None:
    """Silent, in mid-handshake, greeted, in the middle of DATA, of AUTH, with a reply nobody reads."""
    told: list[Mapping[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    context = None if tls is Tls.NONE else server_tls
    secured = client_tls if tls is Tls.IMPLICIT else None
    async with serving(Keeper(), tls=tls, context=context, login=tls is Tls.NONE) as listener:
        async with (
            connected(listener, secured),
            connected(listener, secured) as data,
            connected(listener, secured) as flood,
        ):
            _, silent = await asyncio.open_connection(listener.host, listener.port)
            if tls is Tls.STARTTLS:
                await flood.say(b"EHLO me", b"STARTTLS")  # and no handshake
            elif tls is Tls.NONE:
                await flood.say(b"EHLO me", b"AUTH LOGIN")
            else:
                flood.writer.write(b"HELP\r\n" * 30_000)
            if tls is not Tls.NONE:
                await data.say(b"EHLO me", b"MAIL FROM:<a@b>", b"RCPT TO:<c@d>", b"DATA")
                data.writer.write(b"half a message")
            await until(lambda: len(listener.connections) == 4)

            await listener.close()

            assert not listener.connections
            silent.transport.abort()
        with pytest.raises(OSError, match="Connect call failed"):
            await asyncio.open_connection(listener.host, listener.port)
    assert told == []


async def test_quit_ends_the_connection() -> None:
    """221, then the end of it on both sides; a half-closed one ends too."""
    async with serving(Keeper()) as listener:
        async with connected(listener) as raw:
            assert await raw.say(b"QUIT") == "221 2.0.0 Bye"
            assert await raw.reader.read() == b""
        async with connected(listener) as raw:
            raw.writer.write_eof()
            assert await raw.reader.read() == b""
        await until(lambda: not listener.connections)


async def test_the_postmaster_needs_no_domain() -> None:
    """RFC 5321 sections 4.1.1.3 and 4.5.1: in any letters; nobody else goes without."""
    keeper = Keeper()
    async with serving(keeper) as listener, connected(listener) as raw:
        await raw.say(b"EHLO me", b"MAIL FROM:<a@b>")
        assert await raw.say(b"RCPT TO:<Postmaster>") == "250 2.0.0 OK"
        assert (await raw.say(b"RCPT TO:<alice>"))[0] == "5"
        await raw.say(b"DATA", b".")

    [(_, envelope, _)] = keeper.kept
    assert envelope.recipients == (Address("postmaster", NAME),)


@pytest.mark.parametrize(
    "command", [b"MAIL FROM:<a@b.example", b"MAIL FROM:<", b"MAIL FROM:<a@b.example SIZE=5"]
)
async def test_a_path_that_is_not_closed_is_none(command: bytes) -> None:
    """RFC 5321 section 4.1.2."""
    async with serving(Keeper()) as listener, connected(listener) as raw:
        await raw.say(b"EHLO me")
        assert (await raw.say(command))[0] == "5"
        assert await raw.say(b"MAIL FROM:<a@b.example>") == "250 2.0.0 OK"
        assert (await raw.say(b"RCPT TO:<c@d.example"))[0] == "5"
        assert await raw.say(b"RCPT TO:<c@d.example>") == "250 2.0.0 OK"


async def test_a_transaction_has_so_many_recipients(monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 5321 section 4.5.3.1.10: the rest is for another; one that is named again gets one copy."""
    assert mailsim.smtp.limits.MOST_RECIPIENTS >= 100
    monkeypatch.setattr("mailsim.smtp.limits.MOST_RECIPIENTS", 2)
    keeper = Keeper()
    async with serving(keeper) as listener, connected(listener) as raw:
        await raw.say(b"EHLO me", b"MAIL FROM:<a@b>")
        said = [await raw.say(b"RCPT TO:<%s@d>" % name) for name in (b"x", b"x", b"y", b"z")]
        assert await raw.say(b"DATA", b".") == "250 2.0.0 OK"

    assert said == ["250 2.0.0 OK"] * 3 + ["452 4.5.3 Too many recipients"]
    [(_, envelope, _)] = keeper.kept
    assert envelope.recipients == (Address("x", "d"), Address("y", "d"))
