"""What an SMTP client learns of one message, and what it says by itself where no server said anything."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from mailsim.mail import Address, Envelope, Reply
from mailsim.words import masked

CLOSED = Reply(421, "Connection lost", "4.4.2")
"""What a lost connection amounts to (RFC 5321 section 3.8): try again later."""
BAD_SENDER = Reply(553, "Not offered: the sender is no address that SMTP can carry", "5.1.7")
BAD_RECIPIENT = Reply(553, "Not offered: this is no address that SMTP can carry", "5.1.3")
NO_SMTPUTF8 = Reply(553, "Not offered: an address needs SMTPUTF8, which the server lacks", "5.6.7")


class Outcome(NamedTuple):
    """What a server answered to one message."""

    refused: Mapping[Address, Reply]
    """The recipients that it did not take, each with the refusal."""
    final: Reply | None
    """The reply after DATA, good or bad; None when it came to no DATA."""
    uncertain: bool = False
    """Whether the connection was lost between the reply 354 and the last one: nobody here knows whether the server
    has taken the message (RFC 5321 section 4.2.5), which must be offered again."""

    def without(self, secrets: tuple[str, ...]) -> "Outcome":
        """The same, but for `***` where a server said a secret (R1.11)."""
        refused = {recipient: _without(reply, secrets) for recipient, reply in self.refused.items()}
        return Outcome(refused, self.final and _without(self.final, secrets), self.uncertain)

    def refusals(self, envelope: Envelope) -> Mapping[Address, Reply]:
        """Every recipient of the envelope that the message did not get through to, and the refusal."""
        if self.final is None or self.final.accepted:
            return self.refused
        return dict.fromkeys(envelope.recipients, self.final) | dict(self.refused)


def _without(reply: Reply, secrets: tuple[str, ...]) -> Reply:
    return replace(reply, text=masked(reply.text, secrets))


def not_offered(mechanism: str, offered: Iterable[str]) -> Reply:
    """The refusal of a login that was not tried."""
    words = ", ".join(sorted(offered)).lower() or "none"
    return Reply(504, f"Not tried: authentication {mechanism.lower()} is not offered, but {words}", "5.5.4")
