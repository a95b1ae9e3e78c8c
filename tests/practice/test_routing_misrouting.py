"""The classes of misrouting bugs that other mail systems had, each with its message in `fixtures/messages/routing/`.

The file names begin with the class's number. The classes without a message, and why:

| class | why not here |
|---|---|
| 3 Bcc'd address answered 550, 6 catch-all expands twice | the provider's side: an SMTP server's answer, an MTA's expansion |
| 20 `Received ... for <multiple recipients>` | Received is never read for routing |
| 25 Reply-To falls back to another address | composing: what the system writes, not what it reads |
| 45 one bad message blocks the box | collecting; here no input raises, which the laws hold |
| 51 cross-mailbox threads | one system mailbox a practice |
| 60 guess by subject explodes | nothing is guessed from a subject |
| 64 rejection answers itself | routing sends nothing to senders |
| 67 alias taken for a person | nothing adds senders to the directory |
| 68 one account, first project wins | actions have addresses of their own |
| 70 to 80 POP3 line limits, UIDLs, sessions, deletion | collecting |
"""

from dataclasses import replace
from pathlib import Path

import pytest

from mailsim.mail import Address, Message, parse_address
from mailsim.practice.decision import Decision, Resolver
from mailsim.practice.directory import Action, Alias, Directory
from mailsim.practice.duplicates import Collected
from mailsim.practice.routing import RECOMMENDED_SIZE, Rules, decide

MESSAGES = Path(__file__).parents[2] / "fixtures" / "messages" / "routing"


def address(text: str) -> Address:
    found = parse_address(text)
    assert found is not None, text
    return found


ALIASES = [
    Alias(address("sales@abc.com"), ("mary", "john")),
    Alias(address("zoë@abc.com"), ("zoe",)),
    Alias(address("büro@bücher.example"), ("zoe",)),
]
DIRECTORY = Directory("abc.com", actions=[Action(1234), Action(7)], aliases=ALIASES)
SYSTEM_ALIAS = Directory(
    "abc.com", actions=[Action(1234), Action(7)], aliases=[Alias(address("matters@abc.com"), ("mary",))]
)
SENT = {"<20261123.1234@abc.com>": 1234, "<20260101.99@abc.com>": 99}

USUAL = Rules(
    catch_all=True, header=None, system=address("matters@abc.com"), fallback=address("help@elsewhere.example")
)
ORIGINAL_TO = replace(USUAL, header="X-Original-To")
DELIVERED_TO = replace(USUAL, header="Delivered-To")
CLASH = replace(USUAL, fallback=address("help@abc.com"))
RESOLVING = replace(USUAL, resolvers=(Resolver.SUB_ADDRESS, Resolver.THREAD, Resolver.SUBJECT_TOKEN))

# One class a line.
# fmt: off
CLASSES = [
    ("01-bcc", USUAL, "action-address -> action:1234"),
    ("02-envelope-header-ignored", ORIGINAL_TO, "action-address -> action:1234"),
    (
        "05-copies-times-addresses",
        USUAL,
        "action-address -> action:1234 action:7 mailbox:mary mailbox:john guessed",
    ),
    ("07-catch-all-before-alias-by-case", USUAL, "alias -> mailbox:mary mailbox:john"),
    ("08-catch-all-before-plus", RESOLVING, "sub-address -> action:1234"),
    ("09-catch-all-by-substring", USUAL, "unknown-address -> unassigned"),
    ("10-catch-all-and-alias", USUAL, "alias -> mailbox:mary mailbox:john guessed"),
    ("11-alias-on-foreign-domain", USUAL, "other-domain -> unassigned"),
    ("13-stacked-delivered-to", DELIVERED_TO, "action-address -> action:1234"),
    ("14-forged-header", DELIVERED_TO, "action-address -> action:1234"),
    ("15-forward-keeps-to", USUAL, "system-address -> unassigned"),
    ("16-stacked-return-path", CLASH, "loop -> unassigned"),
    ("17-address-in-cc", USUAL, "action-address -> action:1234 guessed"),
    ("18-envelope-header-missing", DELIVERED_TO, "action-address -> action:1234 guessed"),
    ("19-no-to", USUAL, "no-recipient -> unassigned guessed"),
    ("21-sender-rewritten", USUAL, "sender-rewritten -> unassigned meant for action:1234"),
    ("22-from-rewritten-by-list", USUAL, "action-address -> action:1234"),
    ("23-auto-responder-ignores-reply-to", USUAL, "sender-rewritten -> unassigned meant for action:1234"),
    ("24-address-outlives-its-action", USUAL, "no-such-action -> unassigned"),
    ("26-srs-sender", USUAL, "action-address -> action:1234"),
    ("27-retyped-address", USUAL, "unknown-address -> unassigned"),
    ("28-upper-case", USUAL, "action-address -> action:1234"),
    ("29-plus-tag-is-a-reserved-word", RESOLVING, "unknown-address -> unassigned"),
    ("30-several-plus-signs", RESOLVING, "unknown-address -> unassigned"),
    ("31-idn-spelling", USUAL, "alias -> mailbox:zoe"),
    ("32-smtputf8-local-part", USUAL, "alias -> mailbox:zoe"),
    ("33-display-name-is-an-address", USUAL, "action-address -> action:1234 guessed"),
    ("34-comma-in-display-name", USUAL, "action-address -> action:1234 guessed"),
    ("35-decode-before-parse", USUAL, "action-address -> action:1234 guessed"),
    ("36-address-in-an-encoded-word", USUAL, "bad-recipient -> fallback:help@elsewhere.example guessed"),
    ("37-group-syntax", USUAL, "action-address -> action:1234 mailbox:mary mailbox:john guessed"),
    ("38-odd-groups", USUAL, "action-address -> action:1234"),
    ("39-trailing-comma", USUAL, "action-address -> action:1234 action:7 guessed"),
    ("40-semicolon", USUAL, "action-address -> action:1234 action:7 guessed"),
    ("41-trailing-dot-and-stray-brackets", USUAL, "action-address -> action:1234 action:7 guessed"),
    ("42-folded-header", USUAL, "action-address -> action:1234 action:7 guessed"),
    ("43-nul-in-header", USUAL, "undecodable-header -> fallback:help@elsewhere.example"),
    ("43-raw-8-bit", USUAL, "action-address -> action:1234"),
    ("44-malformed-encoded-word", RESOLVING, "subject-token -> action:1234"),
    ("46-message-id-python-cannot-parse", USUAL, "action-address -> action:1234"),
    ("49-message-id-changed", USUAL, "system-address -> unassigned"),
    ("50-own-mail-between-own-addresses", USUAL, "alias -> mailbox:mary mailbox:john"),
    ("52-references-with-commas", RESOLVING, "thread -> action:1234"),
    ("53-no-references", RESOLVING, "subject-token -> action:1234"),
    ("54-references-never-received", RESOLVING, "system-address -> unassigned"),
    ("55-forward-taken-for-reply", RESOLVING, "action-address -> action:7"),
    ("56-subject-token-from-anyone", USUAL, "unknown-address -> unassigned"),
    ("57-subject-token-spoilt", RESOLVING, "subject-token -> action:1234"),
    ("58-same-subject", RESOLVING, "system-address -> unassigned"),
    ("59-deleted-target", RESOLVING, "no-such-action -> unassigned"),
    ("61-auto-reply-to-the-fallback", CLASH, "loop -> unassigned"),
    ("62-bounce-without-originator", USUAL, "loop -> unassigned"),
    ("63-return-path-not-null", CLASH, "unknown-address -> unassigned"),
    ("65-fallback-comes-back", CLASH, "loop -> unassigned"),
    ("66-loop-of-another-system", USUAL, "action-address -> action:1234"),
    ("81-no-header", USUAL, "no-header -> fallback:help@elsewhere.example"),
]
# fmt: on


def read(name: str) -> Message:
    return Message((MESSAGES / f"{name}.eml").read_bytes())


def told(decision: Decision) -> str:
    line = f"{decision.reason} -> {' '.join(decision.targets)}"
    line += " guessed" if decision.guessed else ""
    return line + (f" meant for {decision.meant_for}" if decision.meant_for else "")


@pytest.mark.parametrize(("name", "rules", "expected"), CLASSES, ids=[name for name, _, _ in CLASSES])
def test_the_class_is_routed_right(name: str, rules: Rules, expected: str) -> None:
    """The message that others misrouted goes where the rule book says."""
    assert told(decide(read(name), rules, DIRECTORY, SENT)) == expected


def test_12_a_catch_all_that_is_an_alias() -> None:
    """The system mailbox's alias does not take the mail that To names an action for."""
    decision = decide(read("12-catch-all-is-an-alias"), USUAL, SYSTEM_ALIAS, SENT)

    assert told(decision) == "action-address -> action:7 guessed"


COPIES = [
    ("04-copies-of-one-id-first", "04-copies-of-one-id-second", ORIGINAL_TO, "action-address -> action:7"),
    ("05-copies-times-addresses", "05-copies-times-addresses", USUAL, "duplicate ->  guessed"),
    ("47-no-message-id-first", "47-no-message-id-second", USUAL, "action-address -> action:1234"),
    ("47-no-message-id-first", "47-no-message-id-first", USUAL, "duplicate -> "),
    ("48-message-id-reused-first", "48-message-id-reused-second", USUAL, "action-address -> action:1234"),
]


@pytest.mark.parametrize(("first", "second", "rules", "expected"), COPIES)
def test_copies_reach_each_target_once(first: str, second: str, rules: Rules, expected: str) -> None:
    """Classes 4, 5, 47, 48: no copy is lost for its Message-ID, none arrives twice."""
    collected = Collected(rules, DIRECTORY, SENT)
    for name in (first, second):
        decision = collected.final(read(name), decide(read(name), rules, DIRECTORY, SENT))

    assert told(decision) == expected


def test_69_too_big() -> None:
    """Size decides nothing, and the evidence says so."""
    octets = (MESSAGES / "69-too-big.eml").read_bytes() + b"x" * RECOMMENDED_SIZE

    decision = decide(Message(octets), USUAL, DIRECTORY, SENT)

    assert told(decision) == "action-address -> action:1234"
    assert decision.evidence[0].rule == "R3.7"


def test_every_message_of_the_folder_is_used() -> None:
    """No fixture without its test."""
    used = {name for name, _, _ in CLASSES} | {name for copies in COPIES for name in copies[:2]}

    assert {path.stem for path in MESSAGES.glob("*.eml")} == used | {"12-catch-all-is-an-alias", "69-too-big"}
