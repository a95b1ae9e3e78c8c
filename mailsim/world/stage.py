"""A world made from a scenario, whatever carries its mail: all that worlds have in common.

What differs is their engine: a transport, and how to wait for it. Law: everything of a world happens in its engine's
thread, one thing at a time.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from datetime import datetime, timedelta
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Generic, Self

from mailsim.mail import Mailbox, Message
from mailsim.pop3.collection import CollectError
from mailsim.practice.decision import Decision, Outcome, Reason
from mailsim.practice.site import Site
from mailsim.trace.files import TraceFileError
from mailsim.world import acts
from mailsim.world.branch import Branch
from mailsim.world.expectation import ExpectationError, unmet
from mailsim.world.failures import Failure
from mailsim.world.faults import added, ended, removed
from mailsim.world.kept import Kept
from mailsim.world.laws import hold_laws
from mailsim.world.mailroom import Collecting
from mailsim.world.orders import OrderError, order, time_of, unknown_senders, unknown_target
from mailsim.world.parts import AnyEngine, Parts, WorldError, assembled
from mailsim.world.plan import Plan, Planned, plan
from mailsim.world.polling import keep_polling
from mailsim.world.retelling import Retelling
from mailsim.world.scenario import Scenario, scenario_of
from mailsim.world.scenario_tables import CollectTable, EventTable, ReceiveTable, SendTable
from mailsim.world.world import Sent


class Stage(Generic[AnyEngine]):
    """A world that runs inside `with` or `async with`; see `World` for what it can do."""

    def __init__(
        self,
        scenario: Scenario | str | PathLike[str] | Mapping[str, object],
        engine: Callable[[Scenario, Plan], AnyEngine],
        out: str | PathLike[str] | None,
        planned: Planned = plan,
    ) -> None:
        self.scenario = scenario_of(scenario)
        self._out = None if out is None else Path(out)
        self._plan = planned(self.scenario)
        self._make_engine = engine
        self._stack: ExitStack | None = None
        self._forget()

    def _forget(self) -> None:
        """Entered again, it is a new world."""
        self._parts: Parts[AnyEngine] | None = None
        self._retelling = Retelling(self.scenario)
        self._kept = Kept(self._out, self._retelling.tables, self._catch_up)
        self.trace = self._kept.trace

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.site.settings.domain!r}, {len(self.trace):,} events)"

    @property
    def site(self) -> Site:
        """The practice."""
        return self.scenario.site

    @property
    def decisions(self) -> Sequence[Decision]:
        """Every decision on a collected message, in order; with `out` the last 1,000."""
        return tuple(self._kept.decisions)

    @property
    def decided(self) -> Mapping[tuple[Outcome, Reason], int]:
        """What came of all messages collected, and why: how many of each, by all practices."""
        first, *others = (one.office.decided for one in self._built.branches)
        return sum(others, first) if others else first

    @property
    def steps(self) -> Mapping[str, int]:
        """How many events of each step there were."""
        self._catch_up()
        return self._built.books.steps

    @property
    def failures(self) -> Sequence[tuple[Failure, int]]:
        """What was refused, bounced, discarded or deferred, by server and reply, and how often; the most frequent first."""
        self._catch_up()
        return self._built.failures.counted()

    @property
    def never_struck(self) -> Sequence[str]:
        """The faults whose moment has not come so far, as they were written."""
        return [
            fault.spec.text
            for plans in self._built.faults
            for plan in plans.values()
            for fault in plan.never_struck()
        ]

    @property
    def now(self) -> datetime:
        """The world's time, UTC."""
        return self._built.engine.clock.now()

    def __enter__(self) -> Self:
        name = type(self).__name__
        if self._stack is not None:
            raise WorldError(f"this {name} runs already; make another {name} for another world")
        self._forget()
        with ExitStack() as stack:
            keepers = self._kept.begin(stack)
            engine = self._make_engine(self.scenario, self._plan)
            self._parts = assembled(self.scenario, self._plan, engine, keepers, stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        stack, self._stack = self._stack, None
        if stack is None:
            return
        try:
            with stack:
                self._end(error)
        except TraceFileError as broken:
            if broken is not error:
                raise broken from error

    def _end(self, error: BaseException | None) -> None:
        """Stop the engine; what that raises is raised, unless an exception is on its way, which says more."""
        try:
            self._built.engine.stop()
        except Exception:
            if error is None:
                raise
        finally:
            self._catch_up()

    def _catch_up(self) -> None:
        """Have everybody know of all events so far."""
        if self._parts is not None:
            self._parts.recorder.hand_out()

    @property
    def _built(self) -> Parts[AnyEngine]:
        if self._parts is None:
            raise self._not_running()
        return self._parts

    @property
    def _running(self) -> Parts[AnyEngine]:
        if self._stack is None:
            raise self._not_running()
        self._kept.complain()
        return self._built

    def _not_running(self) -> WorldError:
        name = type(self).__name__
        return WorldError(f"the {name} does not run; use it inside `with {name}(...) as world:`")

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
        practice: str | None = None,
    ) -> Sent:
        """Have a practice send a message, the first without its domain; returns when the SMTP server has answered.

        Raises:
            UnknownPracticeError: No practice has that domain.
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
        parts = self._running
        branch = parts.branch(practice)
        if faults := unknown_senders(table, branch.site):
            raise OrderError(faults)
        self._order(parts, table, practice=practice)
        return acts.send(parts, branch, table)

    def _order(
        self,
        parts: Parts[AnyEngine],
        table: SendTable | ReceiveTable | CollectTable,
        octets: bytes | None = None,
        practice: str | None = None,
    ) -> None:
        """Note for the trace's retelling what was ordered in Python."""
        since_start = parts.engine.clock.now() - self.scenario.tables.start
        self._retelling.ordered(since_start, table, octets, practice)

    def receive(
        self,
        *,
        to: str | Sequence[str],
        from_address: str | None = None,
        subject: str = "",
        text: str = "",
        size: int | str = 0,
        octets: bytes | None = None,
    ) -> None:
        """Have somebody outside send a message, a new one or `octets` as they are; returns at once.

        Raises:
            OrderError: An argument is no address, or nobody sends.
        """
        given = {"to": to, "from": from_address, "subject": subject, "text": text, "size": size}
        table = order(ReceiveTable, given if octets is None else given | {"file": "octets"})
        parts = self._running
        self._order(parts, table, octets)
        acts.receive(parts, self.scenario, table, octets)

    def reply(self, message_id: str, *, from_address: str | None = None, text: str = "") -> None:
        """Have somebody outside answer a message that they have got, now and whatever their habit; returns at once.

        `message_id` is that message's, with angle brackets, such as `sent.message_id`; `from_address` is who answers,
        whoever got it first when not given. The last 100 messages that arrived can be answered.

        Raises:
            OrderError: Nobody outside has got it, or it names nobody to answer.
        """
        parts = self._running
        parts.engine.quiet()
        parts.engine.call(lambda: parts.people.reply(message_id, from_address, text))
        self._retelling.lose()

    def collect(self, *, practice: str | None = None) -> Sequence[Decision]:
        """Have a practice collect once, the first without its domain; mail on its way arrives first, what is due later does not.

        Returns the decisions made, in the order collected.

        Raises:
            UnknownPracticeError: No practice has that domain.
            CollectError: The last POP3 session failed; what was kept stays kept, nothing else was deleted.
            StoreError: A batch could not be stored; it is still at the server.
        """
        parts = self._running
        branch = parts.branch(practice)
        self._order(parts, CollectTable(), practice=practice)
        return self._collect(branch)

    def _collect(self, branch: Branch) -> Sequence[Decision]:
        parts = self._running
        parts.engine.quiet()
        collecting = parts.engine.hear(branch.mailroom.collect)
        self._collected(collecting)
        if collecting.broken is not None:
            raise collecting.broken
        return collecting.decisions

    def settle(self, *, until: datetime | timedelta | None = None) -> None:
        """Let everything happen that is on its way or due later, or due up to a time; time jumps instead of being waited for.

        `until` is a time of the world, or how long after its start; one that has passed lets happen what is on its way.

        Raises:
            OrderError: `until` is neither, or before the start.
        """
        acts.let_pass(self._running, time_of(until, self.scenario.tables.start))

    def add_fault(self, fault: str, *, practice: str | None = None, server: str | None = None) -> None:
        """Have something go wrong from now on, as `faults` in the scenario say it; `next` in it counts from now.

        It strikes at a practice's provider, the first's without its domain, or at a `server` outside or relay, by name.

        Raises:
            FaultError: It is none, is none of that server's, or shows a certificate, which a server makes when it starts.
            UnknownPracticeError: No practice has that domain.
            UnknownServerError: No server outside and no relay has that name.
            WorldError: Both are given.
        """
        acts.change_faults(self._running, added, fault, practice, server)
        self._retelling.lose()

    def remove_fault(self, fault: str, *, practice: str | None = None, server: str | None = None) -> None:
        """Have something no longer go wrong there, written as it was; raises as `add_fault`, and where it does not go wrong."""
        acts.change_faults(self._running, removed, fault, practice, server)
        self._retelling.lose()

    def run(self, *, until: datetime | timedelta | None = None) -> None:
        """Play the scenario's events in order, then settle; or go on with them up to a time, and leave the rest for later.

        `until` is a time of the world, or how long after its start; one that has passed lets happen what is on its way.

        Raises:
            OrderError: `until` is neither, or before the start.
            ConservationError: Mail was lost or doubled (R6.2); held when all has happened.
            ExpectationError: It came out otherwise than the scenario's `[expect]` says; as above.
        """
        parts = self._running
        start = self.scenario.tables.start
        end = time_of(until, start)
        if self.scenario.tables.poll is not None and not parts.polling:
            keep_polling(parts, start, timedelta(seconds=self.scenario.tables.poll), self._collected)
        while (event := parts.programme.peek()) is not None:
            if event.at is not None:
                due = start + timedelta(seconds=event.at)
                if end is not None and due > end:
                    break
                acts.let_pass(parts, due)
            if not parts.programme.made_up:  # those the seed tells again
                self._retelling.played(event)
            self._play(event)
            parts.programme.take()
        acts.let_pass(parts, end)
        if end is None:
            self._hold_laws()

    def _collected(self, collecting: Collecting) -> None:
        self._kept.decisions += collecting.decisions

    def _hold_laws(self) -> None:
        self.check()
        differences = list(unmet(self.scenario.expect, self.targets(), self.decided))
        if differences:
            raise ExpectationError("\n".join(differences))

    def _play(self, event: EventTable) -> None:
        branch = self._running.branch(event.practice)
        if event.send is not None:
            acts.send(self._running, branch, event.send)
        elif event.receive is not None:
            acts.receive(self._running, self.scenario, event.receive)
        elif (order := event.fault_order) is not None:
            change = added if event.add_fault else ended  # is none, where a run is tried without that fault
            acts.change_faults(self._running, change, order.fault, event.practice, order.server)
        else:
            with suppress(CollectError):  # a session that failed is in the trace; the next collection goes on
                self._collect(branch)

    def check(self) -> None:
        """Hold the laws of conservation over all that has happened; what is put off may still be on its schedule.

        Raises:
            ConservationError: Mail was lost, doubled, or forgotten in a queue, or goes round (R6.2).
        """
        parts = self._running
        parts.engine.quiet()

        def hold() -> None:
            self._catch_up()
            hold_laws(parts, self._kept)

        parts.engine.call(hold)

    def mailbox(self, target: str, *, practice: str | None = None) -> Mailbox:
        """The copies that a target holds: `action:1234`, `mailbox:mary`, `unassigned`, `fallback:ADDRESS`.

        Another practice's is named with its domain before it, as `targets` does, or with `practice`.

        Raises:
            UnknownPracticeError: No practice has that domain.
            OrderError: The practice has no such target, so nothing can ever be there.
        """
        parts = self._running
        for branch in parts.branches[1:]:
            if practice is None and target.startswith(branch.office.prefix):
                practice, target = branch.domain, target.removeprefix(branch.office.prefix)
        branch = parts.branch(practice)
        if not branch.site.has_target(target):
            raise OrderError([unknown_target(target, branch.site)])
        name = branch.office.prefix + target
        return Mailbox(name, parts.engine.call(lambda: branch.store.messages(target)))

    def targets(self) -> Mapping[str, int]:
        """Every target that holds something, and how many copies; those of other practices than the first with their domain."""
        parts = self._running
        return parts.engine.call(parts.targets)

    def waiting(self, *, practice: str | None = None) -> Mailbox:
        """What lies in a practice's system mailbox at its provider, not yet collected; raises UnknownPracticeError."""
        branch = self._built.branch(practice)
        username = branch.plan.pop.username
        return Mailbox(username, map(Message, branch.maildrops.messages(username)))
