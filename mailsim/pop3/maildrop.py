"""One session's view of a server mailbox: numbered from 1, with deletion marks that count only in UPDATE.

Laws: numbers, sizes and uids never change while it is open (RFC 1939 §4, §5), but for `arrive`, which breaks the
law on purpose; a mark removes nothing; sizes are those of the wire octets, unless the server only estimates them.
The messages may be shared by many sessions, the marks never.
"""

from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from typing import Self

from mailsim.errors import MailsimError
from mailsim.pop3.wire import PIECE, Uid, dotted, is_uid, needs_utf8, pieces, stuff, wire_size


class MalformedUidError(MailsimError):
    """A unique-id that POP3 cannot carry."""


class WireMessage:
    """One message as POP3 knows it.

    Attributes:
        key: The uid that it is kept under.
        uid: The uid that is shown.
        octets: It, as stored.
        size: The size that is shown: that of its wire form, or an estimate.
    """

    __slots__ = ("_crlf", "_stuffed", "_utf8", "key", "octets", "size", "uid")

    def __init__(self, uid: str, octets: bytes, *, crlf: bool = False) -> None:
        """Take a message under a uid; with `crlf` all its lines are known to end so, and it is its own wire form.

        Raises:
            MalformedUidError: The uid is not 1 to 70 characters of 0x21-0x7E (RFC 1939 §7).
        """
        if not is_uid(uid):
            raise MalformedUidError(f"uid {uid!r}: a uid is 1 to 70 characters of '!' to '~'; choose another")
        self.key = self.uid = Uid(uid)
        self.octets = octets
        self.size = len(octets) if crlf else wire_size(octets)
        self._crlf = crlf
        self._stuffed: bytes | None = None
        self._utf8: bool | None = None

    def __repr__(self) -> str:
        return f"WireMessage({self.uid!r}, {self.size} octets)"

    @property
    def stuffed(self) -> bytes:
        """The octets that RETR sends before the terminator; made once, for all sessions."""
        if self._stuffed is None:
            self._stuffed = dotted(self.octets) if self._crlf else stuff(self.octets)
        return self._stuffed

    @property
    def needs_utf8(self) -> bool:
        """Whether its header holds UTF-8; looked at once."""
        if self._utf8 is None:
            self._utf8 = needs_utf8(self.octets)
        return self._utf8

    def pieces(self) -> Iterable[bytes]:
        """The octets that RETR sends before the terminator: of a large message piece by piece, made when taken."""
        return pieces(self.octets) if len(self.octets) > PIECE else (self.stuffed,)

    def shown_as(self, *, uid: str, size: int) -> Self:
        """Return the same message with another face."""
        other = copy(self)
        other.uid, other.size = Uid(uid), size
        return other


class Maildrop:
    """The messages of one user that one session sees.

    Attributes:
        user: Whose maildrop it is.
        count: How many messages are not marked as deleted.
        octets: The sum of their sizes.
        last: The highest number retrieved or marked, 0 before (LAST, RFC 1460).
        ascii_only: The client has not said that it understands UTF-8, and the server minds (RFC 6856 §2.1).
    """

    __slots__ = ("_marked", "_messages", "_retrieved", "ascii_only", "count", "last", "octets", "user")

    def __init__(self, user: str, messages: Sequence[WireMessage]) -> None:
        self.user = user
        self.ascii_only = False
        self._messages = tuple(messages)
        self._marked: set[int] = set()
        self._retrieved: set[int] = set()
        self.last = 0
        self._total()

    def __len__(self) -> int:
        return len(self._messages)

    def __repr__(self) -> str:
        return f"Maildrop({self.user!r}, {len(self)} messages, {len(self._marked)} marked)"

    def __getitem__(self, number: int) -> WireMessage | None:
        """Return the message of that number; None if there is none, or it is marked."""
        if not 1 <= number <= len(self._messages) or number in self._marked:
            return None
        return self._messages[number - 1]

    def numbered(self) -> Iterator[tuple[int, WireMessage]]:
        """Yield number and message of all that are not marked, in order."""
        return (pair for pair in enumerate(self._messages, 1) if pair[0] not in self._marked)

    def retrieve(self, number: int) -> None:
        """Remember that a message was retrieved: some servers make much of it."""
        self._retrieved.add(number)
        self.last = max(self.last, number)

    def mark(self, number: int) -> bool:
        """Mark a message as deleted; False, and nothing done, if `maildrop[number]` is None."""
        message = self[number]
        if message is None:
            return False
        self._marked.add(number)
        self.last = max(self.last, number)
        self.count -= 1
        self.octets -= message.size
        return True

    def unmark(self) -> None:
        """Take all marks away (RSET, RFC 1939 §5)."""
        self._marked.clear()
        self._total()

    def arrive(self, message: WireMessage) -> None:
        """Put a message behind the others while the session goes on: what no server may do (RFC 1939 §4)."""
        self._messages += (message,)
        self.count += 1
        self.octets += message.size

    @property
    def marked(self) -> tuple[Uid, ...]:
        """The keys of the marked messages, in the maildrop's order: what UPDATE removes."""
        return self._keys(self._marked)

    @property
    def retrieved(self) -> tuple[Uid, ...]:
        """The keys of the retrieved messages, in the maildrop's order."""
        return self._keys(self._retrieved)

    def _keys(self, numbers: Iterable[int]) -> tuple[Uid, ...]:
        return tuple(self._messages[number - 1].key for number in sorted(numbers))

    def _total(self) -> None:
        self.last = 0
        self.count = len(self._messages)
        self.octets = sum(message.size for message in self._messages)
