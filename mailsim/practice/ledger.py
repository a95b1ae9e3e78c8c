"""The ledger: what was retrieved from one server mailbox is decided, stored and remembered, each message once.

Laws (R4.2, R4.13):
- The very message that was taken before - same server mailbox, same uid, same octets - has no effect: it may be
  deleted, and that is all. Its deletion was lost, or it was listed twice.
- The same uid with other octets is another message: servers do reuse uids. Where there are no uids, equal
  octets are one message.
- Any other copy of a message reaches only the targets that no earlier copy reached, in whatever batch,
  process or year that one came.
- A message that makes something raise holds up no other: it is refused, stays at the server, and is told.
- What must go to the fallback address is written in the same transaction (R4.8). To send it is another
  matter, done later and, after a crash, perhaps again: its Message-ID then is the same.
"""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import NamedTuple

from mailsim.mail import Address, Message
from mailsim.pop3.collection import Keeping, Retrieved
from mailsim.practice.decision import Decision, Outcome
from mailsim.practice.duplicates import beside_copies, beside_sent, fingerprint
from mailsim.practice.forwarding import forward
from mailsim.practice.routing import decide
from mailsim.practice.site import Site
from mailsim.practice.store import Kept, Receipt, Store
from mailsim.practice.store_error import StoreError

Forwarding = Callable[[Message, Decision], Message]
"""Writes the message that carries an unreadable one to the fallback address."""


class Taken(NamedTuple):
    """One message that was decided and stored; not the message itself: what lies on the disk shall not fill memory."""

    retrieved: Retrieved
    decision: Decision


class Intake(NamedTuple):
    """What became of a batch."""

    taken: tuple[Taken, ...]
    refused: Mapping[int, str]
    """By number in the session: what could not be taken, and why."""

    def keeping(self) -> Keeping:
        """What the collector is told of it."""
        new = sum(one.decision.outcome is not Outcome.DUPLICATE for one in self.taken)
        return Keeping(new, self.refused)


class Ledger:
    """One server mailbox's way into a store."""

    def __init__(
        self,
        site: Site,
        store: Store,
        mailbox: str,
        sent: Mapping[str, int],
        forwarding: Forwarding,
        *,
        others: Container[str] = (),
    ) -> None:
        """`mailbox` names the server mailbox; `sent`, and `others` of no action, are read at each message (R4.7, R4.14)."""
        self._site = site
        self._store = store
        self._mailbox = mailbox
        self._sent = sent
        self._others = others
        self._forwarding = forwarding

    def known(self, uids: Sequence[str]) -> set[str]:
        """Under which of these uids a message was taken before; not whether it is the same message."""
        return self._store.known_uids(self._mailbox, uids)

    def take(self, batch: Sequence[Retrieved]) -> Intake:
        """Decide on a batch and store it; when this returns, all but the refused may be deleted (R4.2).

        Raises:
            StoreError: The store cannot be written; of a batch, none or the first few were taken.
        """
        try:
            return self._take(batch)
        except StoreError:
            raise
        except Exception:  # noqa: BLE001 - whatever a message may cause: told below, for each alone
            return self._take_one_by_one(batch)

    def _take(self, batch: Sequence[Retrieved]) -> Intake:
        taken: list[Taken] = []
        self._store.keep(self._decided(batch, taken))
        return Intake(tuple(taken), {})

    def _take_one_by_one(self, batch: Sequence[Retrieved]) -> Intake:
        taken: list[Taken] = []
        refused: dict[int, str] = {}
        for one in batch:
            try:
                taken += self._take([one]).taken
            except StoreError:
                raise
            except Exception as error:  # noqa: BLE001 - it is told, and the message stays at the server
                refused[one.number] = f"it cannot be taken: {type(error).__name__}: {error}"
        return Intake(tuple(taken), refused)

    def _decided(self, batch: Sequence[Retrieved], taken: list[Taken]) -> Iterator[Kept]:
        """What to keep, read by the store inside its transaction: so each message sees those before it."""
        for one in batch:
            octets = one.octets
            receipt = Receipt(self._mailbox, one.uid or "", blake2b(octets, digest_size=16).digest())
            if not self._store.remember(receipt):
                continue
            message = Message(octets)
            key = fingerprint(message)
            decision = self._decide(one, message, key)
            forwarded: tuple[Address, Message] | None = None
            if decision.outcome is Outcome.FALLBACK:
                forwarded = self._site.rules.fallback, self._forwarding(message, decision)
            taken.append(Taken(one, decision))
            yield Kept(message, decision.outcome, decision.reason, decision.targets, key, forwarded)

    def _decide(self, one: Retrieved, message: Message, key: bytes) -> Decision:
        site, sent = self._site, self._sent
        decision = decide(message, site.rules, site.directory, sent, name=one.uid, truncated=one.truncated)
        decision = beside_sent(decision, message, site.rules, site.directory, sent, others=self._others)
        if decision.outcome is Outcome.DUPLICATE:
            return decision
        return beside_copies(decision, self._store.reached(key))


def forwarding(site: Site, now: Callable[[], datetime]) -> Forwarding:
    """Forward as a site does, under a Message-ID that is always the same for the same octets."""
    system, fallback = site.rules.system, site.rules.fallback

    def write(original: Message, decision: Decision) -> Message:
        token = blake2b(original.octets, digest_size=16).hexdigest()
        message_id = f"<{token}.fallback@{system.domain}>"
        return forward(
            original, decision, sender=system, fallback=fallback, message_id=message_id, date=now()
        )[1]

    return write
