"""Section 7 of the rule book: the questions that R4 leaves open, as its rulings and fine print settle them.

Each case is a header block, the rules, and the decision told in one line:
`reason -> targets`, then what else it says.
"""

from dataclasses import replace

import pytest

from mailsim.mail import Address, Message, parse_address
from mailsim.practice.decision import Decision, Resolver
from mailsim.practice.directory import Action, Alias, Directory
from mailsim.practice.routing import LOOP_HEADER, Decoration, Rules, decide


def address(text: str) -> Address:
    found = parse_address(text)
    assert found is not None, text
    return found


DIRECTORY = Directory(
    "abc.com",
    actions=[Action(1234), Action(7)],
    aliases=[
        Alias(address("sales@abc.com"), ("mary", "john")),
        Alias(address("mary@abc.com"), ("mary",)),
        Alias(address("nobody@abc.com"), ()),
        Alias(address("a7@abc.com"), ("mary",)),
        Alias(address("a55@abc.com"), ("mary",)),
        Alias(address("abc@partner.example"), ("john",)),
        Alias(address("zoë@abc.com"), ("mary",)),
        Alias(address("büro@bücher.example"), ("mary",)),
    ],
)
ALIASED = Directory(
    "abc.com",
    actions=[Action(7)],
    aliases=[Alias(address("matters@abc.com"), ("mary",)), Alias(address("x@abc.com"), ())],
)
"""Where an alias exists for the system mailbox's own address."""
UNLINKED = Directory("abc.com", aliases=[Alias(address("matters@abc.com"), ())])
SENT = {"<sent.1234@abc.com>": 1234, "<sent.7@abc.com>": 7, "<sent.99@abc.com>": 99}

USUAL = Rules(
    catch_all=True, header=None, system=address("matters@abc.com"), fallback=address("help@elsewhere.example")
)
DELIVERED_TO = replace(USUAL, header="Delivered-To")
ORIGINAL_TO = replace(USUAL, header="X-Original-To")
TO = replace(USUAL, header="To")
CC = replace(USUAL, header="CC")
SINGLE = replace(USUAL, catch_all=False)
CLASH = replace(USUAL, fallback=address("help@abc.com"))
ALL = (Resolver.SUB_ADDRESS, Resolver.THREAD, Resolver.SUBJECT_TOKEN)
RESOLVING = replace(USUAL, resolvers=ALL)
RESOLVING_SINGLE = replace(SINGLE, resolvers=ALL)
RESOLVING_SET = replace(DELIVERED_TO, resolvers=ALL)
THREAD_ONLY = replace(USUAL, resolvers=(Resolver.THREAD,))
ICLOUD = replace(USUAL, header="Original-Recipient", decoration=Decoration(prefix="rfc822;"))
QMAIL = replace(USUAL, decoration=Decoration(prefix="abc.com-"))
VIA = replace(USUAL, decoration=Decoration(via=True))
FALLBACK = "fallback:help@elsewhere.example"


def routed(header: str, rules: Rules, directory: Directory) -> Decision:
    """The decision on a message with these header lines, and a From where they name no originator."""
    lines = header.split("\n")
    if not any(line.startswith(("From", "Sender", "Return-Path")) for line in lines):
        lines.append("From: jane@client.example")
    return decide(Message("\r\n".join([*lines, "", "Hello", ""]).encode()), rules, directory, SENT)


def told(decision: Decision) -> str:
    line = f"{decision.reason} -> {' '.join(decision.targets)}"
    line += " guessed" if decision.guessed else ""
    line += f" by {decision.resolver}" if decision.resolver is not Resolver.ADDRESS else ""
    return line + (f" meant for {decision.meant_for}" if decision.meant_for else "")


Case = tuple[str, Rules, str]

# One case a line.
# fmt: off
WHICH_ADDRESS: dict[str, Case] = {
    "stacked values from the top, the first known decides": ("Delivered-To: peter@abc.com\nDelivered-To: a1234@abc.com\nDelivered-To: a7@abc.com", DELIVERED_TO, "action-address -> action:1234"),
    "none decides, the topmost stands": ("Delivered-To: a99@abc.com\nDelivered-To: peter@abc.com", DELIVERED_TO, "no-such-action -> unassigned"),
    "several addresses in one value all count": ("Delivered-To: a1234@abc.com, sales@abc.com, peter@abc.com", USUAL, "action-address -> action:1234 mailbox:mary mailbox:john"),
    "a value that is no address is passed over": ("Delivered-To: somebody\nDelivered-To: a1234@abc.com", USUAL, "action-address -> action:1234"),
    "the topmost good value stands": ("Delivered-To: somebody\nDelivered-To: peter@abc.com\nDelivered-To: a99@abc.com", USUAL, "unknown-address -> unassigned"),
    "bad-recipient only when no value is an address": ("Delivered-To: somebody\nDelivered-To: else\nTo: a1234@abc.com", USUAL, f"bad-recipient -> {FALLBACK}"),
    "an empty value counts as absent": ("Delivered-To:\nTo: a1234@abc.com", USUAL, "action-address -> action:1234 guessed"),
    "an empty value beside a good one": ("Delivered-To:  \nDelivered-To: a1234@abc.com", DELIVERED_TO, "action-address -> action:1234"),
    "rfc822; is understood where the profile says so": ("Original-Recipient: RFC822; a1234@abc.com", ICLOUD, "action-address -> action:1234"),
    "an undecorated value is still read there": ("Original-Recipient: a1234@abc.com", ICLOUD, "action-address -> action:1234"),
    "rfc822; else is no address": ("Original-Recipient: rfc822;a1234@abc.com", replace(ICLOUD, decoration=None), f"bad-recipient -> {FALLBACK}"),
    "a qmail prefix is understood where the profile says so": ("Delivered-To: abc.com-a1234@abc.com", QMAIL, "action-address -> action:1234"),
    "a qmail prefix else is read as it stands": ("Delivered-To: abc.com-a1234@abc.com", USUAL, "unknown-address -> unassigned"),
    "via is understood where the profile says so": ("Delivered-To: a1234@abc.com via forward", VIA, "action-address -> action:1234"),
    "via else is no address": ("Delivered-To: a1234@abc.com via forward", USUAL, f"bad-recipient -> {FALLBACK}"),
    "decoration is for the recipient header only": ("To: abc.com-a1234@abc.com", QMAIL, "unknown-address -> unassigned guessed"),
    "the catch-all header may be To": ("To: jane@client.example, a1234@abc.com\nCc: a7@abc.com", TO, "action-address -> action:1234 guessed"),
    "in To as catch-all header another domain has a verdict": ("To: jane@client.example", TO, "other-domain -> unassigned guessed"),
    "the catch-all header may be Cc, in any letter case": ("Cc: a7@abc.com; a1234@abc.com\nTo: peter@abc.com", CC, "action-address -> action:7 action:1234 guessed"),
    "To as catch-all header and no address in it": ("To: somebody", TO, f"bad-recipient -> {FALLBACK} guessed"),
    "no other header stands in for an absent one": ("X-Original-To: a1234@abc.com\nEnvelope-To: a1234@abc.com\nTo: jane@client.example", USUAL, "no-recipient -> unassigned guessed"),
    "nobody of the practice in To and Cc": ("Cc: jane@client.example", USUAL, "no-recipient -> unassigned guessed"),
    "other-domain is for a header value": ("Delivered-To: jane@client.example", USUAL, "other-domain -> unassigned"),
    "with the header present and good, odd To and Cc do not matter": ("Delivered-To: matters@abc.com\nTo: undisclosed recipients\nCc: ((((", USUAL, "system-address -> unassigned"),
    "words in To that are no address, and no header": ("To: undisclosed recipients", USUAL, f"bad-recipient -> {FALLBACK} guessed"),
    "words beside an address, and no header": ("To: undisclosed recipients\nCc: jane@client.example", USUAL, "no-recipient -> unassigned guessed"),
    "an empty To": ("To:", USUAL, "no-recipient -> unassigned guessed"),
    "an empty group in To": ("To: undisclosed-recipients:;", USUAL, "no-recipient -> unassigned guessed"),
}
# fmt: on

# One case a line.
# fmt: off
ADDRESSES: dict[str, Case] = {
    "leading zeros do not matter": ("Delivered-To: a0001234@abc.com", USUAL, "action-address -> action:1234"),
    "an ID of any length": (f"Delivered-To: a{'9' * 6000}@abc.com", USUAL, "no-such-action -> unassigned"),
    "zeros of any length": (f"Delivered-To: a{'0' * 6000}7@abc.com", USUAL, "action-address -> action:7"),
    "no digits at all": ("Delivered-To: a@abc.com", USUAL, "unknown-address -> unassigned"),
    "digits of another script": ("Delivered-To: a\u0661\u0662\u0663@abc.com", USUAL, "unknown-address -> unassigned"),
    "a quoted local part": ('Delivered-To: "a1234"@abc.com', USUAL, "action-address -> action:1234"),
    "an existing action wins over an alias that looks like it": ("Delivered-To: a7@abc.com", USUAL, "action-address -> action:7"),
    "and with leading zeros": ("Delivered-To: a007@abc.com", USUAL, "action-address -> action:7"),
    "else the alias": ("Delivered-To: a55@abc.com", USUAL, "alias -> mailbox:mary"),
    "an alias has no leading zeros to lose": ("Delivered-To: a055@abc.com", USUAL, "no-such-action -> unassigned"),
    "an alias on another domain matches a header value": ("Delivered-To: abc@partner.example", USUAL, "alias -> mailbox:john"),
    "never a guess": ("To: abc@partner.example", USUAL, "no-recipient -> unassigned guessed"),
    "an action's local part on another domain": ("Delivered-To: a1234@partner.example", USUAL, "other-domain -> unassigned"),
    "an address inside an encoded word is none": ("Delivered-To: =?utf-8?Q?a1234=40abc.com?=", USUAL, f"bad-recipient -> {FALLBACK}"),
    "the angle brackets win": ("Delivered-To: a1235@abc.com <a1234@abc.com>", USUAL, "action-address -> action:1234"),
    "semicolons separate in To": ("To: a1234@abc.com; a7@abc.com", USUAL, "action-address -> action:1234 action:7 guessed"),
    "NFC and case folding of local parts": ("Delivered-To: ZOE\u0308@abc.com", USUAL, "alias -> mailbox:mary"),
    "IDNA of domains": ("Delivered-To: BÜRO@xn--bcher-kva.example.", USUAL, "alias -> mailbox:mary"),
    "a trailing dot": ("Delivered-To: a1234@abc.com.", USUAL, "action-address -> action:1234"),
    "a group": ("To: Us: a1234@abc.com, a7@abc.com;", USUAL, "action-address -> action:1234 action:7 guessed"),
    "comments": ("Delivered-To: (to) a1234 (of) @ abc.com (end)", USUAL, "action-address -> action:1234"),
    "empty list elements": ("To: , a1234@abc.com,, a7@abc.com,", USUAL, "action-address -> action:1234 action:7 guessed"),
    "an obsolete route": ("Delivered-To: <@x.example,@y.example:a1234@abc.com>", USUAL, "action-address -> action:1234"),
    "a display name with a comma": ("To: Doe, John <a1234@abc.com>", USUAL, "action-address -> action:1234 guessed"),
}
# fmt: on

# One case a line.
# fmt: off
VERDICTS: dict[str, Case] = {
    "the reason is the first recipient's that decided": ("To: peter@abc.com, sales@abc.com, a1234@abc.com", USUAL, "alias -> mailbox:mary mailbox:john action:1234 guessed"),
    "an alias without mailboxes is not known beside a known recipient": ("To: nobody@abc.com, a1234@abc.com", USUAL, "action-address -> action:1234 guessed"),
    "nor is the system mailbox's address": ("Delivered-To: matters@abc.com, a1234@abc.com", USUAL, "action-address -> action:1234"),
    "no-header before all": ("From jane\nnot a field", USUAL, f"no-header -> {FALLBACK}"),
    "undecodable-header before no-originator": ("X: \0\nFrom: nobody", USUAL, f"undecodable-header -> {FALLBACK}"),
    "no-originator before bad-recipient": ("From: nobody\nDelivered-To: somebody", USUAL, f"no-originator -> {FALLBACK}"),
    "R4.9 before R4.8": (f"{LOOP_HEADER}: matters@abc.com\nX: \0", USUAL, "loop -> unassigned"),
}
# fmt: on

# One case a line.
# fmt: off
RESOLVERS: dict[str, Case] = {
    "after other-domain": ("Delivered-To: jane@client.example\nSubject: [a7]", RESOLVING, "subject-token -> action:7 by subject-token"),
    "not after no-such-action": ("Delivered-To: a99@abc.com\nSubject: [a7]\nIn-Reply-To: <sent.7@abc.com>", RESOLVING, "no-such-action -> unassigned"),
    "not after alias-without-mailboxes": ("Delivered-To: nobody@abc.com\nSubject: [a7]", RESOLVING, "alias-without-mailboxes -> unassigned"),
    "meant_for in single mode too": ("To: anybody@client.example\nIn-Reply-To: <sent.7@abc.com>", SINGLE, "sender-rewritten -> unassigned meant for action:7"),
    "meant_for only at the system mailbox's address": ("Delivered-To: peter@abc.com\nIn-Reply-To: <sent.7@abc.com>", USUAL, "unknown-address -> unassigned"),
    "references alone make an answer": ("Delivered-To: matters@abc.com\nReferences: <sent.7@abc.com>", USUAL, "sender-rewritten -> unassigned meant for action:7"),
    "In-Reply-To from the left": ("Delivered-To: peter@abc.com\nIn-Reply-To: <x@y> <sent.7@abc.com> <sent.1234@abc.com>", RESOLVING, "thread -> action:7 by thread"),
    "then References from the right": ("Delivered-To: peter@abc.com\nReferences: <sent.7@abc.com> <sent.1234@abc.com>\nIn-Reply-To: <x@y>", RESOLVING, "thread -> action:1234 by thread"),
    "several References from the last": ("Delivered-To: peter@abc.com\nReferences: <sent.7@abc.com>\nReferences: <sent.1234@abc.com>", RESOLVING, "thread -> action:1234 by thread"),
    "an id with white space from folding": ("Delivered-To: peter@abc.com\nIn-Reply-To: <sent.7\r\n\t@abc.com>", RESOLVING, "thread -> action:7 by thread"),
    "In-Reply-To before References": ("Delivered-To: peter@abc.com\nReferences: <sent.1234@abc.com>\nIn-Reply-To: <sent.7@abc.com>", RESOLVING, "thread -> action:7 by thread"),
    "a gone action passes to the next resolver": ("Delivered-To: peter@abc.com\nIn-Reply-To: <sent.99@abc.com>\nSubject: [a7]", RESOLVING, "subject-token -> action:7 by subject-token"),
    "if none delivers, no-such-action": ("Delivered-To: peter@abc.com\nIn-Reply-To: <sent.99@abc.com>", RESOLVING, "no-such-action -> unassigned by thread"),
    "the first resolver that found a gone action is named": ("Delivered-To: matters+a98@abc.com\nIn-Reply-To: <sent.99@abc.com>", RESOLVING, "no-such-action -> unassigned by sub-address"),
    "the first subject token that exists": ("Delivered-To: peter@abc.com\nSubject: [a99] [A007] [a1234]", RESOLVING, "subject-token -> action:7 by subject-token"),
    "a subject token in an encoded word": ("Delivered-To: peter@abc.com\nSubject: =?utf-8?Q?Gesch=C3=A4ft_[a12?= =?utf-8?B?MzRd?=", RESOLVING, "subject-token -> action:1234 by subject-token"),
    "not in another header": ("Delivered-To: peter@abc.com\nX-Subject: [a7]\nComments: [a7]", RESOLVING, "unknown-address -> unassigned"),
    "only the whole token": ("Delivered-To: peter@abc.com\nSubject: a7 [ a7] [a7x] (a7)", RESOLVING, "unknown-address -> unassigned"),
    "sub-addresses of the system mailbox only": ("Delivered-To: peter+a7@abc.com", RESOLVING, "unknown-address -> unassigned"),
    "and on its domain": ("Delivered-To: matters+a7@other.example", RESOLVING, "other-domain -> unassigned"),
    "a tag that is no action's": ("Delivered-To: matters+a7x@abc.com", RESOLVING, "unknown-address -> unassigned"),
    "the resolver off": ("Delivered-To: matters+a7@abc.com", THREAD_ONLY, "unknown-address -> unassigned"),
    "sub-addresses of one value all count": ("To: matters+a7@abc.com\nCc: matters+a1234@abc.com, matters+a7@abc.com", RESOLVING, "sub-address -> action:7 action:1234 guessed by sub-address"),
    "sub-addresses of stacked values: the first existing": ("\n".join(f"Delivered-To: matters{tag}@abc.com" for tag in ("", "+a99", "+a7", "+a1234")), RESOLVING_SET, "sub-address -> action:7 by sub-address"),
    "single mode: the sub-address in To": ("To: matters+a7@abc.com", RESOLVING_SINGLE, "sub-address -> action:7 guessed by sub-address"),
    "single mode: in Cc": ("Cc: matters+a7@abc.com", RESOLVING_SINGLE, "sub-address -> action:7 guessed by sub-address"),
    "single mode: in Delivered-To, no guess": ("Delivered-To: matters+a7@abc.com\nTo: matters+a7@abc.com", RESOLVING_SINGLE, "sub-address -> action:7 by sub-address"),
    "single mode: in none": ("To: jane@client.example", RESOLVING_SINGLE, "system-address -> unassigned"),
}
# fmt: on

# One case a line.
# fmt: off
LOOPS: dict[str, Case] = {
    "it counts by value": (f"{LOOP_HEADER}: matters@other.example\nDelivered-To: a7@abc.com", USUAL, "action-address -> action:7"),
    "any of several": (f"{LOOP_HEADER}: matters@other.example\n{LOOP_HEADER}: MATTERS@abc.com.", USUAL, "loop -> unassigned"),
    "whatever the address": (f"{LOOP_HEADER}: matters@abc.com\nDelivered-To: a7@abc.com", USUAL, "loop -> unassigned"),
    "automatic by a null Return-Path": ("Return-Path: <>\nDelivered-To: help@abc.com", CLASH, "loop -> unassigned"),
    "Auto-Submitted: no is not automatic": ("Auto-Submitted: no\nDelivered-To: help@abc.com", CLASH, "unknown-address -> unassigned"),
    "automatic mail to an action is delivered": ("Auto-Submitted: auto-replied\nDelivered-To: a7@abc.com", CLASH, "action-address -> action:7"),
    "a known recipient beside the fallback address": ("Auto-Submitted: auto-replied\nTo: help@abc.com, a7@abc.com", CLASH, "action-address -> action:7 guessed"),
    "automatic mail that To addresses to a foreign fallback address": ("Auto-Submitted: auto-replied\nTo: help@elsewhere.example", RESOLVING, "loop -> unassigned guessed"),
    "automatic mail that is unreadable": ("Return-Path: <>\nX: \0", USUAL, "loop -> unassigned"),
    "other readable mail to a clashing fallback address": ("Delivered-To: help@abc.com", CLASH, "unknown-address -> unassigned"),
}
# fmt: on

# One case a line.
# fmt: off
UNREADABLE: dict[str, Case] = {
    "a null Return-Path is an originator": ("Return-Path: <>\nDelivered-To: a7@abc.com", USUAL, "action-address -> action:7"),
    "a bare word is none": ("Return-Path: jane\nDelivered-To: a7@abc.com", USUAL, f"no-originator -> {FALLBACK}"),
    "an address in Return-Path is one": ("From: nobody\nReturn-Path: <jane@client.example>\nDelivered-To: a7@abc.com", USUAL, "action-address -> action:7"),
    "Sender is one": ("From:\nSender: jane@client.example\nDelivered-To: a7@abc.com", USUAL, "action-address -> action:7"),
    "any of several From": ("From: nobody\nFrom: jane@client.example\nDelivered-To: a7@abc.com", USUAL, "action-address -> action:7"),
    "a null From is none": ("From: <>\nDelivered-To: a7@abc.com", USUAL, f"no-originator -> {FALLBACK}"),
    "obsolete spaces before the colon": ("From : jane@client.example\nDelivered-To\t : a7@abc.com", USUAL, "action-address -> action:7"),
    "a bare CR in a value is white space": ("Delivered-To: a7@abc.com\rTo: peter@abc.com", USUAL, f"bad-recipient -> {FALLBACK}"),
}
# fmt: on

# One case a line.
# fmt: off
FINE_PRINT: dict[str, Case] = {
    "1 sender-rewritten before a gone action": ("Delivered-To: matters@abc.com\nIn-Reply-To: <sent.99@abc.com>", RESOLVING, "sender-rewritten -> unassigned meant for action:99"),
    "1 a known id whose action is gone passes to the next resolver, not to the next id": ("Delivered-To: peter@abc.com\nIn-Reply-To: <sent.99@abc.com> <sent.7@abc.com>", RESOLVING, "no-such-action -> unassigned by thread"),
    "2 stacked: an existing action or a mailbox": ("Delivered-To: a99@abc.com\nDelivered-To: nobody@abc.com\nDelivered-To: sales@abc.com", DELIVERED_TO, "alias -> mailbox:mary mailbox:john"),
    "2 where none decides and the topmost is the system mailbox's, To and Cc are asked": ("Delivered-To: matters@abc.com\nDelivered-To: peter@abc.com\nTo: a7@abc.com", USUAL, "action-address -> action:7 guessed"),
    "2 not where another is the topmost": ("Delivered-To: peter@abc.com\nDelivered-To: matters@abc.com\nTo: a7@abc.com", USUAL, "unknown-address -> unassigned"),
    "2 not where one decides": ("Delivered-To: matters@abc.com\nDelivered-To: a7@abc.com\nTo: a1234@abc.com", USUAL, "action-address -> action:7"),
    "2 not with the header set": ("Delivered-To: matters@abc.com\nDelivered-To: peter@abc.com\nTo: a7@abc.com", DELIVERED_TO, "system-address -> unassigned"),
    "3 guessed when there was nothing to read": ("Subject: x", USUAL, "no-recipient -> unassigned guessed"),
    "3 not guessed when the header gave the system mailbox": ("Delivered-To: matters@abc.com", USUAL, "system-address -> unassigned"),
    "4 the first recipient's reason": ("To: nobody@abc.com, a99@abc.com, peter@abc.com", USUAL, "alias-without-mailboxes -> unassigned guessed"),
    "4 resolvers run by that reason": ("To: nobody@abc.com, peter@abc.com\nSubject: [a7]", RESOLVING, "alias-without-mailboxes -> unassigned guessed"),
    "4 and not by another's": ("To: peter@abc.com, nobody@abc.com\nSubject: [a7]", RESOLVING, "subject-token -> action:7 guessed by subject-token"),
    "5 semicolons separate in To and Cc only": ("Delivered-To: a1234@abc.com; a7@abc.com", USUAL, f"bad-recipient -> {FALLBACK}"),
    "5 nothing but empty groups counts as empty": ("Delivered-To: a:;, b:;\nTo: a7@abc.com", USUAL, "action-address -> action:7 guessed"),
    "5 an encoded word stands for itself": ("Delivered-To: =?utf-8?Q?a1234?=@abc.com", USUAL, "unknown-address -> unassigned"),
    "8 the loop header's brackets do not matter": (f"{LOOP_HEADER}: <Matters@abc.com>", USUAL, "loop -> unassigned"),
    "8 in an undecodable block every field counts": (f"From: a@b.example\nno field\n{LOOP_HEADER}: matters@abc.com\nTo: x", USUAL, "loop -> unassigned"),
}
# fmt: on

SECTIONS = {
    "which address": WHICH_ADDRESS,
    "addresses": ADDRESSES,
    "several verdicts": VERDICTS,
    "resolvers": RESOLVERS,
    "loops": LOOPS,
    "unreadable": UNREADABLE,
    "fine print": FINE_PRINT,
}
CASES = [
    pytest.param(*case, id=f"{name}: {what}")
    for name, cases in SECTIONS.items()
    for what, case in cases.items()
]


@pytest.mark.parametrize(("header", "rules", "expected"), CASES)
def test_the_rulings(header: str, rules: Rules, expected: str) -> None:
    """Each ruling and each line of the fine print decides as written."""
    assert told(routed(header, rules, DIRECTORY)) == expected


@pytest.mark.parametrize(
    ("header", "rules", "expected"),
    [
        ("Delivered-To: matters@abc.com", USUAL, "alias -> mailbox:mary"),
        ("Delivered-To: matters@abc.com\nTo: a7@abc.com", USUAL, "action-address -> action:7 guessed"),
        ("Delivered-To: matters@abc.com\nTo: peter@abc.com", USUAL, "unknown-address -> unassigned guessed"),
        ("Delivered-To: matters@abc.com\nTo: a7@abc.com", DELIVERED_TO, "alias -> mailbox:mary"),
        (
            "Delivered-To: matters@abc.com\nDelivered-To: a7@abc.com",
            DELIVERED_TO,
            "action-address -> action:7",
        ),
        ("Delivered-To: peter@abc.com\nDelivered-To: matters@abc.com", DELIVERED_TO, "alias -> mailbox:mary"),
        ("Delivered-To: x@abc.com\nDelivered-To: matters@abc.com", USUAL, "alias -> mailbox:mary"),
        ("Delivered-To: matters@abc.com, a7@abc.com", USUAL, "action-address -> action:7"),
        ("Delivered-To: peter@abc.com, matters@abc.com", USUAL, "alias -> mailbox:mary"),
        ("To: matters@abc.com", USUAL, "alias -> mailbox:mary guessed"),
        ("To: matters@abc.com, a7@abc.com", USUAL, "action-address -> action:7 guessed"),
        ("To: a7@abc.com", SINGLE, "alias -> mailbox:mary"),
        ("Delivered-To: matters@abc.com\nIn-Reply-To: <sent.7@abc.com>", USUAL, "alias -> mailbox:mary"),
    ],
)
def test_an_alias_for_the_system_mailbox_comes_last(header: str, rules: Rules, expected: str) -> None:
    """Fine print 2: the system mailbox's own address is tried last, whether an alias exists for it or not."""
    assert told(routed(header, rules, ALIASED)) == expected


def test_the_system_mailboxs_alias_beside_a_known_recipient_is_in_the_evidence() -> None:
    """Section 7 "One message, several verdicts": it counts as not known there."""
    decision = routed("Delivered-To: matters@abc.com, a7@abc.com", USUAL, ALIASED)
    told_of_it = "an alias of mailbox:mary; passed over beside a known recipient"

    assert ("R4.12", "matters@abc.com", told_of_it) in decision.evidence
    assert ("R4.5", "a7@abc.com", "the address of action 7") in decision.evidence


def test_where_only_the_system_mailboxs_alias_is_known_it_counts_and_the_others_do_not() -> None:
    """Section 7 "One message, several verdicts"."""
    decision = routed("Delivered-To: peter@abc.com, matters@abc.com", USUAL, ALIASED)

    assert ("R4.6", "matters@abc.com", "an alias of mailbox:mary") in decision.evidence
    assert [item.read for item in decision.evidence if item.rule == "R4.12"] == ["peter@abc.com"]


def test_the_system_mailboxs_address_comes_last_even_if_it_is_an_actions() -> None:
    """Fine print 2: as an alias for it does."""
    rules = replace(USUAL, system=address("a7@abc.com"))

    decision = routed("Delivered-To: a7@abc.com, mary@abc.com", rules, DIRECTORY)

    assert told(decision) == "alias -> mailbox:mary"


def test_an_answer_to_the_system_mailbox_is_told_even_if_its_alias_is_linked_to_no_mailbox() -> None:
    """Section 7 "Resolvers": sender-rewritten is for any such message to the system mailbox's address."""
    decision = routed("Delivered-To: matters@abc.com\nIn-Reply-To: <sent.7@abc.com>", USUAL, UNLINKED)

    assert told(decision) == "sender-rewritten -> unassigned meant for action:7"


@pytest.mark.parametrize(
    ("header", "rules", "expected"),
    [
        ("Delivered-To: A1234@ABC.com.", USUAL, "A1234@abc.com"),
        ("To: peter@abc.com, a7@abc.com", USUAL, "a7@abc.com"),
        ("To: peter@abc.com, nobody@abc.com", USUAL, "peter@abc.com"),
        ("Delivered-To: somebody", USUAL, None),
        ("To: jane@client.example", USUAL, None),
        ("Delivered-To: matters+a7@abc.com", RESOLVING, "matters+a7@abc.com"),
        ("To: matters+a7@abc.com", RESOLVING_SINGLE, "matters+a7@abc.com"),
        ("Delivered-To: peter@abc.com\nSubject: [a7]", RESOLVING, "peter@abc.com"),
        ("Delivered-To: peter@abc.com\nSubject: [a99]", RESOLVING, "peter@abc.com"),
        ("Delivered-To: matters@abc.com\nIn-Reply-To: <sent.7@abc.com>", USUAL, "matters@abc.com"),
        (f"{LOOP_HEADER}: matters@abc.com\nTo: a7@abc.com", USUAL, None),
        ("Return-Path: <>\nTo: help@abc.com", CLASH, "help@abc.com"),
    ],
)
def test_the_address_is_the_recipient_that_decided(header: str, rules: Rules, expected: str | None) -> None:
    """Section 7 "One message, several verdicts": of several, the first that decided, as it was written."""
    assert routed(header, rules, DIRECTORY).address == expected
