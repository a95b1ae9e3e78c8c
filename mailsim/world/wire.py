"""A world on loopback sockets: real SMTP and POP3 between the practice, its provider and the people outside.

Every arrow of a message's way is a connection. The world is quiet when nothing is on its way: that is counted,
never guessed by waiting. All of it lives in one event loop, that of its Lab. An exception in any task comes
out of the next call, or at the end.
"""

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from functools import partial

from mailsim.errors import MailsimError
from mailsim.mail import Address, Envelope, Message
from mailsim.pop3.collection import CollectError, Collection
from mailsim.pop3.collector import Order, collect
from mailsim.pop3.faults import FaultPlan
from mailsim.pop3.maildrops import Maildrops
from mailsim.pop3.server import serve
from mailsim.pop3.sessions import collect_all
from mailsim.practice.composing import Draft
from mailsim.practice.decision import Decision
from mailsim.smtp.backend import Backend, Tls
from mailsim.smtp.client import Outcome, Route
from mailsim.smtp.server import listen
from mailsim.trace.event import Step
from mailsim.world.carrier import Carrier
from mailsim.world.clock import Clock
from mailsim.world.correspondent import Correspondent, answer
from mailsim.world.hosts import Exchanger, Outside, SubmissionHost
from mailsim.world.internet import ELSEWHERE
from mailsim.world.journal import NO_MESSAGE, Journal
from mailsim.world.motion import Motion
from mailsim.world.network import Network
from mailsim.world.office import PRACTICE, Office, Outgoing
from mailsim.world.plan import Plan
from mailsim.world.spf_check import SpfCheck

SMTP_PORT = 25
"""Between servers (RFC 5321 section 4.5.4.2); only submissions are kept off it (R1.6)."""
RETRIES = tuple(timedelta(hours=hours) for hours in (0.5, 1, 2, 4, 8, 16, 24, 24, 24))
"""How long after a 4yz reply a sender tries again, nine times in four days (RFC 5321 section 4.5.4.1)."""


class StartError(MailsimError):
    """A server of the world that did not start; the others were stopped."""


class Wire:
    """One world's servers, connections, and mail on its way."""

    def __init__(self, plan: Plan, office: Office, clock: Clock, journal: Journal, *, seed: int) -> None:
        """`seed` is what faults by chance are drawn from."""
        self._seed = seed
        self.office = office
        self.network = Network()
        self.maildrops = Maildrops()
        self._plan = plan
        self._clock = clock
        self._journal = journal
        self._carrier = Carrier()
        self._servers = AsyncExitStack()
        self._motion = Motion()
        self._collecting = asyncio.Lock()
        self._forwarding: set[int] = set()
        self._written: set[str] = set()

    # Beginning and end

    async def start(self) -> None:
        """Start every server of the plan; raises StartError, after stopping the others, when one does not."""
        try:
            await self._start_pop3()
            await self._start_smtp()
        except BaseException:
            await self._servers.aclose()
            raise

    async def _start_pop3(self) -> None:
        plan, pop = self._plan, self._plan.pop
        for mailbox, user in plan.users.items():
            own = user == pop.username
            self.maildrops.add(user, pop.password.get_secret_value() if own else f"world-{mailbox.local}")
        name, port = pop.server.host, pop.server.port
        context = self.network.server_context(name) if pop.server.tls else None
        try:
            faults = FaultPlan(plan.faults, seed=self._seed)
            listener = await serve(self.maildrops, tls=context, faults=faults)
        except OSError as error:
            raise _start_error(name, port, error) from None
        self._servers.push_async_callback(listener.close)
        self.network.listen(name, port, (listener.host, listener.port))

    async def _start_smtp(self) -> None:
        plan, journal = self._plan, self._journal
        submission = SubmissionHost(plan.smtp.server, plan.account, plan.policy, journal, self.carry)
        login = bool(plan.account.username)
        limit = plan.policy.size_limit
        await self._listen(
            submission, plan.smtp.server, plan.smtp.port, plan.smtp_tls, login=login, size_limit=limit
        )
        receiving = plan.receiving
        names = plan.internet
        spf = SpfCheck(names.zone, names.addresses, plan.spf, journal)
        exchanger = Exchanger(
            plan.exchanger,
            host=plan.mail_host,
            policy=receiving,
            users=plan.users,
            maildrops=self.maildrops,
            spf=spf,
            journal=journal,
            arrived=self._arrived,
        )
        await self._listen(exchanger, plan.exchanger, SMTP_PORT, size_limit=receiving.size_limit)
        for name in names.servers:
            await self._listen(Outside(name, spf, journal, self._arrived), name, SMTP_PORT)

    async def _listen(
        self,
        backend: Backend,
        name: str,
        port: int,
        tls: Tls = Tls.NONE,
        *,
        login: bool = False,
        size_limit: int = 0,
    ) -> None:
        context = None if tls is Tls.NONE else self.network.server_context(name)
        try:
            listener = await listen(
                backend, hostname=name, tls=tls, context=context, login=login, size_limit=size_limit
            )
        except OSError as error:
            raise _start_error(name, port, error) from None
        self._servers.push_async_callback(listener.close)
        self.network.listen(name, port, (listener.host, listener.port))

    async def stop(self) -> None:
        """End everything: mail on its way, connections, servers. Raises what a task raised and nobody heard of."""
        await self._motion.cancel()
        await self._carrier.close()
        await self._servers.aclose()
        self._motion.complain()

    async def redirect(self, name: str, port: int, address: tuple[str, int]) -> None:
        """Have a name lead elsewhere; connections that are open end first."""
        self.network.redirect(name, port, address)
        await self._carrier.close()

    # Mail on its way

    async def quiet(self) -> None:
        """Wait until nothing is on its way any more."""
        await self._motion.quiet()

    async def settle(self) -> None:
        """Let everything happen that is on its way or due later; time jumps to what is due."""
        await self.quiet()
        while self._clock.step():
            await self.quiet()

    async def until(self, time: datetime) -> None:
        """Let happen what is due up to a time, and move the clock there."""
        await self.quiet()
        while self._clock.step(until=time):
            await self.quiet()
        self._clock.jump(time)

    def carry(self, server: str, envelope: Envelope, message: Message) -> None:
        """Have a server send a message on, one transaction for each domain (RFC 5321 section 5.1)."""
        domains: dict[str, list[Address]] = defaultdict(list)
        for recipient in envelope.recipients:
            domains[recipient.domain].append(recipient)
        for domain, recipients in domains.items():
            self._motion.launch(
                self._relay(server, domain, Envelope(envelope.sender, tuple(recipients)), message)
            )

    async def _relay(
        self, server: str, domain: str, envelope: Envelope, message: Message, attempt: int = 0
    ) -> None:
        exchanger = self._plan.internet.zone.exchangers(domain)[0]
        host, port = self.network.resolve(exchanger, SMTP_PORT)
        route = Route(name=exchanger, port=SMTP_PORT, host=host, host_port=port)
        outcome = await self._carrier.send(server, route, envelope, message.octets)
        later = self._refusals(
            outcome, envelope, message, place=server, peer=exchanger, final=Step.BOUNCED, attempt=attempt
        )
        if later:
            again = Envelope(envelope.sender, later)
            self._retry(attempt, lambda: self._relay(server, domain, again, message, attempt + 1))

    def _refusals(
        self,
        outcome: Outcome,
        envelope: Envelope,
        message: Message,
        *,
        place: str,
        peer: str,
        final: Step,
        attempt: int,
    ) -> tuple[Address, ...]:
        """Note what a server did not take; the recipients to try again later (R3.8)."""
        later: list[Address] = []
        for recipient, reply in outcome.refusals(envelope).items():
            if reply.transient and attempt < len(RETRIES):
                step = Step.DEFERRED
                later.append(recipient)
            else:
                step = Step.BOUNCED if reply.transient else final
            self._journal.record(
                step,
                place,
                message,
                peer=peer,
                sender=envelope.sender,
                recipient=str(recipient),
                outcome=str(reply.code),
                reason=str(reply),
                rule="R3.8",
            )
        return tuple(later)

    def _retry(self, attempt: int, way: Callable[[], Coroutine[None, None, object]]) -> None:
        self._clock.at(self._clock.now() + RETRIES[attempt], lambda: self._motion.launch(way()))

    # The people outside

    def _arrived(self, recipient: Address, message: Message) -> None:
        """Somebody outside has got a message: whoever answers will do so after their delay."""
        person = self._plan.correspondents.get(recipient)
        if person is None or not _asks_for_an_answer(message, self._written):
            return
        if person.delay:
            self._clock.at(self._clock.now() + person.delay, lambda: self._answer(person, message))
        else:
            self._answer(person, message)

    def _answer(self, person: Correspondent, message: Message) -> None:
        domain = person.address.domain
        # Not numbered: over sockets the order of arrivals is not repeatable, the ids must be (R6.3).
        digest = hashlib.blake2b(f"{message.message_id} {person.address}".encode(), digest_size=8)
        digest.update(message.octets[message.body_start :])  # equal ids with other bodies are other messages
        token = digest.hexdigest()
        answered = answer(person, message, message_id=f"<{token}@{domain}>", date=self._clock.now())
        if answered is None:
            return
        envelope, reply = answered
        self._journal.lineage.tie(reply, self._journal.lineage.of(message))
        self._written.add(reply.message_id or "")
        self._journal.record(
            Step.REPLIED,
            str(person.address),
            reply,
            sender=envelope.sender,
            recipient=", ".join(map(str, envelope.recipients)),
            detail={"replies_to": person.replies_to},
        )
        self.carry(self._plan.internet.outside.get(domain, self._plan.exchanger), envelope, reply)

    def receive(self, envelope: Envelope, message: Message) -> None:
        """Have somebody outside send a message to the practice."""
        place = "outside" if envelope.sender is None else str(envelope.sender)
        recipients = ", ".join(map(str, envelope.recipients))
        self._journal.record(Step.COMPOSED, place, message, sender=envelope.sender, recipient=recipients)
        self._written.add(message.message_id or "")
        server = (
            self._plan.internet.outside.get(envelope.sender.domain, ELSEWHERE)
            if envelope.sender
            else ELSEWHERE
        )
        self.carry(server, envelope, message)

    # The practice

    async def send(self, draft: Draft) -> tuple[Outgoing, Outcome]:
        """Compose and submit; returns when the SMTP server has answered, the mail still on its way.

        Raises:
            DraftError: The draft cannot become a message.
            SubmissionPortError: The SMTP server's port is 25 (R1.6).
        """
        await self._motion.room()
        outgoing = self.office.compose(draft)
        if not outgoing.envelope.recipients:
            return outgoing, Outcome({}, None)
        return outgoing, await self._submit(outgoing)

    async def _submit(
        self, outgoing: Outgoing, attempt: int = 0, *, taken: Callable[[], object] = lambda: None
    ) -> Outcome:
        envelope, message, smtp = outgoing.envelope, outgoing.message, self._plan.smtp
        host, port = self.network.resolve(smtp.server, smtp.port)
        route = Route(
            name=smtp.server,
            port=smtp.port,
            host=host,
            host_port=port,
            tls=self._plan.smtp_tls,
            context=None if self._plan.smtp_tls is Tls.NONE else self.network.client_context,
            authentication=smtp.authentication,
            username=smtp.username,
            password=smtp.password.get_secret_value(),
            submission=True,
        )
        name = f"{smtp.server}:{smtp.port}"
        recipients = ", ".join(map(str, envelope.recipients))
        self._journal.record(
            Step.SUBMITTED,
            PRACTICE,
            message,
            peer=name,
            sender=envelope.sender,
            recipient=recipients,
            rule="R3.6",
        )
        outcome = await self._carrier.send(PRACTICE, route, envelope, message.octets)
        later = self._refusals(
            outcome, envelope, message, place=smtp.server, peer=PRACTICE, final=Step.REFUSED, attempt=attempt
        )
        if later:
            again = Outgoing(Envelope(envelope.sender, later), message)
            self._retry(attempt, lambda: self._submit(again, attempt + 1, taken=taken))
        if not outcome.refusals(envelope):
            taken()
        return outcome

    async def collect(self) -> Sequence[Decision]:
        """Collect by POP3: retrieve, decide, store, delete, and forward what could not be read (R4.1, R4.2, R4.8).

        Returns the decisions made. Mail on its way arrives first; what is due later does not.

        Raises:
            CollectError: The last session failed; what was kept stays kept, nothing else was deleted.
            StoreError: A batch could not be stored; it is still at the server.
        """
        await self.quiet()
        async with self._collecting:
            before = len(self.office.decisions)
            collected = await collect_all(self._session, knows=self.office.knows)
            await self._forward()
            if collected.broken is not None:
                raise collected.broken
            return self.office.decisions[before:]

    async def _forward(self) -> None:
        """Send on what nobody could read; the store forgets it only when a server has taken it (R4.8)."""
        for waiting in self.office.store.forwards():
            if waiting.id in self._forwarding:
                continue  # put off by the server: it is tried again on the schedule
            self._forwarding.add(waiting.id)
            outgoing = self.office.forward(waiting)
            await self._submit(outgoing, taken=partial(self.office.store.forwarded, waiting))

    async def _session(self, *, order: Order) -> Collection:
        pop = self._plan.pop
        host, port = self.network.resolve(pop.server.host, pop.server.port)
        try:
            collection = await collect(
                host,
                port,
                username=pop.username,
                password=pop.password.get_secret_value(),
                tls=self.network.client_context if pop.server.tls else None,
                server_hostname=pop.server.host if pop.server.tls else None,
                keep=self.office.take,
                order=order,
            )
        except CollectError as error:
            self.office.ended(None)
            self._opened("failed", str(error))
            raise
        self.office.ended(collection)
        self._opened("ended", "")
        return collection

    def _opened(self, outcome: str, reason: str) -> None:
        """Note a POP3 session; it is about no message."""
        name = f"{self._plan.pop.server.host}:{self._plan.pop.server.port}"
        self._journal.record(
            Step.OPENED, PRACTICE, NO_MESSAGE, peer=name, outcome=outcome, reason=reason, rule="R4.1"
        )


def _asks_for_an_answer(message: Message, written: set[str]) -> bool:
    """Whether a person answers: not to automatic mail (RFC 3834), nor to an answer to their side's own mail."""
    automatic = (message.value("Auto-Submitted") or "no").lower() != "no"
    return not automatic and message.value("In-Reply-To") not in written


def _start_error(name: str, port: int, error: OSError) -> StartError:
    return StartError(
        f"{name}:{port} did not start: {error.strerror or error}; the other servers were stopped"
    )
