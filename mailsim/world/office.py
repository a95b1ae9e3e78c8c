"""The practice at work in a world: composes what is sent, decides what is collected, stores, then forwards.

No socket and no clock of its own: a world carries what it hands back.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from mailsim.mail import Envelope, Message
from mailsim.mail.message import begins_with_field
from mailsim.pop3.collection import Retrieved
from mailsim.practice.composing import Draft, compose, split
from mailsim.practice.decision import Decision, Outcome, Reason
from mailsim.practice.duplicates import fingerprint
from mailsim.practice.forwarding import forward
from mailsim.practice.ledger import Intake, Ledger
from mailsim.practice.sent import Sent
from mailsim.practice.site import Site
from mailsim.practice.store import Forward, Kept, Store
from mailsim.trace.event import PRACTICE, Step
from mailsim.world.journal import Entry, Journal, uid_detail
from mailsim.world.recent import Recent

UNASSIGNED = "unassigned"
_MOST_UNTOLD = 1000


class Outgoing(NamedTuple):
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
        prefix: str = "",
    ) -> None:
        """`prefix` tells its places and targets from those of a world's other practices; `limits` are the size limits of servers on the way, by name (R3.7)."""
        self.site = site
        self.store = store
        self.decided: Counter[tuple[Outcome, Reason]] = Counter()
        """What came of the messages collected, and how often."""
        self.prefix = prefix
        self.place = prefix + PRACTICE
        """Where it is, in the trace."""
        self._journal = journal
        self._now = now
        self._seed = seed
        self._limits = limits
        self._serial = 0
        self._sent: dict[str, int] = {}
        """What was sent from an action, and the store is not told of yet: a transaction for each costs more than all of them."""
        self._sent_of_no_action: Recent[str, None] = Recent()
        self._ledger = Ledger(
            site,
            store,
            str(site.rules.system),
            Sent(site.sent, store),
            self._forward,
            others=self._sent_of_no_action,
        )

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
            self.place,
            message,
            peer="" if draft.from_action is None else f"{self.prefix}action:{draft.from_action}",
            sender=envelope.sender,
            recipient=envelope.named(),
            rule="R3.2" if draft.from_action is None else "R3.1",
            detail={"warnings": composed.warnings} if composed.warnings else "",
        )
        if draft.from_action is None:
            self._sent_of_no_action.put(message.message_id or "", None)
        elif message.message_id:
            self._sent[message.message_id] = draft.from_action
            if len(self._sent) >= _MOST_UNTOLD:
                self._tell_sent()
        ways = split(envelope.recipients, site.settings, site.directory)
        if ways.inside:
            self._deliver_inside(message, Envelope(envelope.sender, ways.inside))
            envelope = Envelope(envelope.sender, ways.outside)
        return Outgoing(envelope, message, composed.warnings)

    def _tell_sent(self) -> None:
        """Have the store remember what was sent."""
        self.store.add_sent(self._sent)
        self._sent.clear()

    def _token(self, origin: str) -> str:
        """What makes a Message-ID unique, and the same again in every run of a seed (R6.3)."""
        self._serial += 1
        return f"{self._seed}.{self._serial}.{origin}"

    def _deliver_inside(self, message: Message, envelope: Envelope) -> None:
        """Put copies where the practice's own addresses lead, without SMTP (R3.5)."""
        reached: dict[str, list[str]] = {}
        for address in envelope.recipients:
            holder = self.site.directory.holder(address)
            first, *others = (holder.targets if holder else ()) or (UNASSIGNED,)
            reached.setdefault(first, []).append(str(address))  # each recipient stands in one event
            for target in others:
                reached.setdefault(target, [])
        nobody = reached.keys() == {UNASSIGNED}
        outcome = Outcome.UNASSIGNED if nobody else Outcome.DELIVERED
        reason = Reason.ALIAS_WITHOUT_MAILBOXES if nobody else "internal"
        # Another recipient's copy may go out and come back: it reaches what this one did not (R4.13).
        self.store.keep([Kept(message, outcome, reason, tuple(reached), fingerprint(message))])
        for target, addresses in reached.items():
            self._journal.record(
                Step.DELIVERED,
                self.prefix + target,
                message,
                sender=envelope.sender,
                recipient=", ".join(addresses),
                rule="R3.5",
            )

    def known(self, uids: Sequence[str]) -> set[str]:
        """Under which of these uids a message was collected before."""
        return self._ledger.known(uids)

    def take(self, batch: Sequence[Retrieved]) -> Intake:
        """Decide on a batch of collected messages and store it durably: when this returns, it may be deleted (R4.2).

        Raises:
            StoreError: The store cannot be written.
        """
        self._tell_sent()
        intake = self._ledger.take(batch)
        for one, decision in intake.taken:
            self._record(one, decision)
            self.decided[decision.outcome, decision.reason] += 1
        return intake

    def _record(self, one: Retrieved, decision: Decision) -> None:
        journal, message_id = self._journal, decision.message_id
        about: Message | Entry
        if message_id and begins_with_field(one.octets):
            about = journal.known(message_id, one.size)
        else:
            about = Message(one.octets)
        journal.record(Step.COLLECTED, self.place, about, rule="R4.1", detail=uid_detail(one.uid))
        journal.record(
            Step.DECIDED,
            self.place,
            about,
            recipient=decision.address or "",
            outcome=decision.outcome,
            reason=decision.reason,
            rule=decision.evidence[-1].rule if decision.evidence else "",
            detail=decision.json(),
        )
        for target in decision.targets:
            journal.record(
                Step.DELIVERED, self.prefix + target, about, outcome=decision.outcome, reason=decision.reason
            )

    def _forward(self, original: Message, decision: Decision) -> Message:
        rules = self.site.rules
        _, message = forward(
            original,
            decision,
            sender=rules.system,
            fallback=rules.fallback,
            message_id=f"<{self._token('fallback')}@{rules.system.domain}>",
            date=self._now(),
        )
        self._journal.lineage.tie(message, self._journal.lineage.of(original))
        return message

    def forward(self, waiting: Forward) -> Outgoing:
        """What goes to the fallback address for a message that could not be read (R4.8)."""
        recipient = waiting.recipient
        self._journal.record(
            Step.FORWARDED, self.place, waiting.message, sender=None, recipient=str(recipient), rule="R4.8"
        )
        return Outgoing(Envelope(None, (recipient,)), waiting.message)
