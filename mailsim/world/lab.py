"""The Lab: a world on loopback sockets, with a blocking face for scripts, specs and notebooks.

    with Lab(scenario) as world:
        world.send(from_action=1234, to="jane@client.example", subject="Draft")
        world.collect()
        world.trace.frame()

Its servers live in one event loop in a thread of their own, so its methods work the same in a script, in pytest
and in a running Jupyter kernel; `async with` starts and stops it without blocking the caller's loop.
"""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import timedelta
from os import PathLike
from types import TracebackType
from typing import Self, TypeVar

from anyio import to_thread
from anyio.from_thread import BlockingPortal

from mailsim.errors import MailsimError
from mailsim.mail import Envelope, Message
from mailsim.pop3.collector import CollectError
from mailsim.pop3.portal import BackgroundLoop
from mailsim.practice.decision import Decision
from mailsim.practice.site import Site
from mailsim.practice.store import Store
from mailsim.trace.event import Recorder, Trace
from mailsim.world.clock import Clock
from mailsim.world.conservation import check
from mailsim.world.expectation import ExpectationError, unmet
from mailsim.world.journal import Journal
from mailsim.world.office import Office
from mailsim.world.orders import OrderError, draft_of, incoming, order, unknown_senders
from mailsim.world.plan import Plan, plan
from mailsim.world.scenario import Scenario, scenario_of
from mailsim.world.scenario_tables import EventTable, ReceiveTable, SendTable
from mailsim.world.wire import Wire
from mailsim.world.world import Sent

_Result = TypeVar("_Result")


class LabError(MailsimError):
    """A Lab asked for something while it does not run."""


NOT_RUNNING = "the Lab does not run; use it inside `with Lab(...) as world:`"


@dataclass(slots=True)
class _Parts:
    """What one run of a Lab is made of."""

    clock: Clock
    store: Store
    office: Office
    wire: Wire
    received: int = 0


def _parts(scenario: Scenario, plan: Plan, trace: Trace) -> _Parts:
    clock = Clock(scenario.tables.start)
    journal = Journal(Recorder(clock.now, trace))
    store = Store()
    limits = {plan.smtp.server: plan.policy.size_limit}
    office = Office(scenario.site, store, journal, now=clock.now, seed=scenario.seed, limits=limits)
    return _Parts(clock, store, office, Wire(plan, office, clock, journal, seed=scenario.seed))


class Lab:
    """A world of real servers on loopback; see `World` for what it can do."""

    def __init__(self, scenario: Scenario | str | PathLike[str] | Mapping[str, object]) -> None:
        """A scenario, the path of a scenario file, or its tables; raises ScenarioError with every fault.

        SiteError is raised when `[pop]` or `[smtp]` is given and lacks what it needs.
        """
        self.scenario = scenario_of(scenario)
        self.trace = Trace()
        self._plan = plan(self.scenario)
        self._parts: _Parts | None = None
        self._portal: BlockingPortal | None = None
        self._stack = ExitStack()

    @property
    def site(self) -> Site:
        """The practice."""
        return self.scenario.site

    @property
    def decisions(self) -> Sequence[Decision]:
        """Every decision on a collected message, in order."""
        return tuple(self._parts.office.decisions) if self._parts else ()

    # Beginning and end

    def __enter__(self) -> Self:
        if self._portal is not None:
            raise LabError("this Lab runs already; make another Lab for another world")
        self.trace = Trace()  # a Lab that is entered again is a new world
        self._parts = parts = _parts(self.scenario, self._plan, self.trace)
        with ExitStack() as stack:
            stack.callback(parts.store.close)
            portal = stack.enter_context(BackgroundLoop("mailsim-lab"))
            portal.call(parts.wire.start)
            self._stack, self._portal = stack.pop_all(), portal
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        portal, self._portal = self._portal, None
        with self._stack:
            if portal is not None:
                try:
                    portal.call(self._wire.stop)
                except Exception:
                    if error is None:  # an exception that is already on its way says more
                        raise

    @property
    def _built(self) -> "_Parts":
        if self._parts is None:
            raise LabError(NOT_RUNNING)
        return self._parts

    @property
    def _wire(self) -> Wire:
        return self._built.wire

    async def __aenter__(self) -> Self:
        return await to_thread.run_sync(self.__enter__)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await to_thread.run_sync(self.__exit__, kind, error, traceback)

    def _call(self, way: Callable[[], Coroutine[None, None, _Result]]) -> _Result:
        if self._portal is None:
            raise LabError(NOT_RUNNING)
        return self._portal.call(way)

    # What a world can do

    def send(
        self,
        *,
        to: str | Sequence[str],
        from_action: int | None = None,
        cc: str | Sequence[str] = (),
        bcc: str | Sequence[str] = (),
        subject: str = "",
        text: str = "",
        size: int | str = 0,
        automatic: bool = False,
        user: str | None = None,
        from_address: str | None = None,
    ) -> Sent:
        """Have the practice send a message; returns when the SMTP server has answered.

        Raises:
            OrderError: An argument is no address, no size, no action of the practice.
            DraftError: The draft cannot become a message.
        """
        arguments = {
            "to": to,
            "cc": cc,
            "bcc": bcc,
            "from_action": from_action,
            "subject": subject,
            "text": text,
            "size": size,
            "automatic": automatic,
            "user": user,
            "from": from_address,
        }
        table = order(SendTable, arguments)
        if faults := unknown_senders(table, self.site):
            raise OrderError(faults)
        return self._call(lambda: self._send(table))

    async def _send(self, table: SendTable) -> Sent:
        outgoing, outcome = await self._wire.send(draft_of(table))
        replies = {str(address): reply for address, reply in outcome.refusals(outgoing.envelope).items()}
        refused = {address: reply for address, reply in replies.items() if not reply.transient}
        deferred = {address: reply for address, reply in replies.items() if reply.transient}
        return Sent(outgoing.message, refused, deferred, outgoing.warnings)

    def receive(
        self,
        *,
        to: str | Sequence[str],
        from_address: str | None = None,
        subject: str = "",
        text: str = "",
        octets: bytes | None = None,
    ) -> None:
        """Have somebody outside send a message, a new one or `octets` as they are; returns at once.

        Raises:
            OrderError: An argument is no address, or nobody sends.
        """
        given = {"to": to, "from": from_address, "subject": subject, "text": text}
        table = order(ReceiveTable, given if octets is None else given | {"file": "octets"})
        self._call(lambda: self._receive(table, octets))

    async def _receive(self, table: ReceiveTable, octets: bytes | None = None) -> None:
        if octets is not None:
            self._wire.receive(Envelope(table.sender, table.to), Message(octets))
            return
        parts = self._built
        parts.received += 1
        token = f"{self.scenario.seed}.{parts.received}"
        envelope, message = incoming(table, self.scenario.folder, token=token, date=parts.clock.now())
        self._wire.receive(envelope, message)

    def collect(self) -> Sequence[Decision]:
        """Have the practice collect once; mail on its way arrives first.

        Returns the decisions made, in the order collected.

        Raises:
            CollectError: The POP3 session failed.
        """
        return self._call(self._wire.collect)

    def settle(self) -> None:
        """Let everything happen that is on its way or due later; time jumps instead of being waited for."""
        self._call(self._wire.settle)

    def run(self) -> None:
        """Play the scenario's events in order, then settle.

        Raises:
            ConservationError: Mail was lost or doubled (R6.2).
            ExpectationError: It came out otherwise than the scenario's `[expect]` says.
        """
        self._call(self._run)
        self.check()
        differences = list(unmet(self.scenario.expect, self.targets(), self.decisions))
        if differences:
            raise ExpectationError("\n".join(differences))

    async def _run(self) -> None:
        start = self._built.clock.now()
        for event in self.scenario.events:
            if event.at is not None:
                await self._wire.until(start + timedelta(seconds=event.at))
            await self._play(event)
        await self._wire.settle()

    async def _play(self, event: EventTable) -> None:
        if event.send is not None:
            await self._send(event.send)
        elif event.receive is not None:
            await self._receive(event.receive)
        else:
            with suppress(CollectError):  # a session that failed is in the trace; the next collection goes on
                await self._wire.collect()

    def check(self) -> None:
        """Hold the law of conservation over all that has happened; the world must be settled.

        Raises:
            ConservationError: Mail was lost or doubled (R6.2).
        """
        maildrops = self._wire.maildrops
        waiting = {uid for user in maildrops.users for uid in maildrops.uids(user)}
        check(self.trace, waiting, self.targets())

    def mailbox(self, target: str) -> Sequence[Message]:
        """The copies that a target holds: `action:1234`, `mailbox:mary`, `unassigned`, `fallback:ADDRESS`."""

        async def messages() -> Sequence[Message]:
            return self._built.store.messages(target)

        return self._call(messages)

    def targets(self) -> Mapping[str, int]:
        """Every target that holds something, and how many copies."""

        async def targets() -> Mapping[str, int]:
            return self._built.store.targets()

        return self._call(targets)

    def waiting(self) -> Sequence[Message]:
        """What lies in the system mailbox at the provider, not yet collected."""
        return [Message(octets) for octets in self._wire.maildrops.messages(self._plan.pop.username)]

    # For other programs

    @property
    def addresses(self) -> Mapping[tuple[str, int], tuple[str, int]]:
        """Every server's name and port in the world, and the loopback host and port behind it."""
        return self._wire.network.addresses

    def redirect(self, name: str, port: int, address: tuple[str, int]) -> None:
        """Have a name and port lead elsewhere from the next connection on, such as to a server of your own."""

        async def listen() -> None:
            await self._wire.redirect(name, port, address)

        self._call(listen)

    @property
    def authority(self) -> bytes:
        """The certificate to trust, PEM."""
        return self._wire.network.authority
