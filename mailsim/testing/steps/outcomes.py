"""Thens about who holds a copy in the end: inside, at the provider, outside."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pytest_bdd import then

from mailsim.testing.asking import moved, same, says, somebody
from mailsim.testing.expressions import parse
from mailsim.testing.found import Docket, apart, counted, inside, site_at, stored
from mailsim.testing.needs import StepError
from mailsim.testing.parameters import target_of
from mailsim.trace.event import Step, parted

if TYPE_CHECKING:
    from mailsim.mail import Message
    from mailsim.world.world import World


@then(parse("{target} holds {int} copy/copies", "where", "number"))
def holds(world: "World", docket: Docket, where: str, number: int) -> None:
    """How many messages a target inside the practice holds; other targets may hold some too.

    Then Unassigned holds 2 copies
    """
    held = world.targets()
    assert _is_there(world, where), (
        f"expected {counted(number, 'copy')} in {where}, found that the practice has none such"
    )
    found = held.get(docket.target(where), 0)
    assert found == number, f"expected {counted(number, 'copy')} in {where}, found {found}; {inside(world)}"


def _is_there(world: "World", target: str) -> bool:
    """Whether the practice has such an action or user: of one that it has not, none would hold nothing."""
    prefix, own = parted(target)
    site = site_at(world, prefix)
    if site is None:
        return False
    kind, _, name = own.partition(":")
    directory = site.directory
    if kind == "action":
        return int(name) in directory.actions
    return kind != "mailbox" or name in directory.users


def _whole(number: str) -> int:
    if not number.isdecimal():
        raise StepError(f"{number!r} in the table is no number of copies; write a whole number, such as 1")
    return int(number)


@then(parse("each of {names} holds one copy", "names"))
def each_holds(world: "World", names: Sequence[str]) -> None:
    """The mailboxes of several users, a copy each.

    Then each of mary and john holds one copy
    """
    held = world.targets()
    wrong = [name for name in names if held.get(f"mailbox:{name}", 0) != 1]
    assert not wrong, (
        f"expected one copy each, found another number for {' and '.join(wrong)}; {inside(world)}"
    )


@then("the copies are:")
def copies_are(world: "World", docket: Docket, datatable: Sequence[Sequence[str]]) -> None:
    """All copies inside the practice: a target and a number in each row, and no other target.

    Then the copies are:
      | action 1234    | 1 |
      | mary's mailbox | 2 |
      | Unassigned     | 1 |
    """
    rows = {docket.target(target_of(where)): _whole(number) for where, number in datatable}
    for where in rows:
        assert _is_there(world, where), f"expected {where}, found that the practice has none such"
    expected = {where: number for where, number in rows.items() if number}
    held = dict(world.targets())
    told = [[f"{where}: {number}" for where, number in one.items()] for one in (expected, held)]
    assert held == expected, f"expected {expected}, found {held}\n{apart(*told)}"


@then(parse("the last copy of {target} has {header} {string}", "where", "name", "value"))
def copy_has(world: "World", docket: Docket, where: str, name: str, value: str) -> None:
    """A header field as it arrived inside, whatever servers made of it on the way.

    Then the last copy of action 1234 has From "matters@abc.com"
    """
    found = _last_copy(world, docket, where).values(name)
    assert found == [value], f"expected {name}: {value}, found {found or 'none'}"


@then(parse("the last copy of {target} has no {header}", "where", "name"))
def copy_lacks(world: "World", docket: Docket, where: str, name: str) -> None:
    """A header field that did not arrive, or was never written.

    Then the last copy of action 1234 has no Reply-To
    """
    found = _last_copy(world, docket, where).values(name)
    assert not found, f"expected no {name}, found {found}"


@then(parse("the last copy of {target} reads, among other lines:", "where"))
def copy_reads(world: "World", docket: Docket, where: str, docstring: str) -> None:
    '''Lines of a message inside, one after the other as they stand there.

    Then the last copy of Unassigned reads, among other lines:
      """
      Content-Type: message/rfc822
      Content-Transfer-Encoding: 8bit

      """
    '''
    found = _last_copy(world, docket, where).octets.decode("utf-8", "backslashreplace").replace("\r\n", "\n")
    assert f"\n{docstring}\n" in f"\n{found}\n", f"expected:\n{docstring}\nfound:\n{found}"


def _last_copy(world: "World", docket: Docket, where: str) -> "Message":
    __tracebackhide__ = True
    held = world.mailbox(docket.target(where))
    assert held, f"expected a copy in {where}, found none; {inside(world)}"
    return held[-1]


@then("nobody inside holds anything")
def nobody_holds(world: "World") -> None:
    """No copy of any message was delivered inside the practice.

    Then nobody inside holds anything
    """
    moved(world)
    held = dict(world.targets())
    assert held == {}, f"expected nothing anywhere, found {held}"


@then(parse("{address} gets {int} message(s)", "person", "number"))
def gets(world: "World", person: str, number: int) -> None:
    """What somebody outside has got, of all mail on its way.

    Then help@elsewhere.example gets 1 message
    """
    got = stored(world, person)
    if not number:
        somebody(world, person)
    assert len(got) == number, f"expected {counted(number, 'message')} for {person}, found {len(got)}"


@then(parse("{address} gets nothing", "person"))
def gets_nothing(world: "World", person: str) -> None:
    """Nothing reached somebody outside, of all mail on its way.

    Then jane@client.example gets nothing
    """
    got = stored(world, person)
    somebody(world, person)
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
    moved(world)
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
    if not number:
        somebody(world, mailbox)
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


@then(parse("{address} was not reached because of {string}", "recipient", "words"))
def given_up(world: "World", recipient: str, words: str) -> None:
    """The words of the server for which mail to somebody was given up, or of who gave up.

    Then a1234@abc.com was not reached because of "552 5.3.4"
    """
    world.settle()
    found = [event.reason for event in world.trace.steps(Step.BOUNCED) if event.recipient == recipient]
    assert found, f"expected that {recipient} was not reached, found no bounce"
    assert says(found[-1], words), f"expected {words!r}, found {found[-1]!r}"


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
    if not number:
        somebody(world, recipient)
    found = sum(same(event.recipient, recipient) for event in world.trace.steps(Step.DEFERRED))
    assert found == number, f"expected {counted(number, 'time')}, found {found}"


@then("nothing is lost")
def nothing_lost(world: "World") -> None:
    """Every message is in exactly one place: the law of conservation.

    Then nothing is lost
    """
    if world.scenario.events:  # somebody means them to happen
        moved(world)
    world.settle()  # what is still on its way is not lost
    world.check()  # R6.2


@then(parse("{int} message(s) is/are told as lost", "number"))
def told_lost(world: "World", number: int) -> None:
    """The law of conservation is broken, and each copy that is nowhere is named with whom it was for.

    Then 1 message is told as lost
    """
    from mailsim.world.broken_laws import ConservationError

    moved(world)
    world.settle()
    try:
        world.check()
        told = []
    except ConservationError as error:
        told = [line for line in str(error).splitlines() if line.startswith("lost: ")]
    known = {event.message_id for event in world.trace}
    named = [line for line in told if line.split()[1] in known]
    assert len(named) == number, (
        f"expected {counted(number, 'message')} told as lost by Message-ID, found {told}"
    )
