"""The commands of the AUTHORIZATION state: an argument in, what is said and where the session stands then out.

Laws: nothing here opens a maildrop, it only asks for that; USER says the same of every name; an -ERR leaves the
session as it was, but that PASS uses USER's name up (RFC 1939 §7) and AUTH forgets it. RFC 1939 §7 (USER, PASS,
APOP), RFC 5034 (AUTH), RFC 2595 §4 (STLS), RFC 6856 §2 (UTF8).
"""

from typing import NamedTuple

from mailsim.pop3.conduct import Conduct, Mechanism, mechanisms, takes_passwords
from mailsim.pop3.effects import Authenticate, Refusal, Secure
from mailsim.pop3.proof import Digest, Hashed
from mailsim.pop3.sasl import DIALOGUES, XOAUTH2_REFUSAL, Dialogue, MalformedError, decode, encode
from mailsim.pop3.states import State
from mailsim.pop3.wire import CRLF, ResponseCode, Verb, status_line


class Outcome(NamedTuple):
    """What came of one line."""

    state: State
    line: bytes = b""
    request: Authenticate | Secure | None = None


class Authorization:
    """What a session knows of its client before login.

    Attributes:
        utf8: The client understands UTF-8 (RFC 6856 §2).
        secured: The connection has TLS.
    """

    __slots__ = (
        "_challenges",
        "_conduct",
        "_dialogue",
        "_mechanism",
        "_name",
        "_refusal",
        "_stamp",
        "secured",
        "utf8",
    )

    def __init__(self, conduct: Conduct, *, secured: bool, stamp: str) -> None:
        self.secured = secured
        self.utf8 = False
        self._conduct = conduct
        self._stamp = stamp
        self._challenges = 0
        self._name = ""
        self._mechanism: Mechanism | None = None
        self._dialogue: Dialogue | None = None
        self._refusal: Refusal | None = None

    @property
    def timestamp(self) -> str:
        """The word of the greeting that APOP is computed with, another for every connection (RFC 1939 §7)."""
        return f"<{self._stamp}@mailsim>"

    def obey(self, state: State, verb: Verb, argument: bytes) -> Outcome:
        """Obey one of USER, PASS, APOP, AUTH, STLS and UTF8, which the state allows."""
        match verb:
            case Verb.USER:
                return self._user(state, argument)
            case Verb.PASS:
                return self._pass(argument)
            case Verb.APOP:
                return self._apop(state, argument)
            case Verb.AUTH:
                return self._auth(state, argument)
            case Verb.STLS:
                return self._stls(state, argument)
            case _:
                return self._utf8(state, argument)

    def respond(self, line: bytes) -> Outcome:
        """Take a line of an exchange that AUTH began: base64, or `*`, which cancels it (RFC 5034 §4)."""
        if self._refusal is not None:
            refusal, self._refusal = self._refusal, None
            return Outcome(State.AUTHORIZATION, status_line("-ERR", refusal.text, refusal.code))
        if line == b"*":
            return self._broken_off("authentication cancelled")
        try:
            return self._advance(decode(line))
        except MalformedError as error:
            return self._broken_off(str(error))

    def refused(self, refusal: Refusal) -> Outcome:
        """Say that a login was refused; to XOAUTH2 in a challenge first, whose answer then gets the -ERR."""
        mechanism, self._mechanism = self._mechanism, None
        if mechanism is Mechanism.XOAUTH2 and refusal.code is ResponseCode.AUTH:
            self._refusal = refusal
            return Outcome(State.EXCHANGE, encode(XOAUTH2_REFUSAL) + CRLF)
        return Outcome(State.AUTHORIZATION, status_line("-ERR", refusal.text, refusal.code))

    def give_up(self) -> None:
        """Forget an exchange whose response was too long."""
        self._dialogue = self._mechanism = self._refusal = None

    def _user(self, state: State, argument: bytes) -> Outcome:
        """RFC 1939 §7. Every name is welcome: no oracle."""
        if not takes_passwords(self._conduct, secured=self.secured):
            return _error(state, "no password without TLS: say STLS first")
        name = argument.rstrip(b" ")
        if not name:
            return _error(state, "USER needs a name")
        self._name = name.decode("utf-8", "surrogateescape")
        return Outcome(State.NAMED, status_line("+OK", "send PASS"))

    def _pass(self, argument: bytes) -> Outcome:
        """RFC 1939 §7. Spaces belong to the password."""
        if not argument:
            return _error(State.NAMED, "PASS needs a password")
        self._mechanism = None
        password = argument.decode("utf-8", "surrogateescape")
        return Outcome(State.AUTHENTICATING, request=Authenticate(self._name, password))

    def _apop(self, state: State, argument: bytes) -> Outcome:
        user, _, digest = argument.rstrip(b" ").rpartition(b" ")
        if not user:
            return _error(state, "APOP needs a name and a digest")
        proof = Digest(Hashed.APOP, self.timestamp.encode(), digest)
        self._mechanism = None
        request = Authenticate(user.decode("utf-8", "surrogateescape"), proof)
        return Outcome(State.AUTHENTICATING, request=request)

    def _auth(self, state: State, argument: bytes) -> Outcome:
        word, _, initial = argument.rstrip(b" ").partition(b" ")
        usable = {
            mechanism.encode(): mechanism for mechanism in mechanisms(self._conduct, secured=self.secured)
        }
        mechanism = usable.get(word.upper())
        if mechanism is None:
            return _error(state, f"AUTH needs a mechanism, one of {' '.join(usable.values())}")
        if initial and (mechanism is Mechanism.CRAM_MD5 or not self._conduct.initial_response):
            return _error(state, f"AUTH {mechanism} takes no initial response")
        self._challenges += 1
        self._mechanism = mechanism
        self._dialogue = DIALOGUES[mechanism](f"<{self._challenges}.{self._stamp}@mailsim>".encode())
        challenge = next(self._dialogue)
        if not initial:
            return Outcome(State.EXCHANGE, encode(challenge) + CRLF)
        try:
            return self._advance(b"" if initial == b"=" else decode(initial))  # RFC 5034 §4: "=" is empty
        except MalformedError as error:
            return self._broken_off(str(error))

    def _advance(self, response: bytes) -> Outcome:
        assert self._dialogue is not None  # noqa: S101 - EXCHANGE is entered with one
        try:
            challenge = self._dialogue.send(response)
        except StopIteration as end:
            self._dialogue = None
            return Outcome(State.AUTHENTICATING, request=Authenticate(*end.value))
        return Outcome(State.EXCHANGE, encode(challenge) + CRLF)

    def _broken_off(self, text: str) -> Outcome:
        self.give_up()
        return _error(State.AUTHORIZATION, text)

    def _stls(self, state: State, argument: bytes) -> Outcome:
        """RFC 2595 §4. What was said before TLS is forgotten, USER's name too: anyone could have said it."""
        if argument.strip(b" "):
            return _error(state, "STLS takes no argument")
        if self.secured:
            return _error(state, "this connection has TLS already")
        if self.utf8:
            return _error(state, "STLS comes before UTF8 (RFC 6856 §2.1)")
        return Outcome(State.SECURING, status_line("+OK", "begin TLS"), Secure())

    def _utf8(self, state: State, argument: bytes) -> Outcome:
        if argument.strip(b" "):
            return _error(state, "UTF8 takes no argument")
        self.utf8 = True
        return Outcome(state, status_line("+OK", "UTF8 enabled"))


def _error(state: State, text: str) -> Outcome:
    return Outcome(state, status_line("-ERR", text))
