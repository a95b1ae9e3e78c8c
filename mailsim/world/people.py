"""The people outside at work: who got a message answers it, after their delay, and others write of themselves.

Nobody answers automatic mail (RFC 3834), nor an answer to what their own side has written: no two of them answer each
other for ever.
"""

import hashlib
from collections import deque
from collections.abc import Mapping

from mailsim.mail import Address, Envelope, Message
from mailsim.practice.faults import Fault, shown
from mailsim.trace.event import Step
from mailsim.world.clock import Clock
from mailsim.world.correspondent import CONSENT, Correspondent, answer
from mailsim.world.hosts import Carry
from mailsim.world.internet import ELSEWHERE
from mailsim.world.journal import Journal
from mailsim.world.orders import OrderError
from mailsim.world.plan import Plan
from mailsim.world.recent import Recent

REMEMBERED = 100
"""Messages that arrived outside, and can be answered when told to; a world's memory does not grow with its mail."""


class People:
    """Everybody outside; what they write is handed to `carry`."""

    def __init__(self, plan: Plan, carry: Carry, clock: Clock, journal: Journal) -> None:
        self._correspondents: Mapping[Address, Correspondent] = plan.correspondents
        self._servers = plan.internet.outside
        self._neighbours_server = plan.exchanger
        self._carry = carry
        self._clock = clock
        self._journal = journal
        self._written: Recent[str, None] = Recent()
        self._got: deque[tuple[Address, Message]] = deque(maxlen=REMEMBERED)

    def write(self, envelope: Envelope, message: Message) -> None:
        """Have somebody send a message."""
        sender = envelope.sender
        self._journal.record(
            Step.COMPOSED,
            "outside" if sender is None else str(sender),
            message,
            sender=sender,
            recipient=", ".join(map(str, envelope.recipients)),
        )
        self._written.put(message.message_id or "", None)
        self._carry(self._servers.get(sender.domain, ELSEWHERE) if sender else ELSEWHERE, envelope, message)

    def arrived(self, recipient: Address, message: Message) -> None:
        """Tell that somebody has got a message: whoever answers will do so after their delay."""
        self._got.append((recipient, message))
        person = self._correspondents.get(recipient)
        if person is None or not self._asks_for_an_answer(message):
            return
        if person.delay:
            self._clock.at(self._clock.now() + person.delay, lambda: self._answer(person, message))
        else:
            self._answer(person, message)

    def _asks_for_an_answer(self, message: Message) -> bool:
        automatic = (message.value("Auto-Submitted") or "no").lower() != "no"
        return not automatic and message.value("In-Reply-To") not in self._written

    def reply(self, message_id: str, from_address: str | None, text: str) -> None:
        """Have somebody answer a message that they have got; raises OrderError."""
        for recipient, message in self._got:
            if message.message_id == message_id and from_address in (None, str(recipient)):
                break
        else:
            who = from_address or "nobody outside"
            told = f"{who} has not got it, or long ago" if from_address else f"{who} has got it, or long ago"
            raise OrderError(
                [Fault("message_id", shown("", message_id), told, "settle first, so that it arrives")]
            )
        person = self._correspondents.get(recipient) or Correspondent(recipient)
        if not self._answer(person, message, text):
            told = "names nobody who could be answered"
            raise OrderError([Fault("message_id", shown("", message_id), told, "answer another")])

    def _answer(self, person: Correspondent, message: Message, text: str = "") -> bool:
        domain = person.address.domain
        # Not numbered: over sockets the order of arrivals is not repeatable, the ids must be (R6.3).
        digest = hashlib.blake2b(f"{message.message_id} {person.address}".encode(), digest_size=8)
        digest.update(message.octets[message.body_start :])  # equal ids with other bodies are other messages
        digest.update(text.encode())
        message_id = f"<{digest.hexdigest()}@{domain}>"
        answered = answer(
            person, message, message_id=message_id, date=self._clock.now(), text=text or CONSENT
        )
        if answered is None:
            return False
        envelope, reply = answered
        self._journal.lineage.tie(reply, self._journal.lineage.of(message))
        self._written.put(reply.message_id or "", None)
        self._journal.record(
            Step.REPLIED,
            str(person.address),
            reply,
            sender=envelope.sender,
            recipient=", ".join(map(str, envelope.recipients)),
            detail={"replies_to": person.replies_to},
        )
        self._carry(self._servers.get(domain, self._neighbours_server), envelope, reply)
        return True
