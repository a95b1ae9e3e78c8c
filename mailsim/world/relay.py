"""A relay between people and the servers they write to: it takes what they send, changes it, and sends it on."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from mailsim.mail import Address, Envelope, Message, Reply
from mailsim.mail.date import header_date
from mailsim.pop3.proof import Proof
from mailsim.provider.rewriting import prepend
from mailsim.smtp.backend import OK, Peer
from mailsim.trace.event import Step
from mailsim.world.hosts import Carry
from mailsim.world.journal import Journal
from mailsim.world.mangling import Mangle, mangled

Renamed = Callable[[str, str], None]
"""Tell which Message-ID a message had, and under which it goes on."""
LOOP = Reply(554, "Mail loops back to myself", "5.4.6")


@dataclass(frozen=True, slots=True)
class Relaying:
    """What one relay does."""

    name: str
    sender: Address | None
    """The envelope sender that it writes where there is one; None leaves it."""
    mangles: Collection[Mangle]


class Relay:
    """Its server."""

    def __init__(
        self,
        relaying: Relaying,
        journal: Journal,
        carry: Carry,
        renamed: Renamed,
        now: Callable[[], datetime],
    ) -> None:
        self._relaying = relaying
        self._journal = journal
        self._carry = carry
        self._renamed = renamed
        self._now = now

    def login(self, username: str, proof: Proof) -> bool:  # noqa: ARG002 - the verb's face
        """Nobody logs in between servers."""
        return False

    def mail(self, peer: Peer, sender: Address | None, size: int) -> Reply:  # noqa: ARG002 - the verb's face
        """Any server may bring mail."""
        return OK

    def rcpt(self, peer: Peer, sender: Address | None, recipient: Address) -> Reply:  # noqa: ARG002 - the verb's face
        """For anybody but those whose MX record leads here: what it sends on would come back for ever."""
        return LOOP if peer.name == self._relaying.name else OK

    def data(self, peer: Peer, envelope: Envelope, message: Message) -> Reply:
        """Change the message and its envelope, and send it on under a Received field."""
        name, journal = self._relaying.name, self._journal
        journal.sighted(name, peer.name, envelope, message)
        recipients = envelope.named()
        journal.record(
            Step.ACCEPTED,
            name,
            message,
            peer=peer.name,
            sender=envelope.sender,
            recipient=recipients,
            outcome="250",
        )
        passed = mangled(message, self._relaying.mangles)
        sender = envelope.sender and (self._relaying.sender or envelope.sender)
        if passed is not message:
            journal.rewritten(name, message, passed, sender=sender, recipients=recipients)
            self._renamed(message.message_id or "", passed.message_id or "")
        # RFC 5321 section 4.4; by these a message is known that goes round.
        trace = f"from {peer.name} by {name} with ESMTP; {header_date(self._now())}"
        self._carry(name, Envelope(sender, envelope.recipients), prepend(passed, ("Received", trace)))
        return OK
