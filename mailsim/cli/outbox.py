"""Sending what waits for the fallback address through a practice's SMTP server (R4.8).

A forward is forgotten only after a server has taken it. A crash between the two sends it again, with the same
Message-ID and the same octets.
"""

from typing import TYPE_CHECKING

from mailsim.mail import Envelope
from mailsim.smtp.client import Client
from mailsim.smtp.submission import route_to

if TYPE_CHECKING:
    import ssl

    from mailsim.practice.account import SmtpAccount
    from mailsim.practice.store import Store


async def send_forwards(store: "Store", account: "SmtpAccount", context: "ssl.SSLContext") -> list[str]:
    """Send all that waits, oldest first; what was refused, one line each, waits on. `context` is whom to trust.

    Raises:
        SubmissionPortError: The port is 25 (R1.6).
        StoreError: A forward that was sent could not be forgotten.
    """
    refusals = []
    client = Client(route_to(account, context), local_name="localhost")
    try:
        for forward in store.forwards():
            envelope = Envelope(None, (forward.recipient,))
            outcome = await client.send(envelope, forward.message.octets)
            refused = outcome.refusals(envelope)
            refusals += [
                f"{account.server}: not forwarded to {recipient}, tried again at the next collection: {reply}"
                for recipient, reply in refused.items()
            ]
            if not refused:
                store.forwarded(forward)
    finally:
        await client.close()
    return refusals
