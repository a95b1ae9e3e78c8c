"""Thens about what the practice sent: its header, what servers said of it, how it travelled."""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pytest_bdd import then

from mailsim.testing.asking import says
from mailsim.testing.expressions import parse
from mailsim.testing.found import apart, counted
from mailsim.testing.worlds import Kind, made
from mailsim.trace.event import Event, Step

if TYPE_CHECKING:
    from mailsim.world.world import Sent, World

_PORT = re.compile(r"(?<=127\.0\.0\.1):\d+")


@then(parse("the letter has {header} {string}", "header", "value"))
def has(sent: "Sent", header: str, value: str) -> None:
    """A header field of the last letter that the practice sent.

    Then the letter has From "a1234@abc.com"
    """
    found = sent.message.value(header)
    assert found == value, f"expected {header}: {value}, found {found!r}"


@then(parse("the letter has no {header}", "header"))
def has_no(sent: "Sent", header: str) -> None:
    """A header field that the last letter lacks.

    Then the letter has no Reply-To
    """
    found = sent.message.value(header)
    assert found is None, f"expected no {header}, found {found!r}"


@then("the letter reads, but for its date:")
def reads(sent: "Sent", docstring: str) -> None:
    '''The last letter that the practice sent, whole; line ends are CRLF.

    Then the letter reads, but for its date:
      """
      From: a1234@abc.com
      To: jane@client.example
      Subject: Draft agreement
      Message-ID: <0.1.a1234@abc.com>
      MIME-Version: 1.0
      Content-Type: text/plain; charset=us-ascii
      Content-Transfer-Encoding: 7bit

      Please read and answer.
      """
    '''
    date, _, found = sent.message.octets.decode().partition("\r\n")
    expected = docstring.replace("\n", "\r\n") + "\r\n"
    assert date.startswith("Date: "), f"expected its date first, found {date!r}"
    assert found == expected, f"expected another letter, found:\n{found}"


@then(parse("the letter nowhere names {address}", "address"))
def nowhere_names(sent: "Sent", address: str) -> None:
    """Neither header nor body tells of somebody.

    Then the letter nowhere names boss@client.example
    """
    named = address.encode().lower()
    found = [line for line in sent.message.octets.splitlines() if named in line.lower()]
    assert not found, f"expected {address} nowhere, found {found[0]!r}"


@then(parse("the practice is warned of {string}", "words"))
def warned(sent: "Sent", words: str) -> None:
    """What was made harmless in the last letter, and what may not arrive.

    Then the practice is warned of "over the recommended"
    """
    assert any(says(warning, words) for warning in sent.warnings), (
        f"expected a warning of {words!r}, found {list(sent.warnings)}"
    )


@then("the practice is warned of nothing")
def not_warned(sent: "Sent") -> None:
    """The last letter was sent without any doubt.

    Then the practice is warned of nothing
    """
    assert not sent.warnings, f"expected no warning, found {list(sent.warnings)}"


@then(parse("the practice is told {int} and {string}", "code", "words"))
def told(world: "World", sent: "Sent", code: int, words: str) -> None:
    """The SMTP server refused the last letter for every recipient that it refused, in these words.

    Then the practice is told 554 and "SendAsDenied"
    """
    told = [str(reply) for reply in sent.refused.values()]
    recorded = [event.reason for event in _way(world, sent) if event.step is Step.REFUSED]
    put_off = ", ".join(map(str, sent.deferred.values()))
    assert told or not put_off, (
        f"expected a refusal with {code}, found it put off: {put_off}; "
        f"of what is given up in the end write 'Then the letter is given up because of {code}'"
    )
    assert told, f"expected a refusal with {code}, found that the message was accepted"
    assert told == recorded, f"expected the trace to record {told}, found {recorded}"
    assert all(reply.code == code for reply in sent.refused.values()), f"expected {code}, found {told}"
    assert all(says(text, words) for text in told), f"expected {words!r}, found {told}"


@then(parse("the practice refuses to send it because {string}", "words"))
def not_sent(refusal: str, words: str) -> None:
    """What the practice's own system said, before any server was asked.

    Then the practice refuses to send it because "port 25"
    """
    assert refusal, f"expected a refusal with {words!r}, found that it was sent"
    assert says(refusal, words), f"expected {words!r}, found {refusal!r}"


@then(parse("the letter is given up because of {int}", "code"))
def given_up(world: "World", sent: "Sent", code: int) -> None:
    """Put off again and again, the last letter was not tried any more, whoever had it to send on; the reply that it ended with.

    Then the letter is given up because of 451
    """
    world.settle()  # what is put off is tried again for days
    way = _way(world, sent)
    found = [event.reason for event in way if event.step is Step.BOUNCED]
    last = f"the last that happened to it is that it was {way[-1].step} at {way[-1].place}"
    assert found, f"expected it given up ({code}), found that it was not; {last}"
    assert all(reason.partition(" ")[0] == str(code) for reason in found), f"expected {code}, found {found}"


@then(parse("the letter was submitted for {addresses}", "recipients"))
def submitted(world: "World", sent: "Sent", recipients: tuple[str, ...]) -> None:
    """Whom the last letter was handed to the SMTP server for; others were reached inside.

    Then the letter was submitted for jane@client.example
    """
    events = [event for event in _way(world, sent) if event.step is Step.SUBMITTED]
    found = tuple(events[-1].recipient.split(", ")) if events else ()
    assert found == recipients, f"expected {', '.join(recipients)}, found {', '.join(found) or 'nobody'}"


@then(parse("the letter went through {string}", "server"))
def went_through(world: "World", sent: "Sent", server: str) -> None:
    """The SMTP server that the last letter was handed to.

    Then the letter went through "smtp.abc.com:587"
    """
    found = [event.peer for event in _way(world, sent) if event.step is Step.SUBMITTED]
    assert found, f"expected {server}, found that the letter was not submitted"
    assert found[-1] == server, f"expected {server}, found {found[-1]}"


@then("the letter was not submitted")
def not_submitted(world: "World", sent: "Sent") -> None:
    """All recipients of the last letter were reached inside, without SMTP.

    Then the letter was not submitted
    """
    found = [event for event in _way(world, sent) if event.step is Step.SUBMITTED]
    assert not found, f"expected no SMTP, found it submitted for {found[0].recipient}"


def _way(world: "World", sent: "Sent") -> list[Event]:
    """What happened to the last letter; of a draft that nobody sent nothing did."""
    __tracebackhide__ = True
    way = [event for event in world.trace if event.message_id == sent.message_id]
    assert way, (
        "expected a letter that was sent, found a draft; write such as 'When action 1234 writes to ...'"
    )
    return way


@then("the letter, its reply and their copies bear one trace id")
def one_story(world: "World", sent: "Sent") -> None:
    """A conversation can be followed from the first hop to the last.

    Then the letter, its reply and their copies bear one trace id
    """
    story = world.trace.story(sent.message_id)
    told = {event.step for event in story}
    expected = {Step.COMPOSED, Step.SUBMITTED, Step.REPLIED, Step.COLLECTED, Step.DECIDED, Step.DELIVERED}
    missing = expected - told
    assert not missing, f"expected {', '.join(sorted(missing))} in the story, found {', '.join(sorted(told))}"


@then("the story of the letter is:")
def story_is(world: "World", sent: "Sent", datatable: Sequence[Sequence[str]]) -> None:
    """Each hop of the last letter, its replies and their copies, in order: what happened, and where.

    Then the story of the letter is:
      | composed  | practice     |
      | submitted | practice     |
      | refused   | smtp.abc.com |
    """
    expected = [f"{step} at {place}" for step, place in datatable]
    found = [f"{event.step} at {event.place}" for event in world.trace.story(sent.message_id)]
    assert found == expected, (
        f"expected {counted(len(expected), 'hop')}, found {counted(len(found), 'hop')}:\n{apart(expected, found)}"
    )


@then(parse("{int} story/stories is/are told", "number"))
def stories(world: "World", number: int) -> None:
    """How many conversations the trace knows.

    Then 2 stories are told
    """
    found = {event.trace_id for event in world.trace if event.trace_id}
    assert len(found) == number, f"expected {number}, found {len(found)}: {', '.join(sorted(found))}"


@then("played again, the same happens")
def the_same(world: "World", mailsim_world: Kind) -> None:
    """Two new worlds that are told the same make the same trace; over sockets but for times, ports and order.

    Then played again, the same happens
    """
    retold = world.trace.scenario
    assert retold is not None, "expected a world that can be told again, found one that cannot"
    first, second = (_played(retold, mailsim_world) for _ in range(2))
    differing = [one for one in first if one not in second] or [one for one in second if one not in first]
    assert first == second, f"expected the same {len(first)} events, found others: {differing[:3]}"


def _played(tables: Mapping[str, object], kind: Kind) -> list[Event]:
    with made(kind, tables) as world:
        world.run()
        if kind is Kind.MEMORY:
            return list(world.trace)
        start = world.scenario.tables.start
        return sorted(
            event._replace(serial=0, time=start, detail="", reason=_PORT.sub("", event.reason))
            for event in world.trace
        )


@then(parse("played at {word} instead, {int} message(s) would end otherwise", "provider", "number"))
def replayed(world: "World", provider: str, number: int) -> None:
    """The same run with another provider: how many messages have another outcome, reason or target.

    Then played at postfix instead, 1 message would end otherwise
    """
    from mailsim.study.replay import replay

    rows = replay(world.trace, provider=provider)
    changed = rows[rows["changed"]]
    assert len(changed) == number, (
        f"expected {number}, found {len(changed)} of {len(rows)}:\n{changed.to_string()}"
    )
