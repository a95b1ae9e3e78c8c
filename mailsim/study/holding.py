"""What the practice really holds, against what it decided to hold: a trace tells intentions, the store what is so."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import cast

from mailsim.trace.event import Event, Step, Trace
from mailsim.world.conservation import Balance, Copy, balance
from mailsim.world.world import World

Holding = Counter[tuple[str, str]]
"""How many copies of a Message-ID a target holds; by target and Message-ID."""


def holding(world: World) -> Holding:
    """Count every copy that can be read from the store."""
    return Holding(
        (target, message.message_id or "") for target in world.targets() for message in world.mailbox(target)
    )


def targets(decided: Event) -> tuple[str, ...]:
    """Where a decision sends its message."""
    return tuple(cast("list[str]", json.loads(decided.detail)["targets"]))


def arrived(trace: Trace, held: Holding) -> Iterator[Event]:
    """The decisions whose every target holds the message."""
    for event in trace.steps(Step.DECIDED):
        if all(held[target, event.message_id] for target in targets(event)):
            yield event


def whole_balance(trace: Trace, held: Holding) -> Balance:
    """The law of conservation on the trace, and on the store: what was decided is held, once, and nothing else."""
    story = balance(trace, waiting=())
    promised = Counter[Copy](
        (event.trace_id, event.message_id, f"target:{target}")
        for event in trace.steps(Step.DECIDED)
        for target in targets(event)
    )
    told = {(target, message_id): trace_id for trace_id, message_id, target in promised}
    kept = Counter[Copy]()
    for (target, message_id), copies in held.items():
        place = f"target:{target}"
        kept[told.get((place, message_id), ""), message_id, place] += copies
    lost = (promised - kept) | Counter(story.lost)  # the greater of each: a copy is lost once
    doubled = (kept - promised) | Counter(story.doubled)
    return Balance(tuple(lost.elements()), tuple(doubled.elements()))
