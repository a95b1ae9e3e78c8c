"""The explanation of one decision: its path, its words, and what it does with hostile mail."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mailsim
from mailsim.provider.profiles import UnknownProfile
from mailsim.study.diagnosis.path import Standing
from mailsim.study.diagnosis.why import WhyError, why

SITE = mailsim.read_site(
    {
        "mailbox": {
            "type": "catch-all",
            "default_sender": "matters@abc.com",
            "fallback_address": "help@elsewhere.example",
        },
        "action": [{"id": 1234}, {"id": 7}],
        "user": [{"name": "mary"}],
        "alias": [{"address": "sales@abc.com", "mailboxes": ["mary"]}],
        "sent": [{"message_id": "<s1@abc.com>", "action": 1234}],
    }
)
REWRITTEN = (
    b"Delivered-To: matters@abc.com\r\nFrom: jane@client.example\r\nTo: matters@abc.com\r\n"
    b"Subject: Re: [a7] Draft\r\nIn-Reply-To: <s1@abc.com>\r\n\r\nYes\r\n"
)
NUL = b"From: jane@client.example\r\nTo: sales@abc.com\r\nX: \0\r\nEnvelope-To: a7@abc.com\r\n\r\n"


def test_every_rule_tried_is_told_and_one_decided() -> None:
    """The path begins with the decision's own evidence, in its order."""
    told = why(REWRITTEN, site=SITE)

    tried = [step for step in told.steps if step.standing in (Standing.TRIED, Standing.DECIDED)]
    assert [(step.rule, step.read, step.concluded) for step in tried] == list(told.decision.evidence)
    [decided] = [step for step in told.steps if step.standing is Standing.DECIDED]
    assert (decided.rule, decided.read) == ("R4.7", "<s1@abc.com>")


def test_resolvers_that_are_off_say_what_they_would_have_said() -> None:
    """Computed by running them on this message."""
    steps = why(REWRITTEN, site=SITE).steps

    off = {step.concluded for step in steps if step.standing is Standing.OFF}
    assert off == {
        "sub-address: none names an action",
        "thread: sent from action 1234",
        "subject token of action:7",
    }


def test_headers_that_were_not_reached_say_what_they_would_have_said() -> None:
    """An unreadable message's recipients are asked all the same."""
    told = why(NUL, site=SITE)

    later = {step.read: step.concluded for step in told.steps if step.standing is Standing.NOT_REACHED}
    assert told.decision.reason == "undecodable-header"
    assert later["Envelope-To: a7@abc.com"] == "a7@abc.com would go to action:7 (action-address)"
    assert later["To: sales@abc.com"] == "sales@abc.com would go to mailbox:mary (alias)"


def test_the_headers_read_are_told_apart() -> None:
    """From the top, with those that may tell something and were not asked."""
    headers = {header.name: header.read for header in why(REWRITTEN, site=SITE).headers}

    assert headers == {"Delivered-To": True, "From": True, "To": True, "Subject": False, "In-Reply-To": True}


@pytest.mark.parametrize(
    ("to", "rule"),
    [
        ("a1234@abc.com", "R4.5"),
        ("sales@abc.com", "R4.6"),
        ("a99@abc.com", "R4.5"),
        ("x@other.example", "R4.7"),
    ],
)
def test_the_rule_that_decided(to: str, rule: str) -> None:
    """For an address of each kind."""
    told = why(f"Delivered-To: {to}\r\nFrom: j@x.example\r\n\r\n".encode(), site=SITE)

    [decided] = [step for step in told.steps if step.standing is Standing.DECIDED]
    assert (decided.rule, decided.read) == (rule, to)


def test_a_decision_needs_its_message() -> None:
    """Its octets cannot be had back from it."""
    decision = SITE.route(REWRITTEN, name="reply.eml")

    assert why(decision, site=SITE, message=REWRITTEN).decision is decision
    with pytest.raises(WhyError, match="give them as message="):
        why(decision, site=SITE)


@pytest.mark.parametrize(
    "words", ["1234", "action:", "action:x", "mailbox:", "a1234@abc.com", "fallback:x", ""]
)
def test_a_target_must_be_one(words: str) -> None:
    """The error says what is."""
    with pytest.raises(WhyError, match="write action:ID"):
        why(REWRITTEN, site=SITE, expect=words)


def test_where_it_should_go_and_does() -> None:
    """Nothing need change."""
    told = why(REWRITTEN, site=SITE, expect="unassigned")

    assert (told.as_expected, told.remedies) == (True, ())
    assert "it got there" in str(told)


def test_words_for_a_ticket() -> None:
    """Verdict, headers, rules tried and not reached, causes, and what would help."""
    lines = str(why(REWRITTEN, site=SITE, expect="action:1234")).splitlines()

    assert lines[0] == "The message: unassigned (sender-rewritten)"
    assert lines[1:3] == ["It was meant for action:1234.", "Expected: action:1234; it did not get there."]
    assert "  sender-rewritten (certain): the SMTP server wrote the system mailbox's address over the action's, and the answer came there" in lines  # fmt: skip
    assert '  1. add "thread" to routing.resolvers  [settings]' in lines
    assert lines[-1].startswith("  and ")


def test_programs_get_all_of_it() -> None:
    """JSON, with the remedies that the text only counts."""
    told = why(REWRITTEN, site=SITE, expect="action:1234")
    document = json.loads(json.dumps(told.as_json()))

    assert list(document) == ["decision", "headers", "path", "causes", "expect", "as_expected", "remedies"]
    assert document["as_expected"] is False
    assert document["remedies"][0]["changes"] == [
        {"kind": "settings", "change": 'add "thread" to routing.resolvers', "cost": 1}
    ]
    assert document["remedies"][0]["targets"] == ["action:1234"]


def test_a_badge_is_good_for_what_was_delivered_alone() -> None:
    """Where nobody says what was expected, Unassigned is a warning; where it should have gone elsewhere, bad."""
    delivered = b"Delivered-To: a7@abc.com\r\nFrom: j@x.example\r\n\r\n"

    assert "✓ delivered" in why(delivered, site=SITE)._repr_html_()
    assert "! unassigned" in why(REWRITTEN, site=SITE)._repr_html_()
    assert "✗ unassigned" in why(REWRITTEN, site=SITE, expect="action:1234")._repr_html_()


def test_notebooks_show_it_inert() -> None:
    """Markup in mail stays text."""
    hostile = REWRITTEN.replace(b"Draft", b"<script>alert(1)</script>").replace(b"jane@", b'"<img src=x>"@')

    shown = why(hostile, site=SITE, expect="action:1234")._repr_html_()

    assert "sender-rewritten" in shown
    assert "add &quot;thread&quot; to routing.resolvers" in shown
    assert "<script" not in shown
    assert "<img" not in shown


_LINES = st.sampled_from(
    [
        b"From: jane@client.example", b"To: a1234@abc.com", b"To: =?utf-8?b?YUBi?=", b"Delivered-To: matters@abc.com",
        b"Delivered-To: a7@abc.com", b"X-Original-To: SRS0=a=b=abc.com=a7@x.example", b"Envelope-To: a\xff@abc.com",
        b"Content-Type: multipart/report; boundary=b", b"Auto-Submitted: auto-replied", b"Subject: Re: [a7]",
        b"In-Reply-To: <s1@abc.com>", b"References: <x", b"X-Mailsim-Loop: matters@abc.com", b"no field", b"X: \0",
        b"Return-Path: <>", b"List-Id: x", b"Resent-To: y@z.example", b"Received: by x", b"", b" folded", b"To: a9@abc.com.",
    ]
)  # fmt: skip


@given(st.lists(_LINES | st.binary(max_size=30), max_size=9).map(b"\r\n".join), st.sampled_from(["action:1234", "mailbox:mary", "action:99", "unassigned"]))  # fmt: skip
def test_no_octets_raise_and_every_remedy_is_true(octets: bytes, expect: str) -> None:
    """Whatever they are: the text is printable, and each remedy leads where it says when it is run."""
    told = why(octets, site=SITE, expect=expect)

    assert all(line.isprintable() for line in str(told).split("\n"))
    assert told._repr_html_()
    json.dumps(told.as_json())
    for remedy in told.remedies:
        assert remedy.after.reaches(expect)


def test_a_provider_that_is_none_is_a_fault_though_nothing_is_asked_of_it() -> None:
    """A slip of the pen must not pass as knowledge."""
    with pytest.raises(UnknownProfile, match="gogle"):
        why(REWRITTEN, site=SITE, provider="gogle")
