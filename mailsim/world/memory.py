"""The transport of a world in memory: servers are called, one after the other, under a virtual clock.

Law: what is on its way waits in one line, so that the same scenario and seed do the same things in the same order (R6.3).
"""

from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from datetime import timedelta
from functools import partial
from typing import TypeVar

from mailsim.mail import Envelope, Message
from mailsim.pop3.collection import Collection
from mailsim.pop3.collector import TIMEOUT, Keep, Order, collect_over
from mailsim.pop3.memory import MemoryChannel
from mailsim.pop3.service import Service
from mailsim.practice.account import PopAccount
from mailsim.smtp.memory import MemoryClient, MemoryServer
from mailsim.smtp.outcome import Outcome
from mailsim.smtp.submission import mechanism_of
from mailsim.world.clock import Clock
from mailsim.world.motion import MOST_MOVING
from mailsim.world.network import NameTakenError
from mailsim.world.plan import Plan
from mailsim.world.scenario import Scenario
from mailsim.world.servers import PopServer, Server
from mailsim.world.transport import Hop

_Result = TypeVar("_Result")


class Memory:
    """The engine of a world in memory, and its transport."""

    def __init__(self, scenario: Scenario, plan: Plan) -> None:
        self.clock = Clock(scenario.tables.start, ticks=None)
        self.transport = self
        self._seed = scenario.seed
        self._submitting = {(one.smtp.server, one.smtp.port): one.smtp for one in plan.practices}
        self._way: deque[Callable[[], None]] = deque()
        self._servers: dict[tuple[str, int], MemoryServer] = {}
        self._clients: dict[Hop, MemoryClient] = {}
        self._services: dict[tuple[str, int], Service] = {}
        self._visits = 0

    # The engine

    def start(self, pop3: Iterable[PopServer], servers: Iterable[Server]) -> None:
        """Have the servers be there; raises NameTakenError."""
        for pop in pop3:
            self._services[self._free(pop.name, pop.port)] = pop.service
        for server in servers:
            name = self._free(server.name, server.port)
            self._servers[name] = MemoryServer(
                backend=server.backend,
                tls=server.tls,
                mechanisms=server.mechanisms,
                open_relay=server.open_relay,
                announces_size=bool(server.size_limit),
                faults=server.faults,
            )

    def _free(self, name: str, port: int) -> tuple[str, int]:
        """What a server is found under, if no other is."""
        if (name, port) in self._services or (name, port) in self._servers:
            raise NameTakenError(
                f"{name}:{port} is to be two servers of the world; give one another name or port"
            )
        return name, port

    def stop(self) -> None:
        """Let go of everything that is on its way."""
        self._way.clear()

    def call(self, what: Callable[[], _Result]) -> _Result:
        """Do something now."""
        return what()

    def hear(self, begin: Callable[[Callable[[_Result], None]], object]) -> _Result:
        """Begin something, when there is room for it, and let happen what is on its way until it has told its result."""
        while len(self._way) >= MOST_MOVING:
            self._way.popleft()()
        heard: list[_Result] = []
        begin(heard.append)
        while not heard:
            self._way.popleft()()
        return heard[0]

    def quiet(self) -> None:
        """Let everything happen that is on its way."""
        while self._way:
            self._way.popleft()()

    # The transport

    def offer(self, hop: Hop, envelope: Envelope, message: Message, heard: Callable[[Outcome], None]) -> None:
        """Offer a message when its turn comes."""
        self._way.append(partial(self._send, hop, envelope, message, heard))

    def _send(self, hop: Hop, envelope: Envelope, message: Message, heard: Callable[[Outcome], None]) -> None:
        client = self._clients.get(hop)
        if client is None:
            client = self._clients[hop] = self._client(hop)
        heard(client.send(envelope, message))

    def _client(self, hop: Hop) -> MemoryClient:
        server = self._servers[hop.server, hop.port]
        if not hop.submission:
            return MemoryClient(server, local_name=hop.client, passed=self._passed)
        smtp = self._submitting[hop.server, hop.port]
        mechanism = mechanism_of(smtp.authentication)
        return MemoryClient(
            server,
            local_name=hop.client,
            username=smtp.username,
            password=smtp.password.get_secret_value(),
            mechanism=mechanism,
            passed=self._passed,
        )

    def perform(self, work: Coroutine[None, None, _Result], heard: Callable[[_Result], None]) -> None:
        """Have something done when its turn comes, from beginning to end."""
        self._way.append(lambda: heard(_done(work)))

    async def visit(self, pop: PopAccount, *, keep: Keep, order: Order) -> Collection:
        """One POP3 session with a system mailbox; raises CollectError, and what `keep` raises."""
        self._visits += 1
        channel = MemoryChannel(
            self._services[pop.server.host, pop.server.port],
            passed=self._passed,
            silence=TIMEOUT,
            secured=pop.server.tls,
            stamp=f"{self._seed}.{self._visits}",
        )
        return await collect_over(
            channel,
            f"{pop.server.host}:{pop.server.port}",
            username=pop.username,
            password=pop.password.get_secret_value(),
            keep=keep,
            order=order,
        )

    def _passed(self, seconds: float) -> None:
        self.clock.jump(self.clock.now() + timedelta(seconds=seconds))


def _done(work: Coroutine[None, None, _Result]) -> _Result:
    """The result of a coroutine that waits for nothing."""
    try:
        work.send(None)
    except StopIteration as done:
        result: _Result = done.value
        return result
    raise AssertionError("something in memory waited for what cannot come")
