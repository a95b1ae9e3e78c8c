"""The people outside at work: who got a message answers it, after their delay, and others write of themselves.

No two people answer each other for ever; programs that keep no rules do, and are stopped: a law that is broken (R4.9).
"""

import hashlib
from collections import deque
from collections.abc import Mapping
from datetime import datetime
from functools import cache, partial

from mailsim.json_text import json_of
from mailsim.mail import Address, Envelope, Message
from mailsim.practice.faults import Fault, shown
from mailsim.smtp.transmission import transmitted
from mailsim.trace.event import Step
from mailsim.world.auto_reply import ONCE_IN
from mailsim.world.clock import Clock
from mailsim.world.correspondent import CONSENT, Correspondent, Habit, RepliesTo, acts_on, answer
from mailsim.world.hosts import Carry
from mailsim.world.internet import ELSEWHERE
from mailsim.world.journal import Journal
from mailsim.world.lineage import key_of
from mailsim.world.mailing_list import MailingList, distributed
from mailsim.world.orders import OrderError
from mailsim.world.plan import Plan
from mailsim.world.recent import Recent

MOST_ANSWERS = 50
"""To answers to answers: more than people write, and enough to see that programs do."""
MOST_IN_A_CONVERSATION = 1000
"""Answers that programs write in one; where each is answered by several, they are many before they are deep."""
_PROGRAMS = (Habit.FORWARD, Habit.OUT_OF_OFFICE)
REMEMBERED = 100
"""Messages that arrived outside, and can be answered when told to; a world's memory does not grow with its mail."""


class People:
    """Everybody outside; what they write is handed to `carry`."""

    def __init__(self, plan: Plan, carry: Carry, clock: Clock, journal: Journal) -> None:
        self._correspondents: Mapping[Address, Correspondent] = plan.correspondents
        self._lists: Mapping[Address, MailingList] = plan.lists
        self._servers = plan.internet.outside
        self._exchangers = {one.mail_host.domain: one.exchanger for one in plan.practices}
        self._carry = carry
        self._clock = clock
        self._journal = journal
        self._written: Recent[str, int] = Recent()
        """Message-ID of what people wrote -> how many answers to answers led there."""
        self._by_programs: Recent[str, int] = Recent()
        """Trace id -> how many answers of programs that answer everything, and distributions by lists."""
        self._answered: Recent[tuple[Address, Address | None], datetime] = Recent()
        """Whose program has answered whom, and when, of those that keep RFC 3834."""
        self.endless: set[str] = set()
        """The conversations that were stopped after `MOST_ANSWERS`, or `MOST_IN_A_CONVERSATION`."""
        self._got: deque[tuple[Address | None, Address, Message, str]] = deque(maxlen=REMEMBERED)
        """With their trace ids: others may have arrived nowhere, and be many."""

    def write(self, envelope: Envelope, message: Message) -> None:
        """Have somebody send a message, which SMTP carries with line ends of its own."""
        sender, message = envelope.sender, transmitted(message)
        self._journal.record(
            Step.COMPOSED,
            "outside" if sender is None else str(sender),
            message,
            sender=sender,
            recipient=envelope.named(),
        )
        self._written.put(message.message_id or "", 0)
        self._carry(self._servers.get(sender.domain, ELSEWHERE) if sender else ELSEWHERE, envelope, message)

    def arrived(self, sender: Address | None, recipient: Address, message: Message) -> None:
        """Tell that somebody has got a message, under which envelope sender; who acts on it does so after their delay."""
        self._got.append((sender, recipient, message, self._journal.entry(message).trace_id))
        person = self._correspondents.get(recipient)
        if person is None:
            if recipient in self._lists:
                self._distribute(self._lists[recipient], message)
            return
        depth = self._written.get(message.message_id or "") or 0
        if not acts_on(person, message, sender=sender, own=self._written, depth=depth):
            return
        if person.habit is Habit.AUTO_REPLY and self._has_answered(recipient, sender):
            return
        if person.delay:
            answers = partial(self._answer, person, sender, message)
            self._clock.at(self._clock.now() + person.delay, self._journal.lineage.holding(message, answers))
        else:
            self._answer(person, sender, message)

    def renamed(self, before: str, after: str) -> None:
        """Tell that a message goes on under another Message-ID."""
        depth = self._written.get(before)
        if depth is not None:
            self._written.put(after, depth)

    def _distribute(self, mailing_list: MailingList, message: Message) -> None:
        sent = distributed(mailing_list, message)
        if sent is None:
            return
        if self._is_enough(message):  # lists of lists that forget what they have sent
            self.endless.add(self._journal.lineage.of(message))
            return
        envelope, copy = sent
        own = mailing_list.address
        self._journal.lineage.tie(copy, self._journal.lineage.of(message))
        self._journal.record(
            Step.FORWARDED,
            str(own),
            copy,
            sender=envelope.sender,
            recipient=envelope.named(),
            reason="mailing list",
        )
        self._carry(self._server(own.domain), envelope, copy)

    def _server(self, domain: str) -> str:
        """The server that somebody of a domain sends through; beside a practice it is the same provider's."""
        return self._servers.get(domain) or self._exchangers.get(domain, ELSEWHERE)

    def reply(self, message_id: str, from_address: str | None, text: str) -> None:
        """Have somebody answer a message that they have got; raises OrderError."""
        got = (
            one
            for one in self._got
            if one[2].message_id == message_id and from_address in (None, str(one[1]))
        )
        found = next(got, None)
        if found is None:
            who = from_address or "nobody outside"
            told = f"{who} has not got it, or long ago" if from_address else f"{who} has got it, or long ago"
            raise OrderError(
                [Fault("message_id", shown("", message_id), told, "settle first, so that it arrives")]
            )
        sender, recipient, message, trace_id = found
        self._journal.lineage.tie(message, trace_id)
        person = self._correspondents.get(recipient) or Correspondent(recipient)
        if not self._answer(person, sender, message, text):
            told = "names nobody who could be answered"
            raise OrderError([Fault("message_id", shown("", message_id), told, "answer another")])

    def _answer(
        self, person: Correspondent, sender: Address | None, message: Message, text: str = ""
    ) -> bool:
        depth = (self._written.get(message.message_id or "") or 0) + 1
        if depth > MOST_ANSWERS or (person.habit in _PROGRAMS and self._is_enough(message)):
            self.endless.add(self._journal.lineage.of(message))
            return False
        domain = person.address.domain
        # Not numbered: over sockets the order of arrivals is not repeatable, the ids must be (R6.3).
        digest = hashlib.blake2b(f"{key_of(message)} {person.address.text}".encode(), digest_size=8)
        digest.update(message.octets[message.body_start :])  # equal ids with other bodies are other messages
        digest.update(text.encode())
        message_id = f"<{digest.hexdigest()}@{domain}>"
        answered = answer(
            person,
            message,
            sender=sender,
            message_id=message_id,
            date=self._clock.now(),
            text=text or CONSENT,
        )
        if answered is None:
            return False
        envelope, reply = answered
        self._journal.lineage.tie(reply, self._journal.entry(message).trace_id)
        self._written.put(reply.message_id or "", depth)
        self._journal.record(
            Step.REPLIED,
            person.address.text,
            reply,
            sender=envelope.sender,
            recipient=envelope.named(),
            detail=_habits(person.replies_to, person.habit),
        )
        self._carry(self._server(domain), envelope, reply)
        return True

    def _has_answered(self, owner: Address, sender: Address | None) -> bool:
        """Whether that program has answered that sender lately; if not, it does now."""
        now, last = self._clock.now(), self._answered.get((owner, sender))
        if last is not None and now < last + ONCE_IN:
            return True
        self._answered.put((owner, sender), now)
        return False

    def _is_enough(self, message: Message) -> bool:
        trace_id = self._journal.lineage.of(message)
        number = (self._by_programs.get(trace_id) or 0) + 1
        self._by_programs.put(trace_id, number)
        return number > MOST_IN_A_CONVERSATION


@cache
def _habits(replies_to: RepliesTo, habit: Habit) -> str:
    """What the trace tells of somebody who answers."""
    return json_of({"replies_to": replies_to, "habit": habit})
