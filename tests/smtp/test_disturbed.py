"""A server with faults, as its client sees it on the wire; what the client concludes is in test_memory."""

import asyncio
import time

import pytest

from mailsim.smtp.faults import FaultPlan
from mailsim.smtp.server import listen
from tests.smtp.recording import Recorder

pytestmark = pytest.mark.anyio

TO_DATA = b"EHLO me\r\nMAIL FROM:<a@abc.com>\r\nRCPT TO:<jane@client.example>\r\nDATA\r\n"
MESSAGE = b"Subject: x\r\n\r\nbody\r\n.\r\n"


async def said(fault: str, *sent: bytes, recorder: Recorder | None = None) -> list[str]:
    """The last lines of what a server says to these octets until it closes, or to QUIT; without those of EHLO."""
    listener = await listen(recorder or Recorder(), hostname="mx.example", faults=FaultPlan([fault]))
    reader, writer = await asyncio.open_connection(listener.host, listener.port)
    writer.write(b"".join(sent))
    try:
        heard = await asyncio.wait_for(reader.read(), 10)
    finally:
        writer.transport.abort()
        await listener.close()
    return [line for line in heard.decode("latin-1").split("\r\n") if not line.startswith("250-") and line]


@pytest.mark.parametrize(
    ("fault", "sent", "last"),
    [
        ("smtp:CONNECT:1:drop", b"", []),
        ("smtp:CONNECT:1:drop@7", b"", ["220 mx."]),
        ("smtp:CONNECT:1:reply 554 5.7.1 not you", b"", ["554 5.7.1 not you"]),
        ("smtp:EHLO:1:reply 421 4.3.2 busy", b"EHLO me\r\nNOOP\r\nQUIT\r\n", ["421 4.3.2 busy"]),
        (
            "smtp:EHLO:1:reply 502 no",
            b"EHLO me\r\nHELO me\r\nQUIT\r\n",
            ["502 no", "250 mx.example", "221 2.0.0 Bye"],
        ),
        (
            "smtp:EHLO:2:reply 502 no",
            b"HELO me\r\nHELO me\r\nQUIT\r\n",
            ["250 mx.example", "502 no", "221 2.0.0 Bye"],
        ),
        ("smtp:QUIT:1:reply 451 stay", b"QUIT\r\n", ["451 stay"]),
        ("smtp:QUIT:1:drop@3", b"QUIT\r\n", ["221"]),
        (
            "smtp:ANY:2:reply 450 later",
            b"NOOP\r\nVRFY jane\r\nQUIT\r\n",
            ["250 2.0.0 OK", "450 later", "221 2.0.0 Bye"],
        ),
        (
            "smtp:MAIL:1:garbage",
            TO_DATA[:32] + b"QUIT\r\n",
            ["250 HELP", "\x00\xff\xfe ~~ noise ~~", "221 2.0.0 Bye"],
        ),
    ],
)
async def test_a_reply_is_struck(fault: str, sent: bytes, last: list[str]) -> None:
    """Cut, replaced, or no SMTP; after 421, and a refused greeting, nothing more is said."""
    heard = await said(fault, sent)

    assert heard == last if "CONNECT" in fault else heard[1:] == last


async def test_half_a_connection_stays_open_for_reading() -> None:
    """The server takes what still comes, and says nothing."""
    recorder = Recorder()
    heard = await said("smtp:MAIL:1:half-close", TO_DATA, recorder=recorder)

    assert heard[1:] == ["250 HELP"]
    assert [call[0] for call in recorder.calls] == ["mail"]


async def test_a_slow_reply_comes_whole() -> None:
    """At so many octets a second: twelve at sixty."""
    before = time.monotonic()
    heard = await said("smtp:MAIL:1:slow 60", TO_DATA[:32], b"QUIT\r\n")

    assert heard[1:] == ["250 HELP", "250 2.0.0 OK", "221 2.0.0 Bye"]
    assert time.monotonic() - before >= 14 / 60


async def test_a_stalled_reply_goes_on() -> None:
    """After its time, from where it stopped."""
    before = time.monotonic()
    heard = await said("smtp:MAIL:1:stall 0.2s@4", TO_DATA[:32], b"QUIT\r\n")

    assert heard[1:] == ["250 HELP", "250 2.0.0 OK", "221 2.0.0 Bye"]
    assert time.monotonic() - before >= 0.2


async def test_a_stalled_message_is_taken_at_last() -> None:
    """The server stops reading it for a while."""
    recorder = Recorder()
    heard = await said("smtp:DATA:1:stall 0.1s@5", TO_DATA, MESSAGE, b"QUIT\r\n", recorder=recorder)

    assert heard[-2:] == ["250 2.0.0 OK", "221 2.0.0 Bye"]
    assert [call[0] for call in recorder.calls] == ["mail", "rcpt", "data"]


@pytest.mark.parametrize("octet", [0, 5, 5000])
async def test_a_message_broken_off_is_not_taken(octet: int) -> None:
    """At that octet, or at its end when it is shorter."""
    recorder = Recorder()
    heard = await said(f"smtp:DATA:1:drop@{octet}", TO_DATA, MESSAGE, recorder=recorder)

    assert heard[-1].startswith("354")
    assert [call[0] for call in recorder.calls] == ["mail", "rcpt"]


async def test_a_message_is_broken_off_as_it_comes() -> None:
    """Its end is not waited for."""
    recorder = Recorder()
    heard = await said("smtp:DATA:1:drop@5", TO_DATA, b"Subject: x\r\n", recorder=recorder)

    assert heard[-1].startswith("354")
    assert [call[0] for call in recorder.calls] == ["mail", "rcpt"]


async def test_a_message_can_be_taken_and_its_reply_lost() -> None:
    """The classic duplicate (RFC 1047)."""
    recorder = Recorder()
    heard = await said("smtp:DATA-END:1:drop", TO_DATA, MESSAGE, recorder=recorder)

    assert heard[-1].startswith("354")
    assert [call[0] for call in recorder.calls] == ["mail", "rcpt", "data"]


async def test_a_message_can_be_answered_and_lost() -> None:
    """250, and nobody has it."""
    recorder = Recorder()
    heard = await said("smtp:DATA-END:1:lose", TO_DATA, MESSAGE, b"QUIT\r\n", recorder=recorder)

    assert heard[-2:] == ["250 2.0.0 OK", "221 2.0.0 Bye"]
    assert [call[0] for call in recorder.calls] == ["mail", "rcpt"]


@pytest.mark.parametrize(
    ("extension", "command", "reply"),
    [
        (
            "SIZE",
            b"MAIL FROM:<a@abc.com> SIZE=10",
            "555 5.5.4 MAIL FROM parameters not recognized or not implemented",
        ),
        (
            "8BITMIME",
            b"MAIL FROM:<a@abc.com> BODY=8BITMIME",
            "555 5.5.4 MAIL FROM parameters not recognized or not implemented",
        ),
        ("AUTH", b"AUTH PLAIN", "502 5.5.1 AUTH is not offered"),
        ("STARTTLS", b"STARTTLS", "502 5.5.1 Not implemented"),
    ],
)
async def test_a_missing_extension_is_not_known(extension: str, command: bytes, reply: str) -> None:
    """Neither announced nor obeyed, until an EHLO that announces it."""
    heard = await said(
        f"smtp:EHLO:1:without {extension}", b"EHLO me\r\n", command, b"\r\nEHLO me\r\nQUIT\r\n"
    )

    assert heard[1:] == ["250 HELP", reply, "250 HELP", "221 2.0.0 Bye"]
