"""The transport of a world on loopback sockets: real SMTP and POP3 between its servers.

Every arrow of a message's way is a connection. The world is quiet when nothing is on its way: that is counted,
never guessed by waiting. All of it lives in one event loop, that of its Lab. An exception in any task, or in a server,
whose client hears no more than that it failed, comes out of the next call, or at the end.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterable
from contextlib import AsyncExitStack
from typing import Any, TypeVar

from mailsim.errors import MailsimError
from mailsim.mail import Envelope, Message
from mailsim.pop3.collection import Collection
from mailsim.pop3.collector import Keep, Order, collect
from mailsim.pop3.server import serve
from mailsim.practice.account import PopAccount
from mailsim.smtp.backend import Tls
from mailsim.smtp.client import Route
from mailsim.smtp.outcome import Outcome
from mailsim.smtp.server import listen
from mailsim.world.carrier import Carrier
from mailsim.world.motion import Motion
from mailsim.world.network import Network
from mailsim.world.plan import Plan
from mailsim.world.servers import PopServer, Server
from mailsim.world.transport import Hop

_Result = TypeVar("_Result")


class StartError(MailsimError):
    """A server of the world that did not start; the others were stopped."""


class Wire:
    """One world's listening servers, connections, and mail on its way."""

    def __init__(self, plan: Plan) -> None:
        self._submitting = {(one.smtp.server, one.smtp.port): one for one in plan.practices}
        self.network = Network()
        self._carrier = Carrier()
        self._servers = AsyncExitStack()
        self._motion = Motion()
        self._visiting: defaultdict[tuple[str, int], asyncio.Lock] = defaultdict(asyncio.Lock)

    # Beginning and end

    async def start(self, pop3: Iterable[PopServer], servers: Iterable[Server]) -> None:
        """Start every server; raises StartError, after stopping the others, when one does not."""
        asyncio.get_running_loop().set_exception_handler(self._told)
        try:
            for pop in pop3:
                await self._start_pop3(pop)
            for server in servers:
                await self._start_smtp(server)
        except BaseException:
            await self._servers.aclose()
            raise

    def _told(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Note what a server raised; what a collected task or future did is told too late, and from any thread."""
        error = context.get("exception")
        if isinstance(error, Exception) and context.keys().isdisjoint(("task", "future")):
            self._motion.note(error)
        else:
            loop.default_exception_handler(context)

    async def _start_pop3(self, pop: PopServer) -> None:
        name, port, pop3 = pop.name, pop.port, pop.service
        # bad certificates take a while to make, and only faults show them
        certify = self.network.certificates if pop3.faults else self.network.server_context
        try:
            listener = await serve(
                pop3.mailboxes,
                tls=certify(name) if pop.tls else None,
                conduct=pop3.conduct,
                faults=pop3.faults,
            )
        except OSError as error:
            raise _start_error(name, port, error) from None
        self._servers.push_async_callback(listener.close)
        self.network.listen(name, port, (listener.host, listener.port))

    async def _start_smtp(self, server: Server) -> None:
        try:
            # bad certificates take a while to make, and only faults show them
            certify = self.network.certificates if server.faults else self.network.server_context
            listener = await listen(
                server.backend,
                hostname=server.name,
                tls=server.tls,
                context=None if server.tls is Tls.NONE else certify(server.name),
                mechanisms=server.mechanisms,
                open_relay=server.open_relay,
                size_limit=server.size_limit,
                faults=server.faults,
            )
        except OSError as error:
            raise _start_error(server.name, server.port, error) from None
        self._servers.push_async_callback(listener.close)
        self.network.listen(server.name, server.port, (listener.host, listener.port))

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

    async def quiet(self) -> None:
        """Wait until nothing is on its way any more."""
        await self._motion.quiet()

    async def hear(self, begin: Callable[[Callable[[_Result], None]], object]) -> _Result:
        """Begin something, when there is room for it, and wait for its result; raises what a task raised meanwhile."""
        await self._motion.room()
        heard: asyncio.Future[_Result] = asyncio.get_running_loop().create_future()
        begin(heard.set_result)
        return await self._motion.until(heard)

    # The transport

    def offer(self, hop: Hop, envelope: Envelope, message: Message, heard: Callable[[Outcome], None]) -> None:
        """Offer a message over a connection of the carrier's."""
        sending = self._carrier.send(hop.client, self._route(hop), envelope, message.octets)
        self.perform(sending, heard)

    def perform(self, work: Coroutine[None, None, _Result], heard: Callable[[_Result], None]) -> None:
        """Have something done in a task of its own."""
        self._motion.launch(work, heard)

    def _route(self, hop: Hop) -> Route:
        host, port = self.network.resolve(hop.server, hop.port)
        if not hop.submission:
            return Route(name=hop.server, port=hop.port, host=host, host_port=port)
        practice = self._submitting[hop.server, hop.port]
        smtp, tls = practice.smtp, practice.smtp_tls
        return Route(
            name=hop.server,
            port=hop.port,
            host=host,
            host_port=port,
            tls=tls,
            context=None if tls is Tls.NONE else self.network.client_context,
            authentication=smtp.authentication,
            username=smtp.username,
            password=smtp.password.get_secret_value(),
            submission=True,
        )

    async def visit(self, pop: PopAccount, *, keep: Keep, order: Order) -> Collection:
        """One POP3 session with a system mailbox, one at a time; raises CollectError, and what `keep` raises."""
        name = pop.server.host, pop.server.port
        async with self._visiting[name]:
            host, port = self.network.resolve(*name)
            return await collect(
                host,
                port,
                username=pop.username,
                password=pop.password.get_secret_value(),
                tls=self.network.client_context if pop.server.tls else None,
                server_hostname=pop.server.host if pop.server.tls else None,
                keep=keep,
                order=order,
            )


def _start_error(name: str, port: int, error: OSError) -> StartError:
    return StartError(
        f"{name}:{port} did not start: {error.strerror or error}; the other servers were stopped"
    )
