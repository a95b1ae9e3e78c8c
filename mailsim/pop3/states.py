"""Where a POP3 session stands, and what may be said there: the table that `session` obeys (RFC 1939 §3)."""

from collections.abc import Mapping
from enum import StrEnum, auto
from types import MappingProxyType

from mailsim.pop3.transaction import ANSWERS
from mailsim.pop3.wire import Verb


class State(StrEnum):
    """Where a session stands."""

    AUTHORIZATION = auto()
    """Nobody is named."""
    NAMED = auto()
    """USER was good: PASS may follow."""
    EXCHANGE = auto()
    """AUTH goes on: a line is a response, no command (RFC 5034 §4)."""
    AUTHENTICATING = auto()
    """The driver looks at the credentials."""
    SECURING = auto()
    """The driver begins TLS."""
    TRANSACTION = auto()
    """The maildrop is open and locked."""
    UPDATE = auto()
    """The driver removes messages."""
    ENDED = auto()
    """Closed, or about to be."""


_ANYWHERE = {Verb.CAPA, Verb.QUIT, Verb.LANG}
_BEFORE_LOGIN = _ANYWHERE | {Verb.USER, Verb.APOP, Verb.AUTH, Verb.STLS, Verb.UTF8}

ALLOWED: Mapping[State, frozenset[Verb]] = MappingProxyType(
    {
        State.AUTHORIZATION: frozenset(_BEFORE_LOGIN),
        State.NAMED: frozenset(_BEFORE_LOGIN | {Verb.PASS}),
        State.EXCHANGE: frozenset(),
        State.AUTHENTICATING: frozenset(),
        State.SECURING: frozenset(),
        State.TRANSACTION: frozenset(ANSWERS) | _ANYWHERE,
        State.UPDATE: frozenset(),
        State.ENDED: frozenset(),
    }
)

LISTENING = frozenset({State.AUTHORIZATION, State.NAMED, State.EXCHANGE, State.TRANSACTION})
"""The states in which a line is read; in the others input waits for the driver, or is lost."""
