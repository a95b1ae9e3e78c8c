"""The practice's mailroom: what the office writes is submitted, what waits at the provider is collected, forwards go out."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from mailsim.errors import MailsimError
from mailsim.pop3.collection import CollectError, Collection, Keeping, Retrieved
from mailsim.pop3.collector import Order
from mailsim.pop3.sessions import collect_all
from mailsim.practice.account import PopAccount, SmtpAccount
from mailsim.practice.composing import Draft
from mailsim.practice.decision import Decision
from mailsim.smtp.outcome import Outcome
from mailsim.trace.event import Step
from mailsim.world.journal import NO_MESSAGE, Journal
from mailsim.world.office import Office, Outgoing
from mailsim.world.post import Post
from mailsim.world.transport import Hop, Transport


class Collecting(NamedTuple):
    """What came of one collection."""

    decisions: Sequence[Decision]
    """On the messages collected, in order."""
    broken: MailsimError | None
    """Why not all was collected; None when the last session ended well."""


class Mailroom:
    """One practice's way to its servers."""

    def __init__(
        self,
        pop: PopAccount,
        smtp: SmtpAccount,
        *,
        office: Office,
        post: Post,
        transport: Transport,
        journal: Journal,
    ) -> None:
        self._pop = pop
        self._submission = Hop(office.place, smtp.server, smtp.port, submission=True)
        self._office = office
        self._post = post
        self._transport = transport
        self._journal = journal
        self._submitted = 0
        """The last forward that was."""

    def send(self, draft: Draft, heard: Callable[[Outcome], None]) -> Outgoing:
        """Compose and submit; `heard` is told what the SMTP server answered, the mail is still on its way then.

        Raises:
            DraftError: The draft cannot become a message.
        """
        outgoing = self._office.compose(draft)
        if outgoing.envelope.recipients:
            self._post.submit(self._submission, outgoing.envelope, outgoing.message, heard=heard)
        else:
            heard(Outcome({}, None))
        return outgoing

    def collect(self, heard: Callable[[Collecting], None]) -> None:
        """Collect by POP3: retrieve, decide, store, delete, and forward what could not be read (R4.1, R4.2, R4.8).

        A batch that cannot be stored is still at the server.
        """
        self._transport.perform(self._collect(), heard)

    async def _collect(self) -> Collecting:
        made: list[Decision] = []

        def keep(batch: Sequence[Retrieved]) -> Keeping:
            intake = self._office.take(batch)
            made.extend(one.decision for one in intake.taken)
            return intake.keeping()

        async def session(*, order: Order) -> Collection:
            try:
                collection = await self._transport.visit(self._pop, keep=keep, order=order)
            except CollectError as error:
                self._opened("failed", str(error))
                raise
            self._opened("ended")
            return collection

        collected = await collect_all(session, known=self._office.known)
        self._forward()
        return Collecting(made, collected.broken)

    def _opened(self, outcome: str, reason: str = "") -> None:
        """Note a POP3 session that is over; that event is about no message."""
        server = self._pop.server
        self._journal.record(
            Step.OPENED,
            self._office.place,
            NO_MESSAGE,
            peer=f"{server.host}:{server.port}",
            outcome=outcome,
            reason=reason,
            rule="R4.1",
        )

    def _forward(self) -> None:
        """Send on what nobody could read; the store forgets it only when a server has taken it (R4.8).

        Each is submitted once: what is put off is tried again on the schedule, and what is refused for good, or given
        up, waits in the store for somebody to see to it.
        """
        store = self._office.store
        for waiting in store.forwards(after=self._submitted):
            self._submitted = waiting.id
            outgoing = self._office.forward(waiting)
            taken = partial(store.forwarded, waiting)
            self._post.submit(self._submission, outgoing.envelope, outgoing.message, taken=taken)
