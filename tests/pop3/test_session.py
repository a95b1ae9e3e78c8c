"""The server's machine: its laws, and what no dialogue shows."""

from collections import deque
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsim.pop3.conduct import Conduct
from mailsim.pop3.effects import Authenticate, Close, Effect, Refusal, Remove, Send
from mailsim.pop3.fault_kinds import KINDS
from mailsim.pop3.session import BACKLOG, LARGE, OUTPUT_STEP, STEP_PARTS, OutOfTurnError, Session
from mailsim.pop3.states import ALLOWED, State
from mailsim.pop3.transaction import LINES
from mailsim.pop3.wire import PIECE, ResponseCode, Uid, Verb
from tests.pop3.driving import bytewise, cut, drive, maildrop

MESSAGES = (b"H: h\r\n\r\n.dot\r\n", b"a\nb", b"")  # 20 octets on the wire
REFUSED = Refusal(ResponseCode.AUTH, "no")

words = st.sampled_from(["1", "2", "3", "4", "0", "-1", "x", "99999999999999999999", "alice", "secret", ""])
commands = st.one_of(
    st.builds(
        lambda verb, *arguments: " ".join([verb, *arguments]).rstrip(" ").encode() + b"\r\n",
        st.sampled_from([*Verb, "uSeR", "XYZZY", ""]),
        words,
        words,
    ),
    st.sampled_from(
        [b"\r\n", b"\n", b"STAT\n", b"NOOP " + b"x" * 248 + b"\r\n", b"y" * 600 + b"\r\n", b"\x00\xff\r\n"]
    ),
    st.just(b"USER alice\r\nPASS secret\r\n"),
)
sasl_lines = st.sampled_from(
    [
        b"AUTH PLAIN\r\n",
        b"AUTH PLAIN AGFsaWNlAHNlY3JldA==\r\n",
        b"AGFsaWNlAHNlY3JldA==\r\n",
        b"AUTH LOGIN\r\n",
        b"YWxpY2U=\r\n",
        b"c2VjcmV0\r\n",
        b"AUTH CRAM-MD5\r\n",
        b"AUTH XOAUTH2 dXNlcj1hbGljZQFhdXRoPUJlYXJlciB3cm9uZwEB\r\n",
        b"AUTH NOSUCH\r\n",
        b"*\r\n",
        b"STLS\r\n",
        b"UTF8\r\n",
        b"x" * 12_500 + b"\r\n",
    ]
)
EXAMPLES = [example for kind in KINDS.values() for example in kind.examples]
conversations = st.lists(st.one_of(commands, st.binary(max_size=8)), max_size=30).map(b"".join)


def logged_in(messages: Sequence[bytes] = MESSAGES) -> Session:
    """Return a session in TRANSACTION."""
    session = Session()
    session.start()
    session.receive(b"USER alice\r\nPASS secret\r\n")
    session.authenticated(maildrop(messages))
    return session


def play(session: Session, segments: Sequence[bytes]) -> tuple[bytes, list[Effect]]:
    """Feed a session; all octets that it sends, and the other effects. Only alice gets in, with `secret`."""
    sent = b""
    others: list[Effect] = []
    waiting = deque(session.start())
    for segment in [*segments, b""]:
        waiting.extend(session.receive(segment))
        while waiting:
            effect = waiting.popleft()
            if isinstance(effect, Send):
                sent += effect.octets
                continue
            others.append(effect)
            if isinstance(effect, Authenticate):
                right = (effect.user, effect.proof) == ("alice", "secret")
                waiting.extend(
                    session.authenticated(maildrop(MESSAGES)) if right else session.refused(REFUSED)
                )
            elif isinstance(effect, Remove):
                waiting.extend(session.removed(failed=len(effect.uids) > 1))
    return sent, others


@settings(deadline=None)  # an octet a call takes its time
@given(conversations, st.lists(st.integers(0, 2000), max_size=20))
def test_effects_do_not_depend_on_the_segments(octets: bytes, places: list[int]) -> None:
    """Whole, cut anywhere, or byte by byte: the same answers and the same effects."""
    whole = play(Session(), [octets])

    assert play(Session(), cut(octets, places)) == whole
    assert play(Session(), [bytes([octet]) for octet in octets]) == whole


turns_of_conversation = st.lists(
    st.lists(st.one_of(commands, sasl_lines, st.binary(max_size=8)), max_size=12).map(b"".join), max_size=3
)
conducts = st.builds(
    Conduct,
    stls=st.booleans(),
    clear=st.booleans(),
    apop=st.booleans(),
    utf8=st.booleans(),
    last=st.booleans(),
    initial_response=st.booleans(),
    failed_logins=st.integers(1, 5),
    bad_commands=st.integers(1, 20),
    expire=st.sampled_from([None, 0]),
)


@settings(deadline=None)  # an octet a call takes its time
@given(
    conducts,
    turns_of_conversation,
    st.lists(st.integers(0, 500), max_size=9),
    st.lists(st.sampled_from(EXAMPLES), max_size=3),
)
def test_laws_hold_in_every_conduct_and_with_every_fault(
    conduct: Conduct, turns: list[bytes], places: list[int], faults: list[str]
) -> None:
    """With AUTH, STLS and faults too: nothing raises, and how octets are cut does not matter."""
    whole = drive(conduct, [[octets] for octets in turns], faults)

    assert drive(conduct, [cut(octets, places) for octets in turns], faults) == whole
    if sum(map(len, turns)) < 2000:
        assert drive(conduct, [bytewise(octets) for octets in turns], faults) == whole


@given(conducts, turns_of_conversation)
def test_a_plan_that_strikes_nothing_changes_nothing(conduct: Conduct, turns: list[bytes]) -> None:
    """The layer of faults is then not there."""
    whole = drive(conduct, [[octets] for octets in turns])

    assert drive(conduct, [[octets] for octets in turns], ["pop:RETR:999:drop"]) == whole


@given(conducts, st.lists(st.one_of(commands, sasl_lines), max_size=10))
def test_an_error_before_login_changes_nothing(conduct: Conduct, lines: list[bytes]) -> None:
    """Leaving out a command that got -ERR leaves later answers as they were, but for PASS and what AUTH began."""
    lenient = replace(conduct, failed_logins=999, bad_commands=999)
    good: list[bytes] = []
    answers: list[bytes] = []
    session = Session(lenient)
    for line in b"".join(lines).splitlines(keepends=True):
        if session.state not in (State.AUTHORIZATION, State.NAMED):
            break
        before = session.state
        answer = b"".join(effect.octets for effect in session.receive(line) if isinstance(effect, Send))
        if answer.startswith(b"-ERR") and session.state is before:
            continue
        good.append(line)
        answers.append(answer)
    again = Session(lenient)

    assert [
        b"".join(effect.octets for effect in again.receive(line) if isinstance(effect, Send)) for line in good
    ] == answers


@given(st.lists(st.one_of(st.binary(), conversations), max_size=10))
def test_no_octets_raise_and_status_lines_are_short(segments: list[bytes]) -> None:
    """Anything may come; every line before a message begins with +OK or -ERR and has at most 512 octets."""
    sent, others = play(Session(), segments)

    assert sent.startswith(b"+OK ")
    assert all(len(line) <= 510 for line in sent.split(b"\r\n"))
    assert others.count(Close()) <= 1


@given(conversations)
def test_only_quit_removes(octets: bytes) -> None:
    """There is at most one Remove, only after a login, and Close is the effect after it (RFC 1939 §6)."""
    _, others = play(Session(), [octets])

    for place, effect in enumerate(others):
        if isinstance(effect, Remove):
            assert isinstance(others[place - 1], Authenticate)
            assert others[place + 1 :] == [Close()]


@given(st.lists(commands, max_size=15))
def test_an_error_changes_nothing(lines: list[bytes]) -> None:
    """Leaving out a command that got -ERR leaves all later answers as they were, PASS excepted (RFC 1939 §7)."""
    session = logged_in()
    good: list[bytes] = []
    answers: list[bytes] = []
    for line in b"".join(lines).splitlines(keepends=True):
        answer = b"".join(effect.octets for effect in session.receive(line) if isinstance(effect, Send))
        if not answer.startswith(b"-ERR"):
            good.append(line)
            answers.append(answer)
    again = logged_in()

    assert [
        b"".join(effect.octets for effect in again.receive(line) if isinstance(effect, Send)) for line in good
    ] == answers


@pytest.mark.parametrize("octets", [b"STAT\r\n", b"x", b""])
def test_nothing_is_parsed_while_the_driver_is_asked(octets: bytes) -> None:
    """Pipelined commands wait for the answer to PASS, then are answered at once."""
    session = Session()
    effects = session.receive(b"USER alice\r\nPASS secret\r\nNOOP\r\n" + octets)

    assert effects[-1] == Authenticate("alice", "secret")
    assert session.receive(b"") == []
    assert not session.behind

    [send] = session.authenticated(maildrop(MESSAGES))
    assert isinstance(send, Send)
    assert send.octets.startswith(b"+OK 3 messages (20 octets)\r\n+OK\r\n")


def test_input_that_waits_is_bounded() -> None:
    """Who sends more than the backlog is closed; the driver's answer then comes too late and does no harm."""
    session = Session()
    session.receive(b"USER alice\r\nPASS secret\r\n")

    assert session.receive(b"NOOP\r\n" * 1000) == []
    assert session.receive(b"x" * BACKLOG) == [Close()]
    assert session.state is State.ENDED
    assert session.authenticated(maildrop(MESSAGES)) == []
    assert session.refused(REFUSED) == []
    assert session.removed() == []
    assert session.receive(b"NOOP\r\n") == []


def test_an_answer_that_nobody_asked_for_is_refused() -> None:
    """The driver's mistake is told, with the state."""
    session = Session()

    with pytest.raises(OutOfTurnError, match="AUTHENTICATING in state AUTHORIZATION"):
        session.authenticated(maildrop(MESSAGES))
    with pytest.raises(OutOfTurnError):
        session.refused(REFUSED)
    with pytest.raises(OutOfTurnError):
        session.removed()
    with pytest.raises(OutOfTurnError):
        session.secured()


def test_answers_of_one_segment_are_one_send() -> None:
    """So they are one write (RFC 2449 §6.6)."""
    assert logged_in().receive(b"STAT\r\nLIST 1\r\nNOOP\r\nXYZZY\r\n") == [
        Send(b"+OK 3 20\r\n+OK 1 14\r\n+OK\r\n-ERR unknown command\r\n")
    ]


def test_a_large_message_is_sent_without_a_copy() -> None:
    """Its octets are those of the maildrop, which all sessions share."""
    message = b"x" * LARGE + b"\r\n"

    head, body, end = logged_in([message]).receive(b"RETR 1\r\n")

    assert isinstance(body, Send)
    assert body.octets is message
    assert [head, end] == [Send(b"+OK %d octets\r\n" % len(message)), Send(b".\r\n")]


def test_much_output_comes_in_steps() -> None:
    """After enough answers the session is behind and goes on when asked, so that a client can read first."""
    message = b"x" * (OUTPUT_STEP // 4) + b"\r\n"
    session = logged_in([message])
    retrieved = []
    effects = session.receive(b"RETR 1\r\n" * 10)
    while effects:
        retrieved.append(sum(len(effect.octets) > 1000 for effect in effects if isinstance(effect, Send)))
        assert session.behind is (sum(retrieved) < 10)
        effects = session.receive(b"")

    assert retrieved == [4, 4, 2]


def test_a_top_of_much_comes_in_steps() -> None:
    """As RETR does; its end is looked for as it goes, so that nobody waits for 2 million blank lines to be counted."""
    session = logged_in([b"\n" * 2_000_000])
    steps = [octets_of(session.receive(b"TOP 1 1999998\r\n"))]
    while session.behind:
        steps.append(octets_of(session.receive(b"")))

    assert max(map(len, steps)) <= OUTPUT_STEP + 2 * PIECE
    assert b"".join(steps) == b"+OK\r\n" + b"\r\n" * 1_999_999 + b".\r\n"


def octets_of(effects: Sequence[Effect]) -> bytes:
    """What is to be sent."""
    return b"".join(effect.octets for effect in effects if isinstance(effect, Send))


@pytest.mark.parametrize("command", [b"LIST\r\n", b"UIDL\r\n"])
def test_a_long_listing_comes_in_steps(command: bytes) -> None:
    """Of a few milliseconds each, though they are no large output: other sessions are served between them."""
    session = logged_in([b"x"] * 50_000)
    steps = [octets_of(session.receive(command))]
    while session.behind:
        steps.append(octets_of(session.receive(b"")))

    assert max(step.count(b"\r\n") for step in steps) <= STEP_PARTS * LINES
    listing = b"".join(steps).split(b"\r\n")
    assert [int(line.split()[0]) for line in listing[1:-2]] == list(range(1, 50_001))
    assert listing[-2:] == [b".", b""]


def test_an_endless_line_takes_no_memory_and_gets_one_answer() -> None:
    """It is dropped as it comes and answered at its end (RFC 2449 §4)."""
    session = logged_in()

    for _ in range(100):
        assert session.receive(b"x" * 100_000) == []

    assert session.receive(b"x\r\nNOOP\r\n") == [Send(b"-ERR line too long: at most 255 octets\r\n+OK\r\n")]


def test_failed_removal_is_told() -> None:
    """RFC 1939 §6."""
    session = logged_in()

    assert session.receive(b"DELE 2\r\nDELE 1\r\nQUIT\r\nNOOP\r\n")[1:] == [Remove((Uid("u1"), Uid("u2")))]
    assert session.removed(failed=True) == [Send(b"-ERR some deleted messages not removed\r\n"), Close()]


def test_every_user_name_gets_the_same_answer() -> None:
    """USER tells nobody who has a maildrop; odd octets are only a name nobody has."""
    answers = {
        repr(Session().receive(b"USER " + name + b"\r\n")) for name in (b"alice", b"nobody", b"\xff", b"a b")
    }

    assert len(answers) == 1


def test_a_password_is_not_shown() -> None:
    """Not even in the effect that carries it (R1.11)."""
    session = Session()

    [_, asked] = session.receive(b"USER alice\r\nPASS s\xe4cret\r\n")

    assert asked == Authenticate("alice", "s\udce4cret")
    assert "cret" not in repr(asked)


@pytest.mark.parametrize("password", ["two words", " secret", "secret ", "secret\t", " "])
def test_every_character_belongs_to_the_password(password: str) -> None:
    """Spaces too, at both ends (RFC 1939 §7)."""
    [_, asked] = Session().receive(f"USER alice\r\nPASS {password}\r\n".encode())

    assert asked == Authenticate("alice", password)


def test_the_table_of_states_is_whole() -> None:
    """Every state has its line, and every verb is allowed somewhere."""
    assert set(ALLOWED) == set(State)
    assert frozenset().union(*ALLOWED.values()) == frozenset(Verb)
