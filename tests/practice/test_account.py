"""R1.7, R1.9, R1.11: the accounts to collect with and send through."""

from collections.abc import Callable

import pytest
from pydantic import SecretStr

from mailsim.practice.account import PopAccount, SmtpAccount, pop_account, smtp_account
from mailsim.practice.faults import SiteError
from mailsim.practice.server_address import ServerAddress
from mailsim.practice.settings import Authentication, Settings
from mailsim.practice.site_file import read_settings
from mailsim.provider.profiles import Profile, profiles


def settings(**tables: dict[str, object]) -> Settings:
    """A good site with those tables."""
    mailbox = {
        "type": "single",
        "default_sender": "matters@abc.com",
        "fallback_address": "help@elsewhere.example",
    }
    return read_settings({"mailbox": mailbox, **tables}).settings


LOGIN: dict[str, object] = {"username": "matters", "password": "sesame"}


def test_what_is_given_is_taken() -> None:
    """R1.9: anything the user sets wins over the common settings."""
    site = settings(
        pop={"common": "gmail", "server": "tcp://pop.abc.com", **LOGIN},
        smtp={"common": "gmail", "server": "smtp.abc.com", "port": 465, "authentication": "login", **LOGIN},
    )

    secret = SecretStr("sesame")
    assert pop_account(site) == PopAccount(ServerAddress(False, "pop.abc.com", 110), "matters", secret)
    assert smtp_account(site) == SmtpAccount("smtp.abc.com", 465, Authentication.LOGIN, "matters", secret)


def test_common_settings_fill_the_rest() -> None:
    """R1.9: the provider's facts."""
    site = settings(pop={"common": "gmail", **LOGIN}, smtp={"common": "gmail", "port": 465, **LOGIN})

    assert str(pop_account(site).server) == "ssl://pop.gmail.com:995"
    account = smtp_account(site)
    assert (account.server, account.port, account.authentication) == (
        "smtp.gmail.com",
        465,
        Authentication.PLAIN,
    )
    assert not account.own


def test_localhost_is_filled_by_the_system() -> None:
    """R1.7: the system's own servers need no login."""
    account = smtp_account(settings(smtp={"server": "localhost"}))

    assert account.own
    assert (account.server, account.authentication, account.username) == (
        "localhost",
        Authentication.NONE,
        "",
    )
    assert account.port != 25


def test_a_password_may_stand_in_the_environment() -> None:
    """`password_env` names the variable; nothing shows the secret."""
    site = settings(pop={"common": "gmail", "username": "matters", "password_env": "POP_SECRET"})

    account = pop_account(site, {"POP_SECRET": "sesame"})

    assert account.password.get_secret_value() == "sesame"
    assert "sesame" not in repr(account)
    assert "sesame" not in repr(settings(pop=LOGIN, smtp=LOGIN))
    with pytest.raises(SiteError, match="the environment variable POP_SECRET is not set") as caught:
        pop_account(site, {"POP_SECRET": ""})
    assert caught.value.faults[0].key == "pop.password_env"


@pytest.mark.parametrize("one", profiles().values(), ids=lambda one: one.id)
def test_every_provider_fills_what_is_known_of_it(one: Profile) -> None:
    """R1.9: server, port and authentication; where one is unknown, that key alone is asked for."""
    site = settings(pop={"common": one.id, **LOGIN}, smtp={"common": one.id, **LOGIN})
    knows = {
        "pop.server": one.pop_server("abc.com"),
        "smtp.server": one.smtp_server("abc.com"),
        "smtp.port": one.shown("smtp_port").replace("unknown", ""),
        "smtp.authentication": one.text("authentication"),
    }

    asked = []
    for account in (pop_account, smtp_account):
        try:
            account(site)
        except SiteError as error:
            asked += [fault.key for fault in error.faults]

    assert asked == [key for key, known in knows.items() if not known]


def test_a_host_on_the_practice_s_own_domain_is_filled_in() -> None:
    """R1.9: cPanel hosting has no host name of its own."""
    site = settings(pop={"common": "cpanel", **LOGIN}, smtp={"common": "cpanel", **LOGIN})

    assert str(pop_account(site).server) == "ssl://mail.abc.com:995"
    assert (smtp_account(site).server, smtp_account(site).port) == ("mail.abc.com", 465)


def test_what_is_missing_is_said_where_it_is_used() -> None:
    """Section 7: `[pop]` and `[smtp]` are needed only there, and then all that is missing is told."""
    with pytest.raises(SiteError) as pop:
        pop_account(settings())
    with pytest.raises(SiteError) as smtp:
        smtp_account(settings(smtp={"common": "postfix"}))

    assert [fault.key for fault in pop.value.faults] == ["pop.server", "pop.username", "pop.password"]
    assert [fault.key for fault in smtp.value.faults] == ["smtp.server", "smtp.username", "smtp.password"]


def test_without_authentication_no_login_is_needed() -> None:
    """Nor is one that is given used."""
    table: dict[str, object] = {"server": "smtp.abc.com", "port": 587, "authentication": "none"}

    expected = SmtpAccount("smtp.abc.com", 587, Authentication.NONE)
    assert smtp_account(settings(smtp=table)) == expected
    assert smtp_account(settings(smtp=table | LOGIN)) == expected
    with pytest.raises(SiteError) as caught:
        smtp_account(settings())
    assert [fault.key for fault in caught.value.faults][:3] == [
        "smtp.server",
        "smtp.port",
        "smtp.authentication",
    ]


@pytest.mark.parametrize("use", [pop_account, smtp_account])
def test_an_empty_password_is_a_fault_of_its_own(use: Callable[[Settings], object]) -> None:
    """It is given, so nothing is missing; yet it is none."""
    table: dict[str, object] = {"common": "gmail", "username": "matters", "password": ""}

    with pytest.raises(SiteError) as caught:
        use(settings(pop=table, smtp=table | {"port": 465}))

    [fault] = caught.value.faults
    assert fault.key in {"pop.password", "smtp.password"}
    assert fault.allowed == "must not be empty"
