"""What would have led the message elsewhere: the smallest changes, found by trying them (rule R4.11 makes it exact).

Every single change is run; where no single change that the practice or its provider could make leads to the target,
every pair of such changes is run too. So nothing smaller is overlooked, and nothing is claimed that was not run.

With a corpus every remedy's site routes every other message of it too: what would change there is part of the answer,
and decides the order. A provider's change counts for mail to come, so it changes no stored message.
"""

from collections.abc import Iterable, Iterator
from itertools import combinations

from mailsim.mail import Message
from mailsim.practice.clashes import Tables, clashes
from mailsim.practice.decision import Decision
from mailsim.practice.site import Routing
from mailsim.study.diagnosis.case import went_to
from mailsim.study.diagnosis.changes import every_change
from mailsim.study.diagnosis.remedy import Affected, Change, Kind, Remedy, apply
from mailsim.study.diagnosis.situation import Situation

MOST_COMPARED = 12
"""Remedies for which a corpus is routed again; the others would hardly be chosen."""


def remedies(
    now: Situation, target: str, corpus: Iterable[tuple[str | None, bytes]] = ()
) -> tuple[Remedy, ...]:
    """The changes that lead a message to a target, the least and least harmful first; none where it gets there now."""
    if now.reaches(target):
        return ()
    found: list[Remedy] = []
    helpless: list[Change] = []
    for change in every_change(now, target):
        remedy = _tried((change,), now, target)
        if remedy:
            found.append(remedy)
        elif change.kind is not Kind.MESSAGE:
            helpless.append(change)
    if all(remedy.kind is Kind.MESSAGE for remedy in found):
        pairs = (_tried(pair, now, target) for pair in combinations(helpless, 2))
        found += [remedy for remedy in pairs if remedy]
    found.sort(key=Remedy.rank)
    compared = _compared(now, found[:MOST_COMPARED], corpus)
    return (*sorted(compared, key=Remedy.rank), *found[MOST_COMPARED:])


def _tried(changes: tuple[Change, ...], now: Situation, target: str) -> Remedy | None:
    after = apply(changes, now)
    if after is None or not after.reaches(target):
        return None
    if after.site is not now.site and any(clashes(Tables.of(after.site.settings))):
        return None  # such a site file would be refused
    return Remedy(changes, after, after.decided())


def _compared(
    now: Situation, found: list[Remedy], corpus: Iterable[tuple[str | None, bytes]]
) -> Iterator[Remedy]:
    """The remedies with what each does to the other messages, the corpus being read once."""
    before = Routing(now.site)
    others = [None if remedy.after.site is now.site else Routing(remedy.after.site) for remedy in found]
    affected: list[list[Affected]] = [[] for _ in found]
    for name, octets in corpus:
        if octets == now.message.octets:
            continue
        message = Message(octets)
        was = before.decided(message, name)
        for one, routing in zip(affected, others, strict=True):
            will_be = routing.decided(message, name) if routing else was
            if (was.targets, was.outcome) != (will_be.targets, will_be.outcome):
                one.append(_affected(was, will_be))
    for remedy, changed in zip(found, affected, strict=True):
        yield remedy._replace(affects=tuple(changed))


def _affected(was: Decision, will_be: Decision) -> Affected:
    lost = [target for target in was.targets if ":" in target and target not in will_be.targets]
    harmed = was.outcome == "delivered" and bool(lost)
    name = was.message or was.message_id or "a message"
    return Affected(name, went_to(was), went_to(will_be), harmed)
