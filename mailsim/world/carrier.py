"""Servers that hand mail on over sockets: a few kept connections for each destination, the next free one takes it."""

import asyncio

from mailsim.mail import Envelope
from mailsim.smtp.client import Client, Route
from mailsim.smtp.outcome import Outcome

CONNECTIONS = 4
"""For each pair of servers; more would only wait for the same loop."""


class Carrier:
    """All outgoing connections of a world, by the sending server's name and the route."""

    def __init__(self) -> None:
        self._idle: dict[tuple[str, str, int], asyncio.LifoQueue[Client]] = {}
        self._clients: list[Client] = []

    async def send(self, sender: str, route: Route, envelope: Envelope, octets: bytes) -> Outcome:
        """Offer a message as this server; waits for a free connection. Raises SubmissionPortError (R1.6)."""
        idle = self._connections(sender, route)
        client = await idle.get()
        try:
            return await client.send(envelope, octets)
        finally:
            idle.put_nowait(client)

    def _connections(self, sender: str, route: Route) -> asyncio.LifoQueue[Client]:
        key = (sender, route.name, route.port)
        if key not in self._idle:
            idle: asyncio.LifoQueue[Client] = asyncio.LifoQueue()
            for _ in range(CONNECTIONS):
                client = Client(route, local_name=sender)  # connects when it is first used
                self._clients.append(client)
                idle.put_nowait(client)
            self._idle[key] = idle
        return self._idle[key]

    async def close(self) -> None:
        """End every connection with QUIT."""
        await asyncio.gather(*(client.close() for client in self._clients))
        self._clients.clear()
        self._idle.clear()
