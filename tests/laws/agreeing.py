"""The two worlds agree: what `fuzz_worlds.py` tries to break, for as long as one likes.

Of a scenario both give the same decisions, the same copies in the same places, and of each message the same events in
the same order. What may differ is the order across messages and recipients, and what follows from it: numbers of
conversations, uids; the world's time, since on sockets some passes by itself; and how a lost line is told.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from mailsim.smtp.outcome import CLOSED
from mailsim.trace.event import Event, Step, Trace
from mailsim.world.conservation import is_uncertain
from mailsim.world.lab import Lab
from mailsim.world.scenario import Scenario
from mailsim.world.simulation import Simulation

Story = dict[tuple[str, str, str], list[tuple[object, ...]]]


def assert_agree(tables: Mapping[str, Any] | Scenario) -> None:
    """Play a scenario in both worlds and compare."""
    memory, wire = (played(kind, tables) for kind in (Simulation, Lab))
    for what, one in memory.items():
        assert one == wire[what], f"{what}: in memory {one}, on sockets {wire[what]}"


def played(kind: type[Simulation | Lab], tables: Mapping[str, Any] | Scenario) -> dict[str, object]:
    """What comes of a scenario in one world; each part is the same in the other."""
    with kind(tables) as world:
        world.run()
        held = {
            target: sorted(
                (copy.message_id or "", copy.value("Subject") or "") for copy in world.mailbox(target)
            )
            for target in world.targets()
        }
        others = world.scenario.practices[1:]
        waiting = [
            sorted(copy.message_id or "" for copy in world.waiting(practice=practice.domain))
            for practice in world.scenario.practices
        ]
        decided = sorted(
            (one.message_id or "", one.outcome, one.reason, one.targets, one.meant_for or "", one.guessed)
            for one in world.decisions
        )
        sessions = [event.outcome for event in world.trace.steps(Step.OPENED) if event.outcome != "ended"]
        removed = Counter(event.reason for event in world.trace.steps(Step.REMOVED))
    return {
        "decided": decided,
        "held": held,
        "waiting": waiting,
        "sessions": sessions,
        "removed": removed,
    } | {
        f"the events of {key}": told
        for key, told in sorted(stories(world.trace, [one.domain for one in others]).items())
    }


def stories(trace: Trace, others: Sequence[str] = ()) -> Story:
    """The events of each message and recipient, in order; those of no recipient by themselves, for each practice.

    `others` are the domains of practices beside the first: on sockets two collect at once.

    Where a lost reply had a message sent again, several copies of it are on their way at once, and so are their
    answers: which is first is chance on sockets, so the events of such a conversation have no order.
    """
    told: Story = defaultdict(list)
    doubled = {event.trace_id for event in trace if is_uncertain(event)}
    unordered = {event.message_id for event in trace if event.trace_id in doubled}
    for event in trace:
        if event.message_id:
            practice = "" if event.recipient else next((one for one in others if one in event.place), "")
            told[event.message_id, event.recipient, practice].append(seen(event))
    return {key: sorted(events, key=repr) if key[0] in unordered else events for key, events in told.items()}


def seen(event: Event) -> tuple[object, ...]:
    """What an event says that does not depend on the order across messages."""
    detail = json.loads(event.detail)
    detail.pop("uid", None)  # numbered as they come
    detail.pop("message", None)  # a uid too
    return (
        event.step,
        event.place,
        event.peer,
        event.sender,
        event.outcome,
        _reason(event),
        event.rule,
        str(detail),
    )


def _reason(event: Event) -> str:
    if (
        event.step is Step.REMOVED
    ):  # by the n-th DELE, which is about another message where another came first
        return ""
    lost = event.reason.startswith(str(CLOSED))  # a system has its words for it
    return str(CLOSED) if lost else event.reason
