"""Collecting for a practice: from its POP3 server into its store, all that waits, each message once (R4.1, R4.2).

Deciding and storing happen in a thread, so that the network is read meanwhile.
"""

import asyncio
import ssl
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from mailsim.errors import MailsimError
from mailsim.pop3.collection import Failure, Keeping, Retrieved
from mailsim.pop3.collector import BATCH, TIMEOUT, collect
from mailsim.pop3.sessions import collect_all
from mailsim.practice.account import PopAccount
from mailsim.practice.decision import Outcome
from mailsim.practice.ledger import Ledger, forwarding
from mailsim.practice.sent import Sent
from mailsim.practice.site import Site
from mailsim.practice.store import Store


@dataclass(frozen=True, slots=True)
class Summary:
    """What a collection came to.

    Attributes:
        outcomes: How many messages were decided for the first time, by outcome.
        deleted: How many messages the server removed, those collected earlier included; None when its answer was lost.
        left: How many are still there, as far as is known; None when nothing is known of it.
        sessions: How many sessions it took.
        seconds: How long it took.
        failures: The messages that stay, each with the reason.
        broken: Why not all was collected, None when it was.
        short: How many were taken for whole although fewer octets came than were listed: of a server whose sizes
            are not right otherwise, nobody can tell.
    """

    outcomes: Counter[Outcome]
    deleted: int | None
    left: int | None
    sessions: int
    seconds: float
    failures: tuple[Failure, ...] = ()
    broken: MailsimError | None = None
    short: int = 0

    def as_json(self) -> dict[str, object]:
        """The fields of `mailsim collect --json`."""
        return {
            "collected": self.outcomes.total(),
            **{outcome.value: self.outcomes[outcome] for outcome in Outcome},
            "deleted": self.deleted,
            "left": self.left,
            "short": self.short,
            "sessions": self.sessions,
            "seconds": round(self.seconds, 3),
            "error": None if self.broken is None else str(self.broken),
        }


async def collect_for(
    site: Site,
    store: Store,
    account: PopAccount,
    *,
    tls: ssl.SSLContext | None,
    advanced: Callable[[int], None] = lambda _: None,
    batch: int = BATCH,
    timeout: float = TIMEOUT,  # noqa: ASYNC109 - of each silence, not of the whole
) -> Summary:
    """Collect all that waits for a practice; what was stored is so even when the summary says that it broke.

    `tls` is used where the account's server speaks TLS. `advanced` is told the octets of each message stored, from
    another thread. `batch` is the most messages in one transaction. `timeout` is the longest silence of the server, in seconds.
    """
    started = time.monotonic()
    outcomes = Counter[Outcome]()
    # Without the port: 110 and 995 are two doors to one mailbox. Who has another server behind a third door risks
    # nothing, for a receipt is of all octets too.
    mailbox = f"{account.username} at {account.server.host}"
    short = 0
    ledger = Ledger(site, store, mailbox, Sent(site.sent, store), forwarding(site, lambda: datetime.now(UTC)))

    def take(batch: Sequence[Retrieved]) -> Keeping:
        nonlocal short
        intake = ledger.take(batch)
        for one in intake.taken:
            outcomes[one.decision.outcome] += 1
            short += one.retrieved.short and not one.retrieved.truncated
            advanced(one.retrieved.size)
        return intake.keeping()

    async def keep(batch: Sequence[Retrieved]) -> Keeping:
        return await asyncio.to_thread(take, batch)

    session = partial(
        collect,
        account.server.host,
        account.server.port,
        username=account.username,
        password=account.password.get_secret_value(),
        tls=tls if account.server.tls else None,
        keep=keep,
        batch=batch,
        spool=store.path.parent if store.path else None,
        timeout=timeout,
    )
    done = await collect_all(session, known=ledger.known)
    return Summary(
        outcomes,
        done.deleted,
        done.left,
        done.sessions,
        time.monotonic() - started,
        done.failures,
        done.broken,
        short,
    )
