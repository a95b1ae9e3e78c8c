"""R4.3 to R4.12 and R3.7: what ought to become of one collected message.

Each case is a header block, the settings that differ from the usual ones, and the decision
told in one line: `reason -> targets`, then what else it says.
"""

from dataclasses import replace

import pytest

from mailsim.mail import Address, Message, parse_address
from mailsim.practice.decision import Decision, Outcome, Reason, Resolver
from mailsim.practice.directory import Action, Alias, Directory, User
from mailsim.practice.routing import LOOP_HEADER, RECOMMENDED_SIZE, Rules, automatic, decide


def address(text: str) -> Address:
    found = parse_address(text)
    assert found is not None, text
    return found


DIRECTORY = Directory(
    "abc.com",
    actions=[Action(1234, "Smith v Jones"), Action(7)],
    users=[User("mary"), User("john")],
    aliases=[
        Alias(address("sales@abc.com"), ("mary", "john")),
        Alias(address("mary@abc.com"), ("mary",)),
        Alias(address("nobody@abc.com"), ()),
    ],
)
SENT = {"<sent.1234@abc.com>": 1234, "<sent.7@abc.com>": 7, "<sent.99@abc.com>": 99}

USUAL = Rules(
    catch_all=True,
    header=None,
    system=address("matters@abc.com"),
    fallback=address("help@elsewhere.example"),
)
SINGLE = replace(USUAL, catch_all=False)
ORIGINAL_TO = replace(USUAL, header="X-Original-To")
DELIVERED_TO = replace(USUAL, header="Delivered-To")
CLASH = replace(USUAL, fallback=address("help@abc.com"))
RESOLVING = replace(USUAL, resolvers=(Resolver.SUB_ADDRESS, Resolver.THREAD, Resolver.SUBJECT_TOKEN))
SUBJECT_FIRST = replace(USUAL, resolvers=(Resolver.SUBJECT_TOKEN, Resolver.THREAD))


def routed(header: str, rules: Rules = USUAL, *, truncated: bool = False) -> Decision:
    """The decision on a message with these header lines, and a From where they name no originator."""
    lines = header.split("\n")
    if not any(line.startswith(("From:", "Return-Path:")) for line in lines):
        lines.append("From: jane@client.example")
    octets = "\r\n".join([*lines, "", "Hello", ""]).encode()
    return decide(Message(octets), rules, DIRECTORY, SENT, truncated=truncated)


def told(decision: Decision) -> str:
    line = f"{decision.reason} -> {' '.join(decision.targets)}"
    line += " guessed" if decision.guessed else ""
    line += f" by {decision.resolver}" if decision.resolver is not Resolver.ADDRESS else ""
    return line + (f" meant for {decision.meant_for}" if decision.meant_for else "")


# One case a line.
# fmt: off
CASES = {
    "R4.3 the header that is set names the recipient": ("X-Original-To: a1234@abc.com\nDelivered-To: a7@abc.com\nTo: a7@abc.com", ORIGINAL_TO, "action-address -> action:1234"),
    "R4.3 nothing else is asked while it is there": ("X-Original-To: peter@abc.com\nDelivered-To: a7@abc.com\nTo: a7@abc.com", ORIGINAL_TO, "unknown-address -> unassigned"),
    "R4.3 a set header that names the system mailbox stands": ("Delivered-To: matters@abc.com\nTo: a1234@abc.com", DELIVERED_TO, "system-address -> unassigned"),
    "R4.3 in single mode all mail is for the system mailbox": ("Delivered-To: a1234@abc.com\nTo: a1234@abc.com", SINGLE, "system-address -> unassigned"),
    "R4.3 the catch-all header has no effect in single mode": ("X-Original-To: a1234@abc.com", replace(ORIGINAL_TO, catch_all=False), "system-address -> unassigned"),
    "R4.4 with no header set Delivered-To is read": ("Delivered-To: a1234@abc.com\nTo: a7@abc.com", USUAL, "action-address -> action:1234"),
    "R4.4 where it is absent To is asked": ("To: a1234@abc.com", USUAL, "action-address -> action:1234 guessed"),
    "R4.4 To, then Cc": ("Cc: a7@abc.com\nTo: a1234@abc.com", USUAL, "action-address -> action:1234 action:7 guessed"),
    "R4.4 where it names only the system mailbox To is asked": ("Delivered-To: matters@abc.com\nTo: a1234@abc.com", USUAL, "action-address -> action:1234 guessed"),
    "R4.4 where a set header is absent To is asked, not Delivered-To": ("Delivered-To: a7@abc.com\nTo: a1234@abc.com", ORIGINAL_TO, "action-address -> action:1234 guessed"),
    "R4.4 the system mailbox's own address in To does not count beside another": ("To: matters@abc.com, peter@abc.com", USUAL, "unknown-address -> unassigned guessed"),
    "R4.4 but it counts when To and Cc name nobody else": ("To: matters@abc.com\nCc: jane@client.example", USUAL, "system-address -> unassigned guessed"),
    "R4.4 Delivered-To names the system mailbox, To and Cc nobody": ("Delivered-To: matters@abc.com\nTo: jane@client.example", USUAL, "system-address -> unassigned"),
    "R4.5 an action's address": ("Delivered-To: a1234@abc.com", USUAL, "action-address -> action:1234"),
    "R4.5 in any letter case": ("Delivered-To: A1234@ABC.Com", USUAL, "action-address -> action:1234"),
    "R4.5 with leading white space": ('Delivered-To: " a1234"@abc.com', USUAL, "action-address -> action:1234"),
    "R4.5 an ID without an action": ("Delivered-To: a99@abc.com", USUAL, "no-such-action -> unassigned"),
    "R4.6 one copy in each mailbox of an alias": ("Delivered-To: Sales@abc.com", USUAL, "alias -> mailbox:mary mailbox:john"),
    "R4.6 a mailbox reached by several aliases gets one copy": ("To: mary@abc.com, sales@abc.com", USUAL, "alias -> mailbox:mary mailbox:john guessed"),
    "R4.6 an alias linked to no mailbox": ("Delivered-To: nobody@abc.com", USUAL, "alias-without-mailboxes -> unassigned"),
    "R4.6 a user has no address but aliases": ("Delivered-To: john@abc.com", USUAL, "unknown-address -> unassigned"),
    "R4.7 the system mailbox's own address": ("To: matters@abc.com\nIn-Reply-To: <strange@client.example>", SINGLE, "system-address -> unassigned"),
    "R4.7 where a rewritten sender's reply lands": ("To: matters@abc.com\nIn-Reply-To: <sent.1234@abc.com>", SINGLE, "sender-rewritten -> unassigned meant for action:1234"),
    "R4.7 and where the recipient was guessed": ("To: matters@abc.com\nIn-Reply-To: <sent.1234@abc.com>", USUAL, "sender-rewritten -> unassigned guessed meant for action:1234"),
    "R4.7 and in catch-all mode": ("Delivered-To: matters@abc.com\nTo: matters@abc.com\nReferences: <x@y.example> <sent.7@abc.com>", USUAL, "sender-rewritten -> unassigned meant for action:7"),
    "R4.7 another domain": ("Delivered-To: jane@client.example", USUAL, "other-domain -> unassigned"),
    "R4.7 nobody": ("To: jane@client.example", USUAL, "no-recipient -> unassigned guessed"),
    "R4.8 no originator": ("From: nobody\nSender:\nReturn-Path: MAILER-DAEMON\nDelivered-To: a1234@abc.com", USUAL, "no-originator -> fallback:help@elsewhere.example"),
    "R4.8 a recipient header whose value is no address": ("Delivered-To: somebody", USUAL, "bad-recipient -> fallback:help@elsewhere.example"),
    "R4.9 a message that the system forwarded": (f"{LOOP_HEADER}: matters@abc.com\nDelivered-To: a1234@abc.com", USUAL, "loop -> unassigned"),
    "R4.9 an automatic message to the fallback address": ("Auto-Submitted: auto-replied\nDelivered-To: help@abc.com", CLASH, "loop -> unassigned"),
    "R4.9 an automatic message that would be forwarded to it": ("Auto-Submitted: auto-replied\nDelivered-To: somebody", USUAL, "loop -> unassigned"),
    "R4.9 and whose recipient would be guessed": ("Auto-Submitted: auto-replied\nTo: somebody", USUAL, "loop -> unassigned guessed"),
    "R4.10 resolvers are off by default": ("Delivered-To: matters+a1234@abc.com\nSubject: [a1234]\nIn-Reply-To: <sent.1234@abc.com>", USUAL, "unknown-address -> unassigned"),
    "R4.10 sub-address": ("Delivered-To: Matters+A01234@abc.com", RESOLVING, "sub-address -> action:1234 by sub-address"),
    "R4.10 thread by In-Reply-To": ("Delivered-To: matters@abc.com\nIn-Reply-To: <sent.1234@abc.com>", RESOLVING, "thread -> action:1234 by thread"),
    "R4.10 thread by References": ("Delivered-To: peter@abc.com\nReferences: <sent.7@abc.com> <strange@client.example>", RESOLVING, "thread -> action:7 by thread"),
    "R4.10 subject token": ("To: jane@client.example\nSubject: Re: [a7] Draft", RESOLVING, "subject-token -> action:7 guessed by subject-token"),
    "R4.10 in the configured order": ("Delivered-To: matters@abc.com\nSubject: [a7]\nIn-Reply-To: <sent.1234@abc.com>", SUBJECT_FIRST, "subject-token -> action:7 by subject-token"),
    "R4.10 none of them finds anything": ("Delivered-To: peter@abc.com\nSubject: Hello", RESOLVING, "unknown-address -> unassigned"),
    "R4.10 one finds an action that is gone": ("To: jane@client.example\nSubject: [a99]", RESOLVING, "no-such-action -> unassigned guessed by subject-token"),
    "R4.10 not where the address decides": ("Delivered-To: a7@abc.com\nSubject: [a1234]", RESOLVING, "action-address -> action:7"),
    "R4.12 known beside unknown": ("To: peter@abc.com, a1234@abc.com, nobody@abc.com, sales@abc.com", USUAL, "action-address -> action:1234 mailbox:mary mailbox:john guessed"),
}
# fmt: on


@pytest.mark.parametrize(("header", "rules", "expected"), CASES.values(), ids=CASES)
def test_the_rules(header: str, rules: Rules, expected: str) -> None:
    """Each rule decides as the rule book says."""
    assert told(routed(header, rules)) == expected


OUTCOMES = {
    Outcome.DELIVERED: "action-address alias sub-address thread subject-token",
    Outcome.UNASSIGNED: "sender-rewritten system-address no-such-action alias-without-mailboxes "
    "unknown-address other-domain no-recipient loop",
    Outcome.FALLBACK: "no-header no-originator undecodable-header bad-recipient truncated",
    Outcome.DUPLICATE: "duplicate sent-copy",
}


def test_each_reason_belongs_to_one_outcome() -> None:
    """R4.12: the reasons of the four outcomes are all the reasons there are."""
    listed = [Reason(word) for words in OUTCOMES.values() for word in words.split()]

    assert sorted(listed) == sorted(Reason)


@pytest.mark.parametrize(("header", "rules", "expected"), CASES.values(), ids=CASES)
def test_the_outcome_follows_from_the_reason(header: str, rules: Rules, expected: str) -> None:
    """R4.12: exactly one outcome, that of its reason."""
    decision = routed(header, rules)

    assert decision.reason in OUTCOMES[decision.outcome].split()


def test_a_decision_names_what_it_read() -> None:
    """R4.11: each rule tried, what it read, what it concluded, in the order of the questions."""
    decision = routed("Delivered-To: a1234@abc.com\nMessage-ID: <m1@client.example>")

    assert decision.message_id == "<m1@client.example>"
    assert decision.address == "a1234@abc.com"
    assert [tuple(item) for item in decision.evidence] == [
        ("R4.9", "X-Mailsim-Loop: absent", "not forwarded by this system before"),
        ("R4.8", "From: jane@client.example", "readable, and somebody sent it"),
        ("R4.4", "Delivered-To: a1234@abc.com", "names the recipient"),
        ("R4.5", "a1234@abc.com", "the address of action 1234"),
    ]


# One case a line.
# fmt: off
EVIDENCE = {
    "single mode": ("To: a1234@abc.com", SINGLE, ("R4.3", "a mailbox of type single", "all its mail is for matters@abc.com")),
    "a guess": ("To: a1234@abc.com, jane@client.example, somebody", USUAL, ("R4.4", "To: a1234@abc.com, jane@client.example, somebody", "guessed: it was for a1234@abc.com; passed over: jane@client.example; no address: somebody")),
    "nobody to guess": ("Cc: jane@client.example", USUAL, ("R4.4", "To, Cc", "nobody of the practice")),
    "a value passed over": ("Delivered-To: peter@abc.com\nDelivered-To: a1234@abc.com", USUAL, ("R4.4", "Delivered-To: peter@abc.com", "names the recipient; passed over, another value decides")),
    "a value that is no address": ("Delivered-To: somebody\nDelivered-To: a1234@abc.com", USUAL, ("R4.4", "Delivered-To: somebody", "no address")),
    "words beside an address": ("X-Original-To: somebody, a1234@abc.com", ORIGINAL_TO, ("R4.3", "X-Original-To: somebody, a1234@abc.com", "names the recipient; no address: somebody")),
    "no value is an address": ("Delivered-To: somebody", USUAL, ("R4.8", "the recipient", "a header that should name it holds no address")),
    "an absent header": ("To: a1234@abc.com", USUAL, ("R4.4", "Delivered-To: absent", "To and Cc are asked")),
    "an alias": ("Delivered-To: sales@abc.com", USUAL, ("R4.6", "sales@abc.com", "an alias of mailbox:mary, mailbox:john")),
    "another domain": ("Delivered-To: jane@client.example", USUAL, ("R4.7", "jane@client.example", "not on abc.com, and no alias")),
    "not known beside known": ("To: a99@abc.com, a7@abc.com", USUAL, ("R4.12", "a99@abc.com", "no action has this ID; passed over beside a known recipient")),
    "a rewritten sender": ("Delivered-To: matters@abc.com\nIn-Reply-To: <sent.1234@abc.com>", USUAL, ("R4.7", "<sent.1234@abc.com>", "answers what was sent from action 1234: the sender was rewritten on the way")),
    "nobody sent it": ("From: nobody", USUAL, ("R4.8", "From, Sender, Return-Path", "none of them holds an address: nobody sent it")),
    "no such action": ("Delivered-To: a99@abc.com", USUAL, ("R4.5", "a99@abc.com", "no action has this ID")),
    "an alias without mailboxes": ("Delivered-To: nobody@abc.com", USUAL, ("R4.6", "nobody@abc.com", "an alias linked to no mailbox")),
    "the system mailbox": ("To: x@y.example", SINGLE, ("R4.7", "matters@abc.com", "the system mailbox's own address")),
    "an unknown address": ("Delivered-To: peter@abc.com", USUAL, ("R4.7", "peter@abc.com", "no action's, no alias: nobody has it")),
    "no answer to anything sent": ("Delivered-To: matters@abc.com", USUAL, ("R4.7", "In-Reply-To, References", "answers no message known to be sent from an action")),
    "a foreign loop header": (f"{LOOP_HEADER}: other@elsewhere.example\nDelivered-To: a7@abc.com", USUAL, ("R4.9", f"{LOOP_HEADER}: other@elsewhere.example", "another system's address: no loop of ours")),
    "the own loop header": (f"{LOOP_HEADER}: matters@abc.com", USUAL, ("R4.9", f"{LOOP_HEADER}: matters@abc.com", "this system forwarded it before: it ends here")),
    "two loop headers": (f"{LOOP_HEADER}: x@y.example\n{LOOP_HEADER}: matters@abc.com", USUAL, ("R4.9", f"{LOOP_HEADER}: x@y.example, matters@abc.com", "this system forwarded it before: it ends here")),
    "automatic, unreadable": ("Return-Path: <>\nDelivered-To: somebody", USUAL, ("R4.9", "Return-Path: <>", "automatic: not forwarded to help@elsewhere.example")),
    "automatic, to the fallback address": ("Auto-Submitted: auto-replied\nDelivered-To: help@abc.com", CLASH, ("R4.9", "Auto-Submitted: auto-replied", "automatic, and addressed to the fallback address: it ends here")),
    "a sub-address": ("Delivered-To: matters+a7@abc.com", RESOLVING, ("R4.10", "matters+a7@abc.com", "sub-address: action:7")),
    "a sub-address of no action": ("Delivered-To: matters+a99@abc.com", RESOLVING, ("R4.10", "matters+a99@abc.com", "sub-address: no action has this ID")),
    "several sub-addresses of no action": ("Delivered-To: matters+a98@abc.com\nDelivered-To: matters+a99@abc.com", RESOLVING, ("R4.10", "matters+a98@abc.com", "sub-address: no action has this ID")),
    "no sub-address": ("Delivered-To: matters@abc.com", RESOLVING, ("R4.10", "the recipients", "sub-address: none names an action")),
    "a thread": ("Delivered-To: matters@abc.com\nIn-Reply-To: <sent.7@abc.com>", RESOLVING, ("R4.10", "<sent.7@abc.com>", "thread: sent from action 7")),
    "a thread of an action that is gone": ("Delivered-To: peter@abc.com\nIn-Reply-To: <sent.99@abc.com>", RESOLVING, ("R4.10", "<sent.99@abc.com>", "thread: sent from action 99, which no longer exists")),
    "no thread": ("Delivered-To: peter@abc.com", RESOLVING, ("R4.10", "In-Reply-To, References", "thread: no message that the system sent")),
    "a subject token": ("Delivered-To: peter@abc.com\nSubject: Re: [a7]", RESOLVING, ("R4.10", "Subject: Re: [a7]", "subject token of action:7")),
    "control characters": ("Delivered-To: peter@abc.com\nSubject: a\x1bb", RESOLVING, ("R4.10", "Subject: a\\x1bb", "subject token: there is none")),
    "a long value": ("Delivered-To: peter@abc.com\nSubject: " + "x" * 200, RESOLVING, ("R4.10", "Subject: " + "x" * 191 + "...", "subject token: there is none")),
    "subject tokens of no action": ("Delivered-To: peter@abc.com\nSubject: Re: [a98] [a99]", RESOLVING, ("R4.10", "Subject: Re: [a98] [a99]", "subject token: no action 98, 99")),
    "no subject token": ("Delivered-To: peter@abc.com\nSubject: Re: hello", RESOLVING, ("R4.10", "Subject: Re: hello", "subject token: there is none")),
}
# fmt: on


@pytest.mark.parametrize(("header", "rules", "expected"), EVIDENCE.values(), ids=EVIDENCE)
def test_evidence_is_told_in_words(header: str, rules: Rules, expected: tuple[str, str, str]) -> None:
    """R4.11: what was read and what follows, for each kind of evidence."""
    assert expected in routed(header, rules).evidence


@pytest.mark.parametrize(
    ("octets", "reason", "read"),
    [
        (b"", "no-header", "the first line"),
        (b"\xff\xfeF\x00r\x00", "undecodable-header", "the header block"),
        (b"From: jane@client.example\r\nTo: a12", "truncated", "the end"),
    ],
)
def test_an_unreadable_message_goes_to_the_fallback_address(octets: bytes, reason: str, read: str) -> None:
    """R4.8: each cause has its own reason, and the evidence says where it was seen."""
    decision = decide(Message(octets), USUAL, DIRECTORY, SENT, name="broken.eml")

    assert decision.outcome is Outcome.FALLBACK
    assert decision.targets == ("fallback:help@elsewhere.example",)
    assert decision.reason == reason
    assert decision.message == "broken.eml"
    assert ("R4.8", read) in [item[:2] for item in decision.evidence]


def test_what_the_server_cut_short_goes_to_the_fallback_address() -> None:
    """R4.8: the collector reports it; everything the message says is cut short with it."""
    decision = routed("Delivered-To: a1234@abc.com", truncated=True)

    assert told(decision) == "truncated -> fallback:help@elsewhere.example"
    assert decision.address is None


@pytest.mark.parametrize(("excess", "is_told"), [(0, False), (1, True)])
def test_size_decides_nothing_and_is_told_over_10_mb(excess: int, *, is_told: bool) -> None:
    """R3.7: a collected message over the recommended size is routed as any other, with the warning."""
    head = b"Delivered-To: a1234@abc.com\r\nFrom: jane@client.example\r\n\r\n"
    octets = head + b"x" * (RECOMMENDED_SIZE + excess - len(head))

    decision = decide(Message(octets), USUAL, DIRECTORY, SENT)

    assert RECOMMENDED_SIZE == 10 * 1024 * 1024
    assert decision.targets == ("action:1234",)
    warning = "over the recommended 10 MB: servers on the way may refuse it; routed as any other"
    assert (("R3.7", "10,485,761 octets", warning) in decision.evidence) is is_told
    assert len([item for item in decision.evidence if item.rule == "R3.7"]) == is_told


@pytest.mark.parametrize(
    ("header", "sign"),
    [
        ("Auto-Submitted: no", None),
        ("Auto-Submitted: No (really) ; x=y", None),
        ("Auto-Submitted: (a) no", None),
        ("Auto-Submitted: no (a", "Auto-Submitted: no (a"),
        ("Auto-Submitted:", None),
        ("Auto-Submitted: none", "Auto-Submitted: none"),
        ("Auto-Submitted: auto-generated", "Auto-Submitted: auto-generated"),
        ("Auto-Submitted: no\nAuto-Submitted: auto-replied", "Auto-Submitted: auto-replied"),
        ("Return-Path: <>", "Return-Path: <>"),
        ("Return-Path: < >", "Return-Path: <>"),
        ("Return-Path: <jane@client.example>", None),
        ("Return-Path: <jane@client.example>\nReturn-Path: <>", None),
        ("Return-Path:\nReturn-Path: <>", "Return-Path: <>"),
        ("Precedence: bulk", None),
    ],
)
def test_automatic_mail_is_known_by_its_headers(header: str, sign: str | None) -> None:
    """RFC 3834 section 5; section 7 "Loops": the topmost Return-Path is the last delivery's."""
    octets = header.replace("\n", "\r\n").encode() + b"\r\n\r\n"

    assert automatic(Message(octets)) == sign
