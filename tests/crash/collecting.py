"""A child process that collects, and dies by SIGKILL at the step named, or whenever its parent likes.

A step is a command written to the server, something read from it, or a statement of SQLite's, with a step before
and one after a commit. Production code knows nothing of it: the seams are the standard library's, and the process
is given up afterwards.
"""

import asyncio
import os
import signal
import sqlite3
from multiprocessing.connection import Connection
from pathlib import Path
from unittest import mock

from mailsim.practice.collecting import Summary, collect_for
from mailsim.practice.site import Site, read_site
from mailsim.practice.store import Store

USER, PASSWORD = "matters@abc.com", "secret"
BATCH = 4


def site_for(port: int) -> Site:
    """A practice with an action, an alias with two mailboxes, and a server on the loopback."""
    return read_site(
        {
            "mailbox": {
                "type": "catch-all",
                "default_sender": USER,
                "fallback_address": "help@elsewhere.example",
            },
            "pop": {"server": f"tcp://127.0.0.1:{port}", "username": USER, "password": PASSWORD},
            "action": [{"id": 1234}],
            "user": [{"name": "mary"}, {"name": "john"}],
            "alias": [{"address": "sales@abc.com", "mailboxes": ["mary", "john"]}],
        }
    )


def collect(port: int, path: Path) -> Summary:
    """Collect in this process."""
    site = site_for(port)
    with Store(path) as store:
        return asyncio.run(collect_for(site, store, site.pop_account(), tls=None, batch=BATCH))


def collect_and_die(port: int, path: Path, last: int, begun: Connection) -> None:
    """Say that it begins, and collect until step `last`; how many steps there were is written beside the store."""
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        if done == 1:
            begun.send_bytes(b"begun")
        if done == last:
            os.kill(os.getpid(), signal.SIGKILL)

    write, read, connect = asyncio.StreamWriter.write, asyncio.StreamReader.read, sqlite3.connect

    class Counted(sqlite3.Connection):
        def execute(self, sql: str, *parameters: object) -> sqlite3.Cursor:
            step()
            cursor = super().execute(sql, *parameters)  # type: ignore[arg-type] # whatever it was given
            if sql == "COMMIT":
                step()
            return cursor

    def counted_write(writer: asyncio.StreamWriter, octets: bytes) -> None:
        step()
        write(writer, octets)
        step()

    async def counted_read(reader: asyncio.StreamReader, count: int = -1) -> bytes:
        octets = await read(reader, count)
        step()
        return octets

    def connected(*place: object, **how: object) -> sqlite3.Connection:
        return connect(*place, **how, factory=Counted)  # type: ignore[call-overload, no-any-return] # as it was called

    with (
        mock.patch.object(asyncio.StreamWriter, "write", counted_write),
        mock.patch.object(asyncio.StreamReader, "read", counted_read),
        mock.patch.object(sqlite3, "connect", connected),
    ):
        collect(port, path)
    path.with_suffix(".steps").write_text(str(done))
