"""A backend that stands alone: it behaves like a provider, and keeps what it takes (R5.3, R5.4)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mailsim.mail import Address, Envelope, Message, Reply, parse_address
from mailsim.pop3.proof import Proof, proves
from mailsim.provider.policy import Policy, Stage
from mailsim.smtp.backend import OK, Peer

DOMAIN = "mail.example"
"""Where accounts live whose names are no addresses."""
ANYBODY = Address("account", DOMAIN)
"""Whose mail it all is where nobody need log in."""
NO_ROOM = Reply(452, "The message cannot be stored", "4.3.1")


@dataclass(frozen=True, slots=True)
class Taken:
    """A message that was answered with 250.

    Attributes:
        envelope: Its sender, as the policy leaves it, and its recipients.
        message: It, as the policy leaves it: this is what the recipients would get.
        client: What the client called itself.
        account: Whom it logged in as; empty where nobody does.
        bounced: Why it is given up all the same, by a policy that says so only afterwards; else None.
    """

    envelope: Envelope
    message: Message = field(repr=False)
    client: str
    account: str = ""
    bounced: Reply | None = None

    @property
    def octets(self) -> bytes:
        """The octets of the message."""
        return self.message.octets

    def as_json(self) -> dict[str, object]:
        """The envelope, for a file beside the message."""
        return {
            "sender": None if self.envelope.sender is None else str(self.envelope.sender),
            "recipients": [str(recipient) for recipient in self.envelope.recipients],
            "client": self.client,
            "account": self.account,
            "bounced": None if self.bounced is None else str(self.bounced),
        }


class Folder:
    """Where messages are kept: `000001.eml`, and its envelope in `000001.json`, counted on from what is there."""

    def __init__(self, path: Path) -> None:
        """Make the folder where there is none; raises OSError."""
        path.mkdir(parents=True, exist_ok=True)
        self._path = path
        there = (found.stem for found in path.iterdir() if found.suffix in (".eml", ".json"))
        self._last = max((int(stem) for stem in there if stem.isascii() and stem.isdigit()), default=0)

    def keep(self, taken: Taken) -> None:
        """Write one message, without writing over any file; raises OSError."""
        self._last += 1
        stem = self._path / f"{self._last:06}"
        with stem.with_suffix(".eml").open("xb") as file:
            file.write(taken.octets)
        with stem.with_suffix(".json").open("x", encoding="utf-8") as file:
            json.dump(taken.as_json(), file)


class Taker:
    """A provider's submission server, without a provider behind it: what it takes goes nowhere."""

    def __init__(
        self,
        policy: Policy,
        users: Mapping[str, str],
        folder: Folder | None = None,
        *,
        remembers: bool = True,
    ) -> None:
        """`users` maps names to passwords; where there are none, everybody is the account `ANYBODY`.

        One that does not remember keeps messages in the folder alone.
        """
        self.taken: list[Taken] = []
        self._policy = policy
        self._users = dict(users)
        self._folder = folder
        self._remembers = remembers

    def login(self, username: str, proof: Proof) -> bool:
        """Whether these are a user's credentials."""
        password = self._users.get(username)
        return password is not None and proves(proof, password.encode("utf-8", "surrogateescape"))

    def mail(self, peer: Peer, sender: Address | None, size: int) -> Reply:
        """Judge the declared size, and the envelope sender where the policy does so now."""
        policy = self._policy
        return policy.judge_size(size) or policy.judge_sender(Stage.MAIL, _account(peer), sender) or OK

    def rcpt(self, peer: Peer, sender: Address | None, recipient: Address) -> Reply:  # noqa: ARG002 - the verb's face
        """Judge the envelope sender, where the policy speaks only now; any recipient is taken."""
        return self._policy.judge_sender(Stage.RCPT, _account(peer), sender) or OK

    def data(self, peer: Peer, envelope: Envelope, message: Message) -> Reply:
        """Judge size and the header's From; keep the message as the policy makes it."""
        taken = self._policy.take(_account(peer), envelope, message)
        if isinstance(taken, Reply):
            return taken
        return self._keep(Taken(taken.envelope, taken.message, peer.name, peer.account, taken.late))

    def _keep(self, taken: Taken) -> Reply:
        if self._folder is not None:
            try:
                self._folder.keep(taken)
            except OSError:
                return NO_ROOM
        if self._remembers:
            self.taken.append(taken)
        return OK


def _account(peer: Peer) -> Address:
    if not peer.account:
        return ANYBODY
    return parse_address(peer.account) or Address(peer.account, DOMAIN)
