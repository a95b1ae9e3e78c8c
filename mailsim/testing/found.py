"""What a specification asks about: the reply, the message, where their copies are. Assertions are the step's."""

from typing import TYPE_CHECKING

from mailsim.practice.decision import Decision
from mailsim.trace.event import Event, Step

if TYPE_CHECKING:
    from mailsim.world.world import World


def reply(world: "World") -> Event:
    """The last answer that anybody outside wrote."""
    __tracebackhide__ = True  # a failure is the step's, and so below
    answers = world.trace.steps(Step.REPLIED)
    assert answers, (
        "expected a reply, found that nobody answered; did the message arrive, and all mail after it?"
    )
    return answers[-1]


def decision(world: "World", letter: str) -> Decision:
    """What the practice decided on that `reply`, or on the last `message` that it collected."""
    __tracebackhide__ = True
    if letter == "message":
        assert world.decisions, "expected the message to be collected, found no decision at all"
        return world.decisions[-1]
    message_id = reply(world).message_id
    found = [decision for decision in world.decisions if decision.message_id == message_id]
    assert found, f"expected the reply to be collected, found no decision on {message_id}"
    return found[-1]


def target(world: "World", word: str) -> str:
    """A target as decisions name it: of the fallback address its address too."""
    return f"fallback:{world.site.rules.fallback}" if word == "fallback" else word


def stored(world: "World", person: str) -> list[Event]:
    """Every copy that somebody outside got, of all mail that has been sent."""
    world.settle()  # what is still on its way counts
    return [event for event in world.trace.steps(Step.STORED) if event.place == person]


def counted(number: int, what: str) -> str:
    """`1 copy`, `2 copies`."""
    plural = f"{what[:-1]}ies" if what.endswith("y") else f"{what}s"
    return f"{number} {what if number == 1 else plural}"
