"""The probe, by real SMTP and POP3 on loopback (R2.4)."""

import ssl
from collections.abc import Mapping
from typing import Any

import anyio
import pytest

import mailsim
from mailsim.check.probe import ProbeError, given_up, probe
from mailsim.check.probed import Probe
from mailsim.mail import Message
from mailsim.pop3.client import Client
from mailsim.practice.site import read_site

pytestmark = pytest.mark.anyio
USER = "matters@abc.com"
OTHER = b"Delivered-To: a1@abc.com\r\nFrom: jane@client.example\r\nSubject: mailsim probe\r\n\r\nHello.\r\n"


def scenario(**more: object) -> dict[str, Any]:
    login = {"username": USER, "password": "hush-hush"}
    return {
        "mailbox": {
            "type": "catch-all",
            "default_sender": USER,
            "fallback_address": "help@elsewhere.example",
        },
        "pop": {"server": "ssl://pop.abc.com:995", **login},
        "smtp": {"server": "smtp.abc.com", "port": 587, "authentication": "plain", **login},
        "action": [{"id": 1234}, {"id": 5}],
        **more,
    }


async def probed(
    tables: Mapping[str, object], *, seconds: float = 10, action: int | None = None
) -> tuple[Probe, tuple[bytes, ...]]:
    """The probe of a Lab with somebody's letter in the mailbox, and what lies there at the end."""
    async with mailsim.Lab(tables) as lab:
        lab.receive(to="a1@abc.com", octets=OTHER)
        lab.settle()
        trust = ssl.create_default_context(cadata=lab.authority.decode())
        found = await probe(lab.site, tls=trust, timeout=seconds, addresses=lab.addresses, action=action)
        return found, tuple(message.octets for message in lab.waiting())


async def test_a_route_that_keeps_the_sender() -> None:
    """Replies come back; the probe's message is gone, the other letter is as it was."""
    found, waiting = await probed(scenario(provider={"sender_policy": "accept"}))

    assert found.comes_back
    assert (found.trouble, found.advice, found.left) == ("", "", False)
    assert [header.name for header in found.headers] == ["Delivered-To"]
    assert {change.field for change in found.changes} >= {"Delivered-To"}
    assert "From" not in {change.field for change in found.changes}
    assert [octets.endswith(OTHER) for octets in waiting] == [True]


async def test_a_route_that_rewrites_the_sender() -> None:
    """The change is told, and that Reply-To is the way out."""
    found, waiting = await probed(scenario(provider={"sender_policy": "rewrite"}), action=5)

    assert not found
    [change] = [change for change in found.changes if change.field == "From"]
    assert (change.sent, change.received) == (("a5@abc.com",), (USER,))
    reaching = {(str(way.placement), way.answered) for way in found.ways if way.reaches}
    assert reaching == {("reply-to", "Reply-To"), ("both", "Reply-To")}
    assert found.advice.startswith('write action_address_in = "reply-to"')
    assert found.address == "a5@abc.com"
    assert len(waiting) == 1

    cured, _ = await probed(
        scenario(provider={"sender_policy": "rewrite"}, routing={"action_address_in": "both"})
    )
    assert cured.comes_back


async def test_a_route_that_rejects_the_sender() -> None:
    """Nothing arrives, and the server's words are told."""
    found, waiting = await probed(scenario(provider={"sender_policy": "reject"}))
    assert not found
    assert "the SMTP server did not take the message: 5" in found.trouble
    assert "reply-to" in found.advice
    assert (found.received, found.left, len(waiting)) == (None, False, 1)


@pytest.mark.parametrize(
    "provider",
    [
        {"profile": "gmx", "catch_all": USER},
        {"profile": "postfix_strict"},
        {"profile": "fastmail"},
        {"faults": ["mx:MAIL=a1234@abc.com:every:reply 550 5.7.1 not you"]},
    ],
)
async def test_a_route_that_takes_what_the_site_sends(provider: dict[str, object]) -> None:
    """The sender alone is refused, after each command or by a bounce, and the site has the action address in Reply-To."""
    found, waiting = await probed(scenario(provider=provider, routing={"action_address_in": "reply-to"}))

    assert (found.comes_back, found.trouble, found.left) == (True, "", False)
    assert "action_address_in" not in found.advice
    others = [way for way in found.ways if way.placement is not found.placement]
    assert {(way.reaches, way.address) for way in others} == {(False, "")}
    assert all(way.outcome.startswith("refused: ") and "5" in way.outcome for way in others)
    assert len(waiting) == 1


async def test_what_is_advised_is_not_what_is_set_already() -> None:
    """A server that refuses the practice's own sender too."""
    faults = ["smtp:MAIL:every:reply 550 5.7.1 not you"]
    tables = scenario(provider={"faults": faults}, routing={"action_address_in": "reply-to"})
    found, _ = await probed(tables)

    assert found.trouble == "the SMTP server did not take the message: 550 5.7.1 not you"
    assert found.advice.startswith(f"have the provider allow {USER} as a sender of this account")
    assert "action_address_in" not in found.advice


async def test_mail_that_is_discarded_does_not_arrive() -> None:
    """The time is over, and it says so."""
    found, _ = await probed(scenario(provider={"catch_all": "discard"}), seconds=2)
    assert "did not arrive" in found.trouble
    assert found.left


@pytest.mark.parametrize(
    "faults",
    [
        ["pop:TOP:every:reply -ERR no TOP"],
        ["pop:UIDL:every:reply -ERR no UIDL"],
        ["pop:LOGIN:2:locked", "pop:TOP:1:drop"],
    ],
)
async def test_a_server_with_gaps(faults: list[str]) -> None:
    """Without TOP, without UIDL, locked for a while: the round is made, the other letter is left alone."""
    found, waiting = await probed(scenario(provider={"sender_policy": "accept", "faults": faults}))
    assert found.comes_back
    assert [octets.endswith(OTHER) for octets in waiting] == [True]


async def test_a_deletion_that_is_not_confirmed_is_told() -> None:
    """What may be left is said."""
    tables = scenario(provider={"sender_policy": "accept", "faults": ["pop:QUIT:2:reply -ERR not removed"]})
    found, waiting = await probed(tables)
    assert found.left
    assert len(waiting) == 2


async def test_a_pop_server_that_is_red_ends_the_probe_before_it_sends() -> None:
    """The cause is the check's; no password is told."""
    found, waiting = await probed(scenario(provider={"faults": ["pop:LOGIN:every:refuse"]}))
    assert found.trouble == "the POP server: wrong-credentials"
    assert "pop.password" in found.advice
    assert len(waiting) == 1
    for told in (repr(found), str(found), str(found.as_json()), found._repr_html_()):
        assert "hush-hush" not in told


async def test_an_smtp_server_that_nobody_has() -> None:
    """Names lead nowhere else than they are said to."""
    async with mailsim.Lab(scenario()) as lab:
        trust = ssl.create_default_context(cadata=lab.authority.decode())
        only_pop = {place: to for place, to in lab.addresses.items() if place[0] == "pop.abc.com"}
        found = await probe(lab.site, tls=trust, timeout=5, addresses=only_pop)
    assert found.trouble == "the SMTP server: name-not-found: no server has that name"
    assert found.advice.startswith("correct smtp.server")


@pytest.mark.parametrize(
    ("fault", "trouble", "advice", "left"),
    [
        (
            "smtp:AUTH:every:reply 535 5.7.8 not you",
            "the SMTP server: wrong-credentials: 535 5.7.8 not you",
            "correct smtp.username and smtp.password",
            False,
        ),
        ("smtp:CONNECT:every:drop", "the SMTP server: refused", "see that smtp.server", False),
        (
            "smtp:RCPT:1:reply 451 4.3.0 later",
            "the SMTP server did not take the message: 451 4.3.0 later",
            "Check SMTP is green: wait some minutes and probe again",
            False,
        ),
        (
            "smtp:RCPT:1:reply 550 5.7.1 not yours",
            "the SMTP server did not take the message: 550 5.7.1 not yours",
            "have the provider allow the action addresses",
            False,
        ),
        (
            "smtp:DATA-END:1:drop",
            "the SMTP server did not take the message: Connection lost",
            "Check SMTP is green: wait some minutes and probe again",
            True,
        ),
    ],
)
async def test_why_the_message_could_not_be_sent(fault: str, trouble: str, advice: str, left: bool) -> None:
    """By its cause, as the check finds it; no reply is told that no server gave."""
    found, _ = await probed(scenario(provider={"sender_policy": "accept", "faults": [fault]}))
    assert found.trouble.startswith(trouble)
    assert found.advice.startswith(advice)
    assert found.left is left


@pytest.mark.parametrize(
    ("change", "action", "told"),
    [
        ({}, 77, "the practice has 1234, 5"),
        ({"action": []}, None, "the practice has none"),
        (
            {"mailbox": {"type": "single", "default_sender": USER, "fallback_address": "h@e.example"}},
            None,
            "single",
        ),
    ],
)
async def test_what_cannot_be_probed(change: dict[str, object], action: int | None, told: str) -> None:
    """Bad input, told before any connection."""
    with pytest.raises(ProbeError, match=told):
        await probe(read_site(scenario() | change), action=action, addresses={})


async def test_the_display() -> None:
    """For terminals, notebooks and programs: changes, header, ways."""
    found, _ = await probed(scenario(provider={"profile": "postfix"}))
    text, html, data = str(found), found._repr_html_(), found.as_json()
    assert "X-Original-To: a1234@abc.com names the recipient" in text
    assert 'set catch_all_header = "X-Original-To"' in text
    assert "comes back" in html
    assert "<table" in html
    assert (data["arrived"], data["comes_back"], len(found.ways)) == (True, True, 6)


async def test_a_copy_that_the_provider_keeps_of_what_it_sent_is_not_taken_for_the_message() -> None:
    """R5.8: it has made no round, so no header names its recipient; both are deleted."""
    found, waiting = await probed(scenario(provider={"profile": "cpanel", "sent_copies": True}))

    assert [header.name for header in found.headers] == ["Envelope-to"]
    assert {change.field for change in found.changes} == {"Envelope-to", "Return-Path"}
    assert len(waiting) == 1


async def test_a_report_is_not_taken_for_the_message() -> None:
    """A server accepted the message and gave it up: the probe tells its words."""
    tables = scenario(provider={"spf": "refuse"}, zone={"abc.com": {"txt": "v=spf1 -all"}})

    found, waiting = await probed(tables)

    assert not found
    assert found.trouble.startswith(
        "a server took the message, and gave it up: smtp; 550 5.7.23 SPF check of abc.com"
    )
    assert found.advice.startswith("have the provider allow the action addresses")
    assert len(waiting) == 1


REPORT = b"""\
From: MAILER-DAEMON@mail.abc.com (Mail Delivery System)\r
Subject: Undelivered Mail Returned to Sender\r
Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r
\r
--b\r
Content-Type: message/delivery-status\r
\r
Diagnostic-Code: smtp; 550 5.1.1 <a1234@abc.com>: no such user\r
\r
--b\r
Content-Type: text/rfc822-headers\r
\r
Subject: mailsim probe %s\r
--b--\r
"""


async def test_a_report_whose_own_header_names_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Postfix's have no In-Reply-To: it is known by what it returns, and deleted; another report and other new mail stay."""
    monkeypatch.setattr("mailsim.check.probe.secrets.token_hex", lambda _octets: "0123456789abcdef")
    retrieved: list[int] = []

    looked = anyio.Event()

    class Watched(Client):
        def retr(self, number: int) -> bytes:
            retrieved.append(number)
            return super().retr(number)

        def quit(self) -> bytes:
            looked.set()
            return super().quit()

    monkeypatch.setattr("mailsim.check.pop_session.Client", Watched)
    async with mailsim.Lab(scenario(provider={"catch_all": "discard"})) as lab:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_report_later, lab, looked)
            trust = ssl.create_default_context(cadata=lab.authority.decode())
            found = await probe(lab.site, tls=trust, timeout=10, addresses=lab.addresses)
        waiting = [message.octets for message in lab.waiting()]

    assert "gave it up: smtp; 550 5.1.1 <a1234@abc.com>: no such user" in found.trouble
    assert found.advice == "see that the provider's catch-all leads to the mailbox that is collected"
    assert not found.left
    assert (len(waiting), len(retrieved)) == (2, 2)


async def _report_later(lab: mailsim.Lab, looked: anyio.Event) -> None:
    """Once the probe has looked what there is."""
    await looked.wait()
    for octets in (OTHER, REPORT % b"of another", REPORT % b"0123456789abcdef"):
        lab.receive(to=USER, octets=octets)
    lab.settle()


@pytest.mark.parametrize(
    ("octets", "said"),
    [
        (b"Content-Type: multipart/report\r\n\r\nDiagnostic-Code: smtp; 550\r\n no\r\n", "smtp; 550 no"),
        (b"Content-Type: Multipart/Report\r\n\r\n", "it does not say why"),
        (b"Content-Type: text/plain\r\n\r\nDiagnostic-Code: smtp; 550\r\n", None),
        (b"Subject: x\r\n\r\n", None),
    ],
)
def test_what_a_report_says(octets: bytes, said: str | None) -> None:
    """In its own words, folded or not; a message that is none says nothing."""
    assert given_up(Message(octets)) == said
