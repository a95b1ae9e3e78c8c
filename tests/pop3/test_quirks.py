"""Quirks: real servers' ways, as a client meets them."""

import pytest

from mailsim.pop3.conduct import Conduct, Mechanism
from mailsim.pop3.effects import Refusal
from mailsim.pop3.maildrop import Maildrop
from mailsim.pop3.maildrops import Maildrops
from mailsim.pop3.quirks import QUIRKS, QuirkError, with_quirks
from mailsim.pop3.wire import ResponseCode

MESSAGES = [b"one\r\n", b"two\r\n", b"three\r\n"]


class Clock:
    """A clock that stands still until it is set."""

    now = 0.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


def maildrops(*quirks: str, clock: Clock | None = None) -> Maildrops:
    """Alice's maildrop on a server with quirks."""
    conduct = with_quirks(Conduct(), quirks)
    return Maildrops({"alice": ("secret", MESSAGES)}, conduct=conduct, clock=clock or Clock())


def opened(server: Maildrops, user: str = "alice") -> Maildrop:
    maildrop = server.open(user, "secret")
    assert isinstance(maildrop, Maildrop)
    return maildrop


def shown(maildrop: Maildrop) -> list[bytes]:
    return [message.octets for _, message in maildrop.numbered()]


@pytest.mark.parametrize("name", QUIRKS)
def test_every_quirk_changes_the_conduct(name: str) -> None:
    """Its example too; twice is once."""
    base = Conduct(utf8=True)

    assert with_quirks(base, [name]) != base
    assert with_quirks(base, [QUIRKS[name].example]) != base
    assert with_quirks(base, [name, name]) == with_quirks(base, [name])


@pytest.mark.parametrize(
    ("quirk", "told"),
    [
        ("odd", "quirk 'odd': there is none; write one of gmail, exchange"),
        ("Gmail", "there is none"),
        ("gmail=", "quirk 'gmail=': '' is no number; write 'gmail=100' or 'gmail'"),
        ("login-delay=soon", "'soon' is no number; write 'login-delay=5' or 'login-delay'"),
        ("last=", "it takes no number"),
        ("last=5", "quirk 'last=5': it takes no number; write 'last'"),
    ],
)
def test_an_unknown_quirk_is_refused(quirk: str, told: str) -> None:
    """With those that there are."""
    with pytest.raises(QuirkError, match=told):
        with_quirks(Conduct(), [quirk])


def test_gmail_hides_what_was_retrieved() -> None:
    """After QUIT, deleted or not; not after a lost connection; not from `recent:`."""
    server = maildrops("gmail=2")
    first = opened(server)
    assert shown(first) == MESSAGES[:2]
    first.retrieve(1)
    server.release(first)

    second = opened(server)
    assert shown(second) == MESSAGES[:2]
    second.retrieve(1)
    second.retrieve(2)
    second.mark(2)
    server.update(second, second.marked)

    third = opened(server)
    assert shown(third) == MESSAGES[2:]
    server.release(third)
    recent = opened(server, "recent:alice")
    assert shown(recent) == [MESSAGES[0], MESSAGES[2]]
    assert isinstance(server.open("alice", "secret"), Refusal)
    assert server.messages("alice") == (MESSAGES[0], MESSAGES[2])


def test_recent_is_a_name_like_any_other_elsewhere() -> None:
    """Only Gmail has it."""
    assert isinstance(maildrops().open("recent:alice", "secret"), Refusal)


def test_exchange_estimates_sizes() -> None:
    """Never the true ones; and takes no initial response."""
    maildrop = opened(maildrops("exchange"))

    assert [message.size for _, message in maildrop.numbered()] == [1024] * 3
    assert maildrop.octets == 3 * 1024
    conduct = with_quirks(Conduct(), ["exchange"])
    assert not conduct.initial_response
    assert conduct.mechanisms == (Mechanism.PLAIN, Mechanism.XOAUTH2)


def test_changing_uids_change_and_still_delete_the_right_message() -> None:
    """What is shown is not what is kept; within a session they stay and differ."""
    server = maildrops("changing-uidl")
    first = opened(server)
    uids = [message.uid for _, message in first.numbered()]
    assert len(set(uids)) == 3
    first.mark(2)
    server.update(first, first.marked)

    second = opened(server)
    assert shown(second) == [MESSAGES[0], MESSAGES[2]]
    assert not set(uids) & {message.uid for _, message in second.numbered()}


def test_a_login_too_soon_is_told() -> None:
    """To who knows the password, until so many seconds have passed (RFC 2449 §8.1.1)."""
    clock = Clock()
    server = maildrops("login-delay=5", clock=clock)
    server.release(opened(server))
    clock.now = 4.0

    refusal = server.open("alice", "secret")
    assert refusal == Refusal(ResponseCode.LOGIN_DELAY, "log in again after 1 seconds")
    wrong = server.open("alice", "wrong")
    assert isinstance(wrong, Refusal)
    assert wrong.code is ResponseCode.AUTH
    clock.now = 5.0
    opened(server)
