"""What a server writes to the sender of mail that it gives up: a report, a message of its own (RFC 3464, R3.8).

Law: no report answers a report, or goes to a sender that SPF calls forged: nobody gets reports on what others sent.
"""

import hashlib
from collections.abc import Callable, Container, Mapping
from datetime import datetime

from mailsim.mail import Address, Envelope, Message, Reply
from mailsim.provider.dsn import Failure, non_delivery
from mailsim.trace.event import Step
from mailsim.world.journal import Journal
from mailsim.world.lineage import key_of
from mailsim.world.spf_check import SpfCheck


class Reports:
    """The reports of all servers of a world."""

    def __init__(
        self, trusted: Container[str], spf: SpfCheck, now: Callable[[], datetime], journal: Journal
    ) -> None:
        """`trusted` are the servers that know their clients' senders, whatever SPF says: they log in."""
        self._trusted = trusted
        self._spf = spf
        self._now = now
        self._journal = journal

    def write(
        self,
        server: str,
        envelope: Envelope,
        message: Message,
        refusals: Mapping[Address, Reply],
        remote: str,
    ) -> tuple[Envelope, Message] | None:
        """The report of a server, of the message's own conversation; None where nobody may get one."""
        sender = envelope.sender
        if sender is None or (server not in self._trusted and self._spf.forged(server, sender)):
            return None
        report = non_delivery(
            message,
            [Failure(recipient, reply) for recipient, reply in refusals.items()],
            to=sender,
            reporting=server,
            remote=remote,
            message_id=f"<{_token(server, message, refusals)}@{server}>",
            date=self._now(),
        )
        self._journal.lineage.tie(report, self._journal.lineage.of(message))
        self._journal.record(
            Step.COMPOSED,
            server,
            report,
            sender=None,
            recipient=str(sender),
            reason="non-delivery",
            rule="R3.8",
        )
        return Envelope(None, (sender,)), report


def _token(server: str, message: Message, recipients: Mapping[Address, Reply]) -> str:
    """What makes its Message-ID its own and, unlike a number, the same in every run of a seed (R6.3)."""
    named = " ".join((server, key_of(message), *map(str, recipients)))
    digest = hashlib.blake2b(named.encode(), digest_size=8)
    digest.update(message.octets[message.body_start :])
    return digest.hexdigest()
