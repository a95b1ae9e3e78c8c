"""Mail is conserved: at the end every message is in exactly one place (R6.2). A law on the trace of a settled world.

- Each recipient of what was composed, replied or forwarded has exactly one end: refused, bounced, discarded,
  stored in a server mailbox, or delivered inside.
- Each copy stored in the system mailbox was collected once, or waits there still, or both: its deletion was lost.
- Each collected message was decided once, and reached each of its targets once; what could not be read was
  forwarded once.
- What the trace says was delivered is what the practice's store holds.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from mailsim.errors import MailsimError
from mailsim.trace.event import Event, Step, Trace

_BEGIN = (Step.COMPOSED, Step.REPLIED, Step.FORWARDED)
_END = (Step.REFUSED, Step.BOUNCED, Step.DISCARDED, Step.STORED)

Copy = tuple[str, str, str]
"""Trace id, Message-ID, and the recipient, uid or target."""


class ConservationError(MailsimError):
    """A run that lost or doubled mail; its text names each message."""


@dataclass(frozen=True, slots=True)
class Balance:
    """What a settled world's trace comes to."""

    lost: tuple[Copy, ...]
    """Copies with no end, or fewer than they should have."""
    doubled: tuple[Copy, ...]
    """Copies with more ends than one."""


def balance(trace: Trace, waiting: Collection[str]) -> Balance:
    """Hold what was put in against what came of it; `waiting` are the uids still in the system mailbox."""
    put, came = Counter[Copy](), Counter[Copy]()
    for event in trace:
        put.update(_put_in(event))
        came.update(_came_of(event))
    for copy, promised in put.items():
        if copy[2].removeprefix("uid:") in waiting and came[copy] < promised:
            came[copy] += 1
    lost = tuple((put - came).elements())
    return Balance(lost, tuple((came - put).elements()))


def check(trace: Trace, waiting: Collection[str], held: Mapping[str, int]) -> None:
    """Raises ConservationError when mail was lost or doubled; it says which, and their last hop.

    `held` is how many copies each target holds in the store.
    """
    found = balance(trace, waiting)
    lines = [_told(trace, "lost", copy) for copy in found.lost]
    lines += [_told(trace, "doubled", copy) for copy in found.doubled]
    told = Counter(event.place for event in trace.steps(Step.DELIVERED))
    for target in sorted(told.keys() | held.keys()):
        if told[target] != held.get(target, 0):
            lines.append(
                f"{target}: {told[target]} copies were delivered, the store holds {held.get(target, 0)}"
            )
    if lines:
        raise ConservationError("\n".join(lines))


def _put_in(event: Event) -> Iterator[Copy]:
    """The copies that this event promises."""
    if event.step in _BEGIN:
        for recipient in event.recipient.split(", "):
            yield event.trace_id, event.message_id, recipient
    elif event.step is Step.STORED and (uid := _uid(event)):
        yield event.trace_id, event.message_id, f"uid:{uid}"
    elif event.step is Step.COLLECTED:
        yield event.trace_id, event.message_id, "decision"
    elif event.step is Step.DECIDED:
        for target in json.loads(event.detail)["targets"]:
            yield event.trace_id, event.message_id, f"target:{target}"
            if target.startswith("fallback:"):
                yield event.trace_id, "", "forward"


def _came_of(event: Event) -> Iterator[Copy]:
    """The copies that this event accounts for."""
    inside = event.step is Step.DELIVERED and event.rule == "R3.5"
    if event.step is Step.FORWARDED:
        yield event.trace_id, "", "forward"
    elif event.step in _END or inside:
        for recipient in filter(None, event.recipient.split(", ")):
            yield event.trace_id, event.message_id, recipient
    elif event.step is Step.COLLECTED:
        yield event.trace_id, event.message_id, f"uid:{_uid(event)}"
    elif event.step is Step.DECIDED:
        yield event.trace_id, event.message_id, "decision"
    elif event.step is Step.DELIVERED:
        yield event.trace_id, event.message_id, f"target:{event.place}"


def _uid(event: Event) -> str:
    return str(json.loads(event.detail).get("uid", ""))


def _told(trace: Trace, what: str, copy: Copy) -> str:
    trace_id, message_id, part = copy
    last = [event for event in trace.story(trace_id) if message_id in ("", event.message_id)][-1]
    return f"{what}: {message_id} for {part} ({trace_id}); last seen {last.step} at {last.place}"
