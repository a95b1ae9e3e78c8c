"""What an SMTP server does with a sender that is not its account's, and with size (R5.3, R5.4): pure.

A provider compares the sender with the addresses the authenticated account owns: its own
and the registered send-as addresses. A foreign sender is accepted, rewritten to the account, or
rejected at the provider's stage with the provider's code and text.
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum

from mailsim.mail import Address, Message, Reply
from mailsim.provider.rewriting import rewrite_from


class SenderAction(StrEnum):
    """What happens to a sender that the account does not own."""

    ACCEPT = "accept"
    """It is passed on as it is."""
    REWRITE = "rewrite"
    """From becomes the account; the client hears 250 (R5.3)."""
    REJECT = "reject"
    """The client hears the provider's refusal."""


class Stage(StrEnum):
    """Where a refusal is spoken: after which command."""

    MAIL = "mail_from"
    RCPT = "rcpt_to"
    """As Postfix does, which waits for the recipient before it refuses a sender (smtpd_delay_reject)."""
    DATA = "data_end"
    """After the message: only now is its From known."""


NOT_OWNED = Reply(553, "Sender address rejected: {from} is not owned by {account}", "5.7.1")
"""Postfix's words, for a profile that states no reply of its own."""
TOO_BIG = Reply(552, "Message size exceeds fixed limit of {limit} octets", "5.3.4")
"""RFC 1870 section 6.1: 552 when the message can never be accepted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The policy of one submission server."""

    action: SenderAction = SenderAction.ACCEPT
    stage: Stage = Stage.DATA
    reply: Reply = NOT_OWNED
    """The refusal; `{account}` and `{from}` in its text are filled in."""
    original_kept_in: str = ""
    """The header field that keeps the rewritten From; empty when none does."""
    registered: frozenset[Address] = field(default_factory=frozenset)
    """Send-as addresses that every account of this practice owns."""
    size_limit: int = 0
    """Octets; 0 is no limit."""
    size_reply: Reply = TOO_BIG

    def owns(self, account: Address, address: Address) -> bool:
        """Whether the account may send as this address under `rewrite` and `reject`."""
        return address == account or address in self.registered

    def judge_sender(self, stage: Stage, account: Address, sender: Address | None) -> Reply | None:
        """The refusal of this envelope or header sender at this stage; None when the server goes on."""
        if self.action is not SenderAction.REJECT or stage is not self.stage:
            return None
        if sender is None or self.owns(account, sender):
            return None
        return _filled(self.reply, {"account": str(account), "from": str(sender)})

    def judge_size(self, octets: int) -> Reply | None:
        """The refusal of a message of this size, declared or counted (R5.4); None when it fits."""
        if not self.size_limit or octets <= self.size_limit:
            return None
        return _filled(self.size_reply, {"limit": str(self.size_limit)})

    def pass_on(self, account: Address, message: Message) -> Message:
        """The message as this server sends it on: the same, or with From rewritten to the account."""
        if self.action is not SenderAction.REWRITE:
            return message
        return rewrite_from(message, account, owned=self.registered, keep_in=self.original_kept_in)

    def envelope_sender(self, account: Address, sender: Address | None) -> Address | None:
        """The envelope sender as this server sends it on: a rewriting server's is the account's own."""
        if self.action is SenderAction.REWRITE and sender is not None and not self.owns(account, sender):
            return account
        return sender


_LONGEST_PATH = 256
"""RFC 5321 section 4.5.3.1.3: so much of a sender is told back."""


def _filled(reply: Reply, words: dict[str, str]) -> Reply:
    """The reply with these words in its text; what a message says of itself makes no line of its own."""
    text = reply.text
    for word, value in words.items():
        told = "".join(char if char.isprintable() else " " for char in value[:_LONGEST_PATH])
        text = text.replace(f"{{{word}}}", told)
    return replace(reply, text=text)
