import pytest

from mailsim.practice.site import load_site
from mailsim.study.exploration.truth import Truth, plain, spellings
from tests.explore.planting import HERE

TRUTH = Truth(load_site(HERE / "sites" / "usual.toml").settings)


@pytest.mark.parametrize(
    ("address", "targets", "reason"),
    [
        ("a1234@abc.com", ("action:1234",), "action-address"),
        ('"A01234"@ABC.com', ("action:1234",), "action-address"),
        ("sales@abc.com", ("mailbox:mary", "mailbox:john"), "alias"),
        ("nobody@abc.com", (), "alias-without-mailboxes"),
        ("matters@abc.com", (), "system-address"),
        ("a99@abc.com", (), "no-such-action"),
        ("peter@abc.com", (), "unknown-address"),
        ("a1234@client.example", (), "other-domain"),
    ],
)
def test_mail_to_an_address_belongs_to_whom_the_tables_say(
    address: str, targets: tuple[str, ...], reason: str
) -> None:
    """R4.5, R4.6, R4.7, in the oracle's own reading."""
    assert TRUTH.of(address) == (targets, reason)


def test_the_spellings_of_an_address_are_one() -> None:
    """Letter case, zeros and quotes do not matter."""
    assert {plain(one) for one in spellings("a1234@abc.com")} == {"a1234@abc.com"}


def test_resolvers_are_asked_where_the_address_says_nothing() -> None:
    """R4.10: in the order of the settings; an action that is gone passes on, and an ID that none has is not asked."""
    truth = Truth(load_site(HERE / "sites" / "resolvers.toml").settings)
    hints = {"thread": 1234, "subject-token": 1235}

    assert truth.hinted(hints, "unknown-address") == "action:1235"
    assert truth.hinted({"thread": 1234, "subject-token": 99}, "system-address") == "action:1234"
    assert truth.hinted(hints, "no-such-action") is None
    assert TRUTH.hinted(hints, "unknown-address") is None
