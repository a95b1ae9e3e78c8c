"""The server's side of one POP3 session as a machine without I/O: octets in, effects out."""

# Theory
#
# RFC 1939 §3: a session is in AUTHORIZATION, then TRANSACTION, then UPDATE. Waits come between:
#
#     AUTHORIZATION --USER--> NAMED --PASS--> AUTHENTICATING --authenticated--> TRANSACTION
#           |  |  |                                ^  |
#           |  |  +---------APOP, AUTH-------------+  +--refused--> AUTHORIZATION
#           |  +--AUTH--> EXCHANGE --response--------^        (after XOAUTH2: EXCHANGE once more)
#           +--STLS--> SECURING --secured--> AUTHORIZATION
#     TRANSACTION --QUIT--> UPDATE --removed--> ENDED;     AUTHORIZATION, NAMED --QUIT--> ENDED
#
# `states.ALLOWED` is the whole of it: a verb that a state does not list is an -ERR and changes nothing.
#
# Laws
# 1. No octets raise. Whatever a client sends is answered by exactly one response a line, in order.
# 2. The effects do not depend on how the octets are cut (only where one Send ends and the next begins does).
# 3. An -ERR changes nothing, but that PASS uses USER's name up, right or wrong (RFC 1939 §7), AUTH that came as far
#    as its mechanism forgets it, and that refused logins and bad commands are counted, up to the conduct's limits.
# 4. Messages are removed by QUIT in TRANSACTION and by nothing else (RFC 1939 §6). A connection that ends
#    without it never yields a Remove.
# 5. In AUTHENTICATING and UPDATE nothing is parsed: pipelined commands (RFC 2449 §6.6) wait for the driver,
#    up to BACKLOG octets. Who sends more is not answered but closed, and the driver's answer comes too late.
# 6. Nothing crosses STLS: octets that came behind it in the clear are lost, and so is USER's name (RFC 2595 §4).
# 7. Work and memory are linear in the input. One call answers about OUTPUT_STEP octets, or STEP_PARTS parts of
#    one response, then `behind` is true and `receive(b"")` goes on: so a driver can let a client read before it makes more.
# 8. USER says the same of every name, and a refused login does not tell which half was wrong.

from collections.abc import Iterable, Iterator
from itertools import groupby

from mailsim.errors import MailsimError
from mailsim.pop3.authorization import Authorization, Outcome
from mailsim.pop3.conduct import PLAIN_CONDUCT, Conduct, capabilities, spoken
from mailsim.pop3.effects import Certificate, Close, Effect, Refusal, Remove, Send
from mailsim.pop3.language import lang
from mailsim.pop3.maildrop import Maildrop
from mailsim.pop3.states import ALLOWED, LISTENING, State
from mailsim.pop3.transaction import ANSWERS, answer, summary
from mailsim.pop3.wire import (
    COMMAND_LIMIT,
    CRLF,
    RESPONSE_LIMIT,
    TERMINATOR,
    Uid,
    Verb,
    parse_command,
    status_line,
)

OUTPUT_STEP = 512 * 1024  # octets of answers in one call: enough for 64 messages of 5 KB
STEP_PARTS = 8  # of a response in one call: those of a listing hold few octets, and are about a millisecond's work each
BACKLOG = 1024 * 1024  # octets that may wait for the driver
LARGE = 64 * 1024  # from here on octets are sent as they are, not copied into a joint Send

_NOTHING = Maildrop("", ())


class OutOfTurnError(MailsimError):
    """The driver answered what the session had not asked: a fault of the driver, never of the client."""


class Session:
    """One session. Every method that returns effects returns them in the order to be carried out."""

    __slots__ = (
        "_at",
        "_authorization",
        "_bad",
        "_buffer",
        "_conduct",
        "_maildrop",
        "_parts",
        "_refused",
        "_request",
        "_responding",
        "_response",
        "_skipping",
        "_spoken",
        "_written",
        "state",
    )

    certificate = Certificate.GOOD
    """What a server shows that speaks TLS from the first octet."""

    def __init__(
        self, conduct: Conduct = PLAIN_CONDUCT, *, secured: bool = False, stamp: str = "0.0"
    ) -> None:
        """Take how the server behaves, whether there is TLS already, and a word that no other connection is given."""
        self.state = State.AUTHORIZATION
        self._conduct = conduct
        self._spoken = spoken(conduct)
        self._authorization = Authorization(conduct, secured=secured, stamp=stamp)
        self._maildrop = _NOTHING
        self._bad = 0  # bad commands in a row
        self._refused = 0  # logins
        self._response: Iterator[bytes] = iter(())  # what is still to be sent of it
        self._responding = False
        self._buffer = bytearray()
        self._at = 0  # where the next line begins
        self._skipping = False  # inside a line that is too long already
        self._parts: list[bytes] = []
        self._written = 0
        self._request: Effect | None = None

    @property
    def behind(self) -> bool:
        """Whether something waits only because enough was answered: `receive(b"")` goes on."""
        return self._responding or (self.state in LISTENING and b"\n" in self._buffer)

    @property
    def between_commands(self) -> bool:
        """Whether all that came is answered: nothing of a line waits, nor of a response."""
        return not (self._buffer or self._skipping or self._responding)

    @property
    def _limit(self) -> int:
        """How long a line may be (RFC 2449 §4, RFC 5034 §4)."""
        return RESPONSE_LIMIT if self.state is State.EXCHANGE else COMMAND_LIMIT

    def start(self) -> list[Effect]:
        """Return the greeting (RFC 1939 §4), with a timestamp where APOP is spoken (§7)."""
        timestamp = f" {self._authorization.timestamp}" if self._conduct.apop else ""
        self._ok(f"mailsim POP3 server ready{timestamp}")
        return self._effects()

    def receive(self, octets: bytes) -> list[Effect]:
        """Take what the client sent, any octets in any pieces, and return what to do.

        More than BACKLOG octets of waiting input end the session; after its end, and between STLS and TLS, what
        comes is lost.
        """
        if self.state in (State.ENDED, State.SECURING):
            return []
        if len(self._buffer) > self._limit and len(self._buffer) + len(octets) > BACKLOG:
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
        maildrop.ascii_only = self._conduct.utf8 and not self._authorization.utf8
        self.state = State.TRANSACTION
        self._ok(summary(maildrop))
        return self._work()

    def refused(self, refusal: Refusal) -> list[Effect]:
        """Answer `Authenticate`: no login; the client may try again (RFC 1939 §4), but not for ever.

        Raises:
            OutOfTurnError: Nothing was asked.
        """
        if not self._answered(State.AUTHENTICATING):
            return []
        self._refused += 1
        self._go(self._authorization.refused(refusal))
        return self._end() if self._refused >= self._conduct.failed_logins else self._work()

    def secured(self) -> list[Effect]:
        """Answer `Secure`: TLS has begun; the client says all again, to nobody's greeting (RFC 2595 §4).

        Raises:
            OutOfTurnError: Nothing was asked.
        """
        self._answered(State.SECURING)  # nothing ends a session that waits for TLS
        self.state = State.AUTHORIZATION
        self._authorization.secured = True
        return []

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
        while self._written < OUTPUT_STEP and (
            self._go_on() or (self.state in LISTENING and self._obey_next_line())
        ):
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
        self._response, self._responding = iter(()), False
        self._buffer.clear()
        self._at = 0
        self._request = Close()
        return self._effects()

    def _obey_next_line(self) -> bool:
        """Answer one line; False when the buffer holds no whole one.

        A bare LF ends a line too, as it does for the servers in use. A line over the limit is dropped as it
        comes and answered once, at its end (RFC 2449 §4).
        """
        limit = self._limit
        end = self._buffer.find(b"\n", self._at)
        if end < 0:
            if len(self._buffer) - self._at > limit:
                self._skipping = True
                self._at = len(self._buffer)
            return False
        start, self._at = self._at, end + 1
        if self._skipping or self._at - start > limit:
            self._skipping = False
            self._refuse_long_line(limit)
        elif self.state is State.EXCHANGE:
            self._go(self._authorization.respond(bytes(self._buffer[start:end]).removesuffix(b"\r")))
        else:
            self._obey(bytes(self._buffer[start:end]).removesuffix(b"\r"))
        return True

    def _refuse_long_line(self, limit: int) -> None:
        if self.state is State.EXCHANGE:
            self._authorization.give_up()
            self.state = State.AUTHORIZATION
        self._bad_command(f"line too long: at most {limit} octets")

    def _obey(self, line: bytes) -> None:
        command = parse_command(line)
        verb, argument = command.verb, command.argument
        if verb is None or verb not in self._spoken:
            self._bad_command("unknown command")
            return
        if verb not in ALLOWED[self.state]:
            usable = self._spoken & ALLOWED[self.state]
            allowed = " ".join(verb for verb in Verb if verb in usable)
            self._bad_command(f"{verb} is not allowed now; allowed: {allowed}")
            return
        self._bad = 0
        if verb in ANSWERS:
            self._respond(answer(verb, self._maildrop, argument))
        elif verb is Verb.CAPA:
            self._capa(argument)
        elif verb is Verb.QUIT:
            self._quit(argument)
        elif verb is Verb.LANG:
            self._respond(lang(argument))
        else:
            self._go(self._authorization.obey(self.state, verb, argument))

    def _bad_command(self, text: str) -> None:
        self._bad += 1
        self._error(text)
        if self._bad >= self._conduct.bad_commands:
            self._end_after_this()

    def _end_after_this(self) -> None:
        self.state = State.ENDED
        self._request = Close()

    def _go(self, outcome: Outcome) -> None:
        """Stand where a command of AUTHORIZATION leads."""
        self.state, line, request = outcome
        if line:
            self._send(line)
        if request is not None:
            self._request = request
        if self.state is State.SECURING:
            self._at = len(self._buffer)  # no command is carried across

    def _respond(self, parts: Iterable[bytes]) -> None:
        self._response = iter(parts)
        self._responding = True
        self._go_on()

    def _go_on(self) -> bool:
        """Send more of the response under way; False when there is none."""
        if not self._responding:
            return False
        for taken, part in enumerate(self._response, 1):
            self._send(part)
            if taken == STEP_PARTS:
                self._written = max(self._written, OUTPUT_STEP)
            if self._written >= OUTPUT_STEP:
                return True
        self._responding = False
        return True

    def _send(self, part: bytes) -> None:
        self._parts.append(part)
        self._written += len(part)

    def _ok(self, text: str) -> None:
        self._send(status_line("+OK", text))

    def _error(self, text: str) -> None:
        self._send(status_line("-ERR", text))

    def _capa(self, argument: bytes) -> None:
        """RFC 2449 §5."""
        if argument.strip(b" "):
            self._error("CAPA takes no argument")
        else:
            lines = capabilities(
                self._conduct,
                secured=self._authorization.secured,
                transaction=self.state is State.TRANSACTION,
            )
            body = b"".join(line.encode() + CRLF for line in lines)
            self._respond((b"+OK capabilities follow\r\n", body, TERMINATOR))

    def _quit(self, argument: bytes) -> None:
        """RFC 1939 §4 and §6. Before login there is nothing to update."""
        if argument.strip(b" "):
            self._error("QUIT takes no argument")
        elif self.state is State.TRANSACTION:
            self.state = State.UPDATE
            self._request = Remove(self._removable())
        else:
            self._ok("bye")
            self._end_after_this()

    def _removable(self) -> tuple[Uid, ...]:
        """What is marked; where mail expires at once, what was retrieved too (RFC 2449 §6.7)."""
        maildrop = self._maildrop
        if self._conduct.expire == 0:
            return tuple(dict.fromkeys((*maildrop.marked, *maildrop.retrieved)))
        return maildrop.marked
