"""AUTH, the server's side: the SASL dialogues of `pop3.sasl` in SMTP's words (RFC 4954). Pure.

`*` cancels; an initial response may be given to what begins with the client's word, and `=` is an empty one.
"""

from collections.abc import Generator

from mailsim.mail import Reply
from mailsim.pop3.conduct import Mechanism
from mailsim.pop3.sasl import DIALOGUES, XOAUTH2_REFUSAL, Login, MalformedError, decode
from mailsim.provider.profiles import Profile

ACCEPTED = Reply(235, "Authentication successful", "2.7.0")
WRONG = Reply(535, "Authentication credentials invalid", "5.7.8")
CANCELLED = Reply(501, "Authentication cancelled", "5.7.0")
NO_INITIAL = Reply(501, "This mechanism begins with the server's word", "5.7.0")

Exchange = Generator[bytes, bytes, Login | Reply]
"""Yields challenges, is sent the lines that answer them, returns who it is, or the refusal."""


def exchange(mechanism: Mechanism, initial: bytes, challenge: bytes) -> Exchange:
    """The dialogue of one AUTH command.

    `initial` is the response given with the command, as on the wire, empty when there was none; `challenge` is
    what CRAM-MD5 begins with.
    """
    dialogue = DIALOGUES[mechanism](challenge)
    asked = next(dialogue)
    if initial and mechanism is Mechanism.CRAM_MD5:
        return NO_INITIAL
    line = initial
    while True:
        if not line:
            line = yield asked
        if line == b"*":
            return CANCELLED
        try:
            asked = dialogue.send(b"" if line == b"=" else decode(line))
        except StopIteration as end:
            login: Login = end.value
            return login
        except MalformedError as error:
            return Reply(501, str(error), "5.5.2")
        line = b""


def mechanisms_of(provider: Profile) -> tuple[Mechanism, ...]:
    """The mechanisms that a provider is known to offer, of those that are spoken here; empty where none is known."""
    known = provider.texts("smtp_authentication")
    return tuple(mechanism for mechanism in Mechanism if mechanism in known)


def last_challenge(mechanism: Mechanism) -> bytes | None:
    """What the client is asked before it hears that its credentials are wrong; None when nothing."""
    return XOAUTH2_REFUSAL if mechanism is Mechanism.XOAUTH2 else None
