"""What was delivered where, durably: one SQLite file, or memory for a world that ends.

Laws:
- `keep` is one transaction: when it returns, every message and delivery of the batch is on the disk
  (WAL, synchronous=FULL), and only then may the server's copies be deleted (R4.2).
- A message's octets are kept once, whatever its targets.
- Nothing is ever removed or changed.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from mailsim.errors import MailsimError
from mailsim.mail import Message

_SCHEMA = """
CREATE TABLE IF NOT EXISTS message (
    id INTEGER PRIMARY KEY, message_id TEXT, outcome TEXT NOT NULL, reason TEXT NOT NULL, octets BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS delivery (
    target TEXT NOT NULL, message INTEGER NOT NULL REFERENCES message(id), PRIMARY KEY (target, message)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sent (message_id TEXT PRIMARY KEY, action INTEGER NOT NULL) WITHOUT ROWID;
"""


class StoreError(MailsimError):
    """A store that cannot be opened or written."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A message to keep, and every target that gets a copy."""

    message: Message
    outcome: str
    reason: str
    targets: tuple[str, ...]


class Store:
    """Deliveries and sent messages; used from one thread at a time."""

    def __init__(self, path: Path | None = None, *, patience: float = 5) -> None:
        """Open or create a store; None keeps it in memory.

        `patience` is how many seconds to wait for another process that is writing. Raises
        StoreError when the file is no store, or cannot be had.
        """
        try:
            self._connection = sqlite3.connect(
                path or ":memory:", timeout=patience, check_same_thread=False, isolation_level=None
            )
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=FULL")
            self._connection.executescript(_SCHEMA)
        except sqlite3.Error as error:
            raise StoreError(f"{path}: cannot be used as a store: {error}; name a new file") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; closing twice is harmless."""
        self._connection.close()

    def keep(self, batch: Iterable[Kept]) -> None:
        """Record a batch of messages and their deliveries, all or none; raises StoreError when the disk refuses."""
        try:
            with self._transaction():
                for kept in batch:
                    self._insert(kept)
        except sqlite3.Error as error:
            raise StoreError(
                f"the store cannot be written: {error}; nothing of this batch was kept"
            ) from None

    def _insert(self, kept: Kept) -> None:
        row = (kept.message.message_id, kept.outcome, kept.reason, kept.message.octets)
        cursor = self._connection.execute(
            "INSERT INTO message (message_id, outcome, reason, octets) VALUES (?, ?, ?, ?)", row
        )
        self._connection.executemany(
            "INSERT INTO delivery (target, message) VALUES (?, ?)",
            [(target, cursor.lastrowid) for target in kept.targets],
        )

    def _transaction(self) -> "_Transaction":
        return _Transaction(self._connection)

    def add_sent(self, message_id: str, action: int) -> None:
        """Remember from which action a message was sent (R4.7); raises StoreError when the disk refuses."""
        try:
            self._connection.execute("INSERT OR REPLACE INTO sent VALUES (?, ?)", (message_id, action))
        except sqlite3.Error as error:
            raise StoreError(
                f"the store cannot be written: {error}; {message_id} was not remembered"
            ) from None

    @property
    def sent(self) -> Mapping[str, int]:
        """Every message sent from an action: Message-ID to action id."""
        return dict(self._connection.execute("SELECT message_id, action FROM sent"))

    def messages(self, target: str) -> Sequence[Message]:
        """The copies a target holds, in the order they came; empty for a target that got none."""
        rows = self._connection.execute(
            "SELECT octets FROM message JOIN delivery ON message = id WHERE target = ? ORDER BY id", (target,)
        )
        return [Message(octets) for (octets,) in rows]

    def targets(self) -> Mapping[str, int]:
        """Every target that holds something, and how many copies, sorted by name."""
        return dict(
            self._connection.execute("SELECT target, count(*) FROM delivery GROUP BY target ORDER BY target")
        )


class _Transaction:
    """All or none; the standard library's own context manager would begin only at the first INSERT."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        self._connection.execute("COMMIT" if kind is None else "ROLLBACK")
