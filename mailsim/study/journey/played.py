"""One message in a world that is played again: what came of it, on which way, and what the practice got of it."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from mailsim.mail import Message
from mailsim.practice.decision import Decision, Reason
from mailsim.practice.site import Site
from mailsim.study.diagnosis.situation import Provider
from mailsim.study.journey.fate import Fate, conversation
from mailsim.trace.event import Event, Step, Trace
from mailsim.world.broken_laws import ConservationError
from mailsim.world.expectation import ExpectationError
from mailsim.world.plan import Planned, plan
from mailsim.world.scenario import Scenario
from mailsim.world.simulation import Simulation


@dataclass(frozen=True, slots=True)
class Collected:
    """The message as the practice got it in one world."""

    decision: Decision
    message: Message
    site: Site
    provider: Provider


@dataclass(frozen=True, slots=True)
class Played:
    """What came of the message in one world."""

    fate: Fate | None
    way: list[Event]
    collected: Collected | None

    @property
    def steps(self) -> list[tuple[str, str, str, str]]:
        """Its way without times and ids."""
        return [(event.step, event.place, event.outcome, event.reason) for event in self.way]


@dataclass(frozen=True, slots=True)
class Part:
    """What is played: a scenario, and the conversation in it."""

    scenario: Scenario
    name: str
    """The conversation's trace id there."""
    words: str = ""
    """What a proof says of it."""


def play(part: Part, key: tuple[str, int], *, planned: Planned = plan, collected: bool = False) -> Played:
    """Play a world to its end; what came of the conversation's message of that key (`Fate.key`).

    `planned` makes the world's parts; with `collected` it is told what the practice got.
    """
    with Simulation(part.scenario, planned=planned) as world:
        with suppress(ConservationError, ExpectationError):  # the message is asked about, not the run
            world.run()
        fates = conversation(world.trace.story(part.name))
        found = next((one for one in fates if one.key == key), None)
        copy = _collected(world, found) if collected and found else None
    return Played(found, way(found, fates) if found else [], copy)


def _collected(world: Simulation, fate: Fate) -> Collected | None:
    """The message as it was collected, and the decision on it."""
    ours = (d for d in world.decisions if d.message_id in fate.ids and d.reason is not Reason.SENT_COPY)
    decision = next(ours, None)
    targets = decision.targets if decision else ()
    copies = (one for target in targets for one in world.mailbox(target))
    message = next((one for one in copies if one.message_id in fate.ids), None)
    if decision is None or message is None:
        return None
    made = plan(world.scenario)
    provider = Provider(
        world.scenario.provider.profile or made.smtp.server,
        made.policy,
        made.mail_host.headers,
        made.mail_host.catch_all,
    )
    return Collected(decision, Message(message.octets), _remembering(world.site, world.trace), provider)


def way(fate: Fate, fates: Sequence[Fate]) -> list[Event]:
    """The events of a message, behind those of the letter that it answers."""
    letter = next((one for one in fates if one.is_letter and one is not fate), None)
    before = letter.events if letter and fate.begun.step is Step.REPLIED else []
    return [event for event in (*before, *fate.events) if not _of_copy(event)]


def _of_copy(event: Event) -> bool:
    """Whether it is about the copy of what was sent that a provider keeps (R5.8)."""
    return event.rule == "R5.8" or event.reason == Reason.SENT_COPY


def _remembering(site: Site, trace: Trace) -> Site:
    """The practice with what it has sent in its world."""
    letters = (event for event in trace.steps(Step.COMPOSED) if event.peer.startswith("action:"))
    sent = {event.message_id: int(event.peer.removeprefix("action:")) for event in letters}
    return replace(site, sent={**site.sent, **sent})
