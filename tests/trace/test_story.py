"""A conversation told hop by hop, in words."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsim.trace import Event, Step, Trace
from mailsim.trace.story import sentence, told

EVENT = Event(
    serial=0,
    time=datetime(2026, 11, 23, 9, tzinfo=UTC),
    trace_id="t1",
    message_id="<1@abc.com>",
    step=Step.COMPOSED,
    place="practice",
    peer="smtp.gmail.com:587",
    sender="a1234@abc.com",
    recipient="jane@client.example",
    size=100,
    outcome="unassigned",
    reason="sender-rewritten",
    detail=json.dumps(
        {
            "from": "a1234@abc.com",
            "to": "matters@abc.com",
            "targets": ["unassigned"],
            "meant_for": "action:1234",
        }
    ),
)
SENTENCES = {
    Step.COMPOSED: "writes <1@abc.com> from a1234@abc.com to jane@client.example",
    Step.SUBMITTED: "submits it to smtp.gmail.com:587 with the sender a1234@abc.com",
    Step.ACCEPTED: "accepts it from a1234@abc.com for jane@client.example",
    Step.REFUSED: "refuses it for jane@client.example: sender-rewritten",
    Step.REWRITTEN: "rewrites From: a1234@abc.com becomes matters@abc.com",
    Step.RELAYED: "hands the copy for jane@client.example to smtp.gmail.com:587, sender a1234@abc.com",
    Step.CHECKED: "checks SPF for a1234@abc.com: unassigned",
    Step.STORED: "takes the copy for jane@client.example",
    Step.DISCARDED: "discards the copy for jane@client.example: sender-rewritten",
    Step.OPENED: "had a session at smtp.gmail.com:587, which failed: sender-rewritten",
    Step.COLLECTED: "collects it by POP3",
    Step.DECIDED: "decides: unassigned (sender-rewritten, meant for action:1234)",
    Step.DELIVERED: "gets the copy",
    Step.FORWARDED: "forwards it, attached, to jane@client.example",
    Step.DEFERRED: "will try again for jane@client.example at smtp.gmail.com:587: sender-rewritten",
    Step.BOUNCED: "gives up on the copy for jane@client.example at smtp.gmail.com:587: sender-rewritten",
    Step.REMOVED: "no longer has the copy: sender-rewritten",
    Step.REPLIED: "answers to jane@client.example",
}


@pytest.mark.parametrize(
    ("step", "peer", "expected"),
    [
        (Step.DEFERRED, "practice", "puts it off for jane@client.example: 451 no; practice will try again"),
        (
            Step.DEFERRED,
            "xyz.example/practice",
            "puts it off for jane@client.example: 451 no; xyz.example/practice will try again",
        ),
        (Step.BOUNCED, "practice", "puts it off for jane@client.example: 451 no; practice gives up"),
        (
            Step.DEFERRED,
            "mx.practice.example",
            "will try again for jane@client.example at mx.practice.example: 451 no",
        ),
        (Step.BOUNCED, "", "gives up on the copy for jane@client.example: 451 no"),
    ],
)
def test_who_tries_again_is_not_who_said_later(step: Step, peer: str, expected: str) -> None:
    """Where a practice submits the place is the server that said so, between servers the one that tries again."""
    assert sentence(EVENT._replace(step=step, peer=peer, reason="451 no")) == expected


def test_who_sends_it_on_does_not_answer() -> None:
    """And a session that ended well has no reason."""
    forward = EVENT._replace(step=Step.REPLIED, detail=json.dumps({"habit": "forward"}))

    assert sentence(forward) == "sends it on to jane@client.example"
    assert sentence(EVENT._replace(step=Step.OPENED, reason="")) == "had a session at smtp.gmail.com:587"


@pytest.mark.parametrize("step", Step)
def test_every_step_has_its_sentence(step: Step) -> None:
    """In words, with what the event knows."""
    assert sentence(EVENT._replace(step=step)) == SENTENCES[step]


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (
            EVENT._replace(message_id=""),
            "writes a message from a1234@abc.com to jane@client.example",
        ),
        (
            EVENT._replace(
                step=Step.DECIDED, outcome="duplicate", reason="sent-copy", detail='{"targets": []}'
            ),
            "decides: duplicate (sent-copy)",
        ),
        (
            EVENT._replace(
                step=Step.DECIDED,
                outcome="delivered",
                reason="alias",
                detail='{"targets": ["mailbox:mary", "mailbox:john"], "meant_for": null}',
            ),
            "decides: delivered to mailbox:mary, mailbox:john (alias)",
        ),
        (EVENT._replace(step=Step.DECIDED, detail="{}"), "decides: unassigned (sender-rewritten)"),
    ],
)
def test_what_is_not_known_is_not_told(event: Event, expected: str) -> None:
    """A sentence without a gap."""
    assert sentence(event) == expected


def test_a_story_is_told_line_by_line() -> None:
    """Time and place stand in columns."""
    later = EVENT._replace(
        time=EVENT.time + timedelta(hours=2), step=Step.STORED, place="jane@client.example"
    )

    assert list(told(Trace([EVENT, later]))) == [
        "2026-11-23 09:00:00  practice             writes <1@abc.com> from a1234@abc.com to jane@client.example",
        "2026-11-23 11:00:00  jane@client.example  takes the copy for jane@client.example",
    ]
    assert list(told(Trace())) == []


@given(st.text(), st.sampled_from(Step))
def test_hostile_mail_tells_one_printable_line(text: str, step: Step) -> None:
    """Whatever a header or a server's reply holds."""
    detail = json.dumps({"from": text, "to": text, "targets": [text], "meant_for": text})
    event = EVENT._replace(
        step=step,
        place=text,
        peer=text,
        sender=text,
        recipient=text,
        message_id=text,
        outcome=text,
        reason=text,
        detail=detail,
    )

    [line] = told(Trace([event]))

    assert line.isprintable()


def test_a_huge_header_is_told_in_short() -> None:
    """A story can be read, and stays as small as its events are few."""
    huge = EVENT._replace(place="p" * 10**6, message_id="<" + "x" * 10**6)

    assert all(len(line) < 700 for line in told(Trace([huge, EVENT])))


def test_a_header_changed_elsewhere_than_in_from_is_no_rewriting_of_from() -> None:
    """A server that adds Sender leaves the author as it is."""
    detail = json.dumps({"from": "a1234@abc.com", "to": "a1234@abc.com"})

    assert sentence(EVENT._replace(step=Step.REWRITTEN, detail=detail)) == (
        "changes its header; From stays a1234@abc.com"
    )
