"""Copies: what was collected before (R4.13), and what the system itself sent (R4.14).

Both are asked after `decide()`, in this order: a message that is a loop (R4.9) or unreadable
(R4.8) is no sent copy; what is no sent copy may still be a second copy. Unassigned and the
fallback address count as reached, so that a second copy of an unreadable message is not
forwarded twice (section 7 "Duplicates and the command").

Two collected messages are copies of one only when Message-ID and body octets are both equal,
because some senders use one Message-ID for different messages (fine print 7 and 9). What is
remembered of a message is a digest and the names of its targets, whatever its size.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from hashlib import blake2b

from mailsim.mail import Address, Message
from mailsim.practice.decision import Decision, Evidence, Outcome, Reason, shown
from mailsim.practice.directory import Directory
from mailsim.practice.recipients import HeaderValue, header_values
from mailsim.practice.rules import Rules


class Collected:
    """What has been collected so far: of each message a digest and what its copies reached.

    `sent` is read at each call, so that what the system sends meanwhile is known too.
    """

    __slots__ = ("_directory", "_reached", "_rules", "_sent", "_shared")

    def __init__(self, rules: Rules, directory: Directory, sent: Mapping[str, int]) -> None:
        self._rules = rules
        self._directory = directory
        self._sent = sent
        self._reached: dict[bytes, tuple[str, ...]] = {}
        self._shared: dict[tuple[str, ...], tuple[str, ...]] = {}

    def __copy__(self) -> "Collected":
        """A memory of its own from here on: what is decided with it can be forgotten again."""
        other = Collected(self._rules, self._directory, self._sent)
        other._reached, other._shared = self._reached.copy(), self._shared.copy()
        return other

    def final(self, message: Message, decision: Decision) -> Decision:
        """The decision on a message, beside what was sent and what was collected before; it is remembered."""
        decision = beside_sent(decision, message, self._rules, self._directory, self._sent)
        if decision.outcome is Outcome.DUPLICATE:
            return decision
        key = fingerprint(message)
        reached = self._reached.get(key, ())
        targets = tuple(dict.fromkeys(reached + decision.targets))
        self._reached[key] = self._shared.setdefault(
            targets, targets
        )  # one tuple for the many that are equal
        return beside_copies(decision, reached)


def fingerprint(message: Message) -> bytes:
    """16 octets that are equal for copies of one message only (R4.13).

    They digest the body as received with the Message-ID, or without one with From, Date and Subject.
    """
    message_ids = [value for value in message.raw_values("Message-ID") if value][:1]
    names = () if message_ids else ("From", "Date", "Subject")
    values = message_ids, *[message.raw_values(name) for name in names]
    digest = blake2b(repr(values).encode("ascii"), digest_size=16)
    digest.update(memoryview(message.octets)[message.body_start :])
    return digest.digest()


def beside_copies(decision: Decision, reached: Iterable[str]) -> Decision:
    """The decision on a message whose earlier copies reached `reached`: what is left of its targets (R4.13).

    With nothing left it is a `duplicate`; with no earlier copy it is unchanged.
    """
    before = tuple(reached)
    if not before:
        return decision
    same = decision.message_id or "From, Date and Subject"
    told = f"an earlier copy, with the same body, reached {', '.join(map(shown, before))}"
    evidence = (*decision.evidence, Evidence("R4.13", shown(same), told))
    left = tuple(target for target in decision.targets if target not in before)
    if left:
        return decision._replace(targets=left, evidence=evidence)
    return decision._replace(
        outcome=Outcome.DUPLICATE, reason=Reason.DUPLICATE, targets=(), meant_for=None, evidence=evidence
    )


def beside_sent(
    decision: Decision,
    message: Message,
    rules: Rules,
    directory: Directory,
    sent: Mapping[str, int],
    *,
    others: Container[str] = (),
) -> Decision:
    """The decision on a message that may be a copy of one that the system sent (R4.14, fine print 7).

    It is a `sent-copy` when its Message-ID is known, and To and Cc name somebody, and nobody of the
    practice; nor does the header that tells the recipient, but for the system mailbox. A loop
    and an unreadable message stay what they are. Otherwise the decision is unchanged. `others` are the Message-IDs
    of what was sent from no action.
    """
    message_id = decision.message_id or ""
    action = sent.get(message_id)
    if (
        (action is None and message_id not in others)
        or decision.reason is Reason.LOOP
        or decision.outcome is Outcome.FALLBACK
    ):
        return decision
    visible = header_values(message, "To") + header_values(message, "Cc")
    stamped = header_values(message, rules.header or "Delivered-To", rules.decoration)
    inside = [
        *(address for address in _named(visible) if directory.is_inside(address)),
        *(address for address in _named(stamped) if directory.is_inside(address) and address != rules.system),
    ]
    if inside or next(_named(visible), None) is None:
        return decision
    origin = "" if action is None else f" from action {action}"
    told = f"a copy of what the system sent{origin}, all of whose recipients are outside"
    evidence = (*decision.evidence, Evidence("R4.14", shown(message_id), told))
    return decision._replace(
        outcome=Outcome.DUPLICATE, reason=Reason.SENT_COPY, targets=(), meant_for=None, evidence=evidence
    )


def _named(values: Iterable[HeaderValue]) -> Iterator[Address]:
    return (address for value in values for address in value.addresses)
