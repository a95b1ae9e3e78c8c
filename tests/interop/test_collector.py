"""Our collector against Dovecot: octet for octet, in a Maildir whose messages break clients (R4.1, R4.2)."""

import asyncio
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailsim.pop3.wire import wire_form
from mailsim.practice.collecting import Summary, collect_for
from mailsim.practice.decision import Outcome
from mailsim.practice.site import Site, read_site
from mailsim.practice.store import Store
from tests.interop.dovecot import Dovecot

pytestmark = pytest.mark.peers

HEAD = b"Delivered-To: a1234@abc.com\r\nFrom: jane@client.example\r\nMessage-ID: <%d@client.example>\r\n\r\n"
BODIES = (
    b"",
    b".",
    b".\r\n",
    b".\r\n..\r\n.dot first\r\n...\r\n",
    b"no final line end",
    b"bare\nLF\n.\n..\n",
    b"x" * 100_000 + b"\r\n" + b"." * 100_000 + b"\r\n",
    bytes(octet for octet in range(1, 256) if octet != 13) * 4 + b"\r\n",
    b"\r\n\r\nblank lines\r\n\r\n\r\n",
    b"+OK\r\n-ERR\r\nQUIT\r\n",
    b"large " + (b"." * 76 + b"\r\n") * 260_000,
)
NASTY = tuple(HEAD % number + body for number, body in enumerate(BODIES))
USER, PASSWORD = "matters", "secret"


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    """Dovecot with one empty maildrop."""
    with Dovecot({USER: (PASSWORD, ())}) as server:
        yield server


def site_for(server: str) -> Site:
    return read_site(
        {
            "mailbox": {
                "type": "catch-all",
                "default_sender": "matters@abc.com",
                "fallback_address": "help@elsewhere.example",
            },
            "pop": {"server": server, "username": USER, "password": PASSWORD},
            "action": [{"id": 1234}],
        }
    )


def collect(dovecot: Dovecot, store: Store, scheme: str) -> Summary:
    port = dovecot.tls_port if scheme == "ssl" else dovecot.port
    site = site_for(f"{scheme}://localhost:{port}" if scheme == "ssl" else f"{scheme}://127.0.0.1:{port}")
    tls = ssl.create_default_context(cafile=dovecot.ca) if scheme == "ssl" else None
    return asyncio.run(collect_for(site, store, site.pop_account(), tls=tls))


@pytest.mark.parametrize("scheme", ["tcp", "ssl"])
def test_a_nasty_maildir_arrives_octet_for_octet(dovecot: Dovecot, tmp_path: Path, scheme: str) -> None:
    """20 MB included; nothing is left, nothing is taken for cut short, and a second collection brings nothing."""
    dovecot.fill(USER, NASTY)
    with Store(tmp_path / "store.sqlite") as store:
        summary = collect(dovecot, store, scheme)
        again = collect(dovecot, store, scheme)
        held = [message.octets for message in store.messages("action:1234")]

    assert summary.broken is None
    assert held == [wire_form(octets) for octets in NASTY]
    assert summary.outcomes == {Outcome.DELIVERED: len(NASTY)}
    assert (summary.deleted, summary.left, again.outcomes.total()) == (len(NASTY), 0, 0)
    assert dovecot.messages(USER) == []


def test_many_messages_arrive_each_once(dovecot: Dovecot, tmp_path: Path) -> None:
    """More than a batch."""
    letters = [HEAD % number + b"x" * 70 + b"\r\n" for number in range(1200)]
    dovecot.fill(USER, letters)
    with Store(tmp_path / "store.sqlite") as store:
        summary = collect(dovecot, store, "tcp")
        held = [message.octets for message in store.messages("action:1234")]

    assert (summary.deleted, summary.left, summary.broken) == (1200, 0, None)
    assert held == letters
