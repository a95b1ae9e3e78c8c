"""The probe through Postfix and back from Dovecot: a pair that keeps the sender, and one that rewrites it (R2.4)."""

import ssl

import pytest

from mailsim.check.probe import probe
from mailsim.check.probed import Probe
from mailsim.practice.site import read_site
from tests.interop.postfix import Postfix

pytestmark = [pytest.mark.peers, pytest.mark.anyio]
USER, PASSWORD = "matters", "secret-of-matters"
OTHER = b"From: jane@client.example\r\nSubject: mailsim probe\r\n\r\nYes.\r\n"


@pytest.fixture
def anyio_backend() -> str:
    """Tests of coroutines run on asyncio."""
    return "asyncio"


async def probed(postfix: Postfix, place: str, header: str = "X-Original-To") -> Probe:
    login = {"username": USER, "password": PASSWORD}
    site = read_site(
        {
            "mailbox": {
                "type": "catch-all",
                "default_sender": "matters@abc.com",
                "fallback_address": "help@elsewhere.example",
                "catch_all_header": header,
            },
            "pop": {"server": f"ssl://localhost:{postfix.dovecot.tls_port}", **login},
            "smtp": {"server": "127.0.0.1", "port": postfix.port, "authentication": "plain", **login},
            "routing": {"action_address_in": place},
            "action": [{"id": 1234}],
        }
    )
    tls = ssl.create_default_context(cafile=postfix.dovecot.ca)
    return await probe(site, tls=tls, timeout=40)


async def test_a_pair_that_keeps_the_sender() -> None:
    """Replies come back either way; of the mailbox only the probe's own message is gone."""
    with Postfix("abc.com", USER, PASSWORD) as postfix:
        postfix.dovecot.fill(USER, [OTHER])
        found = await probed(postfix, "from")
        unset = await probed(postfix, "from", header="Envelope-To")

        assert postfix.dovecot.messages(USER) == [OTHER]
        flags = [path.name for path in (postfix.dovecot.home / "mail" / USER / "cur").iterdir()]
        assert [name.rpartition(":2,")[2] for name in flags] == [""]
    assert found.comes_back, found
    assert found.advice == ""
    names = {header.name: header.names_recipient for header in found.headers}
    assert names == {"X-Original-To": True, "Delivered-To": True}
    assert {change.field for change in found.changes} == {
        "Return-Path",
        "X-Original-To",
        "Delivered-To",
        "Received",
    }
    assert 'set catch_all_header = "X-Original-To"' in unset.advice


async def test_a_pair_that_rewrites_the_sender() -> None:
    """By canonical maps, which change Reply-To as well: nothing but another server would help."""
    rewriting = {
        "sender_canonical_maps": "static:matters@abc.com",
        "local_header_rewrite_clients": "static:all",
    }
    with Postfix("abc.com", USER, PASSWORD, rewriting) as postfix:
        found = await probed(postfix, "from")
        assert postfix.dovecot.messages(USER) == []
    changed = {change.field: (change.sent, change.received) for change in found.changes}
    assert changed["From"] == (("a1234@abc.com",), ("matters@abc.com",))
    assert not found.comes_back
    assert found.ways[0].outcome == "unassigned (sender-rewritten)"
    assert changed["Reply-To"] == changed["From"]
    assert not any(way.reaches for way in found.ways)
    assert found.advice.startswith("no placement brings replies back")
