"""Maildrops in memory: locks, uids and credentials."""

import pytest

from mailsim.pop3.conduct import Conduct
from mailsim.pop3.effects import Refusal
from mailsim.pop3.maildrop import Maildrop, WireMessage
from mailsim.pop3.maildrops import LOCKED, WRONG_CREDENTIALS, Maildrops, UnknownUserError


@pytest.fixture
def maildrops() -> Maildrops:
    """Return alice's maildrop with two messages, and bob's empty one."""
    return Maildrops({"alice": ("secret", [b"one", b"two"]), "bob": ("", [])})


def opened(maildrops: Maildrops, user: str = "alice") -> Maildrop:
    """Open alice's maildrop."""
    maildrop = maildrops.open(user, "secret")
    assert isinstance(maildrop, Maildrop)
    return maildrop


@pytest.mark.parametrize(
    ("user", "password"),
    [("alice", "wrong"), ("alice", ""), ("nobody", ""), ("nobody", "x"), ("alice", "\udcff")],
)
def test_wrong_credentials_are_all_told_the_same(maildrops: Maildrops, user: str, password: str) -> None:
    """An unknown user is answered like a wrong password, also while the maildrop is locked."""
    assert maildrops.open(user, password) == WRONG_CREDENTIALS
    opened(maildrops)
    assert maildrops.open(user, password) == WRONG_CREDENTIALS


def test_one_session_at_a_time(maildrops: Maildrops) -> None:
    """The second is told [IN-USE]; update and release each give the lock back."""
    first = opened(maildrops)
    assert maildrops.open("alice", "secret") == LOCKED
    assert maildrops.locked("alice")
    assert not isinstance(maildrops.open("bob", ""), Refusal)

    maildrops.release(first)
    assert not maildrops.locked("alice")
    assert maildrops.update(opened(maildrops), ())
    assert not maildrops.locked("alice")


def test_update_removes_those_and_no_others(maildrops: Maildrops) -> None:
    """A uid that is not there does not matter."""
    first, second = maildrops.uids("alice")

    assert maildrops.update(opened(maildrops), (first, "nothing"))
    assert maildrops.messages("alice") == (b"two",)
    assert maildrops.message("alice", first) is None
    assert maildrops.message("alice", second) == b"two"


def test_who_lost_the_lock_changes_nothing(maildrops: Maildrops) -> None:
    """An update after a release, or of a maildrop from elsewhere, is refused and unlocks nobody."""
    first = opened(maildrops)
    maildrops.release(first)
    opened(maildrops)

    assert not maildrops.update(first, maildrops.uids("alice"))
    assert not maildrops.update(Maildrop("nobody", ()), ())
    assert maildrops.locked("alice")
    assert maildrops.messages("alice") == (b"one", b"two")


def test_each_removal_is_told_once_and_what_was_not_removed_never() -> None:
    """By QUIT or on the way; not what is unknown or gone already, nor anything of who lost the lock; whether it was asked for, too."""
    told: list[tuple[str, bytes, bool]] = []
    drops = Maildrops(
        {"alice": ("secret", [b"one", b"two", b"three"])},
        removed=lambda user, message, asked: told.append((user, message.octets, asked)),
    )
    one, two, _ = drops.uids("alice")
    session = opened(drops)
    drops.expunge(session, [one])
    drops.update(session, [one, two, "unknown"])
    drops.update(session, drops.uids("alice"))

    assert told == [("alice", b"one", False), ("alice", b"two", True)]


def test_a_session_does_not_see_new_mail(maildrops: Maildrops) -> None:
    """Numbers and sizes are fixed when it opens (RFC 1939 §4)."""
    session = opened(maildrops)
    maildrops.append("alice", b"three")

    assert len(session) == 2
    maildrops.release(session)
    assert len(opened(maildrops)) == 3


def test_uids_are_never_used_again(maildrops: Maildrops) -> None:
    """Not for the same octets, and not after all mail is gone."""
    before = maildrops.uids("alice")
    maildrops.update(opened(maildrops), before)

    assert maildrops.append("alice", b"one") not in before
    assert maildrops.append("alice", b"one") != maildrops.uids("alice")[0]


def test_uids_are_the_same_in_another_process(maildrops: Maildrops) -> None:
    """They depend on order and octets alone, so a restarted server does not name other mail by an old uid."""
    assert Maildrops({"carol": ("x", [b"one", b"two"])}).uids("carol") == maildrops.uids("alice")
    assert not set(Maildrops({"carol": ("x", [b"two", b"one"])}).uids("carol")) & set(maildrops.uids("alice"))


def test_a_password_can_be_changed(maildrops: Maildrops) -> None:
    """Mail and uids stay."""
    uids = maildrops.uids("alice")
    maildrops.add("alice", "other")

    assert maildrops.open("alice", "secret") == WRONG_CREDENTIALS
    assert not isinstance(maildrops.open("alice", "other"), Refusal)
    assert maildrops.uids("alice") == uids


def test_an_unknown_user_is_named_with_the_known_ones(maildrops: Maildrops) -> None:
    """The error tells what to do."""
    with pytest.raises(UnknownUserError, match="'carol': no maildrop; there is one for alice, bob"):
        maildrops.append("carol", b"")
    with pytest.raises(UnknownUserError, match="nobody"):
        Maildrops().messages("carol")


def test_passwords_and_mail_are_not_shown(maildrops: Maildrops) -> None:
    """The display names users only (R1.11)."""
    assert repr(maildrops) == "Maildrops(alice, bob)"
    assert maildrops.users == ("alice", "bob")


def test_expunging_keeps_the_lock(maildrops: Maildrops) -> None:
    """Only who holds it may."""
    first, second = maildrops.uids("alice")
    session = opened(maildrops)

    assert maildrops.expunge(session, (first, "nothing"))
    assert maildrops.uids("alice") == (second,)
    assert maildrops.locked("alice")
    maildrops.release(session)
    maildrops.release(session)
    assert not maildrops.expunge(session, (second,))


def test_a_message_may_arrive_in_a_session(maildrops: Maildrops) -> None:
    """It is kept under its own key; a maildrop that holds no lock brings none."""
    session = opened(maildrops)
    maildrops.arrive(session, WireMessage("new", b"new"))
    assert maildrops.message("alice", "new") == b"new"

    maildrops.release(session)
    maildrops.arrive(session, WireMessage("late", b"late"))
    maildrops.arrive(Maildrop("nobody", ()), WireMessage("late", b"late"))
    assert maildrops.message("alice", "late") is None


@pytest.mark.parametrize("earlier", [True, False])
@pytest.mark.parametrize("by_fault", [True, False])
def test_what_is_gone_is_not_remembered_as_retrieved(*, earlier: bool, by_fault: bool) -> None:
    """However it went, in the session that retrieved it or later; so another message under its uid is shown."""
    conduct = Conduct(hides_retrieved=True, recent=True)
    maildrops = Maildrops({"alice": ("secret", [b"one", b"two"])}, conduct=conduct)
    _, second = maildrops.uids("alice")

    session = opened(maildrops)
    session.retrieve(1)
    session.retrieve(2)
    if earlier:
        maildrops.update(session, ())
        session = opened(maildrops)
        assert len(session) == 0
        maildrops.release(session)
        session = opened(maildrops, "recent:alice")
    if by_fault:
        maildrops.expunge(session, (second,))
    maildrops.update(session, () if by_fault else (second,))

    session = opened(maildrops, "recent:alice")
    maildrops.arrive(session, WireMessage(second, b"new"))
    maildrops.release(session)
    assert [message.octets for _, message in opened(maildrops).numbered()] == [b"new"]
