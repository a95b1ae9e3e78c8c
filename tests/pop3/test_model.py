"""Sessions on one maildrop, one after another and at once, against a model of what must be left."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from mailsim.pop3.effects import Authenticate, Close, Effect, Refusal, Remove, Send
from mailsim.pop3.maildrop import Maildrop
from mailsim.pop3.maildrops import Maildrops
from mailsim.pop3.session import Session
from mailsim.pop3.wire import Uid, wire_form


class SessionsAgainstModel(RuleBasedStateMachine):
    """The model: what is stored, by uid; what the open session shows, by number; its marks."""

    @initialize(messages=st.lists(st.binary(max_size=12), max_size=5))
    def stored(self, messages: list[bytes]) -> None:
        """Begin with some messages, and nobody logged in."""
        self.maildrops = Maildrops({"alice": ("secret", messages)})
        self.left = dict(zip(self.maildrops.uids("alice"), messages, strict=True))
        self.ever = set(self.left)
        self.session: Session | None = None
        self.held: Maildrop | None = None
        self.shown: list[Uid] = []
        self.marks: set[int] = set()

    def say(self, session: Session, line: bytes) -> bytes:
        """Carry out what one line leads to; what is sent."""
        sent, waiting = b"", session.receive(line + b"\r\n")
        while waiting:
            effect: Effect = waiting.pop(0)
            match effect:
                case Send(octets):
                    sent += octets
                case Authenticate(user, proof):
                    opened = self.maildrops.open(user, proof)
                    if isinstance(opened, Refusal):
                        waiting += session.refused(opened)
                    else:
                        self.held = opened
                        waiting += session.authenticated(opened)
                case Remove(uids):
                    assert self.held is not None
                    waiting += session.removed(failed=not self.maildrops.update(self.held, uids))
                case Close():
                    self.session = self.held = None
        return sent

    @rule(octets=st.binary(max_size=12))
    def delivered(self, octets: bytes) -> None:
        """Mail comes at any time, under a uid that never was."""
        uid = self.maildrops.append("alice", octets)
        assert uid not in self.ever
        self.ever.add(uid)
        self.left[uid] = octets

    @rule(by_auth=st.booleans())
    def logged_in(self, by_auth: bool) -> None:
        """One session holds the maildrop; a second is told [IN-USE]."""
        session = Session()
        session.start()
        line = b"AUTH PLAIN AGFsaWNlAHNlY3JldA==" if by_auth else b"USER alice\r\nPASS secret"
        answer = self.say(session, line).splitlines()[-1]
        if self.session is not None:
            assert answer.startswith(b"-ERR [IN-USE]")
        else:
            assert answer.startswith(b"+OK %d messages" % len(self.left))
            self.session, self.shown, self.marks = session, list(self.left), set()

    @precondition(lambda self: self.session is not None)
    @rule(number=st.integers(0, 7))
    def marked(self, number: int) -> None:
        """DELE is for a number that is there and not marked."""
        assert self.session is not None
        good = 1 <= number <= len(self.shown) and number not in self.marks
        assert self.say(self.session, b"DELE %d" % number).startswith(b"+OK" if good else b"-ERR")
        self.marks |= {number} if good else set()

    @precondition(lambda self: self.session is not None)
    @rule(number=st.integers(0, 7))
    def retrieved(self, number: int) -> None:
        """RETR gives the octets of the number as it was at login."""
        assert self.session is not None
        answer = self.say(self.session, b"RETR %d" % number)
        if not 1 <= number <= len(self.shown) or number in self.marks:
            assert answer.startswith(b"-ERR")
            return
        body = (b"\r\n" + answer.partition(b"\r\n")[2].removesuffix(b".\r\n")).replace(b"\r\n.", b"\r\n")[2:]
        assert body == wire_form(self.left[self.shown[number - 1]])

    @precondition(lambda self: self.session is not None)
    @rule()
    def listed(self) -> None:
        """UIDL shows what is not marked, under the numbers of the login; mail that came since is not there."""
        assert self.session is not None
        lines = self.say(self.session, b"UIDL").split(b"\r\n")[1:-2]
        expected = [
            b"%d %s" % (number, uid.encode())
            for number, uid in enumerate(self.shown, 1)
            if number not in self.marks
        ]
        assert lines == expected

    @precondition(lambda self: self.session is not None)
    @rule()
    def reset(self) -> None:
        """RSET takes all marks away."""
        assert self.session is not None
        assert self.say(self.session, b"RSET").startswith(b"+OK")
        self.marks.clear()

    @precondition(lambda self: self.session is not None)
    @rule()
    def quit(self) -> None:
        """QUIT removes what is marked, and nothing else."""
        assert self.session is not None
        assert self.say(self.session, b"QUIT") == b"+OK bye\r\n"
        for number in self.marks:
            del self.left[self.shown[number - 1]]

    @precondition(lambda self: self.session is not None)
    @rule()
    def lost(self) -> None:
        """A connection lost removes nothing and gives the lock back."""
        assert self.held is not None
        self.maildrops.release(self.held)
        self.session = self.held = None

    @invariant()
    def agree(self) -> None:
        """What is stored is the model's, and locked while somebody is logged in."""
        assert (
            dict(zip(self.maildrops.uids("alice"), self.maildrops.messages("alice"), strict=True))
            == self.left
        )
        assert self.maildrops.locked("alice") is (self.session is not None)


TestSessionsAgainstModel = SessionsAgainstModel.TestCase
TestSessionsAgainstModel.settings = settings(deadline=None)
