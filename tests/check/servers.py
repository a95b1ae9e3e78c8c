"""Sites to check, and servers that say what they are told to."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from mailsim.practice.site import Site, read_site

Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter
Talk = Callable[[Reader, Writer], Awaitable[None]]
PASSWORD = "correct horse/battery=staple"


def site_for(**tables: object) -> Site:
    """A site with the tables given."""
    return read_site(
        {
            "mailbox": {
                "type": "catch-all",
                "default_sender": "matters@abc.com",
                "fallback_address": "help@elsewhere.example",
            },
            "action": [{"id": 1234}],
            **tables,
        }
    )


def pop_site(port: int, *, scheme: str = "tcp", host: str = "localhost", **more: str) -> Site:
    login = {"username": "matters@abc.com", "password": PASSWORD}
    return site_for(pop={"server": f"{scheme}://{host}:{port}", **login, **more})


def smtp_site(port: int, *, authentication: str = "plain", host: str = "smtp.abc.com", **more: str) -> Site:
    login = {} if authentication == "none" else {"username": "matters@abc.com", "password": PASSWORD}
    given = {"server": host, "port": port, "authentication": authentication}
    return site_for(smtp={**given, **login, **more})


@asynccontextmanager
async def serving(talk: Talk, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server on a port of loopback that talks as it is told to each client, and then hangs up."""
    talking: set[asyncio.Task[None]] = set()

    async def serve(reader: Reader, writer: Writer) -> None:
        task = asyncio.current_task()
        assert task is not None
        talking.add(task)
        try:
            await talk(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            talking.discard(task)
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in talking:
            task.cancel()
        await asyncio.sleep(0)


def saying(*turns: bytes) -> Talk:
    """Say the first turn, then one more for each line that comes."""

    async def talk(reader: Reader, writer: Writer) -> None:
        for turn in turns:
            writer.write(turn)
            await writer.drain()
            if not await reader.readline():
                return

    return talk


async def silent(reader: Reader, writer: Writer) -> None:
    """Hear all, say nothing."""
    while await reader.read(1000):
        pass


async def web(reader: Reader, writer: Writer) -> None:
    """Speak when spoken to, as servers of HTTP do."""
    await reader.readline()
    writer.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
    await writer.drain()
