"""What was delivered where, durably: one SQLite file, or memory for a world that ends.

Laws:
- `keep` is one transaction: when it returns, every message, delivery, receipt and forward of the batch is on
  the disk (WAL, synchronous=FULL), and only then may the server's copies be deleted (R4.2). When it raises,
  nothing of the batch is there.
- What is asked while a batch is being kept sees the messages before it in the batch, and no other writer
  comes between: two processes that collect into one store repeat nothing either.
- A message's octets are kept once, whatever its targets.
- Nothing is ever removed or changed but a forward, once it was sent.
- A file that is damaged is a StoreError, whatever is asked of it.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Self

from mailsim.mail import Address, Message
from mailsim.mail.message import begins_with_field
from mailsim.practice.store_error import unreadable, unusable, unwritable

_VERSION = 1
_PRIVATE = ""  # SQLite's name for a database that spills to a temporary file, and ends with its connection
_PAGE = 16 * 1024  # octets: most messages fit in one, which halves the time to store them
_CACHE = 32 * 1024 * 1024  # octets of a store in memory, before it spills
_LARGE = 1024 * 1024  # octets: SQLite makes two more copies of a value that comes with its row
_BEGINNING = 80  # octets of a message: the first line, of most
_Blob = bytearray
"""Octets as they are bound: of `bytes` sqlite3 asks each time whether somebody wants them adapted, which of most messages costs more than a copy."""
_OF_THE_MESSAGE = (sqlite3.DataError, sqlite3.IntegrityError)  # what is wrong with it, not with the file
_SCHEMA = (
    """CREATE TABLE message (
    id INTEGER PRIMARY KEY, message_id TEXT, outcome TEXT NOT NULL, reason TEXT NOT NULL,
    fingerprint BLOB, octets BLOB NOT NULL
)""",
    """CREATE INDEX message_fingerprint ON message(fingerprint) WHERE fingerprint IS NOT NULL""",
    """CREATE TABLE delivery (
    target TEXT NOT NULL, message INTEGER NOT NULL REFERENCES message(id), PRIMARY KEY (target, message)
) WITHOUT ROWID""",
    """CREATE INDEX delivery_message ON delivery(message)""",
    """CREATE TABLE receipt (
    mailbox TEXT NOT NULL, uid TEXT NOT NULL, digest BLOB NOT NULL, PRIMARY KEY (mailbox, uid, digest)
) WITHOUT ROWID""",
    """CREATE TABLE forward (
    id INTEGER PRIMARY KEY AUTOINCREMENT, local TEXT NOT NULL, domain TEXT NOT NULL, octets BLOB NOT NULL
)""",
    """CREATE TABLE sent (message_id TEXT PRIMARY KEY, action INTEGER NOT NULL) WITHOUT ROWID""",
    f"PRAGMA user_version = {_VERSION}",
)


class Receipt(NamedTuple):
    """The proof that one message of a server mailbox was collected."""

    mailbox: str
    """Which server mailbox."""
    uid: str
    """Its unique-id there; empty where the server has none."""
    digest: bytes
    """Of all its octets: a server may give one uid to two messages."""


class Kept(NamedTuple):
    """A message to keep, and every target that gets a copy."""

    message: Message
    outcome: str
    reason: str
    targets: tuple[str, ...]
    fingerprint: bytes | None = None
    """What its copies have in common (R4.13); None where none can come."""
    forward: tuple[Address, Message] | None = None
    """What must be sent because of it, and to whom (R4.8)."""


class Forward(NamedTuple):
    """A message that waits to be sent to the fallback address (R4.8)."""

    id: int
    """A later one's is higher, also when this one is gone."""
    recipient: Address
    message: Message


class Store:
    """Deliveries, the ledger of what was collected, and sent messages; used from one thread at a time."""

    def __init__(self, path: Path | None = None, *, patience: float = 5) -> None:
        """Open or create a store; None keeps it in memory, and what is too much for that in a file without a name.

        An empty file becomes a store. `patience` is how many seconds to wait for another process that is writing.
        Raises StoreError when the file is no store, or cannot be had.
        """
        self.path = path
        try:
            if (
                path is not None and path.exists() and not path.is_file()
            ):  # a device takes all and keeps nothing
                raise sqlite3.DatabaseError("it is no regular file")
            # Absolute: SQLite takes `:memory:` and `file:...` for names of its own, and keeps nothing there.
            self._connection = sqlite3.connect(
                path.absolute() if path else _PRIVATE,
                timeout=patience,
                check_same_thread=False,
                isolation_level=None,
            )
        except (sqlite3.Error, OSError) as error:
            raise unusable(path, error) from None
        # For what is inserted alone: of a query that breaks off, a cursor that stays would hold what it has seen.
        self._inserting = self._connection.cursor()
        try:
            self._prepare()
        except sqlite3.Error as error:
            self.close()
            raise unusable(path, error) from None

    def _prepare(self) -> None:
        execute = self._connection.execute
        execute(f"PRAGMA page_size={_PAGE}")
        if self.path:
            (mode,) = execute("PRAGMA journal_mode=WAL").fetchone()
            if mode != "wal":  # SQLite says so and goes on: with a journal that may be in memory alone
                raise sqlite3.DatabaseError(f"its journal would be {mode}, not a write-ahead log")
            execute("PRAGMA synchronous=FULL")
        else:
            execute("PRAGMA journal_mode=MEMORY")  # nothing of it outlives its process
            execute("PRAGMA synchronous=OFF")
            execute(f"PRAGMA cache_size={-_CACHE // 1024}")
        if self._version() == _VERSION:
            return
        execute("BEGIN IMMEDIATE")  # and look again: another process may have made it meanwhile
        version = self._version()
        (tables,) = execute("SELECT count(*) FROM sqlite_master").fetchone()
        if version != _VERSION:
            if version or tables:
                raise sqlite3.DatabaseError("it is another database")
            for statement in _SCHEMA:
                execute(statement)
        execute("COMMIT")

    def _version(self) -> int:
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        return int(version)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; closing twice is harmless."""
        self._connection.close()

    # Writing

    def keep(self, batch: Iterable[Kept]) -> None:
        """Record a batch of messages and all that belongs to them, all or none.

        The batch is read inside the transaction, so what it asks of this store holds until it is recorded.

        Raises:
            StoreError: The disk refuses, the file is damaged, or another process writes for too long.
            Exception: Whatever the batch raises; also what SQLite says of a message that no store can hold.
        """
        with self._transaction():
            for kept in batch:
                self._insert(kept)

    def _insert(self, kept: Kept) -> None:
        execute = self._inserting.execute
        message, key = kept.message, kept.fingerprint
        # Outcomes and reasons are plain words here: a member of an enumeration is asked about as `bytes` are.
        row = message.message_id, str(kept.outcome), str(kept.reason), None if key is None else _Blob(key)
        number: int | None
        if len(message.octets) > _LARGE:
            number = self._insert_large(row, message.octets)
        else:
            number = execute(
                "INSERT INTO message (message_id, outcome, reason, fingerprint, octets) VALUES (?, ?, ?, ?, ?)",
                (*row, _Blob(message.octets)),
            ).lastrowid
        for target in kept.targets:
            execute("INSERT INTO delivery (target, message) VALUES (?, ?)", (target, number))
        if kept.forward is not None:
            recipient, forward = kept.forward
            execute(
                "INSERT INTO forward (local, domain, octets) VALUES (?, ?, ?)",
                (recipient.local, recipient.domain, forward.octets),
            )

    def _insert_large(self, row: tuple[str | None, str, str, bytearray | None], octets: bytes) -> int:
        (number,) = self._connection.execute(
            "INSERT INTO message (message_id, outcome, reason, fingerprint, octets)"
            " VALUES (?, ?, ?, ?, zeroblob(?)) RETURNING id",
            (*row, len(octets)),
        ).fetchone()
        with self._connection.blobopen("message", "octets", number) as blob:
            for at in range(0, len(octets), _LARGE):
                blob.write(octets[at : at + _LARGE])
        return int(number)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All or none; the standard library's own context manager would begin only at the first INSERT."""
        connection = self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield
            connection.execute("COMMIT")
        except _OF_THE_MESSAGE:
            raise
        except sqlite3.DatabaseError as error:  # full, locked, damaged
            raise unwritable(self.path, error, "nothing of this batch was kept") from None
        finally:
            if connection.in_transaction:  # SQLite itself rolls back where the disk is full
                connection.execute("ROLLBACK")

    def add_sent(self, sent: Mapping[str, int]) -> None:
        """Remember from which action each Message-ID was sent (R4.7); raises StoreError when the disk refuses."""
        with self._transaction():
            self._connection.executemany("INSERT OR REPLACE INTO sent VALUES (?, ?)", sent.items())

    def forwarded(self, forward: Forward) -> None:
        """Forget a forward that a server has taken; raises StoreError when the disk refuses."""
        with self._transaction():
            self._connection.execute("DELETE FROM forward WHERE id = ?", (forward.id,))

    # The ledger (R4.2, R4.13)

    def remember(self, receipt: Receipt) -> bool:
        """Record a receipt with the batch that is being kept; False when that very message was collected before."""
        statement = "INSERT INTO receipt VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
        row = receipt.mailbox, receipt.uid, _Blob(receipt.digest)
        return self._inserting.execute(statement, row).rowcount == 1

    def known_uids(self, mailbox: str, uids: Sequence[str]) -> set[str]:
        """Under which of these uids a message was collected from that server mailbox before."""
        statement = "SELECT uid FROM receipt WHERE mailbox = ? AND uid IN (SELECT value FROM json_each(?))"
        return {uid for (uid,) in self._rows(statement, mailbox, json.dumps(uids))}

    def reached(self, fingerprint: bytes) -> tuple[str, ...]:
        """The targets that collected copies of a message reached, in the order they did."""
        rows = self._all(
            "SELECT target FROM message JOIN delivery ON message = id WHERE fingerprint = ? ORDER BY id, target",
            _Blob(fingerprint),
        )
        return tuple(dict.fromkeys([target for (target,) in rows])) if rows else ()

    def forwards(self, *, after: int = 0) -> Iterator[Forward]:
        """What waits to be sent to the fallback address, of later ids than `after`, oldest first, each read when its turn comes."""
        while row := next(
            self._rows(
                "SELECT id, local, domain, octets FROM forward WHERE id > ? ORDER BY id LIMIT 1", after
            ),
            None,
        ):
            after, local, domain, octets = row
            yield Forward(after, Address(local, domain), Message(octets))

    def sent_from(self, message_id: str) -> int | None:
        """The action that a message was sent from; None when it was sent from none."""
        row = self._first("SELECT action FROM sent WHERE message_id = ?", message_id)
        return None if row is None else int(row[0])

    @property
    def sent(self) -> Mapping[str, int]:
        """Every message sent from an action: Message-ID to action id."""
        return dict(self._rows("SELECT message_id, action FROM sent"))

    # What is there

    def messages(self, target: str) -> Sequence[Message]:
        """The copies a target holds, in the order they came; empty for a target that got none."""
        return [message for _, message in self.copies(target)]

    def copies(self, target: str) -> Iterator[tuple[int, Message]]:
        """As `messages`, each with a number that is its own in this store, read one by one."""
        for (number,) in self._rows("SELECT message FROM delivery WHERE target = ? ORDER BY message", target):
            for (octets,) in self._rows("SELECT octets FROM message WHERE id = ?", number):
                yield number, Message(octets)

    def held_twice(self) -> Iterator[tuple[str, str]]:
        """Each target and Message-ID of a collected message that the target holds more than once, as none should (R4.13)."""
        return self._rows(
            "SELECT target, message_id FROM message JOIN delivery ON message = id WHERE fingerprint IS NOT NULL"
            " GROUP BY fingerprint, target HAVING count(*) > 1 ORDER BY target, min(id)"
        )

    def held(self) -> Iterator[tuple[str, str, int]]:
        """Each copy that a target holds: the target, what the message is known by on its way, its octets' number."""
        rows = self._rows(
            "SELECT target, id, message_id, length(octets), substr(octets, 1, ?)"
            " FROM delivery JOIN message ON message = id",
            _BEGINNING,
        )
        for target, number, message_id, size, beginning in rows:
            known_by = message_id or ""
            if not begins_with_field(beginning):  # then it reads otherwise under what a server writes on top
                (octets,) = self._first("SELECT octets FROM message WHERE id = ?", number)
                known_by = Message(octets).known_by
            yield target, known_by, size

    def targets(self) -> Mapping[str, int]:
        """Every target that holds something, and how many copies, sorted by name."""
        return dict(self._rows("SELECT target, count(*) FROM delivery GROUP BY target ORDER BY target"))

    def _first(self, statement: str, *parameters: object) -> Any:
        """The one row that a query finds, None when it finds none; raises StoreError when the file is damaged."""
        rows = self._all(statement, *parameters)
        return rows[0] if rows else None

    def _all(self, statement: str, *parameters: object) -> Sequence[Any]:
        """What a query finds, which must be little; raises StoreError when the file is damaged."""
        try:
            return self._connection.execute(statement, parameters).fetchall()
        except sqlite3.DatabaseError as error:
            raise unreadable(self.path, error) from None

    def _rows(self, statement: str, *parameters: object) -> Iterator[Any]:
        """What a query finds, row by row; raises StoreError when the file is damaged."""
        try:
            yield from self._connection.execute(statement, parameters)
        except sqlite3.DatabaseError as error:
            raise unreadable(self.path, error) from None
