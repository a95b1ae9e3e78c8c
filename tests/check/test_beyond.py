"""What a green Check SMTP does not tell (R2.2, R5.3)."""

import pytest

from mailsim.check.beyond import beyond

from .servers import site_for

LOGIN = {"username": "matters@abc.com", "password": "secret"}


@pytest.mark.parametrize(
    ("smtp", "expected"),
    [
        (
            {"common": "gmail"},
            "Gmail and Google Workspace: in From the account takes the place of an action's address",
        ),
        ({"server": "smtp.gmail.com"}, "and replies come to matters@abc.com"),
        (
            {"common": "m365"},
            "Microsoft 365 / Exchange Online: an action's address that is not registered there is refused",
        ),
        ({"common": "postfix_strict", "server": "smtp.abc.com"}, "is refused as a sender"),
        ({"common": "cpanel", "server": "smtp.abc.com"}, ""),
        ({"server": "smtp.abc.com"}, "whether the server takes an action's address as a sender too"),
        (
            {"server": "127.0.0.1", "port": 2525},
            "whether the server takes an action's address as a sender too",
        ),
        ({"server": "127.0.0.1", "port": 1025}, "Proton Mail through its Bridge: "),
        ({"common": "proton_bridge", "port": 2525}, "Proton Mail through its Bridge: "),
        ({"common": "bt", "server": "smtp.abc.com"}, "whether the server takes an action's address"),
    ],
)
def test_what_is_known_of_the_provider_is_told(smtp: dict[str, object], expected: str) -> None:
    """By its name or its server; where nothing is known, who can tell; where the address is taken, nothing."""
    given = {"port": 587, "authentication": "plain"} | LOGIN | smtp
    mailbox = {
        "type": "single",
        "default_sender": "matters@abc.com",
        "fallback_address": "help@elsewhere.example",
    }
    site = site_for(mailbox=mailbox, smtp=given)

    told = beyond(site, site.smtp_account())

    assert told.startswith(expected) or expected in told
    assert bool(told) is bool(expected)


@pytest.mark.parametrize(
    "tables",
    [
        {"smtp": {"server": "localhost"}},
        {
            "smtp": {"server": "smtp.gmail.com", "port": 587, "authentication": "plain"} | LOGIN,
            "routing": {"action_address_in": "reply-to"},
        },
    ],
)
def test_where_no_action_s_address_is_offered_to_a_provider_there_is_nothing_to_tell(
    tables: dict[str, object],
) -> None:
    """The system's own server takes every sender; with `reply-to` From is the default sender, which was taken."""
    site = site_for(**tables)

    assert beyond(site, site.smtp_account()) == ""
