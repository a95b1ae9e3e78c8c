"""What a specification asks about: the reply, the message, where their copies are. Assertions are the step's."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from mailsim.practice.decision import Decision
from mailsim.testing.asking import same
from mailsim.trace.event import PRACTICE, Event, Step, parted

if TYPE_CHECKING:
    from mailsim.practice.site import Routing, Site
    from mailsim.testing.blueprint import Blueprint
    from mailsim.world.world import World


def reply(world: "World") -> Event:
    """The last answer that anybody outside wrote."""
    __tracebackhide__ = True  # a failure is the step's, and so below
    answers = world.trace.steps(Step.REPLIED)
    assert answers, f"expected a reply, found that {_none_yet(world)}"
    return answers[-1]


def _none_yet(world: "World") -> str:
    """Why nobody has answered so far."""
    delays = {str(one.address): timedelta(seconds=one.delay) for one in world.scenario.correspondents}
    got = [event for event in world.trace.steps(Step.STORED) if event.place in delays]
    due = [(event.time + delays[event.place], event.place) for event in got]
    later = min((one for one in due if one[0] > world.now), default=None)
    if later is None:
        return "nobody answered; did the message arrive, and all mail after it?"
    time, person = (later[0].replace(tzinfo=None), later[1])
    return (
        f"{person}'s is not yet due until {time:%F %T}, and it is {world.now:%F %T}; "
        "write 'And all mail has arrived' before the practice collects"
    )


DOCKET = pytest.StashKey["Docket"]()
"""Where a test keeps its docket, once a step has asked for it."""
UNPLAYED = pytest.StashKey[str]()
"""What a scenario does that no file plays again, where it does such a thing."""


class Docket:
    """The decisions that a specification asks about: the world's, or those on messages that were only routed."""

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self._request = request
        self.routed: list[Decision] = []
        """The decisions on messages that were only routed."""
        self.asked: Decision | None = None
        """The decision that a step asked about last."""
        self.quiet: set[str] = set()
        """The faults that need not strike: the specification says that they have not."""
        self.octets = b""
        """The last of these messages."""
        self._routing: Routing | None = None

    @property
    def _world(self) -> "World":
        world: World = self._request.getfixturevalue("world")
        return world

    @property
    def _site(self) -> "Site":
        site: Site = self._request.getfixturevalue("site")
        return site

    @property
    def tables(self) -> Mapping[str, object]:
        """What the site was read from."""
        blueprint: Blueprint = self._request.getfixturevalue("blueprint")
        return blueprint.start()

    def route(self, octets: bytes, *, name: str | None = None) -> None:
        """Decide on a message without any world, called by `name`; all of a scenario are one collection (R4.13)."""
        from mailsim.mail import Message
        from mailsim.practice.site import Routing

        self._routing = self._routing or Routing(self._site)
        self.octets = octets
        self.routed.append(self._routing.decided(Message(octets), name))

    def decided_again(self) -> Decision:
        """On the message that was last routed, as if nothing had been routed before."""
        return self._site.route(self.octets)

    def decision(self, letter: str) -> Decision:
        """What the practice decided on the `reply`, or on the last `message` that it collected or routed."""
        __tracebackhide__ = True
        if letter == "message":
            found = self.routed or self._world.decisions
            assert found, (
                f"expected the message to be collected, found no decision at all{_not_collected(self._world)}"
            )
            self.asked = found[-1]
            return self.asked
        message_id = reply(self._world).message_id
        found = [decision for decision in self._world.decisions if decision.message_id == message_id]
        assert found, f"expected the reply to be collected, found no decision on {message_id}"
        self.asked = found[-1]
        return self.asked

    def target(self, word: str) -> str:
        """A target as the trace names it: of the fallback address its address too."""
        prefix, name = parted(word)
        if name != "fallback":
            return word
        site = self._site if not prefix else site_at(self._world, prefix)
        return f"{prefix}fallback:{site.rules.fallback if site else ''}"

    def targets(self, decision: Decision) -> list[str]:
        """Where a decision sends its message, another practice's targets behind its domain."""
        prefix = self.prefix(decision)
        return [f"{prefix}{target}" for target in decision.targets]

    def prefix(self, decision: Decision) -> str:
        """What the trace puts before the targets of the practice that decided; nothing of the first."""
        if self.routed:
            return ""
        told = decision.json()
        decided = (event for event in reversed(self._world.trace.steps(Step.DECIDED)) if event.detail == told)
        return next((event.place.removesuffix(PRACTICE) for event in decided), "")


@pytest.fixture
def docket(request: pytest.FixtureRequest) -> Docket:
    """The decisions of this scenario."""
    docket = request.node.stash[DOCKET] = Docket(request)
    return docket


def site_at(world: "World", prefix: str) -> "Site | None":
    """The practice whose targets stand behind that; None where there is none."""
    named = {"": world.site} | {f"{one.domain}/": one.site for one in world.scenario.practices[1:]}
    return named.get(prefix)


def stored(world: "World", person: str) -> list[Event]:
    """Every copy that somebody outside, or a server mailbox, got of all mail that has been sent."""
    world.settle()  # what is still on its way counts
    return [event for event in world.trace.steps(Step.STORED) if same(event.place, person)]


def inside(world: "World") -> str:
    """Who holds how many copies inside; where nobody does, the step that may be missing."""
    held = ", ".join(f"{target} holds {number}" for target, number in world.targets().items())
    return held or f"nobody inside holds anything{_not_collected(world)}"


def _not_collected(world: "World") -> str:
    """Which steps are missing where mail waits at the provider, or is on its way, and none was ever collected."""
    if world.trace.steps(Step.COLLECTED) or not world.trace.steps(Step.COMPOSED):
        return ""
    for one in world.scenario.practices:
        if waiting := len(world.waiting(practice=one.domain)):
            whose = f"the practice at {one.domain}" if one.key else "the practice"
            told = f"{counted(waiting, 'message')} at the provider"
            return f"; {told} not collected; write 'And {whose} collects its mail' before"
    if any(world.trace.steps(step) for step in (Step.STORED, Step.REFUSED, Step.DISCARDED)):
        return ""
    return "; nothing has arrived yet; write 'And all mail has arrived' and 'And the practice collects its mail' before"


def counted(number: int, what: str) -> str:
    """`1 copy`, `2 copies`."""
    plural = f"{what[:-1]}ies" if what.endswith("y") else f"{what}s"
    return f"{number} {what if number == 1 else plural}"


def apart(expected: Sequence[str], found: Sequence[str]) -> str:
    """How two lists that differ do so: what is missing, what nobody expected, or that only the order is another."""
    missing = (Counter(expected) - Counter(found)).elements()
    more = (Counter(found) - Counter(expected)).elements()
    lines = [f"missing: {one}" for one in missing] + [f"not expected: {one}" for one in more]
    return "\n".join(lines or ["the order is another"])
