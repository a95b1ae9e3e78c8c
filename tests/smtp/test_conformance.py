"""What our SMTP server answers, command by command: RFC 5321 and its extensions, and what hostile clients try.

Where a reply is a reading of an RFC, its section stands beside it. Faults are in test_disturbed.
"""

import asyncio
import base64
import contextlib
import ssl
from collections.abc import Sequence
from hmac import new as hmac

import pytest

from mailsim.pop3.conduct import Mechanism
from mailsim.smtp.backend import Tls
from mailsim.smtp.server import listen
from tests.smtp.recording import SECRET, USER, Recorder

pytestmark = pytest.mark.anyio

EHLO, MAIL, RCPT = "EHLO me", "MAIL FROM:<a1234@abc.com>", "RCPT TO:<jane@client.example>"
PLAIN = base64.b64encode(f"\0{USER}\0{SECRET}".encode()).decode()
XOAUTH2 = base64.b64encode(f"user={USER}\1auth=Bearer {SECRET}\1\1".encode()).decode()
WRONG_TOKEN = base64.b64encode(f"user={USER}\1auth=Bearer no\1\1".encode()).decode()


async def heard(
    octets: bytes,
    *,
    mechanisms: Sequence[Mechanism] = (),
    open_relay: bool = False,
    recorder: Recorder | None = None,
) -> list[str]:
    """The replies to octets sent at once, until the server closes; of each the last line, without the greeting."""
    listener = await listen(
        recorder or Recorder(),
        hostname="mx.example",
        mechanisms=mechanisms,
        open_relay=open_relay,
        size_limit=100_000,
    )
    reader, writer = await asyncio.open_connection(listener.host, listener.port)
    writer.write(octets)
    writer.write_eof()
    try:
        told = await asyncio.wait_for(reader.read(), 20)
    finally:
        writer.transport.abort()
        await listener.close()
    lines = told.decode("utf-8", "replace").split("\r\n")[1:-1]
    return [line for line in lines if line[3:4] == " "]


async def dialogue(*commands: str, mechanisms: Sequence[Mechanism] = ()) -> list[str]:
    """The replies to commands, pipelined, each its last line; QUIT ends it and its reply is left out."""
    replies = await heard(
        "".join(f"{line}\r\n" for line in (*commands, "QUIT")).encode(), mechanisms=mechanisms
    )
    assert replies[-1] == "221 2.0.0 Bye"
    return replies[:-1]


@pytest.mark.parametrize(
    ("commands", "reply"),
    [
        # RFC 5321 section 4.1.4: the order of commands
        ([MAIL], "503 5.5.1 send HELO first"),
        (["DATA"], "503 5.5.1 send HELO first"),
        (["AUTH PLAIN"], "503 5.5.1 send EHLO first"),
        ([EHLO, RCPT], "503 5.5.1 need MAIL command"),
        ([EHLO, "DATA"], "503 5.5.1 need RCPT command"),
        ([EHLO, MAIL, "DATA"], "503 5.5.1 need RCPT command"),
        ([EHLO, MAIL, MAIL], "503 5.5.1 nested MAIL command"),
        ([EHLO, MAIL, RCPT, "RSET", RCPT], "503 5.5.1 need MAIL command"),
        ([EHLO, MAIL, RCPT, EHLO, RCPT], "503 5.5.1 need MAIL command"),  # EHLO resets too
        ([EHLO, MAIL, RCPT, RCPT], "250 2.0.0 OK"),
        (["HELO me", MAIL, RCPT], "250 2.0.0 OK"),
        (["NOOP"], "250 2.0.0 OK"),
        (["RSET"], "250 2.0.0 OK"),
        ([EHLO, "VRFY jane"], "252 2.5.0 Cannot VRFY user, but will accept message and attempt delivery"),
        ([EHLO, "EXPN list"], "502 5.5.1 EXPN not implemented"),
        # sections 4.1.1 and 4.2.4: syntax
        (["EHLO"], "501 5.5.4 Syntax: EHLO hostname"),
        (["HELO"], "501 5.5.4 Syntax: HELO hostname"),
        (["XYZZY"], '500 5.5.2 command "XYZZY" not recognized'),
        ([""], "500 5.5.2 bad syntax"),
        ([EHLO, "MAIL"], "501 5.5.4 Syntax: MAIL FROM: <address> [SP <mail-parameters>]"),
        ([EHLO, "MAIL TO:<a@b>"], "501 5.5.4 Syntax: MAIL FROM: <address> [SP <mail-parameters>]"),
        (["HELO me", "MAIL FROM:<a@b> SIZE=1"], "501 5.5.4 Syntax: MAIL FROM: <address>"),
        ([EHLO, MAIL, "RCPT"], "501 5.5.4 Syntax: RCPT TO: <address> [SP <mail-parameters>]"),
        ([EHLO, MAIL, "RCPT TO:<>"], "553 5.1.3 The address is no mailbox address"),
        ([EHLO, MAIL, RCPT, "DATA now"], "501 5.5.4 Syntax: DATA"),
        (["QUIT now"], "501 5.5.4 Syntax: QUIT"),
        (["ehlo me", "mail from:<a1234@abc.com>"], "250 2.0.0 OK"),  # section 2.4: any letter case
        # section 4.5.5: the null sender
        ([EHLO, "MAIL FROM:<>"], "250 2.0.0 OK"),
        # section 4.5.3.1.4 and RFC 1870 section 3: 512 octets of a command, more of MAIL; each connection counts by itself
        ([EHLO, "NOOP " + "x" * 505], "250 2.0.0 OK"),
        ([EHLO, "NOOP " + "x" * 520], "500 5.5.2 Command line too long"),
        ([EHLO, EHLO, EHLO, "MAIL FROM:<a@b> SIZE=" + "0" * 530], "500 5.5.2 Command line too long"),
        # RFC 1870: SIZE
        ([EHLO, "MAIL FROM:<a@b> SIZE=100000"], "250 2.0.0 OK"),
        ([EHLO, "MAIL FROM:<a@b> SIZE=x"], "501 5.5.4 Syntax: MAIL FROM: <address> [SP <mail-parameters>]"),
        # RFC 6152: 8BITMIME, RFC 6531: SMTPUTF8
        ([EHLO, "MAIL FROM:<a@b> BODY=8BITMIME"], "250 2.0.0 OK"),
        ([EHLO, "MAIL FROM:<a@b> BODY=BINARYMIME"], "501 5.5.4 BODY can only be one of 7BIT, 8BITMIME"),
        ([EHLO, "MAIL FROM:<jürgen@abc.com> SMTPUTF8"], "250 2.0.0 OK"),
        ([EHLO, "MAIL FROM:<jürgen@abc.com>"], "553 5.6.7 This address needs the parameter SMTPUTF8 of MAIL"),
        ([EHLO, "MAIL FROM:<a@b> SMTPUTF8=1"], "501 5.5.4 SMTPUTF8 takes no arguments"),
        ([EHLO, "MAIL FROM:<a@b> RET=HDRS"], "555 5.5.4 MAIL FROM parameters not recognized or not implemented"),
        # RFC 3207: STARTTLS where there is no TLS
        ([EHLO, "STARTTLS"], "454 TLS not available"),
        # RFC 4954: AUTH where nobody logs in
        ([EHLO, f"AUTH PLAIN {PLAIN}"], "502 5.5.1 AUTH is not offered"),
    ],
)  # fmt: skip
async def test_a_command_is_answered(commands: list[str], reply: str) -> None:
    """The last of these commands, sent all at once (RFC 2920)."""
    assert (await dialogue(*commands))[-1] == reply


@pytest.mark.parametrize(
    ("commands", "replies"),
    [
        ([f"AUTH PLAIN {PLAIN}"], ["235 2.7.0 Authentication successful"]),
        ([f"auth plain {PLAIN}"], ["235 2.7.0 Authentication successful"]),
        (["AUTH PLAIN", PLAIN], ["334 ", "235 2.7.0 Authentication successful"]),
        (["AUTH PLAIN", "*"], ["334 ", "501 5.7.0 Authentication cancelled"]),
        (["AUTH PLAIN ="], ["501 5.5.2 PLAIN needs name and password, and no other's name (RFC 4616)"]),
        (["AUTH LOGIN", "*"], ["334 VXNlcm5hbWU6", "501 5.7.0 Authentication cancelled"]),
        (["AUTH LOGIN ?"], ["501 5.5.2 the response is not base64"]),
        (["AUTH CRAM-MD5 " + PLAIN], ["501 5.7.0 This mechanism begins with the server's word"]),
        ([f"AUTH XOAUTH2 {XOAUTH2}"], ["235 2.7.0 Authentication successful"]),
        (["AUTH XOAUTH2", XOAUTH2], ["334 ", "235 2.7.0 Authentication successful"]),
        (
            [f"AUTH XOAUTH2 {WRONG_TOKEN}", ""],
            ["334 eyJzdGF0dXMiOiI0MDAi", "535 5.7.8 Authentication credentials invalid"],
        ),
        (["AUTH XOAUTH2 " + PLAIN], ["501 5.5.2 XOAUTH2 needs user= and auth=Bearer, each ended by ^A"]),
        (["AUTH"], ["501 5.5.4 Syntax: AUTH <mechanism> [initial-response]"]),
        (["AUTH PLAIN a b"], ["501 5.5.4 Syntax: AUTH <mechanism> [initial-response]"]),
        (["AUTH GSSAPI"], ["504 5.5.4 Unrecognized authentication type"]),
        ([f"AUTH PLAIN {PLAIN}", f"AUTH PLAIN {PLAIN}"], ["235 2.7.0 ", "503 5.5.1 Already authenticated"]),
        (
            [f"AUTH PLAIN {PLAIN}", MAIL, "AUTH PLAIN"],
            ["235 2.7.0 ", "250 2.0.0 OK", "503 5.5.1 Already authenticated"],
        ),
        ([MAIL], ["530 5.7.0 Authentication required"]),
        (["HELO me", f"AUTH PLAIN {PLAIN}"], ["250 mx.example", "502 5.5.1 AUTH is not offered"]),
    ],
)
async def test_a_login_is_answered(commands: list[str], replies: list[str]) -> None:
    """RFC 4954: initial responses, `*`, an empty one, one login a connection."""
    told = (await dialogue(EHLO, *commands, mechanisms=tuple(Mechanism)))[1:]

    assert [reply[: len(expected)] for reply, expected in zip(told, replies, strict=True)] == replies


async def test_nobody_logs_in_amid_a_message() -> None:
    """RFC 4954 section 4."""
    sent = f"{EHLO}\r\n{MAIL}\r\nAUTH PLAIN {PLAIN}\r\nQUIT\r\n".encode()
    replies = await heard(sent, mechanisms=[Mechanism.PLAIN], open_relay=True)

    assert replies[2] == "503 5.5.1 AUTH is not allowed during a mail transaction"


async def test_an_endless_response_ends_the_connection() -> None:
    """A login is no way to fill memory."""
    sent = f"{EHLO}\r\nAUTH PLAIN\r\n".encode() + b"A" * 3_000_000
    with contextlib.suppress(ConnectionError):  # reset while it is sent
        assert (await heard(sent, mechanisms=[Mechanism.PLAIN]))[1:] == ["334 "]


async def test_cram_md5_proves_the_password_by_a_challenge() -> None:
    """RFC 2195: another one each time; the digest of one is none of another."""
    recorder = Recorder()
    listener = await listen(recorder, hostname="mx.example", mechanisms=[Mechanism.CRAM_MD5])
    seen = set()
    for password in (SECRET, "wrong"):
        reader, writer = await asyncio.open_connection(listener.host, listener.port)
        writer.write(b"EHLO me\r\nAUTH CRAM-MD5\r\n")
        challenge = b""
        while not challenge.startswith(b"334 "):
            challenge = await reader.readline()
        nonce = base64.b64decode(challenge[4:])
        seen.add(nonce)
        digest = hmac(password.encode(), nonce, "md5").hexdigest()
        writer.write(base64.b64encode(f"{USER} {digest}".encode()) + b"\r\n")
        assert (await reader.readline()).startswith(b"235" if password == SECRET else b"535")
        writer.close()
    await listener.close()
    assert len(seen) == 2
    assert all(nonce.startswith(b"<") and nonce.endswith(b"@mx.example>") for nonce in seen)


START = b"EHLO me\r\nMAIL FROM:<a1234@abc.com>\r\nRCPT TO:<jane@client.example>\r\nDATA\r\n"
SMUGGLED = b"MAIL FROM:<evil@x.example>\r\nRCPT TO:<jane@client.example>\r\nDATA\r\nevil\r\n.\r\n"


@pytest.mark.parametrize(
    "end",
    [b"\n.\n", b"\r\n.\n", b"\n.\r\n", b"\r.\r", b"\r\n.\r", b"\r\n\0.\r\n", b"\r.\r\n", b"\r\n.\r\r\n"],
)
async def test_nothing_but_crlf_dot_crlf_ends_a_message(end: bytes) -> None:
    """SMTP smuggling (CVE-2023-51764 and its kin): what follows another end is text of the one message."""
    recorder = Recorder()
    replies = await heard(START + b"one" + end + SMUGGLED + b"QUIT\r\n", recorder=recorder)

    assert [call[0] for call in recorder.calls] == ["mail", "rcpt", "data"]
    expected = (b"one" + end + SMUGGLED).removesuffix(b".\r\n").replace(b"\r\n.", b"\r\n")
    assert recorder.calls[-1][-1] == expected
    assert [reply[:3] for reply in replies[-3:]] == ["354", "250", "221"]


async def test_what_is_behind_the_end_is_the_next_command() -> None:
    """RFC 2920: a client may send the next transaction with the end of the data."""
    recorder = Recorder()
    replies = await heard(START + b"one\r\n.\r\n" + SMUGGLED + b"QUIT\r\n", recorder=recorder)

    assert [call[0] for call in recorder.calls] == ["mail", "rcpt", "data"] * 2
    assert "".join(reply[0] for reply in replies) == "2223222322"


async def test_no_command_is_carried_across_starttls(
    server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    """RFC 3207 section 4.2, CVE-2011-0411: what was sent in the clear behind STARTTLS is gone."""
    recorder = Recorder()
    listener = await listen(recorder, hostname="mx.example", tls=Tls.STARTTLS, context=server_tls)
    reader, writer = await asyncio.open_connection(listener.host, listener.port)
    writer.write(b"STARTTLS\r\n" + START.removesuffix(b"DATA\r\n"))
    assert (await reader.readline()).startswith(b"220 ")
    assert (await reader.readline()).startswith(b"220 ")
    await writer.start_tls(client_tls, server_hostname="smtp.provider.example")
    writer.write(b"RCPT TO:<jane@client.example>\r\nQUIT\r\n")

    assert (await reader.readline()).startswith(b"503 ")
    assert (await reader.readline()).startswith(b"221 ")
    assert recorder.calls == []
    writer.close()
    await listener.close()


async def test_a_limit_of_one_connection_is_not_another_s() -> None:
    """Aiosmtpd 1.4.6 keeps the limits of commands for all connections together."""
    listener = await listen(Recorder(), hostname="mx.example", size_limit=1000)
    long = b"MAIL FROM:<a@b.example> SIZE=1 SMTPUTF8" + b" " * 480 + b"\r\n"
    reader, writer = await asyncio.open_connection(listener.host, listener.port)
    await reader.readline()
    writer.write(b"EHLO me\r\n")
    while (await reader.readline())[3:4] == b"-":
        pass
    _, other = await asyncio.open_connection(listener.host, listener.port)
    other.write(b"EHLO other\r\n")
    await asyncio.sleep(0.05)  # nothing tells when the server has begun the other session
    writer.write(long)

    assert await reader.readline() == b"250 2.0.0 OK\r\n"
    for one in (writer, other):
        one.close()
    await listener.close()
