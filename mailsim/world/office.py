"""The practice at work in a world: composes what is sent, decides what is collected, stores, then forwards.

No socket and no clock of its own: a world carries what it hands back.
"""

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime

from mailsim.mail import Envelope, Message
from mailsim.pop3.collector import Retrieved
from mailsim.practice.composing import Draft, compose, split
from mailsim.practice.decision import Decision, Outcome
from mailsim.practice.duplicates import Collected
from mailsim.practice.forwarding import forward
from mailsim.practice.routing import decide
from mailsim.practice.site import Site
from mailsim.practice.store import Kept, Store
from mailsim.trace.event import Step
from mailsim.world.journal import Entry, Journal

PRACTICE = "practice"
"""The place of what the practice does, in the trace."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A composed message, and whom it must still reach by SMTP."""

    envelope: Envelope
    """Without those reached inside; no recipients at all when everybody was."""
    message: Message
    warnings: tuple[str, ...] = ()


class Office:
    """One practice: its site, its store, what it has sent and decided."""

    def __init__(
        self,
        site: Site,
        store: Store,
        journal: Journal,
        *,
        now: Callable[[], datetime],
        seed: int,
        limits: Mapping[str, int],
    ) -> None:
        """`limits` are the size limits of servers on the way, by name (R3.7)."""
        self.site = site
        self.store = store
        self.decisions: list[Decision] = []
        """Every decision, in order."""
        self._journal = journal
        self._now = now
        self._seed = seed
        self._limits = limits
        self._serial = 0
        self._sent = {**site.sent, **store.sent}
        self._collected = Collected(site.rules, site.directory, self._sent)
        self._forwards: list[tuple[Message, Decision]] = []

    def compose(self, draft: Draft) -> Outgoing:
        """Write the message, deliver inside what stays inside (R3.5), and hand back what must go out.

        Raises:
            DraftError: The draft cannot become a message.
        """
        site = self.site
        origin = "mail" if draft.from_action is None else f"a{draft.from_action}"
        composed = compose(
            draft,
            site.settings,
            site.directory,
            date=self._now(),
            token=self._token(origin),
            size_limits=self._limits,
        )
        envelope, message = composed.envelope, composed.message
        self._journal.record(
            Step.COMPOSED,
            PRACTICE,
            message,
            sender=envelope.sender,
            recipient=", ".join(map(str, envelope.recipients)),
            rule="R3.2" if draft.from_action is None else "R3.1",
            detail={"warnings": composed.warnings} if composed.warnings else None,
        )
        if draft.from_action is not None and message.message_id:
            self.store.add_sent(message.message_id, draft.from_action)
            self._sent[message.message_id] = draft.from_action
        ways = split(envelope.recipients, site.settings, site.directory)
        if ways.inside:
            self._deliver_inside(message, Envelope(envelope.sender, ways.inside))
        return Outgoing(Envelope(envelope.sender, ways.outside), message, composed.warnings)

    def _token(self, origin: str) -> str:
        """What makes a Message-ID unique, and the same again in every run of a seed (R6.3)."""
        self._serial += 1
        return f"{self._seed}.{self._serial}.{origin}"

    def _deliver_inside(self, message: Message, envelope: Envelope) -> None:
        """Put copies where the practice's own addresses lead, without SMTP (R3.5)."""
        reached: dict[str, list[str]] = {}
        for address in envelope.recipients:
            holder = self.site.directory.holder(address)
            first, *others = (holder.targets if holder else ()) or ("unassigned",)
            reached.setdefault(first, []).append(str(address))  # each recipient stands in one event
            for target in others:
                reached.setdefault(target, [])
        self.store.keep([Kept(message, Outcome.DELIVERED, "internal", tuple(reached))])
        for target, addresses in reached.items():
            self._journal.record(
                Step.DELIVERED,
                target,
                message,
                sender=envelope.sender,
                recipient=", ".join(addresses),
                rule="R3.5",
            )

    def take(self, batch: Sequence[Retrieved]) -> Mapping[int, Entry]:
        """Decide on a batch of collected messages and store it durably: when this returns, it may be deleted (R4.2).

        Returns the trace's entry of each message, by its number in the session.

        Raises:
            StoreError: Nothing of the batch was kept, nothing of it decided.
        """
        decided = [(Message(one.octets), one) for one in batch]
        collected = copy(self._collected)  # what was not kept must not count as collected
        decisions = [self._decide(message, one, collected) for message, one in decided]
        self.store.keep(
            Kept(message, decision.outcome, decision.reason, decision.targets)
            for (message, _), decision in zip(decided, decisions, strict=True)
        )
        self._collected = collected
        for (message, one), decision in zip(decided, decisions, strict=True):
            self._record(message, one, decision)
        self.decisions += decisions
        return {one.number: self._journal.entry(message) for message, one in decided}

    def _decide(self, message: Message, one: Retrieved, collected: Collected) -> Decision:
        site = self.site
        decision = decide(
            message, site.rules, site.directory, self._sent, name=one.uid, truncated=one.truncated
        )
        return collected.final(message, decision)

    def _record(self, message: Message, one: Retrieved, decision: Decision) -> None:
        self._journal.record(Step.COLLECTED, PRACTICE, message, rule="R4.1", detail={"uid": one.uid})
        self._journal.record(
            Step.DECIDED,
            PRACTICE,
            message,
            recipient=decision.address or "",
            outcome=decision.outcome,
            reason=decision.reason,
            rule=decision.evidence[-1].rule if decision.evidence else "",
            detail=decision.as_json(),
        )
        for target in decision.targets:
            self._journal.record(
                Step.DELIVERED, target, message, outcome=decision.outcome, reason=decision.reason
            )
        if decision.outcome is Outcome.FALLBACK:
            self._forwards.append((message, decision))

    def removed(self, entry: Entry) -> None:
        """Note that the server's copy of a kept message is gone."""
        self._journal.record(Step.REMOVED, PRACTICE, entry, rule="R4.2")

    def forwards(self) -> list[Outgoing]:
        """What must now go to the fallback address: one message for each that could not be read (R4.8)."""
        waiting, self._forwards = self._forwards, []
        return [self._forward(message, decision) for message, decision in waiting]

    def _forward(self, original: Message, decision: Decision) -> Outgoing:
        rules = self.site.rules
        envelope, message = forward(
            original,
            decision,
            sender=rules.system,
            fallback=rules.fallback,
            message_id=f"<{self._token('fallback')}@{rules.system.domain}>",
            date=self._now(),
        )
        self._journal.lineage.tie(message, self._journal.lineage.of(original))
        self._journal.record(
            Step.FORWARDED, PRACTICE, message, sender=None, recipient=str(rules.fallback), rule="R4.8"
        )
        return Outgoing(envelope, message)
