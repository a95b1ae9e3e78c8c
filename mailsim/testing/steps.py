"""The Gherkin steps: one promise about mail each, spoken to the `World` alone.

Patterns are `parsers.parse` with placeholders of our own types, not Cucumber Expressions: they need no
further library, the placeholder names the argument where it stands, and a value that is no address or
no target leaves the step undefined instead of failing inside it. `phrase` is the one place that knows.

Laws: a step is a plain function, a few lines, without waiting. Givens write to the blueprint; the first
step that names `world` starts it. Thens say what they expected and what they found.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_bdd import given, parsers, then, when

from mailsim.practice.decision import Decision, Reason
from mailsim.testing.blueprint import Blueprint
from mailsim.trace.event import Event, Step

if TYPE_CHECKING:
    from mailsim.world.world import Sent, World

FALLBACK = "help@elsewhere.example"
"""The fallback address of a practice that says nothing of one."""


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A type of word in a step: what it looks like, and the value that it stands for."""

    pattern: str
    read: Callable[[str], object]

    def __call__(self, words: str) -> object:
        """The value of words that look like the pattern."""
        return self.read(words)


PLACEHOLDERS = {
    "address": Placeholder(r"""[^\s@"',;<>]+@[^\s@"',;<>]+""", str),
    "number": Placeholder(r"\d+", int),
    "target": Placeholder(r"action \d+|Unassigned", lambda words: words.lower().replace(" ", ":")),
    "policy": Placeholder(r"accepts|rewrites|rejects", lambda words: words.removesuffix("s")),
    "place": Placeholder(r"From|Reply-To|both", str.lower),
}
"""Values are those of scenario files and decisions: `action:1234`, `rewrite`, `reply-to`."""


def phrase(pattern: str) -> parsers.parse:
    """A step's words; placeholders are `{name:type}` of the types above; letter case counts."""
    return parsers.parse(pattern, PLACEHOLDERS, case_sensitive=True)


# The world


@given(phrase("a practice whose catch-all mailbox is {system:address}"))
def _practice(blueprint: Blueprint, system: str) -> None:
    blueprint.set("mailbox", type="catch-all", default_sender=system, fallback_address=FALLBACK)
    blueprint.set("provider", catch_all=system)


@given(phrase("the practice has action {action:number}"))
def _action(blueprint: Blueprint, action: int) -> None:
    blueprint.add("action", id=action)


@given(phrase("the practice puts the action address in {where:place}"))
def _action_address_in(blueprint: Blueprint, where: str) -> None:
    blueprint.set("routing", action_address_in=where)


@given(phrase("a provider that {does:policy} foreign senders"))
def _provider(blueprint: Blueprint, does: str) -> None:
    blueprint.set("provider", sender_policy=does)


@given(phrase("{owned:address} is registered at the provider as a send-as address"))
def _registered(blueprint: Blueprint, owned: str) -> None:
    blueprint.extend("provider", "registered", owned)


@given(phrase("{person:address} answers every message"))
def _correspondent(blueprint: Blueprint, person: str) -> None:
    blueprint.add("correspondent", address=person)


@given(phrase("{person:address} answers every message, ignoring Reply-To"))
def _correspondent_to_from(blueprint: Blueprint, person: str) -> None:
    blueprint.add("correspondent", address=person, replies_to="from")


@given(phrase('the fault "{fault}"'))
def _fault(blueprint: Blueprint, fault: str) -> None:
    blueprint.extend("provider", "faults", fault)


# What happens


@when(phrase("action {action:number} writes to {person:address}"), target_fixture="sent")
def _writes(world: "World", action: int, person: str) -> "Sent":
    return world.send(
        from_action=action, to=person, subject="Draft agreement", text="Please read and answer."
    )


@when("all mail has arrived")
def _arrived(world: "World") -> None:
    world.settle()


@when("the practice collects its mail")
def _collects(world: "World") -> None:
    world.collect()


# What must have come of it


@then(phrase("the reply is addressed to {recipient:address}"))
def _reply_goes_to(world: "World", recipient: str) -> None:
    found = _reply(world).recipient
    assert found == recipient, f"expected a reply to {recipient}, found one to {found}"


@then(phrase("the reply is delivered to {where:target}"))
def _reply_delivered(world: "World", where: str) -> None:
    decision = _decision(world)
    assert decision.targets == (where,), f"expected {where}, found {', '.join(decision.targets)}:\n{decision}"


@then("the reply lands in Unassigned because the sender was rewritten")
def _reply_unassigned(world: "World") -> None:
    decision = _decision(world)
    expected = ("unassigned",), Reason.SENDER_REWRITTEN
    assert (decision.targets, decision.reason) == expected, (
        f"expected unassigned ({expected[1]}), found:\n{decision}"
    )


@then(phrase("the reason names {where:target} as whom it was meant for"))
def _meant_for(world: "World", where: str) -> None:
    decision = _decision(world)
    assert decision.meant_for == where, f"expected {where}, found {decision.meant_for}:\n{decision}"


@then(phrase('the practice is told {code:number} and "{words}"'))
def _told(world: "World", sent: "Sent", code: int, words: str) -> None:
    told = [str(reply) for reply in sent.refused.values()]
    recorded = [
        event.reason for event in world.trace.steps(Step.REFUSED) if event.message_id == sent.message_id
    ]
    assert told, f"expected a refusal with {code}, found that the message was accepted"
    assert told == recorded, f"expected the trace to record {told}, found {recorded}"
    assert all(reply.code == code for reply in sent.refused.values()), f"expected {code}, found {told}"
    assert all(words in text for text in told), f"expected {words!r}, found {told}"


@then(phrase("{person:address} gets nothing"))
def _gets_nothing(world: "World", person: str) -> None:
    world.settle()  # what is still on its way counts
    got = [event for event in world.trace.steps(Step.STORED) if event.place == person]
    assert not got, f"expected nothing for {person}, found {len(got)}: {got[0].message_id}"


@then("nothing is lost")
def _nothing_lost(world: "World") -> None:
    world.settle()  # what is still on its way is not lost
    world.check()  # R6.2


def _reply(world: "World") -> Event:
    """The last answer that anybody outside wrote."""
    __tracebackhide__ = True  # a failure is the step's, and so below
    answers = world.trace.steps(Step.REPLIED)
    assert answers, (
        "expected a reply, found that nobody answered; did the message arrive, and all mail after it?"
    )
    return answers[-1]


def _decision(world: "World") -> Decision:
    """What the practice decided on that answer."""
    __tracebackhide__ = True
    reply = _reply(world)
    found = [decision for decision in world.decisions if decision.message_id == reply.message_id]
    assert found, f"expected the reply to be collected, found no decision on {reply.message_id}"
    return found[-1]
