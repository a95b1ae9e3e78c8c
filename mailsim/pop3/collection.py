"""What collecting is told in: messages listed and retrieved, what a session came to, and how it broke."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from mailsim.errors import MailsimError
from mailsim.pop3.spool import Spool


class Step(StrEnum):
    """How far a session came."""

    CONNECT = "connect"
    GREETING = "greeting"
    LOGIN = "login"
    LIST = "list"
    RETRIEVE = "retrieve"
    KEEP = "keep"
    DELETE = "delete"
    QUIT = "quit"


class Listed(NamedTuple):
    """One message as a session lists it."""

    number: int
    uid: str | None
    """None where the server has none."""
    size: int | None
    """What LIST said; None where that is no size."""


@dataclass(slots=True)  # not frozen: one is made for every message, which freezing makes three times as dear
class Retrieved:
    """One message as it was retrieved.

    Attributes:
        number: Its number in this session.
        uid: Its unique-id, None where the server has none.
        size_listed: What LIST said of its size, None where that is no size.
        body: The message, or where it lies on the disk.
        truncated: Whether fewer octets came than were listed by a server whose sizes are right otherwise.
    """

    number: int
    uid: str | None
    size_listed: int | None
    body: bytes | Spool = field(repr=False)
    truncated: bool = False

    @property
    def size(self) -> int:
        """How many octets came."""
        return self.body.size if isinstance(self.body, Spool) else len(self.body)

    @property
    def short(self) -> bool:
        """Whether fewer octets came than were listed: cut short, or the server only estimates sizes."""
        return self.size_listed is not None and self.size < self.size_listed

    @property
    def octets(self) -> bytes:
        """The message; of a large one, read from the disk each time. Raises OSError."""
        return self.body.read() if isinstance(self.body, Spool) else self.body


@dataclass(frozen=True, slots=True)
class Failure:
    """A message that the server would not give or delete, or that could not be kept; it is still there."""

    number: int
    uid: str | None
    step: Step
    text: str


@dataclass(frozen=True, slots=True)
class Collection:
    """What one session came to.

    Attributes:
        listed: How many messages were waiting.
        kept: How many were retrieved and kept.
        new: How many of those were neither kept before nor copies of those that were.
        deleted: How many of them the server removed; 0 when it said at QUIT that it could not.
        failures: The messages that stay, each with the reason.
    """

    listed: int
    kept: int
    new: int
    deleted: int
    failures: tuple[Failure, ...]


class CollectError(MailsimError):
    """The session broke or the server would not go on; messages not yet deleted are still there.

    Attributes:
        step: Where it happened.
        code: The server's response code, such as `AUTH` or `IN-USE`, if it gave one.
        so_far: What was kept all the same; nothing of it is known to be deleted.
        under_way: The message that was being retrieved or deleted.
    """

    def __init__(self, text: str, step: Step, code: str | None = None) -> None:
        super().__init__(text)
        self.step = step
        self.code = code
        self.so_far = Collection(0, 0, 0, 0, ())
        self.under_way: Listed | None = None


class Keeping(NamedTuple):
    """What became of a batch that was to be kept."""

    new: int
    """How many messages were neither kept before nor copies of those that were."""
    refused: Mapping[int, str]
    """By number: what was not kept, and so must not be deleted, and why."""
