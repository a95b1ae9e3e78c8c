"""What can be done in a world made from a scenario, whatever carries its mail: all that worlds have in common.

What differs is their engine: a transport, and how to wait for it. Law: everything of a world happens in its engine's
thread, one thing at a time.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from mailsim.pop3.collection import CollectError
from mailsim.practice.decision import Decision
from mailsim.world import acts
from mailsim.world.branch import Branch
from mailsim.world.expectation import ExpectationError, unmet
from mailsim.world.faults import added, ended, removed
from mailsim.world.laws import hold_laws
from mailsim.world.mailroom import Collecting
from mailsim.world.orders import OrderError, order, time_of, unknown_senders
from mailsim.world.parts import AnyEngine, Parts
from mailsim.world.polling import keep_polling
from mailsim.world.run import Run
from mailsim.world.scenario_tables import CollectTable, EventTable, ReceiveTable, SendTable
from mailsim.world.world import Sent


class Stage(Run[AnyEngine]):
    """A world that runs inside `with` or `async with`; see `World` for what it can do."""

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
