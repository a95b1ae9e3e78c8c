"""A backend that answers as it is told, and keeps every call."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mailsim.mail import Address, Envelope, Message, Reply
from mailsim.pop3.proof import Proof, proves
from mailsim.smtp.backend import OK, Peer

USER, SECRET = "matters@abc.com", "pass word"


@dataclass
class Recorder:
    """One account; a reply for each address, and for a message by its size, that is not simply taken."""

    replies: Mapping[str, Reply] = field(default_factory=dict)
    calls: list[tuple[object, ...]] = field(default_factory=list)

    def login(self, username: str, proof: Proof) -> bool:
        """Whether it is the account."""
        self.calls.append(("login", username))
        return username == USER and proves(proof, SECRET.encode())

    def mail(self, peer: Peer, sender: Address | None, size: int) -> Reply:
        """Judge the sender."""
        self.calls.append(("mail", peer, str(sender), size))
        return self.replies.get(f"from {sender}", OK)

    def rcpt(self, peer: Peer, sender: Address | None, recipient: Address) -> Reply:
        """Judge one recipient."""
        self.calls.append(("rcpt", peer, str(sender), str(recipient)))
        return self.replies.get(str(recipient), OK)

    def data(self, peer: Peer, envelope: Envelope, message: Message) -> Reply:
        """Take it, or not."""
        recipients = [str(recipient) for recipient in envelope.recipients]
        self.calls.append(("data", peer, str(envelope.sender), recipients, message.octets))
        return self.replies.get("data", OK)
