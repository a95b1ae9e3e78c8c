"""One row a message: where it came from, whom it was meant for, what became of it, how long that took.

Laws:
- Each Message-ID of a conversation is one row, in order of its first event; messages without one share a row.
- The outcome is that of the first decision, but for those on copies of what was sent (R4.14). What was never decided has the word of the step it ended by: `refused`,
  `bounced`, `discarded`, `removed` (from a server mailbox by a fault, uncollected), `delivered` (inside the practice,
  R3.5), `stored` (in a server mailbox); `moving` is what is still on its way.
- An answer is meant for the action whose letter began the conversation; what comes from outside of itself for the
  action that is its envelope's only recipient, where the scenario is known. It is misrouted when it has come to an end
  and that action did not get it.
"""

from collections import defaultdict
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from mailsim.practice.decision import Reason
from mailsim.trace.addressees import action_named, directories
from mailsim.trace.arrow import Read
from mailsim.trace.event import Step
from mailsim.trace.numbered import NONE, Mask, Numbered, Numbers, numbered, words_at

MOVING = "moving"
_ENDS = (Step.REFUSED, Step.BOUNCED, Step.DISCARDED, Step.REMOVED, Step.DELIVERED, Step.STORED)
"""What a message that was never decided may have come to, the most telling first."""
ACTION = "^([^/@:]+/)?action:"
"""Of a world's first practice, or of another behind its domain."""
_PRACTICE = "^([^/@:]+/)?practice$"
_WORDS = ("trace_id", "message_id", "step", "place", "peer", "sender", "recipient", "outcome", "reason")


def messages(read: Read, scenario: Mapping[str, object] | None) -> pd.DataFrame:
    """One row a message, in order of its first event; the columns are told at `Trace.messages`.

    `scenario` are the tables of what was played, where they are known.
    """
    words = {name: numbered(read([name])[name]) for name in _WORDS}  # one after the other: less in memory
    rows = read(["time", "size"])
    step, place, peer, trace = (words[name] for name in ("step", "place", "peer", "trace_id"))
    message = _by_message(words["message_id"], trace)
    begun = message.first(_where(~trace.among("")))  # an event without a conversation is about no message
    which = _where(begun != NONE)
    first = begun[which]
    conversation = trace.numbers[first]

    letters = _where(step.among(Step.COMPOSED) & peer.matching(ACTION))
    answered = np.where(step.among(Step.REPLIED)[first], trace.first(letters)[conversation], NONE)
    from_outside = step.among(Step.COMPOSED) & ~peer.matching(ACTION) & ~place.matching(_PRACTICE)
    named = _named(words["recipient"].at(np.where(from_outside[first], first, NONE)), scenario)
    meant_for = pc.if_else(pa.array(answered == NONE), named, peer.at(answered))
    by_decision = step.among(Step.DECIDED) & ~words["reason"].among(Reason.SENT_COPY)
    asked_for = step.among(Step.REMOVED) & words["reason"].among("")  # by who collects: no end of a message
    ends = step.among(*_ENDS) & ~asked_for
    decided, ended = _where(by_decision), _where(by_decision | ends)
    decisive = _decisive(message, step, decided, ends)[which]
    outcome = _outcome(step, words["outcome"], decisive)
    delivered = _where(step.among(Step.DELIVERED))
    targets = _targets(message, place, delivered, which)
    unended = _mask(pc.is_in(outcome, pa.array([MOVING, Step.STORED])))
    known = _mask(pc.not_equal(meant_for, ""))
    submitted = trace.first(_where(step.among(Step.SUBMITTED)))[conversation]
    repeating = {
        "origin": _origin(letters, peer, place, first),
        "sender": words["sender"].at(first),
        "recipient": words["recipient"].at(first),
        "meant_for": meant_for,
        "outcome": outcome,
        "reason": words["reason"].at(decisive),
        "targets": targets,
        "provider": pc.replace_substring_regex(peer.at(submitted), ":.*", ""),
    }
    columns = {name: column.dictionary_encode().to_pandas() for name, column in repeating.items()}
    columns |= {
        "trace_id": trace.at(first).to_pandas(),
        "message_id": words["message_id"].at(first).to_pandas(),
        "time": rows["time"].take(pa.array(first)).to_pandas(),
        "size": rows["size"].to_numpy()[first],
        "misrouted": known & ~unended & ~_got(message, place, delivered, which, meant_for),
        "hops": np.bincount(message.numbers, minlength=len(message.words))[which],
        "latency": _latency(rows["time"], first, message.last(ended)[which]),
    }
    return pd.DataFrame({name: columns[name] for name in COLUMNS}, copy=False)


COLUMNS = (
    *(
        "trace_id",
        "message_id",
        "time",
        "origin",
        "sender",
        "recipient",
        "size",
        "meant_for",
        "outcome",
        "reason",
    ),
    *("targets", "misrouted", "hops", "latency", "provider"),
)


def _where(mask: Mask) -> Numbers:
    return np.flatnonzero(mask)


def _mask(condition: pa.Array) -> Mask:
    mask: Mask = condition.to_numpy(zero_copy_only=False)
    return mask


def _named(recipients: pa.Array, scenario: Mapping[str, object] | None) -> pa.Array:
    """The action that each recipient is; empty where it is none."""
    known = directories(scenario)
    found = recipients.dictionary_encode()
    actions = [action_named(one, known) for one in found.dictionary.to_pylist()]
    return pa.array(actions, pa.string()).take(found.indices)


def _by_message(ids: Numbered, trace: Numbered) -> Numbered:
    """Each event's message: by its conversation and its id, numbered in the order in which they appear."""
    pairs = trace.numbers.astype(np.int64) * len(ids.words) + ids.numbers
    numbers, found = pd.factorize(pairs)
    return Numbered(pa.nulls(len(found), pa.string()), numbers)


def _decisive(message: Numbered, step: Numbered, decided: Numbers, ends: Mask) -> Numbers:
    """For each message the event that says what came of it."""
    found = message.first(decided)
    for end in _ENDS:
        found = np.where(found == NONE, message.last(_where(ends & step.among(end))), found)
    return found


def _outcome(step: Numbered, outcome: Numbered, decisive: Numbers) -> pa.Array:
    decided = step.among(Step.DECIDED)
    numbers = np.where(decided, outcome.numbers + len(step.words), step.numbers)
    words = pa.concat_arrays([step.words, outcome.words, pa.array([MOVING])])
    return words.take(pa.array(np.append(numbers, len(words) - 1)[decisive]))


def _origin(letters: Numbers, peer: Numbered, place: Numbered, first: Numbers) -> pa.Array:
    numbers = place.numbers.astype(np.int64) + len(peer.words)
    numbers[letters] = peer.numbers[letters]
    return words_at(pa.concat_arrays([peer.words, place.words]), numbers[first])


def _targets(message: Numbered, place: Numbered, delivered: Numbers, which: Numbers) -> pa.Array:
    """What each message was delivered to: of one target its word, of several all, each once."""
    numbers = np.append(place.numbers.astype(np.int64), NONE)[message.last(delivered)]
    copies = np.bincount(message.numbers[delivered], minlength=len(message.words))
    several: dict[int, dict[str, None]] = defaultdict(dict)
    for event in delivered[copies[message.numbers[delivered]] > 1].tolist():
        several[int(message.numbers[event])][place.words[place.numbers[event]].as_py()] = None
    numbers[list(several)] = np.arange(len(several)) + len(place.words)
    together = pa.array([", ".join(targets) for targets in several.values()], pa.string())
    return words_at(pa.concat_arrays([place.words, together]), numbers[which])


def _got(message: Numbered, place: Numbered, delivered: Numbers, which: Numbers, wanted: pa.Array) -> Mask:
    """Whether each of these messages reached the target that it was meant for."""
    target = np.full(len(message.words), NONE)
    target[which] = pc.index_in(wanted, place.words).fill_null(NONE).to_numpy()
    got = np.zeros(len(message.words), dtype=bool)
    receiver = message.numbers[delivered]
    got[receiver[place.numbers[delivered] == target[receiver]]] = True
    return got[which]


def _latency(time: pa.ChunkedArray, first: Numbers, ended: Numbers) -> npt.NDArray[np.timedelta64]:
    times = time.to_numpy()
    return np.where(ended == NONE, np.timedelta64("NaT", "us"), times[ended] - times[first])
