"""A scenario's `[workload]`: letters from actions to people, real mail between them, and people made up.

Laws: the same tables, corpus and seed give the same events; they are made when they are taken, so that a million of
them take no room, and no more than `MOST_KEPT` messages of the corpus are held.
"""

import random
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

from mailsim.mail import Address, Message, parse_address, parse_addresses
from mailsim.mail.corpus import read_mail
from mailsim.world.correspondent import RepliesTo
from mailsim.world.orders import inline, is_inline, message_file
from mailsim.world.outside_tables import CorrespondentTable
from mailsim.world.scenario_tables import Arrivals, EventTable, ReceiveTable, SendTable, WorkloadTable
from mailsim.world.words import Words, person, speaker

MOST_KEPT = 1000
"""Real messages that are drawn from."""
_NOBODY = Address("nobody", "elsewhere.example")
_IGNORES_REPLY_TO = 0.25


class Desk(NamedTuple):
    """An action that writes and is written to."""

    number: int
    address: Address
    """Where its mail goes."""
    practice: str | None = None
    """The domain of its practice; None of the first."""


def letters(
    workload: WorkloadTable,
    *,
    desks: Sequence[Desk],
    people: Sequence[Address],
    folder: Path,
    seed: int,
) -> Iterator[EventTable]:
    """The events, each with its time, in order; the path of the corpus is relative to the folder."""
    chance, words = random.Random(seed), Words(seed)  # noqa: S311 - repeatable on purpose
    real = _real(workload.corpus, folder, chance) if workload.corpus else None
    for at in _moments(workload, chance):
        number, address, practice = chance.choice(desks)
        if real is not None and chance.random() < workload.share:
            file, sender = next(real)
            receive = ReceiveTable.model_construct(to=(address,), sender=sender, file=file)
            yield EventTable.model_construct(at=at, receive=receive)
            continue
        send = SendTable.model_construct(  # nothing to validate: it is made of what was validated
            to=(chance.choice(people),),
            from_action=number,
            subject=words.subject(),
            text=words.text(workload.size, workload.sizes),
        )
        yield EventTable.model_construct(at=at, send=send, practice=practice)


def _moments(workload: WorkloadTable, chance: random.Random) -> Iterator[float]:
    """When they happen, in seconds."""
    at, over, number = 0.0, workload.over, workload.letters
    for index in range(number):
        if over:
            match workload.arrivals:
                case Arrivals.POISSON:
                    at += chance.expovariate(number / over)
                case Arrivals.UNIFORM:  # the next of so many as are left, in the time that is left
                    at += (over - at) * (1 - chance.random() ** (1 / (number - index)))
                case Arrivals.EVEN:
                    at = over * (index + 1) / number
        yield at


def real_mail(corpus: Sequence[str], folder: Path) -> Iterator[bytes]:
    """The messages of a workload's corpus, those that are drawn from; raises CorpusError where they are no longer there."""
    every = (
        [message_file(folder, name)] if is_inline(name) else (one.octets for one in read_mail(folder / name))
        for name in corpus
    )
    return islice(chain.from_iterable(every), MOST_KEPT)


def _real(corpus: Sequence[str], folder: Path, chance: random.Random) -> Iterator[tuple[str, Address]]:
    """The messages there and who sends them, in an order by chance; from the beginning when all have been."""
    kept = [(inline(octets), _author(octets)) for octets in real_mail(corpus, folder)]
    chance.shuffle(kept)
    while True:
        yield from kept


def _author(octets: bytes) -> Address:
    """Who sends it again: nobody, where it does not say."""
    return next(iter(parse_addresses(Message(octets).value("From") or "").addresses), _NOBODY)


def made_up_people(
    workload: WorkloadTable, known: Sequence[CorrespondentTable], *, seed: int
) -> Iterator[CorrespondentTable]:
    """As many as it asks for, none of them known: each answers after a time of their own, a few to From whatever is asked."""
    fake, chance = speaker(seed), random.Random(seed)  # noqa: S311 - repeatable on purpose
    taken = {row.address for row in known}
    for number in range(workload.people):
        address = parse_address(person(fake, chance))
        if address is None or address in taken:
            address = Address(f"person{number}", "lantern.example")
        taken.add(address)
        ignores = chance.random() < _IGNORES_REPLY_TO
        yield CorrespondentTable.model_construct(
            address=address,
            replies_to=RepliesTo.FROM if ignores else RepliesTo.REPLY_TO,
            size=workload.answer_size,
            delay=chance.expovariate(1 / workload.delay) // 1 if workload.delay else 0,
        )
