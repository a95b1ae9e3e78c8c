"""What an SMTP server does with a sender that is not its account's, and with size (R5.3, R5.4): pure.

A provider compares the sender with the addresses that the authenticated account owns: its own and the registered
send-as addresses. A foreign sender is accepted, rewritten to the account, or rejected at the provider's stage with
the provider's code and text. Some providers look at the domain alone: a sender on the account's own domain then has
a rule of its own.
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import NamedTuple

from mailsim.mail import Address, Envelope, Message, Reply, parse_addresses
from mailsim.provider.rewriting import drop_field, renewed_id, rewrite_from, set_field


class SenderAction(StrEnum):
    """What happens to a sender that the account does not own."""

    ACCEPT = "accept"
    """It is passed on as it is."""
    REWRITE = "rewrite"
    """From becomes the account; the client hears 250 (R5.3)."""
    REJECT = "reject"
    """The client hears the provider's refusal, or gets it as a bounce."""


class Stage(StrEnum):
    """Where a refusal is spoken: after which command."""

    MAIL = "mail_from"
    RCPT = "rcpt_to"
    """As Postfix does, which waits for the recipient before it refuses a sender (smtpd_delay_reject)."""
    DATA = "data_end"
    """After the message: only now is its From known."""
    LATER = "after_accept"
    """The client hears 250; the refusal follows as a bounce."""


class Compared(StrEnum):
    """Which sender a provider compares with the account's addresses."""

    ENVELOPE = "mail_from"
    """That of MAIL FROM."""
    HEADER = "from"
    """Every address of the header's From."""


class Fate(StrEnum):
    """What becomes of something that the client wrote."""

    KEPT = "kept"
    ACCOUNT = "account"
    """The account's address stands there instead."""
    DROPPED = "dropped"
    REPLACED = "replaced"
    """Something of the server's own stands there instead."""


NOT_OWNED = Reply(553, "Sender address rejected: {from} is not owned by {account}", "5.7.1")
"""Postfix's words, for a profile that states no reply of its own."""
TOO_BIG = Reply(552, "Message size exceeds fixed limit of {limit} octets", "5.3.4")
"""RFC 1870 section 6.1: 552 when the message can never be accepted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The policy of one submission server; an account of None is a client that has not logged in."""

    action: SenderAction = SenderAction.ACCEPT
    same_domain: SenderAction | None = None
    """What happens to a sender on the account's own domain; None where `action` holds for it too."""
    on_behalf: bool = False
    """Send-on-behalf-of: any sender passes as it is, and a Sender field names the account (R5.3)."""
    open_relay: bool = False
    """Any client may send to anybody, without logging in (R5.3)."""
    stage: Stage = Stage.DATA
    compared: frozenset[Compared] = frozenset(Compared)
    """What is judged once the whole message is there; before that there is only the envelope."""
    reply: Reply = NOT_OWNED
    """The refusal; `{account}`, `{from}` and `{domain}`, the sender's, are filled in."""
    original_kept_in: str = ""
    """The header field that keeps the rewritten From; empty when none does."""
    rewrites_letter_case: bool = False
    """Whether the account's address in other letter case counts as foreign to a server that rewrites."""
    envelope: Fate = Fate.KEPT
    """Of the envelope sender: kept, the account, or replaced; a rewritten sender is the account where it is kept."""
    bounces: Address | None = None
    """The server's own address for reports, which stands for every envelope sender where that is replaced."""
    reply_to: Fate = Fate.KEPT
    """Of Reply-To, when From is rewritten: kept, the account, or dropped."""
    sender_field: Fate = Fate.KEPT
    """Of Sender, when From does not name the account in the end: kept, or the account."""
    message_id: Fate = Fate.KEPT
    """Of every Message-ID: kept, or replaced."""
    registered: frozenset[Address] = field(default_factory=frozenset)
    """Send-as addresses that every account of this practice owns."""
    size_limit: int = 0
    """Octets; 0 is no limit."""
    size_reply: Reply = TOO_BIG

    def owns(self, account: Address, address: Address) -> bool:
        """Whether the account may send as this address under `rewrite` and `reject`."""
        return address == account or address in self.registered

    def treatment(self, account: Address, address: Address) -> SenderAction:
        """What happens to this sender of this account's."""
        if self.on_behalf or self.owns(account, address):
            return SenderAction.ACCEPT
        if self.same_domain is not None and address.domain == account.domain:
            return self.same_domain
        return self.action

    def judge_sender(self, stage: Stage, account: Address | None, sender: Address | None) -> Reply | None:
        """The refusal of this envelope or header sender at this stage; None when the server goes on."""
        if stage is not self.stage or account is None or sender is None or not self._rejects:
            return None
        if self.treatment(account, sender) is not SenderAction.REJECT:
            return None
        words = {"account": str(account), "from": str(sender), "domain": sender.domain}
        return _filled(self.reply, words)

    def judge_message(
        self, stage: Stage, account: Address | None, sender: Address | None, message: Message
    ) -> Reply | None:
        """The refusal of a whole message at `Stage.DATA`, or of one that was accepted, at `Stage.LATER`.

        Each From address, then the envelope sender, as far as this provider compares them; None when it goes on.
        """
        if stage is not self.stage or not self._rejects:
            return None
        judged: list[Address | None] = []
        if Compared.HEADER in self.compared:
            judged += [
                address for value in message.values("From") for address in parse_addresses(value).addresses
            ]
        if Compared.ENVELOPE in self.compared:
            judged.append(sender)
        refusals = (self.judge_sender(stage, account, address) for address in judged)
        return next((refusal for refusal in refusals if refusal), None)

    def judge_size(self, octets: int) -> Reply | None:
        """The refusal of a message of this size, declared or counted (R5.4); None when it fits."""
        if not self.size_limit or octets <= self.size_limit:
            return None
        return _filled(self.size_reply, {"limit": str(self.size_limit)})

    def take(self, account: Address | None, envelope: Envelope, message: Message) -> "Reply | Submission":
        """What becomes of a whole message that is submitted: its refusal after DATA, or what is sent on."""
        sender = envelope.sender
        refusal = self.judge_size(len(message.octets)) or self.judge_message(
            Stage.DATA, account, sender, message
        )
        if refusal:
            return refusal
        late = self.judge_message(Stage.LATER, account, sender, message)
        if late:
            return Submission(envelope, message, late)
        passed = self.envelope_sender(account, sender)
        if passed is not sender:
            envelope = Envelope(passed, envelope.recipients)
        return Submission(envelope, self.pass_on(account, message))

    def pass_on(self, account: Address | None, message: Message) -> Message:
        """The message as this server sends it on: the same, or with the fields changed that it is known to change."""
        if account is None:
            return message
        passed = message
        if self._rewrites:
            passed = self._rewritten(account, message)
        if self._names_account_in_sender and not _shows(passed, account):
            passed = set_field(passed, "Sender", str(account))
        if self.message_id is Fate.REPLACED:
            passed = renewed_id(passed, account.domain)
        return passed

    def envelope_sender(self, account: Address | None, sender: Address | None) -> Address | None:
        """The envelope sender as this server sends it on; the null sender stays."""
        if account is None or sender is None:
            return sender
        if self.envelope is Fate.REPLACED and self.bounces is not None:
            return self.bounces
        rewrites = self._rewrites and self.treatment(account, sender) is SenderAction.REWRITE
        return account if rewrites or self.envelope is Fate.ACCOUNT else sender

    @property
    def _rejects(self) -> bool:
        return SenderAction.REJECT in (self.action, self.same_domain)

    @property
    def _rewrites(self) -> bool:
        return SenderAction.REWRITE in (self.action, self.same_domain)

    @property
    def _names_account_in_sender(self) -> bool:
        return self.on_behalf or self.sender_field is Fate.ACCOUNT

    def _rewritten(self, account: Address, message: Message) -> Message:
        def passes(address: Address) -> bool:
            if self.rewrites_letter_case and address == account:
                return address.local == account.local
            return self.treatment(account, address) is not SenderAction.REWRITE

        passed = rewrite_from(message, account, passes=passes, keep_in=self.original_kept_in)
        if passed is message or self.reply_to is Fate.KEPT:
            return passed
        if self.reply_to is Fate.DROPPED:
            return drop_field(passed, "Reply-To")
        return set_field(passed, "Reply-To", str(account))


class Submission(NamedTuple):
    """A message that a server has taken, as it sends it on."""

    envelope: Envelope
    message: Message
    late: Reply | None = None
    """Why it is given up all the same, by a policy that says so only afterwards; then nothing is changed."""


def _shows(message: Message, account: Address) -> bool:
    """Whether the account is the message's one author, so that it needs no Sender (RFC 5322 section 3.6.2)."""
    return parse_addresses(message.value("From") or "").addresses == (account,)


_LONGEST_PATH = 256
"""RFC 5321 section 4.5.3.1.3: so much of a sender is told back."""


def _filled(reply: Reply, words: dict[str, str]) -> Reply:
    """The reply with these words in its text; what a message says of itself makes no line of its own."""
    text = reply.text
    for word, value in words.items():
        told = "".join(char if char.isprintable() else " " for char in value[:_LONGEST_PATH])
        text = text.replace(f"{{{word}}}", told)
    return replace(reply, text=text)
