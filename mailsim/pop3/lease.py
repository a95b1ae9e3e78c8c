"""A session and the maildrop that it has locked: what it asks of the mailboxes is done, the rest is handed on.

Laws: a maildrop opened is updated or released exactly once; mailboxes that fail are told as [SYS/TEMP] (RFC 3206 §4).
"""

from collections import deque
from collections.abc import Iterator, Sequence

from mailsim.pop3.disturbed import DisturbedSession
from mailsim.pop3.effects import (
    Arrive,
    Authenticate,
    Close,
    Drip,
    Effect,
    Expunge,
    HalfClose,
    Refusal,
    Remove,
    Secure,
    Send,
    Wait,
)
from mailsim.pop3.maildrop import Maildrop
from mailsim.pop3.service import Mailboxes, Service
from mailsim.pop3.session import Session
from mailsim.pop3.wire import ResponseCode

Deed = Send | Drip | Wait | HalfClose | Secure | Close
"""What is left for a driver to do."""

BROKEN = Refusal(ResponseCode.SYS_TEMP, "the maildrop cannot be opened at the moment; try later")


class Lease:
    """One session of a service, from its beginning to `release`."""

    def __init__(self, service: Service, *, stamp: str) -> None:
        """`stamp` is a word that no other connection is given."""
        self._mailboxes: Mailboxes = service.mailboxes
        self._faults = service.faults
        self._maildrop: Maildrop | None = None
        self.session: Session | DisturbedSession
        self.session = Session(service.conduct, secured=service.implicit, stamp=stamp)
        if self._faults:
            self.session = DisturbedSession(self.session, self._faults)

    def receive(self, octets: bytes) -> list[Effect]:
        """Hand the session what the client said; the first faults of all may have been given since it began."""
        session = self.session
        if self._faults and isinstance(session, Session) and session.between_commands:
            self.session = DisturbedSession(session, self._faults, begun=True, maildrop=self._maildrop)
        return self.session.receive(octets)

    def perform(self, effects: list[Effect]) -> Iterator[Deed]:
        """Carry effects out, and those that the session returns to the answers; yields what is left, in order."""
        waiting = deque(effects)
        while waiting:
            match waiting.popleft():
                case Authenticate() as asked:
                    waiting.extend(self._authenticate(asked))
                case Remove(uids):
                    waiting.extend(self.session.removed(failed=not self._update(uids)))
                case Expunge() | Arrive() as asked:
                    self._tamper(asked)
                case deed:
                    yield deed

    def release(self) -> None:
        """Give the maildrop back: without QUIT nothing is removed (RFC 1939 §6)."""
        maildrop, self._maildrop = self._maildrop, None
        if maildrop is not None:
            self._mailboxes.release(maildrop)

    def _tamper(self, asked: Expunge | Arrive) -> None:
        """Do to an open maildrop what only faults ask."""
        if self._maildrop is None:
            return
        if isinstance(asked, Expunge):
            self._mailboxes.expunge(self._maildrop, asked.uids)
        else:
            self._mailboxes.arrive(self._maildrop, asked.message)

    def _authenticate(self, asked: Authenticate) -> list[Effect]:
        try:
            opened = self._mailboxes.open(asked.user, asked.proof)
        except OSError:
            opened = BROKEN
        if isinstance(opened, Refusal):
            return self.session.refused(opened)
        self._maildrop = opened
        return self.session.authenticated(opened)

    def _update(self, uids: Sequence[str]) -> bool:
        maildrop, self._maildrop = self._maildrop, None
        if maildrop is None:
            return False
        try:
            return self._mailboxes.update(maildrop, uids)
        except OSError:
            self._maildrop = maildrop  # to be released
            return False
