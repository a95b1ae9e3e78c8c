"""Maildrops in memory: users, their passwords and messages, one lock each. What a server of its own serves.

Laws: a uid is stable and never given again, not even when its message is gone; a session sees the messages
that were there when it opened (RFC 1939 §4); one session at a time holds a maildrop, others are told
[IN-USE] (RFC 2449 §8.1.2), and only those who know the password learn that; the same messages in the same
order get the same uids in every process. A `Conduct` may have a session see less, or other uids and sizes:
what is kept, and under which key, stays the same.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

from mailsim.errors import MailsimError
from mailsim.pop3.conduct import PLAIN_CONDUCT, Conduct
from mailsim.pop3.effects import Refusal
from mailsim.pop3.maildrop import Maildrop, WireMessage
from mailsim.pop3.proof import Proof, proves
from mailsim.pop3.wire import ResponseCode, Uid

RECENT = "recent:"  # Gmail's prefix of a user name
ESTIMATE = 1024  # octets that an estimated size is a multiple of

WRONG_CREDENTIALS = Refusal(ResponseCode.AUTH, "wrong user name or password")
LOCKED = Refusal(ResponseCode.IN_USE, "maildrop is open in another session")


Removed = Callable[[str, WireMessage, bool], None]
"""Is told whose message was removed, which, and whether its session asked for that or has had it; else a fault took it unread."""


class UnknownUserError(MailsimError):
    """A user that has no maildrop here."""


@dataclass(slots=True)
class _Account:
    password: bytes = field(repr=False)
    messages: dict[Uid, WireMessage] = field(default_factory=dict, repr=False)
    taken: int = 0  # messages ever appended: the serial number of the last one
    holder: Maildrop | None = None
    opened: int = 0  # sessions so far
    last_login: float = float("-inf")
    hidden: set[Uid] = field(default_factory=set)  # of `messages`: nothing is remembered of what is gone


class Maildrops:
    """All maildrops of a server, by user.

    Takes a mapping of user to password and messages, octets each, oldest first; how the server behaves; a clock in
    seconds, which only the time between two logins is read from; and who is told of each message that is removed.
    """

    __slots__ = ("_accounts", "_clock", "_conduct", "_removed")

    def __init__(
        self,
        maildrops: Mapping[str, tuple[str, Iterable[bytes]]] | None = None,
        *,
        conduct: Conduct = PLAIN_CONDUCT,
        clock: Callable[[], float] = time.monotonic,
        removed: Removed = lambda _user, _message, _asked: None,
    ) -> None:
        self._conduct = conduct
        self._removed = removed
        self._clock = clock
        self._accounts: dict[str, _Account] = {}
        for user, (password, messages) in (maildrops or {}).items():
            self.add(user, password)
            for octets in messages:
                self.append(user, octets)

    def __repr__(self) -> str:
        return f"Maildrops({', '.join(self._accounts)})"

    @property
    def users(self) -> tuple[str, ...]:
        """Everyone who has a maildrop, in the order added."""
        return tuple(self._accounts)

    def add(self, user: str, password: str) -> None:
        """Give a user an empty maildrop; for one who has a maildrop, change the password only."""
        secret = _octets(password)
        if user in self._accounts:
            self._accounts[user].password = secret
        else:
            self._accounts[user] = _Account(secret)

    def append(self, user: str, octets: bytes, *, crlf: bool = False) -> Uid:
        """Put a message behind the others and return its uid; sessions that are open do not see it.

        With `crlf` all its lines are known to end so.

        Raises:
            UnknownUserError: The user has no maildrop.
        """
        account = self._account(user)
        account.taken += 1
        # The serial number makes it unique, the digest keeps it from naming another message after a restart.
        uid = f"{account.taken:08d}.{blake2b(octets, digest_size=8).hexdigest()}"
        message = WireMessage(uid, octets, crlf=crlf)
        account.messages[message.uid] = message
        return message.uid

    def messages(self, user: str) -> tuple[bytes, ...]:
        """Return what a user's maildrop holds, each message's octets as they were given, oldest first.

        Raises:
            UnknownUserError: The user has no maildrop.
        """
        return tuple(message.octets for message in tuple(self._account(user).messages.values()))

    def uids(self, user: str) -> tuple[Uid, ...]:
        """Return the uids of `messages(user)`, in the same order.

        Raises:
            UnknownUserError: The user has no maildrop.
        """
        return tuple(self._account(user).messages)

    def message(self, user: str, uid: str) -> bytes | None:
        """Return the octets of one message, None when it is not there, or no longer.

        Raises:
            UnknownUserError: The user has no maildrop.
        """
        message = self._account(user).messages.get(Uid(uid))
        return None if message is None else message.octets

    def locked(self, user: str) -> bool:
        """Say whether a session has a user's maildrop open.

        Raises:
            UnknownUserError: The user has no maildrop.
        """
        return self._account(user).holder is not None

    def open(self, user: str, proof: Proof) -> Maildrop | Refusal:
        """Lock a user's maildrop and return it as it is now; a refusal when the login is wrong, too soon or it is locked."""
        recent = self._conduct.recent and user.startswith(RECENT)
        user = user.removeprefix(RECENT) if recent else user
        account = self._accounts.get(user)
        right = proves(proof, b"" if account is None else account.password)
        if account is None or not right:
            return WRONG_CREDENTIALS
        if account.holder is not None:
            return LOCKED
        now = self._clock()
        wait = account.last_login + self._conduct.login_delay - now
        if wait > 0:
            return Refusal(ResponseCode.LOGIN_DELAY, f"log in again after {wait:.0f} seconds")
        account.last_login = now
        account.opened += 1
        account.holder = Maildrop(user, self._shown(account, recent=recent))
        return account.holder

    def _shown(self, account: _Account, *, recent: bool) -> Sequence[WireMessage]:
        """What a session sees of an account, by the server's conduct."""
        conduct = self._conduct
        messages = list(account.messages.values())
        if account.hidden and not recent:
            messages = [message for message in messages if message.key not in account.hidden]
        messages = messages[: conduct.at_most]
        if not (conduct.changing_uids or conduct.estimated_sizes):
            return messages
        return [
            message.shown_as(
                uid=_passing_uid(message.key, account.opened) if conduct.changing_uids else message.key,
                size=message.size // ESTIMATE * ESTIMATE + ESTIMATE
                if conduct.estimated_sizes
                else message.size,
            )
            for message in messages
        ]

    def update(self, maildrop: Maildrop, removed: Sequence[str]) -> bool:
        """Remove messages and unlock; False, and nothing done, if that maildrop no longer holds the lock."""
        if not self._take_out(maildrop, removed, asked=True):
            return False
        account = self._accounts[maildrop.user]
        if self._conduct.hides_retrieved:
            account.hidden.update(account.messages.keys() & maildrop.retrieved)
        account.holder = None
        return True

    def expunge(self, maildrop: Maildrop, removed: Sequence[str]) -> bool:
        """As a fault does, remove messages and keep the lock; False, and nothing done, if that maildrop does not hold it."""
        return self._take_out(maildrop, removed, asked=False)

    def _take_out(self, maildrop: Maildrop, removed: Sequence[str], *, asked: bool) -> bool:
        account = self._accounts.get(maildrop.user)
        if account is None or account.holder is not maildrop:
            return False
        account.hidden.difference_update(removed)
        had = () if asked else maildrop.retrieved
        for uid in removed:
            message = account.messages.pop(Uid(uid), None)
            if message is not None:
                self._removed(maildrop.user, message, asked or uid in had)
        return True

    def arrive(self, maildrop: Maildrop, message: WireMessage) -> None:
        """Put a message under its own key behind the others, as it was put into the open maildrop."""
        account = self._accounts.get(maildrop.user)
        if account is not None and account.holder is maildrop:
            account.messages[message.key] = message

    def release(self, maildrop: Maildrop) -> None:
        """Unlock without removing anything; nothing happens if that maildrop does not hold the lock."""
        account = self._accounts.get(maildrop.user)
        if account is not None and account.holder is maildrop:
            account.holder = None

    def _account(self, user: str) -> _Account:
        account = self._accounts.get(user)
        if account is None:
            known = ", ".join(self._accounts) or "nobody"
            raise UnknownUserError(
                f"user {user!r}: no maildrop; there is one for {known}; name one of these, or give the user one before"
            )
        return account


def _passing_uid(key: Uid, session: int) -> str:
    """Return a uid that is good for one session."""
    return blake2b(f"{session} {key}".encode(), digest_size=16).hexdigest()


def _octets(password: str) -> bytes:
    """Return a password's octets as the wire carries them, undecodable ones included."""
    return password.encode("utf-8", "surrogateescape")
