"""One run of a world: begun, ended, and what can be seen of it meanwhile and afterwards."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Generic, Self

from mailsim.mail import Mailbox, Message
from mailsim.practice.decision import Decision, Outcome, Reason
from mailsim.practice.site import Site
from mailsim.trace.files import TraceFileError
from mailsim.world.failures import Failure
from mailsim.world.kept import Kept
from mailsim.world.orders import OrderError, unknown_target
from mailsim.world.parts import AnyEngine, Parts, WorldError, assembled
from mailsim.world.plan import Plan, Planned, plan
from mailsim.world.retelling import Retelling
from mailsim.world.scenario import Scenario, scenario_of


class Run(Generic[AnyEngine]):
    """A world that runs inside `with`, and what can be seen of it."""

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
