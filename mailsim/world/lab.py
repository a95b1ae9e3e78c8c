"""The Lab: a world on loopback sockets, with a blocking face for scripts, specs and notebooks.

    with Lab(scenario) as world:
        world.send(from_action=1234, to="jane@client.example", subject="Draft")
        world.collect()
        world.trace.frame()

Its servers live in one event loop in a thread of their own, so its methods work the same in a script, in pytest
and in a running Jupyter kernel; `async with` starts and stops it without blocking the caller's loop.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from os import PathLike
from types import TracebackType
from typing import Self, TypeVar

from anyio import to_thread
from anyio.from_thread import BlockingPortal

from mailsim.background.loop import BackgroundLoop
from mailsim.world.clock import Clock
from mailsim.world.plan import Plan
from mailsim.world.scenario import Scenario
from mailsim.world.servers import PopServer, Server, accounts_of
from mailsim.world.stage import Stage
from mailsim.world.wire import Wire

_Result = TypeVar("_Result")


class _Loop:
    """The engine of a Lab: its wire, in an event loop in a thread of its own."""

    def __init__(self, scenario: Scenario, plan: Plan) -> None:
        self.clock = Clock(scenario.tables.start)
        self.transport = Wire(plan)
        self.portal: BlockingPortal
        self._stack = ExitStack()

    def start(self, pop3: Iterable[PopServer], servers: Iterable[Server]) -> None:
        with ExitStack() as stack:
            self.portal = stack.enter_context(BackgroundLoop("mailsim-lab"))
            self.portal.call(self.transport.start, pop3, servers)
            self._stack = stack.pop_all()

    def stop(self) -> None:
        with self._stack:
            self.portal.call(self.transport.stop)

    def call(self, what: Callable[[], _Result]) -> _Result:
        return self.portal.call(what)

    def hear(self, begin: Callable[[Callable[[_Result], None]], object]) -> _Result:
        async def hear() -> _Result:
            return await self.transport.hear(begin)

        return self.portal.call(hear)

    def quiet(self) -> None:
        self.portal.call(self.transport.quiet)


class Lab(Stage[_Loop]):
    """A world of real servers on loopback."""

    def __init__(
        self,
        scenario: Scenario | str | PathLike[str] | Mapping[str, object],
        *,
        out: str | PathLike[str] | None = None,
    ) -> None:
        """As a `Simulation` of the same arguments, which raises the same."""
        super().__init__(scenario, _Loop, out)

    async def __aenter__(self) -> Self:
        return await to_thread.run_sync(self.__enter__)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await to_thread.run_sync(self.__exit__, kind, error, traceback)

    # For other programs

    @property
    def addresses(self) -> Mapping[tuple[str, int], tuple[str, int]]:
        """Every server's name and port in the world, and the loopback host and port behind it."""
        return self._running.engine.transport.network.addresses

    def redirect(self, name: str, port: int, address: tuple[str, int]) -> None:
        """Have a name and port lead elsewhere from the next connection on, such as to a server of your own."""
        engine = self._running.engine
        engine.portal.call(engine.transport.redirect, name, port, address)

    @property
    def accounts(self) -> Mapping[str, str]:
        """As `accounts_at`, of the first practice."""
        return self.accounts_at()

    def accounts_at(self, practice: str | None = None) -> Mapping[str, str]:
        """Who may log in to the servers of a practice's provider, the first's without its domain, and the password.

        The practice's own account may submit, too. Raises UnknownPracticeError.
        """
        plan = self._running.branch(practice).plan
        smtp = plan.smtp
        own = {smtp.username: smtp.password.get_secret_value()} if smtp.username else {}
        return {**accounts_of(plan), **own}

    @property
    def authority(self) -> bytes:
        """The certificate to trust, PEM."""
        return self._running.engine.transport.network.authority
