"""A scenario's `[workload]`: letters from its actions to its people, at random moments, one after the other."""

import random
from collections.abc import Iterator, Sequence

from mailsim.mail import Address
from mailsim.world.scenario_tables import EventTable, SendTable, WorkloadTable
from mailsim.world.words import Words


def letters(
    workload: WorkloadTable, *, actions: Sequence[int], people: Sequence[Address], seed: int
) -> Iterator[EventTable]:
    """The events, each with its time, in order: arrivals of a Poisson process of the rate that was asked for.

    They are made when they are taken, so that a million of them take no room.
    """
    chance, words = random.Random(seed), Words(seed)  # noqa: S311 - repeatable on purpose
    at = 0.0
    for _ in range(workload.letters):
        at += chance.expovariate(workload.letters / workload.over) if workload.over else 0.0
        send = SendTable.model_construct(  # nothing to validate: it is made of what was validated
            to=(chance.choice(people),),
            from_action=chance.choice(actions),
            subject=words.subject(),
            text=words.text(workload.size),
        )
        yield EventTable.model_construct(at=at, send=send)
