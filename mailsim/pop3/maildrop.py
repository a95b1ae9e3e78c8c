"""One session's view of a server mailbox: numbered from 1, with deletion marks that count only in UPDATE.

Laws: numbers, sizes and uids never change while it is open (RFC 1939 §4, §5); a mark removes nothing;
sizes are those of the wire octets. The messages may be shared by many sessions, the marks never.
"""

from collections.abc import Iterator, Sequence

from mailsim.errors import MailsimError
from mailsim.pop3.wire import Uid, is_uid, stuff, wire_size


class MalformedUidError(MailsimError):
    """A unique-id that POP3 cannot carry."""


class WireMessage:
    """One message as POP3 knows it: its uid, its octets as stored, its size on the wire."""

    __slots__ = ("_stuffed", "octets", "size", "uid")

    def __init__(self, uid: str, octets: bytes) -> None:
        """Take a message under a uid.

        Raises:
            MalformedUidError: The uid is not 1 to 70 characters of 0x21-0x7E (RFC 1939 §7).
        """
        if not is_uid(uid):
            raise MalformedUidError(f"uid {uid!r}: a uid is 1 to 70 characters of '!' to '~'; choose another")
        self.uid = Uid(uid)
        self.octets = octets
        self.size = wire_size(octets)
        self._stuffed: bytes | None = None

    def __repr__(self) -> str:
        return f"WireMessage({self.uid!r}, {self.size} octets)"

    @property
    def stuffed(self) -> bytes:
        """The octets that RETR sends before the terminator; made once, for all sessions."""
        if self._stuffed is None:
            self._stuffed = stuff(self.octets)
        return self._stuffed


class Maildrop:
    """The messages of one user that one session sees.

    Attributes:
        user: Whose maildrop it is.
        count: How many messages are not marked as deleted.
        octets: The sum of their sizes.
    """

    __slots__ = ("_marked", "_messages", "count", "octets", "user")

    def __init__(self, user: str, messages: Sequence[WireMessage]) -> None:
        self.user = user
        self._messages = tuple(messages)
        self._marked: set[int] = set()
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

    def mark(self, number: int) -> bool:
        """Mark a message as deleted; False, and nothing done, if `maildrop[number]` is None."""
        message = self[number]
        if message is None:
            return False
        self._marked.add(number)
        self.count -= 1
        self.octets -= message.size
        return True

    def unmark(self) -> None:
        """Take all marks away (RSET, RFC 1939 §5)."""
        self._marked.clear()
        self._total()

    @property
    def marked(self) -> tuple[Uid, ...]:
        """The uids of the marked messages, in the maildrop's order: what UPDATE removes."""
        return tuple(self._messages[number - 1].uid for number in sorted(self._marked))

    def _total(self) -> None:
        self.count = len(self._messages)
        self.octets = sum(message.size for message in self._messages)
