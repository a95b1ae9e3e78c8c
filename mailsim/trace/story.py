"""A conversation told hop by hop, in words: what reports, failing specs and the demo show people.

Law: mail is hostile, so what is told is one line an event, bounded, with nothing in it that a terminal would
obey. A `sentence` alone is as the event has it: who shows it makes it safe for the place where it is shown.
"""

import json
from collections.abc import Callable, Iterator, Sequence

from mailsim.practice.decision import whereto
from mailsim.practice.faults import printable
from mailsim.trace.event import Event, Step, Trace, parted, submits
from mailsim.trace.pictures import Hop

_LONGEST_PLACE = 60
_LONGEST = 500
"""Characters of one sentence; the refusals of real providers have 300."""


def told(trace: Sequence[Event]) -> Iterator[str]:
    """One line an event: the world's time, the place, and what happened there; nothing in it is from a message's body."""
    places = [_bounded(event.place, _LONGEST_PLACE) for event in trace]
    width = max(map(len, places), default=0)
    for event, place in zip(trace, places, strict=True):
        yield f"{event.time:%Y-%m-%d %H:%M:%S}  {place:<{width}}  {_bounded(sentence(event), _LONGEST)}"


def _bounded(text: str, longest: int) -> str:
    return printable(text[:longest]) + ("…" if len(text) > longest else "")


def hops(trace: Trace) -> list[Hop]:
    """The story as rows of a sequence diagram."""
    return [_hop(event) for event in trace]


def _hop(event: Event) -> Hop:
    other = event.peer.rpartition(":")[0] if event.step is Step.SUBMITTED else event.peer
    begin, end = {
        Step.SUBMITTED: (event.place, other),
        Step.RELAYED: (event.place, other),
        Step.STORED: (other, event.place),
        Step.DELIVERED: (_practice_of(event.place), event.place),
    }.get(event.step, (event.place, event.place))
    told = event.outcome if event.step in {Step.DECIDED, Step.DELIVERED} else event.step.value
    return Hop(f"{event.time:%H:%M:%S}", begin or event.place, end or event.place, sentence(event), told)


def _practice_of(target: str) -> str:
    """The place of the practice that delivers there: another than the first has its domain before it."""
    return f"{parted(target)[0]}practice"


def sentence(event: Event) -> str:
    """What one event says, without its time and place."""
    return _SENTENCES[event.step](event)


def _composed(event: Event) -> str:
    return f"writes {event.message_id or 'a message'} from {event.sender} to {event.recipient}"


def _rewritten(event: Event) -> str:
    changed = json.loads(event.detail)
    if changed.get("from") == changed.get("to"):
        return f"changes its header; From stays {changed.get('from')}"
    return f"rewrites From: {changed.get('from')} becomes {changed.get('to')}"


def _decided(event: Event) -> str:
    decision = json.loads(event.detail)
    meant = f", meant for {decision['meant_for']}" if decision.get("meant_for") else ""
    return f"decides: {whereto(event.outcome, decision.get('targets') or ())} ({event.reason}{meant})"


def _replied(event: Event) -> str:
    sent_on = json.loads(event.detail).get("habit") == "forward"
    return f"{'sends it on' if sent_on else 'answers'} to {event.recipient}"


def _deferred(event: Event) -> str:
    if submits(event):
        return f"puts it off for {event.recipient}: {event.reason}; {event.peer} will try again"
    return f"will try again for {event.recipient}{_asked(event)}: {event.reason}"


def _bounced(event: Event) -> str:
    if submits(event):
        return f"puts it off for {event.recipient}: {event.reason}; {event.peer} gives up"
    return f"gives up on the copy for {event.recipient}{_asked(event)}: {event.reason}"


def _asked(event: Event) -> str:
    """The server outside whose words follow, or the domain that has none."""
    return f" at {event.peer}" if event.peer else ""


_SENTENCES: dict[Step, Callable[[Event], str]] = {
    Step.COMPOSED: _composed,
    Step.SUBMITTED: lambda event: f"submits it to {event.peer} with the sender {event.sender}",
    Step.ACCEPTED: lambda event: f"accepts it from {event.sender} for {event.recipient}",
    Step.REFUSED: lambda event: f"refuses it for {event.recipient}: {event.reason}",
    Step.REWRITTEN: _rewritten,
    Step.RELAYED: lambda event: (
        f"hands the copy for {event.recipient} to {event.peer}, sender {event.sender}"
    ),
    Step.CHECKED: lambda event: f"checks SPF for {event.sender}: {event.outcome}",
    Step.STORED: lambda event: (
        f"takes the copy for {event.recipient}" if event.recipient else "gets a copy of what was sent for it"
    ),
    Step.DISCARDED: lambda event: (
        f"discards the copy for {event.recipient}" + (f": {event.reason}" if event.reason else "")
    ),
    Step.OPENED: lambda event: (
        f"had a session at {event.peer}" + (f", which failed: {event.reason}" if event.reason else "")
    ),
    Step.COLLECTED: lambda _: "collects it by POP3",
    Step.DECIDED: _decided,
    Step.DELIVERED: lambda _: "gets the copy",
    Step.FORWARDED: lambda event: (
        f"sends it to its members {event.recipient}"
        if event.reason == "mailing list"
        else f"forwards it, attached, to {event.recipient}"
    ),
    Step.DEFERRED: _deferred,
    Step.BOUNCED: _bounced,
    Step.REMOVED: lambda event: "no longer has the copy" + (f": {event.reason}" if event.reason else ""),
    Step.REPLIED: _replied,
}
