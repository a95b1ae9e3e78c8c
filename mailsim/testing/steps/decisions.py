"""Thens about what the practice decided, why, and on what evidence."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from pytest_bdd import then

from mailsim.practice.decision import Outcome, Reason
from mailsim.testing.asking import says
from mailsim.testing.expressions import parse
from mailsim.testing.found import Docket, apart, counted, reply

if TYPE_CHECKING:
    from mailsim.world.world import World

_TARGETS: Final = {
    Outcome.DELIVERED: {"action", "mailbox"},
    Outcome.UNASSIGNED: {"unassigned"},
    Outcome.FALLBACK: {"fallback"},
    Outcome.DUPLICATE: set[str](),
}
"""The kinds of targets that each outcome has (R4.12)."""


@then(parse("the reply is addressed to {address}", "recipient"))
def reply_goes_to(world: "World", recipient: str) -> None:
    """Whom the correspondent's mail program answers.

    Then the reply is addressed to a1234@abc.com
    """
    found = reply(world).recipient
    assert found == recipient, f"expected a reply to {recipient}, found one to {found}"


@then(parse("the {letter} is delivered to {targets}", "letter", "where"))
def delivered(docket: Docket, letter: str, where: Sequence[str]) -> None:
    """The reply, or the last message collected, reached these and nobody else.

    Then the reply is delivered to action 1234
    """
    found = docket.decision(letter)
    expected, targets = tuple(map(docket.target, where)), docket.targets(found)
    told = f"expected {', '.join(expected)}, found {', '.join(targets) or 'nothing'}:\n{found}"
    assert sorted(targets) == sorted(expected), told
    assert found.outcome is Outcome.DELIVERED, f"expected it delivered, found {found.outcome}:\n{found}"


@then(parse("the {letter} is delivered because {reason}", "letter", "reason"))
def delivered_because(docket: Docket, letter: str, reason: Reason) -> None:
    """What found its target.

    Then the message is delivered because of the thread
    """
    _ended(docket, letter, Outcome.DELIVERED, reason)


@then(parse("the {letter} lands in Unassigned because {reason}", "letter", "reason"))
def unassigned(docket: Docket, letter: str, reason: Reason) -> None:
    """Nobody could be found for it, and why.

    Then the reply lands in Unassigned because the sender was rewritten
    """
    _ended(docket, letter, Outcome.UNASSIGNED, reason)


@then(parse("the {letter} goes to the fallback address because {reason}", "letter", "reason"))
def fallback(docket: Docket, letter: str, reason: Reason) -> None:
    """It could not be read, and why.

    Then the message goes to the fallback address because nobody sent it
    """
    _ended(docket, letter, Outcome.FALLBACK, reason)


@then(parse("the {letter} is a duplicate because {reason}", "letter", "reason"))
def duplicate(docket: Docket, letter: str, reason: Reason) -> None:
    """It goes nowhere any more, and why.

    Then the message is a duplicate because a copy was delivered before
    """
    _ended(docket, letter, Outcome.DUPLICATE, reason)


def _ended(docket: Docket, letter: str, outcome: Outcome, reason: Reason) -> None:
    __tracebackhide__ = True
    found = docket.decision(letter)
    assert (found.outcome, found.reason) == (outcome, reason), (
        f"expected {outcome} ({reason}), found {found.outcome} ({found.reason}):\n{found}"
    )


@then(parse("the {letter} was meant for {target}", "letter", "where"))
def meant_for(docket: Docket, letter: str, where: str) -> None:
    """Of one whose sender was rewritten: the action that it answers.

    Then the reply was meant for action 1234
    """
    found = docket.decision(letter)
    meant = found.meant_for and f"{docket.prefix(found)}{found.meant_for}"
    assert meant == where, f"expected {where}, found {meant}:\n{found}"


@then("the message was meant for nobody else")
def meant_for_nobody_else(docket: Docket) -> None:
    """Of the last message collected: nothing says that it should have gone elsewhere.

    Then the message was meant for nobody else
    """
    found = docket.decision("message")
    assert found.meant_for is None, f"expected nobody, found {found.meant_for}:\n{found}"


@then(parse("the message was looked for by its {word}", "resolver"))
def looked_for(docket: Docket, resolver: str) -> None:
    """Which resolver the last decision rests on: address, sub-address, thread or subject-token.

    Then the message was looked for by its thread
    """
    found = docket.decision("message")
    assert found.resolver == resolver, f"expected {resolver}, found {found.resolver}:\n{found}"


@then("the decision was a guess")
def a_guess(docket: Docket) -> None:
    """Of the last message collected: To or Cc gave its recipient, or nothing did.

    Then the decision was a guess
    """
    found = docket.decision("message")
    assert found.guessed, f"expected a guess, found certainty:\n{found}"


@then("the decision was no guess")
def no_guess(docket: Docket) -> None:
    """Of the last message collected: a header field told its recipient for certain.

    Then the decision was no guess
    """
    found = docket.decision("message")
    assert not found.guessed, f"expected certainty, found a guess:\n{found}"


@then(parse("its recipient was read from {header}", "header"))
def read_from(docket: Docket, header: str) -> None:
    """Of the last message collected: this header told the recipient.

    Then its recipient was read from X-Original-To
    """
    found = docket.decision("message")
    assert not found.guessed, f"expected {header}, found a guess:\n{found}"
    read = [item.read.partition(":")[0] for item in found.evidence if item.rule in {"R4.3", "R4.4"}]
    assert header.lower() in map(str.lower, read), f"expected {header}, found {', '.join(read)}:\n{found}"


@then(parse("its recipient was {address}", "recipient"))
def recipient_was(docket: Docket, recipient: str) -> None:
    """Of the last message collected: the address that decided.

    Then its recipient was a1234@abc.com
    """
    found = docket.decision("message")
    assert found.address == recipient, f"expected {recipient}, found {found.address}:\n{found}"


@then("the message has exactly one outcome")
def one_outcome(docket: Docket) -> None:
    """Of the last message collected: something became of it, and its targets are such as that outcome has.

    Then the message has exactly one outcome
    """
    found = docket.decision("message")
    kinds, allowed = {target.partition(":")[0] for target in found.targets}, _TARGETS[found.outcome]
    assert kinds <= allowed, f"expected {found.outcome}, found targets of another outcome too:\n{found}"
    assert kinds or not allowed, f"expected targets, found none:\n{found}"


@then("the evidence is:")
def evidence_is(docket: Docket, datatable: Sequence[Sequence[str]]) -> None:
    """All that the last decision tells: the rules tried, what each read and what it concluded, in their order.

    Then the evidence is:
      | R4.9 | X-Mailsim-Loop: absent       | not forwarded by this system before |
      | R4.8 | From: jane@client.example    | readable, and somebody sent it      |
      | R4.4 | Delivered-To: a1234@abc.com  | names the recipient                 |
      | R4.5 | a1234@abc.com                | the address of action 1234          |
    """
    decision = docket.decision("message")
    expected = [" | ".join(row) for row in datatable]
    told = [" | ".join(item) for item in decision.evidence]
    assert told == expected, (
        f"expected {counted(len(expected), 'rule')} tried as told, found {counted(len(told), 'rule')}:\n"
        f"{apart(expected, told)}\n{decision}"
    )


@then("deciding again gives the same decision")
def decided_again(docket: Docket) -> None:
    """A decision depends on the message, the settings, the directory and what was sent, on nothing else.

    Then deciding again gives the same decision
    """
    first, again = docket.decision("message"), docket.decided_again()
    assert again == first, f"expected:\n{first}\nfound:\n{again}"


@then(parse("the evidence of {rule} says {string}", "rule", "words"))
def evidence(docket: Docket, rule: str, words: str) -> None:
    """What the last decision tells of one rule that was tried: words of it, or with " -> " all that was read and concluded.

    Then the evidence of R4.5 says "no action has this ID"
    """
    found = docket.decision("message")
    told = [f"{item.read} -> {item.concluded}" for item in found.evidence if item.rule == rule]
    as_told = words in told if " -> " in words else any(says(text, words) for text in told)
    assert as_told, f"expected {words!r} of {rule}, found:\n{found}"
