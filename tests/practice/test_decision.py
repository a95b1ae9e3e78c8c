"""One decision as programs and people read it (R4.11, R4.12; the JSON of the contract)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsim.practice.decision import Decision, Evidence, Outcome, Reason, Resolver, shown

DECISION = Decision(
    message="reply.eml",
    message_id="<r1@client.example>",
    outcome=Outcome.UNASSIGNED,
    targets=("unassigned",),
    reason=Reason.SENDER_REWRITTEN,
    resolver=Resolver.ADDRESS,
    guessed=False,
    address="matters@abc.com",
    meant_for="action:1234",
    evidence=(Evidence("R4.3", "Delivered-To: matters@abc.com", "the system mailbox's own address"),),
)


_words = st.none() | st.text()


@given(
    st.builds(
        Decision,
        _words,
        _words,
        st.sampled_from(Outcome),
        st.lists(st.text(), max_size=3).map(tuple),
        st.sampled_from(Reason),
        st.sampled_from(Resolver),
        st.booleans(),
        _words,
        _words,
        st.lists(st.builds(Evidence, st.text(), st.text(), st.text(max_size=3000)), max_size=3).map(tuple),
    )
)
def test_its_text_is_the_json_of_the_standard_library(decision: Decision) -> None:
    """Of the contract's object, letters as they are, however long the evidence."""
    assert decision.json() == json.dumps(decision.as_json(), ensure_ascii=False)


def test_as_json_is_the_contract() -> None:
    """The fields by name and in order, ready for `json.dumps`."""
    expected = (
        '{"message": "reply.eml", "message_id": "<r1@client.example>", "outcome": "unassigned", '
        '"targets": ["unassigned"], "reason": "sender-rewritten", "resolver": "address", "guessed": false, '
        '"address": "matters@abc.com", "meant_for": "action:1234", "evidence": [{"rule": "R4.3", '
        '"read": "Delivered-To: matters@abc.com", "concluded": "the system mailbox\'s own address"}]}'
    )

    assert json.dumps(DECISION.as_json()) == expected
    assert type(DECISION.as_json()["outcome"]) is str


@pytest.mark.parametrize(
    ("decision", "first_line"),
    [
        (DECISION, "reply.eml: unassigned (sender-rewritten), meant for action:1234"),
        (
            DECISION._replace(
                message=None,
                outcome=Outcome.DELIVERED,
                targets=("mailbox:mary", "mailbox:john"),
                reason=Reason.ALIAS,
                guessed=True,
                meant_for=None,
            ),
            "<r1@client.example>: delivered to mailbox:mary, mailbox:john (alias) - the recipient was guessed",
        ),
        (
            DECISION._replace(
                message=None,
                message_id=None,
                outcome=Outcome.DUPLICATE,
                targets=(),
                reason=Reason.DUPLICATE,
                meant_for=None,
            ),
            "message: duplicate (duplicate)",
        ),
        (
            DECISION._replace(message="\x1b[31m\r\n", targets=("mailbox:\x07",), meant_for=None),
            "\\x1b[31m\\r\\n: unassigned to mailbox:\\x07 (sender-rewritten)",
        ),
    ],
)
def test_a_decision_reads_as_text(decision: Decision, first_line: str) -> None:
    """The verdict in one line, then one line for each piece of evidence; no control reaches a terminal."""
    evidence = "  R4.3  Delivered-To: matters@abc.com -> the system mailbox's own address"

    assert str(decision) == f"{first_line}\n{evidence}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a7@abc.com", "a7@abc.com"),
        ("Grüße", "Grüße"),
        ("a\x1b[2Jb\x00\u202ec", "a\\x1b[2Jb\\x00\\u202ec"),
        ("x" * 200, "x" * 200),
        ("x" * 201, "x" * 200 + "..."),
        ("\n" * 201, "\\n" * 200 + "..."),
    ],
)
def test_text_of_a_message_is_shown_printable_and_clipped(text: str, expected: str) -> None:
    """Whatever a sender wrote: one line, no control, bounded."""
    assert shown(text) == expected
