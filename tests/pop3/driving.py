"""A driver of session machines without a network, for laws: what goes in, cut anyhow, and what came of it."""

from collections import deque
from collections.abc import Sequence
from itertools import pairwise

from mailsim.pop3.conduct import Conduct
from mailsim.pop3.disturbed import DisturbedSession
from mailsim.pop3.effects import Arrive, Authenticate, Drip, Effect, Refusal, Remove, Secure, Send
from mailsim.pop3.faults import FaultPlan
from mailsim.pop3.maildrop import Maildrop, WireMessage
from mailsim.pop3.proof import proves
from mailsim.pop3.session import Session
from mailsim.pop3.wire import ResponseCode

MESSAGES = (b"H: h\r\n\r\n.dot\r\n", b"a\nb", b"", "H: ü\r\n\r\n".encode())
REFUSED = Refusal(ResponseCode.AUTH, "no")
STAMP = "1896.697170952"

Happening = bytes | str | Effect
"""What came of octets: those sent without a pause, joined; the uid of what arrived; and all other effects."""


def maildrop(messages: Sequence[bytes] = MESSAGES) -> Maildrop:
    """Return a maildrop with uids u1, u2 and so on."""
    return Maildrop("alice", [WireMessage(f"u{number}", octets) for number, octets in enumerate(messages, 1)])


def cut(octets: bytes, places: Sequence[int]) -> list[bytes]:
    """Cut octets at these places."""
    edges = [0, *sorted({place for place in places if 0 < place < len(octets)}), len(octets)]
    return [octets[start:end] for start, end in pairwise(edges)]


def bytewise(octets: bytes) -> list[bytes]:
    """Cut octets into single ones."""
    return [octets[place : place + 1] for place in range(len(octets))]


class Player:
    """A driver that writes down what happens. Only alice gets in, with `secret`; removing two messages fails."""

    def __init__(self, session: Session | DisturbedSession) -> None:
        self.session = session
        self.happened: list[Happening] = [b""]
        self.securing = False
        self.carry_out(session.start())

    def carry_out(self, effects: Sequence[Effect]) -> None:
        """Do what the session asks, and what it asks then."""
        waiting = deque(effects)
        while waiting:
            effect = waiting.popleft()
            if isinstance(effect, Send):
                last = self.happened[-1]
                if isinstance(last, bytes):
                    self.happened[-1] = last + effect.octets
                else:
                    self.happened.append(effect.octets)
                continue
            self.happened.append(effect.message.uid if isinstance(effect, Arrive) else effect)
            waiting.extend(self.answer(effect))

    def answer(self, effect: Effect) -> Sequence[Effect]:
        """What the session says to the driver's answer."""
        match effect:
            case Authenticate(user, proof):
                if user == "alice" and proves(proof, b"secret"):
                    return self.session.authenticated(maildrop())
                return self.session.refused(REFUSED)
            case Remove(uids):
                return self.session.removed(failed=len(uids) > 1)
            case Secure():
                self.securing = True
        return ()

    def take(self, segment: bytes) -> None:
        """Take a segment, and all that was behind."""
        self.carry_out(self.session.receive(segment))
        while self.session.behind:
            self.carry_out(self.session.receive(b""))

    def secure(self) -> None:
        """Begin TLS, if that was asked for."""
        if self.securing:
            self.securing = False
            self.carry_out(self.session.secured())


def drive(conduct: Conduct, turns: Sequence[Sequence[bytes]], faults: Sequence[str] = ()) -> list[Happening]:
    """Play a session. A turn is segments; TLS, if it was asked for, begins between two turns."""
    session = Session(conduct, stamp=STAMP)
    player = Player(DisturbedSession(session, FaultPlan(faults, seed=7)) if faults else session)
    for segments in turns:
        for segment in segments:
            player.take(segment)
        player.secure()
    return [happening for happening in player.happened if happening != b""]


def sent(happened: Sequence[Happening]) -> bytes:
    """All octets that a client got."""
    return b"".join(
        one if isinstance(one, bytes) else one.octets for one in happened if isinstance(one, bytes | Drip)
    )
