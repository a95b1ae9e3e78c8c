"""The server's side of one POP3 session as a machine without I/O: octets in, effects out."""

# Theory
#
# RFC 1939 §3: a session is in AUTHORIZATION, then TRANSACTION, then UPDATE. Two waits come between:
#
#     AUTHORIZATION --USER--> NAMED --PASS--> AUTHENTICATING --authenticated--> TRANSACTION
#           ^                                      |
#           +---------------refused----------------+
#     TRANSACTION --QUIT--> UPDATE --removed--> ENDED;     AUTHORIZATION, NAMED --QUIT--> ENDED
#
# ALLOWED below is the whole of it: a verb that a state does not list is an -ERR and changes nothing.
#
# Laws
# 1. No octets raise. Whatever a client sends is answered by exactly one response a line, in order.
# 2. The effects do not depend on how the octets are cut (only where one Send ends and the next begins does).
# 3. An -ERR changes nothing, but that PASS uses USER's name up, right or wrong (RFC 1939 §7).
# 4. Messages are removed by QUIT in TRANSACTION and by nothing else (RFC 1939 §6). A connection that ends
#    without it never yields a Remove.
# 5. In AUTHENTICATING and UPDATE nothing is parsed: pipelined commands (RFC 2449 §6.6) wait for the driver,
#    up to BACKLOG octets. Who sends more is not answered but closed, and the driver's answer comes too late.
# 6. Work and memory are linear in the input. One call answers about OUTPUT_STEP octets, then `behind` is
#    true and `receive(b"")` goes on: so a driver can let a client read before it makes more.
# 7. USER says the same of every name, and a refused login does not tell which half was wrong.

from collections.abc import Mapping
from enum import Enum, auto
from itertools import groupby
from types import MappingProxyType

from mailsim.errors import MailsimError
from mailsim.pop3.effects import Authenticate, Close, Effect, Refusal, Remove, Send
from mailsim.pop3.maildrop import Maildrop
from mailsim.pop3.transaction import ANSWERS, answer, summary
from mailsim.pop3.wire import (
    COMMAND_LIMIT,
    CRLF,
    TERMINATOR,
    ResponseCode,
    Verb,
    parse_command,
    status_line,
)

OUTPUT_STEP = 512 * 1024  # octets of answers in one call: enough for 64 messages of 5 KB
BACKLOG = 1024 * 1024  # octets that may wait for the driver
LARGE = 64 * 1024  # from here on octets are sent as they are, not copied into a joint Send


class State(Enum):
    """Where a session stands."""

    AUTHORIZATION = auto()
    """Nobody is named."""
    NAMED = auto()
    """USER was good: PASS may follow."""
    AUTHENTICATING = auto()
    """The driver looks at the credentials."""
    TRANSACTION = auto()
    """The maildrop is open and locked."""
    UPDATE = auto()
    """The driver removes messages."""
    ENDED = auto()
    """Closed, or about to be."""


ALLOWED: Mapping[State, frozenset[Verb]] = MappingProxyType(
    {
        State.AUTHORIZATION: frozenset({Verb.USER, Verb.CAPA, Verb.QUIT}),
        State.NAMED: frozenset({Verb.USER, Verb.PASS, Verb.CAPA, Verb.QUIT}),
        State.AUTHENTICATING: frozenset(),
        State.TRANSACTION: frozenset(ANSWERS) | {Verb.CAPA, Verb.QUIT},
        State.UPDATE: frozenset(),
        State.ENDED: frozenset(),
    }
)

CAPABILITIES = (  # RFC 2449 §6, the same in both states; RFC 3206 §6
    b"TOP",
    b"UIDL",
    b"RESP-CODES",
    b"AUTH-RESP-CODE",
    b"PIPELINING",
    b"USER",
    b"IMPLEMENTATION mailsim",
)


class OutOfTurnError(MailsimError):
    """The driver answered what the session had not asked: a fault of the driver, never of the client."""


class Session:
    """One session. Every method that returns effects returns them in the order to be carried out."""

    __slots__ = (
        "_at",
        "_buffer",
        "_maildrop",
        "_name",
        "_parts",
        "_request",
        "_skipping",
        "_written",
        "state",
    )

    def __init__(self) -> None:
        self.state = State.AUTHORIZATION
        self._maildrop = Maildrop("", ())
        self._name = ""
        self._buffer = bytearray()
        self._at = 0  # where the next line begins
        self._skipping = False  # inside a line that is too long already
        self._parts: list[bytes] = []
        self._written = 0
        self._request: Effect | None = None

    @property
    def behind(self) -> bool:
        """Whether input waits only because enough was answered: `receive(b"")` goes on."""
        return bool(ALLOWED[self.state]) and b"\n" in self._buffer

    def start(self) -> list[Effect]:
        """Return the greeting (RFC 1939 §4)."""
        self._ok("mailsim POP3 server ready")
        return self._effects()

    def receive(self, octets: bytes) -> list[Effect]:
        """Take what the client sent, any octets in any pieces, and return what to do.

        More than BACKLOG octets of waiting input end the session; after its end it takes no more.
        """
        if self.state is State.ENDED:
            return []
        if len(self._buffer) > COMMAND_LIMIT and len(self._buffer) + len(octets) > BACKLOG:
            return self._end()
        self._buffer += octets
        return self._work()

    def authenticated(self, maildrop: Maildrop) -> list[Effect]:
        """Answer `Authenticate`: the credentials are right and this maildrop is locked for the session.

        Raises:
            OutOfTurnError: Nothing was asked.
        """
        if not self._answered(State.AUTHENTICATING):
            return []
        self._maildrop = maildrop
        self.state = State.TRANSACTION
        self._ok(summary(maildrop))
        return self._work()

    def refused(self, refusal: Refusal) -> list[Effect]:
        """Answer `Authenticate`: no login; the client may try again (RFC 1939 §4).

        Raises:
            OutOfTurnError: Nothing was asked.
        """
        if not self._answered(State.AUTHENTICATING):
            return []
        self.state = State.AUTHORIZATION
        self._error(refusal.text, refusal.code)
        return self._work()

    def removed(self, *, failed: bool = False) -> list[Effect]:
        """Answer `Remove`: the session ends, with an -ERR if some messages could not be removed (RFC 1939 §6).

        Raises:
            OutOfTurnError: Nothing was asked.
        """
        if not self._answered(State.UPDATE):
            return []
        if failed:
            self._error("some deleted messages not removed")
        else:
            self._ok("bye")
        return self._end()

    def _answered(self, awaited: State) -> bool:
        """Say whether the session still waits: it does not after too much input."""
        if self.state not in (awaited, State.ENDED):
            raise OutOfTurnError(
                f"answer for {awaited.name} in state {self.state.name}: answer only what was asked"
            )
        return self.state is awaited

    def _work(self) -> list[Effect]:
        while ALLOWED[self.state] and self._written < OUTPUT_STEP and self._obey_next_line():
            pass
        del self._buffer[: self._at]
        self._at = 0
        return self._effects()

    def _effects(self) -> list[Effect]:
        effects: list[Effect] = []
        for large, parts in groupby(self._parts, lambda part: len(part) >= LARGE):
            run = tuple(parts)
            effects += map(Send, run if large else (b"".join(run),))
        self._parts.clear()
        self._written = 0
        if self._request is not None:
            effects.append(self._request)
            self._request = None
        return effects

    def _end(self) -> list[Effect]:
        self.state = State.ENDED
        self._buffer.clear()
        self._at = 0
        self._request = Close()
        return self._effects()

    def _obey_next_line(self) -> bool:
        """Answer one line; False when the buffer holds no whole one.

        A bare LF ends a line too, as it does for the servers in use. A line over the limit is dropped as it
        comes and answered once, at its end (RFC 2449 §4).
        """
        end = self._buffer.find(b"\n", self._at)
        if end < 0:
            if len(self._buffer) - self._at > COMMAND_LIMIT:
                self._skipping = True
                self._at = len(self._buffer)
            return False
        start, self._at = self._at, end + 1
        if self._skipping or self._at - start > COMMAND_LIMIT:
            self._skipping = False
            self._error(f"line too long: at most {COMMAND_LIMIT} octets")
        else:
            self._obey(bytes(self._buffer[start:end]).removesuffix(b"\r"))
        return True

    def _obey(self, line: bytes) -> None:
        command = parse_command(line)
        if command.verb is None:
            self._error("unknown command")
        elif command.verb not in ALLOWED[self.state]:
            allowed = " ".join(verb for verb in Verb if verb in ALLOWED[self.state])
            self._error(f"{command.verb} is not allowed now; allowed: {allowed}")
        else:
            self._speak(command.verb, command.argument)

    def _speak(self, verb: Verb, argument: bytes) -> None:
        match verb:
            case Verb.USER:
                self._user(argument)
            case Verb.PASS:
                self._pass(argument)
            case Verb.CAPA:
                self._capa(argument)
            case Verb.QUIT:
                self._quit(argument)
            case _:
                self._send(*answer(verb, self._maildrop, argument))

    def _send(self, *parts: bytes) -> None:
        self._parts += parts
        self._written += sum(map(len, parts))

    def _ok(self, text: str) -> None:
        self._send(status_line("+OK", text))

    def _error(self, text: str, code: ResponseCode | None = None) -> None:
        self._send(status_line("-ERR", text, code))

    def _user(self, argument: bytes) -> None:
        """RFC 1939 §7. Every name is welcome: no oracle."""
        name = argument.rstrip(b" ")
        if not name:
            self._error("USER needs a name")
            return
        self._name = name.decode("utf-8", "surrogateescape")
        self.state = State.NAMED
        self._ok("send PASS")

    def _pass(self, argument: bytes) -> None:
        """RFC 1939 §7. Spaces belong to the password."""
        if not argument:
            self._error("PASS needs a password")
            return
        self.state = State.AUTHENTICATING
        self._request = Authenticate(self._name, argument.decode("utf-8", "surrogateescape"))

    def _capa(self, argument: bytes) -> None:
        """RFC 2449 §5."""
        if argument.strip(b" "):
            self._error("CAPA takes no argument")
        else:
            self._send(b"+OK capabilities follow\r\n", *(tag + CRLF for tag in CAPABILITIES), TERMINATOR)

    def _quit(self, argument: bytes) -> None:
        """RFC 1939 §4 and §6. Before login there is nothing to update."""
        if argument.strip(b" "):
            self._error("QUIT takes no argument")
        elif self.state is State.TRANSACTION:
            self.state = State.UPDATE
            self._request = Remove(self._maildrop.marked)
        else:
            self._ok("bye")
            self.state = State.ENDED
            self._request = Close()
