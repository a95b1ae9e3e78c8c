"""The mailboxes of people outside, whichever server keeps them."""

from collections.abc import Callable, Container, Mapping

from mailsim.mail import Address, Envelope, Message, Reply
from mailsim.trace.event import Step
from mailsim.world.journal import Journal

Arrived = Callable[[Address | None, Address, Message], None]
"""Tell that somebody outside has got a message: under which envelope sender, who, what."""
GiveUp = Callable[[str, Envelope, Message, Mapping[Address, Reply]], None]
"""Tell that a server gives up on recipients of a message that it took, and why."""

FULL = Reply(552, "Mailbox full", "5.2.2")


class Letterboxes:
    """Where copies for people end: in their mailbox, of which they are told, or back at the sender."""

    def __init__(
        self, full: Container[Address], journal: Journal, *, arrived: Arrived, give_up: GiveUp
    ) -> None:
        """`full` are the mailboxes that take nothing more, as their server finds out too late to refuse it."""
        self._full = full
        self._journal = journal
        self._arrived = arrived
        self._give_up = give_up

    def put(
        self,
        server: str,
        mailbox: Address,
        sender: Address | None,
        recipient: Address,
        message: Message,
        *,
        reason: str = "",
        rule: str = "",
    ) -> None:
        """Put one recipient's copy in a mailbox of that server."""
        if mailbox in self._full:
            self._give_up(server, Envelope(sender, (recipient,)), message, {recipient: FULL})
            return
        self._journal.record(
            Step.STORED,
            mailbox.text,
            message,
            peer=server,
            sender=sender,
            recipient=recipient.text,
            reason=reason,
            rule=rule,
        )
        self._arrived(sender, mailbox, message)
