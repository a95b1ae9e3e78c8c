"""The SMTP servers of a world, as what they decide and record: the provider's two and those outside.

Each is a `Backend`: four verbs in, a Reply out, no socket. In the Lab aiosmtpd asks them over
loopback. What a server has taken on, it hands to `Carry`, which the world provides.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from mailsim.mail import Address, Envelope, Message, Reply
from mailsim.pop3.maildrop import WireMessage
from mailsim.pop3.maildrops import Maildrops, Removed
from mailsim.pop3.proof import Proof, proves
from mailsim.provider.mailhost import MailHost
from mailsim.provider.policy import Policy, Stage
from mailsim.smtp.backend import OK, Peer
from mailsim.trace.event import Step
from mailsim.world.journal import Journal, uid_detail
from mailsim.world.letterbox import GiveUp, Letterboxes
from mailsim.world.spf_check import SpfCheck

Carry = Callable[[str, Envelope, Message], None]
"""Hand a message on: which server sends it, to whom, what."""
REMOVED_BY_FAULT = "removed by a fault"
_REMEMBERED = 4096  # addresses: the same few get mail again and again
KeepCopy = Callable[[Message], str]
"""Put a copy of a message in the account's mailbox; its uid there."""


@dataclass(frozen=True, slots=True)
class Account:
    """Who may submit: a login, and the address that goes with it."""

    username: str
    password: str = field(repr=False)
    address: Address


class SubmissionHost:
    """A provider's server for its own users: judges the sender, rewrites or rejects, relays (R5.3, R5.4)."""

    def __init__(
        self,
        name: str,
        account: Account,
        policy: Policy,
        journal: Journal,
        *,
        carry: Carry,
        give_up: GiveUp,
        keep_copy: KeepCopy | None = None,
    ) -> None:
        """`keep_copy` is how a provider keeps what it sends for the account (R5.8); None where it does not."""
        self.name = name
        self._keep_copy = keep_copy
        self._account = account
        self._policy = policy
        self._journal = journal
        self._carry = carry
        self._give_up = give_up

    def login(self, username: str, proof: Proof) -> bool:
        """Whether these are the account's credentials."""
        return username == self._account.username and proves(proof, self._account.password.encode())

    def mail(self, peer: Peer, sender: Address | None, size: int) -> Reply:
        """Judge the declared size, and the envelope sender where the provider does so now."""
        return self._policy.judge_size(size) or self._judge(Stage.MAIL, peer, sender) or OK

    def rcpt(self, peer: Peer, sender: Address | None, recipient: Address) -> Reply:  # noqa: ARG002 - the verb's face
        """Judge the envelope sender, where the provider speaks only now; any recipient is relayed to."""
        return self._judge(Stage.RCPT, peer, sender) or OK

    def data(self, peer: Peer, envelope: Envelope, message: Message) -> Reply:
        """Judge size and the header's From; hand the message on as the policy makes it."""
        account = self._client(peer)
        taken = self._policy.take(account, envelope, message)
        if isinstance(taken, Reply):
            return taken
        recipients = envelope.named()
        self._journal.sighted(self.name, peer.name, envelope, message)
        self._journal.record(
            Step.ACCEPTED,
            self.name,
            message,
            peer=peer.name,
            sender=envelope.sender,
            recipient=recipients,
            outcome="250",
        )
        if taken.late:
            self._give_up(self.name, envelope, message, dict.fromkeys(envelope.recipients, taken.late))
            return OK
        passed = taken.message
        if passed is not message:
            sender = taken.envelope.sender
            self._journal.rewritten(
                self.name, message, passed, sender=sender, recipients=recipients, rule="R5.3"
            )
        if self._keep_copy and account:
            self._keep(self._keep_copy, passed)
        self._carry(self.name, taken.envelope, passed)
        return OK

    def _keep(self, keep_copy: KeepCopy, passed: Message) -> None:
        """Note the copy: it is for nobody of the envelope, so it names no recipient."""
        mailbox = str(self._account.address)
        detail = uid_detail(keep_copy(passed))
        self._journal.record(Step.STORED, mailbox, passed, peer=self.name, rule="R5.8", detail=detail)

    def _judge(self, stage: Stage, peer: Peer, sender: Address | None) -> Reply | None:
        if stage is not self._policy.stage:
            return None
        return self._policy.judge_sender(stage, self._client(peer), sender)

    def _client(self, peer: Peer) -> Address | None:
        """Whose mail it is: of a client that did not log in to an open relay nobody's, elsewhere it needs no login."""
        return self._account.address if peer.account or not self._policy.open_relay else None


class Exchanger:
    """A provider's server for mail from outside: puts it in server mailboxes (R5.1, R5.2)."""

    def __init__(
        self,
        name: str,
        *,
        host: MailHost,
        policy: Policy,
        users: Mapping[Address, str],
        maildrops: Maildrops,
        spf: SpfCheck,
        journal: Journal,
        letterboxes: Letterboxes,
    ) -> None:
        """`users` maps each of the practice's server mailboxes to the user of its maildrop; others are people's."""
        self.name = name
        self._host = host
        self._place = lru_cache(_REMEMBERED)(host.place)
        self._policy = policy
        self._users = users
        self._maildrops = maildrops
        self._spf = spf
        self._journal = journal
        self._letterboxes = letterboxes

    def login(self, username: str, proof: Proof) -> bool:  # noqa: ARG002 - the verb's face
        """Nobody logs in between servers."""
        return False

    def mail(self, peer: Peer, sender: Address | None, size: int) -> Reply:  # noqa: ARG002 - the verb's face
        """Any server may bring mail, of a size that is taken here (R5.4)."""
        return self._policy.judge_size(size) or OK

    def rcpt(self, peer: Peer, sender: Address | None, recipient: Address) -> Reply:  # noqa: ARG002 - the verb's face
        """Take what has a place here."""
        return self._place(recipient).refused or OK

    def data(self, peer: Peer, envelope: Envelope, message: Message) -> Reply:
        """Judge size and SPF; store or discard one copy for each recipient."""
        too_big = self._policy.judge_size(len(message.octets))
        if too_big:
            return too_big
        taken = _admitted(self.name, peer, envelope, message, spf=self._spf, journal=self._journal)
        if isinstance(taken, Reply):
            return taken
        for recipient in envelope.recipients:
            self._journal.relayed(peer.name, self.name, envelope.sender, recipient, taken)
            self._put(envelope.sender, recipient, taken)
        return OK

    def _put(self, sender: Address | None, recipient: Address, message: Message) -> None:
        placed = self._place(recipient)
        mailbox = placed.mailbox
        if mailbox is None:
            self._journal.record(
                Step.DISCARDED,
                self.name,
                message,
                peer=self.name,
                sender=sender,
                recipient=recipient.text,
                rule="R5.2",
            )
            return
        stored = self._host.stamp(
            message, sender=sender, recipient=recipient, mailbox=mailbox, through=placed.through
        )
        reason = f"forwarded by {', '.join(map(str, placed.through))}" if placed.through else ""
        user = self._users.get(mailbox)
        if user is None:
            self._letterboxes.put(self.name, mailbox, sender, recipient, stored, reason=reason, rule="R5.1")
            return
        uid = self._maildrops.append(user, stored.octets, crlf=stored.crlf)
        self._journal.record(
            Step.STORED,
            mailbox.text,
            stored,
            peer=self.name,
            sender=sender,
            recipient=recipient.text,
            reason=reason,
            rule="R5.1",
            detail=uid_detail(uid),
        )
        self._journal.lies((mailbox.domain, user, uid), stored)


def _admitted(
    server: str, peer: Peer, envelope: Envelope, message: Message, *, spf: SpfCheck, journal: Journal
) -> Message | Reply:
    """The message as a server takes it from outside, or its refusal, which is noted of what another program brings."""
    foreign = journal.sighted(server, peer.name, envelope, message)
    taken = spf.admit(server, peer, envelope, message)
    if foreign and isinstance(taken, Reply):
        journal.record(
            Step.REFUSED,
            server,
            message,
            peer=peer.name,
            sender=envelope.sender,
            recipient=envelope.named(),
            reason=str(taken),
        )
    return taken


def removals(server: str, users: Mapping[Address, str], journal: Journal) -> Removed:
    """Note what a POP3 server removes from server mailboxes: the server knows, whatever it says and is heard of it."""
    mailboxes = {user: mailbox for mailbox, user in users.items()}

    def removed(user: str, message: WireMessage, asked: bool) -> None:  # noqa: FBT001 - the face of `Removed`
        spot = mailboxes[user].domain, user, message.key
        by_fault = not asked and journal.lies_there(spot)  # the copy of a letter is no end of it
        journal.record(
            Step.REMOVED,
            str(mailboxes[user]),
            journal.taken_out(spot, message.octets),
            peer=server,
            reason=REMOVED_BY_FAULT if by_fault else "",
            rule="R4.2" if asked else "R6.2",
            detail=uid_detail(message.key),
        )

    return removed


class Outside:
    """A server of the people outside: puts what it gets in their mailboxes."""

    def __init__(self, name: str, spf: SpfCheck, journal: Journal, letterboxes: Letterboxes) -> None:
        self.name = name
        self._spf = spf
        self._journal = journal
        self._letterboxes = letterboxes

    def login(self, username: str, proof: Proof) -> bool:  # noqa: ARG002 - the verb's face
        """Nobody logs in between servers."""
        return False

    def mail(self, peer: Peer, sender: Address | None, size: int) -> Reply:  # noqa: ARG002 - the verb's face
        """Any server may bring mail."""
        return OK

    def rcpt(self, peer: Peer, sender: Address | None, recipient: Address) -> Reply:  # noqa: ARG002 - the verb's face
        """Take any recipient."""
        return OK

    def data(self, peer: Peer, envelope: Envelope, message: Message) -> Reply:
        """Judge SPF; put a copy in each recipient's mailbox, and tell the world that it is there."""
        taken = _admitted(self.name, peer, envelope, message, spf=self._spf, journal=self._journal)
        if isinstance(taken, Reply):
            return taken
        for recipient in envelope.recipients:
            self._journal.relayed(peer.name, self.name, envelope.sender, recipient, taken)
            self._letterboxes.put(self.name, recipient, envelope.sender, recipient, taken)
        return OK
