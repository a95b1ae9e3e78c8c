"""A site as tables and TOML again."""

import tomllib
from pathlib import Path

import pytest

from mailsim.practice.site import load_site, read_site
from mailsim.study.diagnosis.site_tables import site_tables, toml

SITES = Path(__file__).parents[3] / "fixtures" / "sites"


@pytest.mark.parametrize("name", ["plain", "abc"])
def test_a_site_routes_as_before(name: str) -> None:
    """Through tables, TOML and back nothing that routing reads is lost."""
    site = load_site(SITES / f"{name}.toml")

    again = read_site(tomllib.loads(toml(site_tables(site.settings))))

    assert again.rules == site.rules
    assert again.sent == site.sent
    assert again.directory.actions == site.directory.actions
    assert again.directory.users == site.directory.users
    assert again.directory.aliases == site.directory.aliases


def test_secrets_stay_behind() -> None:
    """R1.11: neither the password nor who logs in."""
    written = toml(site_tables(load_site(SITES / "abc.toml").settings))

    assert "correct horse" not in written
    assert "MAILSIM_SMTP_PASSWORD" not in written
    assert "username" not in written


def test_letters_of_any_kind_are_toml() -> None:
    """Quotes, controls that TOML forbids, and letters outside ASCII."""
    tables = {
        "mailbox": {"a": 'q"\\\x7f\té'},
        "action": [{"id": 1, "name": "Zoë"}],
        "routing": {"on": True, "in": ["a"]},
    }

    assert tomllib.loads(toml(tables)) == tables
