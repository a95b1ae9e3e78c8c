"""Mail that is made to cost: what comes out is bounded or grows as the mail does, and nothing raises.

What time it takes stands in `tests/fuzz/routing_law.py` (`check_cost`); here sizes are far from the usual, so that
anything worse than linear would be seen as a test that does not end.
"""

import json
import poplib
import smtplib
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest

from mailsim import Lab, Pop3Server, SmtpServer, why
from mailsim.cli import main
from mailsim.mail import Message
from mailsim.practice.site import Site
from mailsim.smtp.limits import TOO_LONG, TOO_MANY_HOPS, refusal
from mailsim.study.diagnosis.why import MOST_FIELDS, MOST_HEADER, WhyError
from tests.fuzz.routing_law import sites

MOST_SHOWN = 40_000
"""Octets of a display; of an ordinary message it has some 2,000."""


def letter(fields: bytes = b"", *, to: bytes = b"a1234@abc.com", body: bytes = b"Yes.\r\n") -> bytes:
    return b"From: jane@client.example\r\nMessage-ID: <1@client.example>\r\nTo: %b\r\n%b\r\n%b" % (
        to,
        fields,
        body,
    )


def nested(depth: int) -> bytes:
    """A multipart in a multipart, and so on."""
    head = b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n"
    parts = b"".join(b"--b%d\r\n" % level + head % (level + 1) for level in range(depth))
    ends = b"".join(b"--b%d--\r\n" % level for level in range(depth, -1, -1))
    fields = b"MIME-Version: 1.0\r\n" + head % 0
    return letter(fields.removesuffix(b"\r\n"), body=parts + b"--b%d\r\n\r\nYes.\r\n" % depth + ends)


BOMBS: dict[str, Callable[[], bytes]] = {
    "fields": lambda: letter(b"X-A: b\r\n" * 50_000),
    "traces": lambda: letter(b"Received: from a by b; Mon, 23 Nov 2026 09:00:00 +0000\r\n" * 20_000),
    "stamps": lambda: b"Delivered-To: x@abc.com\r\n" * 10_000 + letter(),
    "subject": lambda: letter(b"Subject: " + b"b" * 5_000_000 + b"\r\n"),
    "folded": lambda: letter(b"Subject: " + b"b\r\n " * 100_000 + b"\r\n"),
    "address": lambda: letter(to=b"b" * 5_000_000),
    "recipients": lambda: letter(to=b",\r\n ".join(b'"U, %d" <u%d@abc.com>' % (n, n) for n in range(5_000))),
    "originators": lambda: letter(b"From: " + b", ".join(b"u%d@abc.com" % n for n in range(5_000)) + b"\r\n"),
    "groups": lambda: letter(to=b"g:" * 50_000 + b";" * 50_000),
    "comments": lambda: letter(to=b"(" * 50_000 + b" a1234@abc.com"),
    "parts": lambda: nested(10_000),
    "words": lambda: letter(b"Subject: " + b" ".join([b"=?utf-8?B?w6TDpMOkw6TDpMOk?="] * 20_000) + b"\r\n"),
    "named": lambda: letter(to=b", ".join([b"=?utf-8?Q?=C3=A4?= <a1234@abc.com>"] * 10_000)),
    "thread": lambda: letter(b"References: " + b" ".join(b"<%d@abc.com>" % n for n in range(50_000)) + b"\r\n"),
    "tokens": lambda: letter(b"Subject: " + b"[a1234] " * 50_000 + b"\r\n"),
    "boundary": lambda: letter(
        b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="' + b"x" * 1_000_000 + b'"\r\n'
    ),
    "parameters": lambda: letter(
        b"MIME-Version: 1.0\r\nContent-Type: text/plain"
        + b"".join(b"; a*%d=b" % n for n in range(20_000))
        + b"\r\n"
    ),
}  # fmt: skip


@pytest.fixture(scope="module", params=BOMBS)
def bomb(request: pytest.FixtureRequest) -> bytes:
    """One of them."""
    return BOMBS[request.param]()


@pytest.mark.parametrize("site", [sites()[4], sites()[7]], ids=["catch-all", "single"])
def test_a_decision_is_no_larger_than_ten_times_the_mail(bomb: bytes, site: Site) -> None:
    """It names every recipient; a notebook shows a bounded part."""
    decision = site.route(bomb)

    assert len(json.dumps(decision.as_json())) < 10 * len(bomb) + MOST_SHOWN
    assert len(decision._repr_html_()) < MOST_SHOWN


def test_a_message_is_shown_in_bounds(bomb: bytes) -> None:
    """However much of it there is."""
    message = Message(bomb)

    assert len(str(message)) < MOST_SHOWN
    assert len(repr(message)) < MOST_SHOWN
    assert len(message._repr_html_()) < 10 * MOST_SHOWN


def test_why_is_answered_without_raising(bomb: bytes) -> None:
    """Whatever the message; what is expected of one whose header is too long is refused."""
    site = sites()[4]
    explained = why(bomb, site=site)

    assert len(explained._repr_html_()) < 10 * len(bomb) + MOST_SHOWN
    assert explained.decision == site.route(bomb)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        (b"X-A: b\r\n" * MOST_FIELDS, f"has {MOST_FIELDS + 3:,} fields: "),
        (b"X-A: " + b"b" * MOST_HEADER + b"\r\n", " octets: "),
    ],
)
def test_changes_of_a_header_too_long_are_not_tried(
    fields: bytes, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """For each field would be left out once, and all the others read anew."""
    octets = letter(fields, to=b"nobody@abc.com")
    with pytest.raises(WhyError, match=told):
        why(octets, site=sites()[0], expect="action:7")

    (tmp_path / "a.eml").write_bytes(octets)
    site = Path(__file__).parents[2] / "fixtures/sites/plain.toml"
    assert main(["why", "--site", str(site), str(tmp_path / "a.eml"), "--expect", "unassigned"]) in {0, 1, 2}
    assert capsys.readouterr().err.count("\n") <= 1


def test_bombs_go_through_servers_and_collecting() -> None:
    """Taken by SMTP but for two, held by POP3, collected and routed: as many as were sent, octet for octet."""
    octets = [make() for name, make in BOMBS.items() if name != "address"]
    refusals = [refusal(Message(one)) for one in octets]
    assert [one for one in refusals if one] == [TOO_MANY_HOPS, TOO_LONG]  # 20,000 traces, a subject of 5 MB
    with SmtpServer() as server, smtplib.SMTP(server.host, server.port) as sender:
        for one, refused in zip(octets, refusals, strict=True):
            with pytest.raises(smtplib.SMTPException) if refused else nullcontext():
                sender.sendmail("x@client.example", ["a@abc.com"], one)
        taken = [one.message.octets for one in server.messages]
        assert taken == [one for one, refused in zip(octets, refusals, strict=True) if not refused]
    with Pop3Server({"alice": ("secret", octets)}) as pop3:
        client = poplib.POP3(pop3.host, pop3.port)
        client.user("alice")
        client.pass_("secret")
        assert client.stat() == (len(octets), sum(map(len, octets)))
        client.top(1, 0)
        client.quit()


def test_bombs_go_through_a_world() -> None:
    """Sockets, the collector, the store and the trace: nothing is lost, and each has one decision."""
    names = [name for name in BOMBS if name not in {"address", "traces", "subject", "boundary"}]
    scenario = {
        "mailbox": {
            "type": "catch-all",
            "default_sender": "matters@abc.com",
            "fallback_address": "help@elsewhere.example",
        },
        "action": [{"id": 1234}],
    }
    with Lab(scenario) as world:
        for name in names:
            world.receive(to="a1234@abc.com", octets=BOMBS[name]())
        decisions = world.collect()
        assert len(decisions) == len(names)
        assert len(world.trace._repr_html_()) < 10 * MOST_SHOWN
