"""Thens about what the practice decided, and who holds a copy in the end."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pytest_bdd import then

from mailsim.practice.decision import Outcome, Reason
from mailsim.testing.expressions import parse
from mailsim.testing.found import Docket, counted, reply, stored
from mailsim.testing.parameters import target_of
from mailsim.trace.event import Step

if TYPE_CHECKING:
    from mailsim.world.world import World


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
    expected = tuple(map(docket.target, where))
    told = f"expected {', '.join(expected)}, found {', '.join(found.targets) or 'nothing'}:\n{found}"
    assert sorted(found.targets) == sorted(expected), told
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


@then(parse("the reason names {target} as whom it was meant for", "where"))
def meant_for(docket: Docket, where: str) -> None:
    """Of a reply whose sender was rewritten: the action it answers.

    Then the reason names action 1234 as whom it was meant for
    """
    found = docket.decision("reply")
    assert found.meant_for == where, f"expected {where}, found {found.meant_for}:\n{found}"


@then(parse("the message was meant for {target}", "where"))
def message_meant_for(docket: Docket, where: str) -> None:
    """Of the last message collected, whose sender was rewritten: the action it answers.

    Then the message was meant for action 1234
    """
    found = docket.decision("message")
    assert found.meant_for == where, f"expected {where}, found {found.meant_for}:\n{found}"


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


@then(parse("its recipient was guessed from To and Cc"))
def guessed(docket: Docket) -> None:
    """Of the last message collected: no header told the recipient.

    Then its recipient was guessed from To and Cc
    """
    found = docket.decision("message")
    assert found.guessed, f"expected a guess, found certainty:\n{found}"


@then(parse("its recipient was read from {header}", "header"))
def read_from(docket: Docket, header: str) -> None:
    """Of the last message collected: this header told the recipient.

    Then its recipient was read from X-Original-To
    """
    found = docket.decision("message")
    assert not found.guessed, f"expected {header}, found a guess:\n{found}"
    read = [item.read for item in found.evidence if item.read.lower().startswith(f"{header.lower()}:")]
    assert read, f"expected that {header} was read, found:\n{found}"


@then(parse("its recipient was {address}", "recipient"))
def recipient_was(docket: Docket, recipient: str) -> None:
    """Of the last message collected: the address that decided.

    Then its recipient was a1234@abc.com
    """
    found = docket.decision("message")
    assert found.address == recipient, f"expected {recipient}, found {found.address}:\n{found}"


@then("the message has exactly one outcome")
def one_outcome(docket: Docket) -> None:
    """Of the last message collected: something became of it, and its reason belongs to that outcome.

    Then the message has exactly one outcome
    """
    found = docket.decision("message")
    assert found.outcome in Outcome, f"expected an outcome, found {found.outcome}:\n{found}"
    assert bool(found.targets) is (found.outcome is not Outcome.DUPLICATE), (
        f"expected targets, found:\n{found}"
    )


@then("the evidence is:")
def evidence_is(docket: Docket, datatable: Sequence[Sequence[str]]) -> None:
    """All that the last decision tells: the rules tried, what each read and what it concluded, in their order.

    Then the evidence is:
      | R4.9 | X-Mailsim-Loop: absent       | not forwarded by this system before |
      | R4.8 | From: jane@client.example    | readable, and somebody sent it      |
      | R4.4 | Delivered-To: a1234@abc.com  | names the recipient                 |
      | R4.5 | a1234@abc.com                | the address of action 1234          |
    """
    found = docket.decision("message")
    expected = [tuple(row) for row in datatable]
    differing = [item for item in found.evidence if item not in expected]
    assert [tuple(item) for item in found.evidence] == expected, (
        f"expected {len(expected)} rules tried as told, found {len(found.evidence)}, "
        f"of which not told so: {differing}:\n{found}"
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
    """What the last decision tells of one rule that was tried.

    Then the evidence of R4.5 says "no action has this ID"
    """
    found = docket.decision("message")
    told = [f"{item.read} -> {item.concluded}" for item in found.evidence if item.rule == rule]
    assert any(words in text for text in told), f"expected {words!r} of {rule}, found:\n{found}"


@then(parse("{target} holds {int} copy/copies", "where", "number"))
def holds(world: "World", docket: Docket, where: str, number: int) -> None:
    """How many messages a target inside the practice holds; other targets may hold some too.

    Then Unassigned holds 2 copies
    """
    held = world.targets()
    found = held.get(docket.target(where), 0)
    assert found == number, f"expected {counted(number, 'copy')} in {where}, found {found}; all: {dict(held)}"


@then(parse("each of {names} holds one copy", "names"))
def each_holds(world: "World", names: Sequence[str]) -> None:
    """The mailboxes of several users, a copy each.

    Then each of mary and john holds one copy
    """
    held = world.targets()
    found = {name: held.get(f"mailbox:{name}", 0) for name in names}
    assert set(found.values()) == {1}, f"expected one copy each, found {found}; all: {dict(held)}"


@then("the copies are:")
def copies_are(world: "World", docket: Docket, datatable: Sequence[Sequence[str]]) -> None:
    """All copies inside the practice: a target and a number in each row, and no other target.

    Then the copies are:
      | action 1234    | 1 |
      | mary's mailbox | 2 |
      | Unassigned     | 1 |
    """
    expected = {docket.target(target_of(where)): int(number) for where, number in datatable}
    held = dict(world.targets())
    assert held == expected, f"expected {expected}, found {held}"


@then("nobody inside holds anything")
def nobody_holds(world: "World") -> None:
    """No copy of any message was delivered inside the practice.

    Then nobody inside holds anything
    """
    held = dict(world.targets())
    assert held == {}, f"expected nothing anywhere, found {held}"


@then(parse("{address} gets {int} message(s)", "person", "number"))
def gets(world: "World", person: str, number: int) -> None:
    """What somebody outside has got, of all mail on its way.

    Then help@elsewhere.example gets 1 message
    """
    got = stored(world, person)
    assert len(got) == number, f"expected {counted(number, 'message')} for {person}, found {len(got)}"


@then(parse("{address} gets nothing", "person"))
def gets_nothing(world: "World", person: str) -> None:
    """Nothing reached somebody outside, of all mail on its way.

    Then jane@client.example gets nothing
    """
    got = stored(world, person)
    assert not got, f"expected nothing for {person}, found {len(got)}: {got[0].message_id}"


@then(parse("{address} gets a message from {address}", "person", "sender"))
def gets_from(world: "World", person: str, sender: str) -> None:
    """The envelope sender of the last message that somebody outside has got.

    Then jane@client.example gets a message from a1234@abc.com
    """
    got = stored(world, person)
    assert got, f"expected a message for {person}, found none"
    assert got[-1].sender == sender, f"expected it from {sender}, found it from {got[-1].sender}"


@then("the mailbox at the provider is empty")
def provider_empty(world: "World") -> None:
    """All that was there was collected, and deleted after it was stored.

    Then the mailbox at the provider is empty
    """
    waiting = world.waiting()
    assert not waiting, f"expected an empty mailbox, found {counted(len(waiting), 'message')} waiting"


@then(parse("the mailbox at the provider holds {int} message(s)", "number"))
def provider_holds(world: "World", number: int) -> None:
    """What lies in the system mailbox, not collected or not deleted.

    Then the mailbox at the provider holds 1 message
    """
    waiting = world.waiting()
    assert len(waiting) == number, f"expected {counted(number, 'message')} waiting, found {len(waiting)}"


@then(parse("{address} has {int} message(s) at the provider", "mailbox", "number"))
def server_mailbox_has(world: "World", mailbox: str, number: int) -> None:
    """What a server mailbox of the practice's domain has taken.

    Then mary@abc.com has 1 message at the provider
    """
    got = stored(world, mailbox)
    assert len(got) == number, f"expected {counted(number, 'message')} in {mailbox}, found {len(got)}"


@then(parse("{int} message(s) is/are discarded by the provider", "number"))
def discarded(world: "World", number: int) -> None:
    """What it threw away by its catch-all setting.

    Then 1 message is discarded by the provider
    """
    world.settle()
    found = len(world.trace.steps(Step.DISCARDED))
    assert found == number, f"expected {counted(number, 'message')} discarded, found {found}"


@then(parse("{address} is told that {address} was not reached", "sender", "recipient"))
def reported(world: "World", sender: str, recipient: str) -> None:
    """A server that had taken their mail gave up on it, and wrote a report.

    Then jane@client.example is told that a1234@abc.com was not reached
    """
    world.settle()
    reports = [
        event
        for event in world.trace.steps(Step.COMPOSED)
        if event.recipient == sender and event.sender == "<>"
    ]
    bounced = [event for event in world.trace.steps(Step.BOUNCED) if event.recipient == recipient]
    told = {event.trace_id for event in reports} & {event.trace_id for event in bounced}
    assert told, (
        f"expected a report, found {counted(len(reports), 'report')} and {counted(len(bounced), 'bounce')}"
    )


@then(parse("nobody is told that {address} was not reached", "recipient"))
def not_reported(world: "World", recipient: str) -> None:
    """A server gave up on mail, and its sender gets no report: it is forged, or there is none.

    Then nobody is told that a1234@abc.com was not reached
    """
    world.settle()
    bounced = [event.trace_id for event in world.trace.steps(Step.BOUNCED) if event.recipient == recipient]
    assert bounced, f"expected that {recipient} was not reached, found no bounce"
    reports = [event for event in world.trace.steps(Step.COMPOSED) if event.sender == "<>"]
    told = [event.recipient for event in reports if event.trace_id in bounced]
    assert not told, f"expected no report, found one to {told[0]}"


@then(parse("mail for {address} was put off {int} time(s)", "recipient", "number"))
def put_off(world: "World", recipient: str, number: int) -> None:
    """How often a server, or the DNS, said 'later'.

    Then mail for jane@client.example was put off 9 times
    """
    found = sum(event.recipient == recipient for event in world.trace.steps(Step.DEFERRED))
    assert found == number, f"expected {counted(number, 'time')}, found {found}"


@then("nothing is lost")
def nothing_lost(world: "World") -> None:
    """Every message is in exactly one place: the law of conservation.

    Then nothing is lost
    """
    world.settle()  # what is still on its way is not lost
    world.check()  # R6.2
