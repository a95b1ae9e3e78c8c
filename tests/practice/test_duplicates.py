"""R4.13, R4.14 and their rulings: second copies, and copies of what was sent."""

from copy import copy
from dataclasses import replace

import pytest

from mailsim.mail import Address, Message, parse_address
from mailsim.practice.decision import Decision, Outcome, Reason
from mailsim.practice.directory import Action, Alias, Directory
from mailsim.practice.duplicates import Collected, beside_copies, fingerprint
from mailsim.practice.routing import LOOP_HEADER, Rules, decide


def address(text: str) -> Address:
    found = parse_address(text)
    assert found is not None, text
    return found


DIRECTORY = Directory(
    "abc.com",
    actions=[Action(1234), Action(7)],
    aliases=[Alias(address("sales@abc.com"), ("mary",)), Alias(address("abc@partner.example"), ("john",))],
)
SENT = {"<sent@abc.com>": 1234}
USUAL = Rules(
    catch_all=True, header=None, system=address("matters@abc.com"), fallback=address("help@elsewhere.example")
)
ORIGINAL_TO = replace(USUAL, header="X-Original-To")
SINGLE = replace(USUAL, catch_all=False)


def message(header: str, body: str = "Hello") -> Message:
    return Message(f"{header}\r\n\r\n{body}\r\n".replace("\n", "\r\n").replace("\r\r", "\r").encode())


def collected(*messages: Message, rules: Rules = USUAL) -> list[Decision]:
    """The final decisions on messages collected in this order."""
    seen = Collected(rules, DIRECTORY, SENT)
    return [seen.final(one, decide(one, rules, DIRECTORY, SENT)) for one in messages]


ONE = "From: jane@client.example\nMessage-ID: <m1@client.example>\nDelivered-To: "
NO_ID = "From: jane@client.example\nDate: Mon, 23 Nov 2026 09:00:00 +0000\nSubject: Hello\nDelivered-To: a7@abc.com"


def test_the_second_copy_reaches_only_what_the_first_did_not() -> None:
    """R4.13; fine print 9: the third copy only what no earlier copy did."""
    first, second, third, fourth = collected(
        message(ONE + "a7@abc.com"),
        message(ONE + "a7@abc.com, sales@abc.com"),
        message(ONE + "a1234@abc.com, sales@abc.com, a7@abc.com"),
        message(ONE + "sales@abc.com"),
    )

    assert first.targets == ("action:7",)
    assert (second.targets, second.outcome, second.reason) == (
        ("mailbox:mary",),
        Outcome.DELIVERED,
        Reason.ACTION_ADDRESS,
    )
    assert third.targets == ("action:1234",)
    assert (fourth.targets, fourth.outcome, fourth.reason) == ((), Outcome.DUPLICATE, Reason.DUPLICATE)


def test_the_evidence_names_what_earlier_copies_reached() -> None:
    """Section 7 "Duplicates": also of a copy that reaches something more."""
    _, second, third = collected(
        message(ONE + "a7@abc.com"), message(ONE + "sales@abc.com"), message(ONE + "a7@abc.com")
    )

    assert second.evidence[-1] == (
        "R4.13",
        "<m1@client.example>",
        "an earlier copy, with the same body, reached action:7",
    )
    assert (
        third.evidence[-1].concluded == "an earlier copy, with the same body, reached action:7, mailbox:mary"
    )


# One pair of messages a line.
# fmt: off
PAIRS = {
    "equal": (message(ONE + "a7@abc.com"), message(ONE + "a7@abc.com"), True),
    "other headers differ": (message(ONE + "a7@abc.com"), message("X: y\n" + ONE + "a7@abc.com"), True),
    "bodies differ": (message(ONE + "a7@abc.com"), message(ONE + "a7@abc.com", "Bye"), False),
    "bodies differ in line ends only": (message(ONE + "a7@abc.com"), message(ONE + "a7@abc.com", "Hello\r\n"), False),
    "ids differ": (message(ONE + "a7@abc.com"), message(ONE.replace("m1", "m2") + "a7@abc.com"), False),
    "no id": (message(NO_ID), message(NO_ID), True),
    "an empty id is none": (message(NO_ID), message("Message-ID:\n" + NO_ID), True),
    "no id, other headers differ": (message(NO_ID), message(NO_ID + "\nX: y"), True),
    "no id, another From": (message(NO_ID), message(NO_ID.replace("jane", "joan")), False),
    "no id, another Date": (message(NO_ID), message(NO_ID.replace("09:", "10:")), False),
    "no id, another Subject": (message(NO_ID), message(NO_ID.replace("Hello", "Bye")), False),
    "no id, octets that look alike": (message(NO_ID), Message(message(NO_ID).octets.replace(b"Hello\r\nD", b"Hello\xff\r\nD")), False),
    "no id, another body": (message(NO_ID), message(NO_ID, "Bye"), False),
    "an id and none": (message(NO_ID), message("Message-ID: <x@y.example>\n" + NO_ID), False),
}
# fmt: on


@pytest.mark.parametrize(("first", "second", "is_same"), PAIRS.values(), ids=PAIRS)
def test_what_makes_two_copies_one_message(first: Message, second: Message, *, is_same: bool) -> None:
    """Message-ID and body; without a Message-ID From, Date, Subject and body."""
    assert (fingerprint(first) == fingerprint(second)) is is_same
    assert (collected(first, second)[1].reason is Reason.DUPLICATE) is is_same


def test_a_fingerprint_is_small() -> None:
    """Whatever the message's size: a collection of many large messages fits in memory."""
    assert len(fingerprint(message(ONE + "a7@abc.com", "x" * 1_000_000))) == 16


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (ONE + "peter@abc.com", "unknown-address"),
        (ONE + "somebody", "bad-recipient"),
        (ONE + f"a7@abc.com\n{LOOP_HEADER}: matters@abc.com", "loop"),
        (ONE + "matters@abc.com\nIn-Reply-To: <sent@abc.com>", "sender-rewritten"),
    ],
)
def test_unassigned_and_fallback_count_as_reached(header: str, reason: str) -> None:
    """Section 7 "Duplicates": nothing is forwarded twice, and nothing is placed twice."""
    first, second = collected(message(header), message(header))

    assert first.reason == reason
    assert (second.reason, second.targets, second.meant_for) == (Reason.DUPLICATE, (), None)


def test_without_an_id_the_evidence_says_what_was_compared() -> None:
    """From, Date and Subject stand for the Message-ID."""
    assert collected(message(NO_ID), message(NO_ID))[1].evidence[-1].read == "From, Date and Subject"


def test_a_decision_without_earlier_copies_is_unchanged() -> None:
    """As the first copy's always is."""
    decision = decide(message(NO_ID), USUAL, DIRECTORY, SENT)

    assert beside_copies(decision, ()) is decision


COPY = "From: a1234@abc.com\nMessage-ID: <sent@abc.com>\n"
# One message a line.
# fmt: off
SENT_COPIES = {
    "to outside recipients": ("To: jane@client.example", USUAL, "sent-copy"),
    "also in Cc": ("To: jane@client.example\nCc: bob@client.example", USUAL, "sent-copy"),
    "in Cc only": ("Cc: bob@client.example", USUAL, "sent-copy"),
    "Delivered-To names the system mailbox": ("Delivered-To: matters@abc.com\nTo: jane@client.example", USUAL, "sent-copy"),
    "Delivered-To names somebody outside": ("Delivered-To: jane@client.example\nTo: jane@client.example", USUAL, "sent-copy"),
    "in single mode": ("To: jane@client.example", SINGLE, "sent-copy"),
    "no recipient at all": ("Subject: x", USUAL, "no-recipient"),
    "an empty group": ("To: undisclosed-recipients:;", USUAL, "no-recipient"),
    "a recipient of the practice": ("To: jane@client.example, a7@abc.com", USUAL, "action-address"),
    "in Cc of the practice": ("To: jane@client.example\nCc: peter@abc.com", USUAL, "unknown-address"),
    "the system mailbox itself": ("To: jane@client.example, matters@abc.com", USUAL, "system-address"),
    "an alias on another domain": ("Delivered-To: matters@abc.com\nTo: abc@partner.example", USUAL, "system-address"),
    "Delivered-To names an action": ("Delivered-To: a7@abc.com\nTo: jane@client.example", USUAL, "action-address"),
    "the header that is set names an action": ("X-Original-To: a7@abc.com\nTo: jane@client.example", ORIGINAL_TO, "action-address"),
    "a loop": (f"{LOOP_HEADER}: matters@abc.com\nTo: jane@client.example", USUAL, "loop"),
    "unreadable": ("X: \0\nTo: jane@client.example", USUAL, "undecodable-header"),
}
# fmt: on


@pytest.mark.parametrize(("header", "rules", "reason"), SENT_COPIES.values(), ids=SENT_COPIES)
def test_copies_of_what_was_sent(header: str, rules: Rules, reason: str) -> None:
    """R4.14, fine print 7: all recipients outside, at least one; after R4.9 and R4.8."""
    first, second = collected(message(COPY + header), message(COPY + header), rules=rules)

    assert first.reason == reason
    assert (first.outcome is Outcome.DUPLICATE) is (reason == "sent-copy") is (first.targets == ())
    assert second.reason == ("sent-copy" if reason == "sent-copy" else "duplicate")


def test_a_sent_copy_says_whose_it_is() -> None:
    """The evidence names the action that it was sent from."""
    (decision,) = collected(message(COPY + "To: jane@client.example"))

    assert decision.evidence[-1] == (
        "R4.14",
        "<sent@abc.com>",
        "a copy of what the system sent from action 1234, all of whose recipients are outside",
    )


def test_what_the_system_sends_meanwhile_is_known() -> None:
    """The mapping of sent messages is read at each call."""
    sent: dict[str, int] = {}
    seen = Collected(USUAL, DIRECTORY, sent)
    one = message(COPY + "To: jane@client.example")
    sent["<sent@abc.com>"] = 7

    assert seen.final(one, decide(one, USUAL, DIRECTORY, sent)).reason is Reason.SENT_COPY


def test_what_was_not_sent_by_the_system_is_no_sent_copy() -> None:
    """Whatever its recipients."""
    (decision,) = collected(message(ONE.replace("Delivered-To: ", "To: ") + "jane@client.example"))

    assert decision.reason is Reason.NO_RECIPIENT


def test_a_copy_of_the_memory_can_be_forgotten() -> None:
    """What is settled with the copy is not remembered by the original."""
    one = message(ONE + "a7@abc.com")
    seen = Collected(USUAL, DIRECTORY, SENT)
    decision = decide(one, USUAL, DIRECTORY, SENT)

    assert copy(seen).final(one, decision) == decision
    assert seen.final(one, decision) == decision
    assert copy(seen).final(one, decision).reason is Reason.DUPLICATE
