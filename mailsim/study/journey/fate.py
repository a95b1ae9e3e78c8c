"""The messages of one conversation: who wrote each, whom it was meant for, and what it has reached: pure.

A message is the same one under every Message-ID that servers gave it. It is found again in another world by its
conversation, by who wrote it, and by which of theirs it is there: ids follow settings.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain

from mailsim.mail import parse_address
from mailsim.practice.decision import Reason
from mailsim.practice.directory import Directory
from mailsim.trace.event import Event, Step, parted
from mailsim.world.correspondent import Habit
from mailsim.world.scenario import Scenario

_BEGIN = (Step.COMPOSED, Step.REPLIED, Step.FORWARDED)
_ENDS = (Step.REFUSED, Step.BOUNCED, Step.DISCARDED, Step.DELIVERED, Step.STORED)
_UNREADABLE = "R4.8"
"""The rule of what the practice forwards to its fallback address."""
_WRITERS = (Habit.FORWARD,)
"""Habits of people who do not answer: what they write is for whom they write to."""


@dataclass(slots=True)
class Fate:
    """One message and its events, in order."""

    begun: Event
    number: int
    """Which of its origin's it is in the conversation, from 0."""
    events: list[Event] = field(default_factory=list)

    @property
    def origin(self) -> str:
        """Who wrote it: `action:1234`, `practice`, either behind a domain where it is not the first one's, a server, or an address outside."""
        return self.begun.peer if self.is_letter else self.begun.place

    @property
    def is_letter(self) -> bool:
        """Whether an action wrote it."""
        return self.begun.step is Step.COMPOSED and parted(self.begun.peer)[1].startswith("action:")

    @property
    def ids(self) -> frozenset[str]:
        """Its Message-ID, and those that servers gave it."""
        return frozenset(event.message_id for event in self.events)

    @property
    def key(self) -> tuple[str, int]:
        """What it is found by in the same conversation of another world."""
        return self.origin, self.number

    @property
    def decided(self) -> Event | None:
        """The first decision that is not on a copy of what was sent (R4.14); None where there is none."""
        found = (event for event in self.events if event.step is Step.DECIDED)
        return next((event for event in found if event.reason != Reason.SENT_COPY), None)

    @property
    def reached(self) -> frozenset[str]:
        """The targets, and the addresses outside, that have got it."""
        inside = (event.place for event in self.events if event.step is Step.DELIVERED)
        outside = (event.place for event in self.events if got_outside(event))
        return frozenset((*inside, *outside))

    @property
    def end(self) -> Event:
        """What tells what came of it: the decision, else the last end, not of a copy that a provider keeps, else the last step."""
        ends = [
            event
            for event in self.events
            if (event.step in _ENDS and event.rule != "R5.8") or (event.step is Step.REMOVED and event.reason)
        ]
        return self.decided or (ends or self.events)[-1]

    @property
    def ended(self) -> tuple[str, str]:
        """What came of it, and why: a decision's outcome and reason, else the step, and its reason."""
        event = self.end
        return (event.outcome if event.step is Step.DECIDED else event.step.value), event.reason


def got_outside(event: Event) -> bool:
    """Whether somebody outside got a copy: what lies in a server mailbox of the practice has a uid there."""
    return event.step is Step.STORED and '"uid"' not in event.detail


def conversation(events: Iterable[Event]) -> list[Fate]:
    """The messages of one conversation, in the order in which they were written."""
    found: list[Fate] = []
    by_id: dict[str, Fate] = {}
    for event in events:
        fate = by_id.get(event.message_id)
        if fate is None and event.step is Step.REWRITTEN:
            fate = by_id.get(str(json.loads(event.detail).get("message_id")))
        if fate is None:
            if event.step not in _BEGIN:
                continue  # of a trace that was cut
            fate = Fate(event, 0)
            fate.number = sum(one.origin == fate.origin for one in found)
            found.append(fate)
        by_id[event.message_id] = fate
        fate.events.append(event)
    return found


def directories(scenario: Scenario | None) -> Mapping[str, Directory]:
    """The directory of each practice, by what stands before its targets; none where nothing is known of them."""
    practices = scenario.practices if scenario else ()
    return {f"{one.domain}/" if one.key else "": one.site.directory for one in practices}


def meant_for(
    fate: Fate, conversation: Iterable[Fate], directories: Mapping[str, Directory]
) -> tuple[str, ...]:
    """The targets and addresses outside that it should have reached; none where nobody can tell.

    An answer is for the action whose letter began the conversation. Anything else is for its envelope's recipients, and
    for the members of the mailing lists that sent it on; of addresses on a practice's domain its directory tells whose
    they are.
    """
    if fate.begun.step is Step.REPLIED and json.loads(fate.begun.detail).get("habit") not in _WRITERS:
        letter = next((one for one in conversation if one.is_letter), None)
        return (letter.origin,) if letter else ()
    wanted: list[str] = []
    sent_on = [event for event in fate.events if event.step is Step.FORWARDED and event.rule != _UNREADABLE]
    for text in chain.from_iterable(event.recipient.split(", ") for event in (fate.begun, *sent_on)):
        address = parse_address(text)
        if not directories or address is None:
            continue
        inside = False
        for prefix, directory in directories.items():
            holder = directory.holder(address)
            inside = inside or holder is not None or directory.owns(address)
            wanted += [f"{prefix}{target}" for target in holder.targets] if holder else []
        if not inside:
            wanted.append(text)
    return tuple(dict.fromkeys(wanted))
