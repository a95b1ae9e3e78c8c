"""A site: read once, then it routes."""

from pathlib import Path

import pytest

from mailsim.practice.decision import Outcome, Reason, Resolver
from mailsim.practice.faults import SiteError
from mailsim.practice.site import load_site, read_site

SITES = Path(__file__).parents[2] / "fixtures" / "sites"
REPLY = b"From: jane@client.example\r\nX-Original-To: a1234@abc.com\r\nTo: x@abc.com\r\nSubject: Re: Draft\r\n\r\nYes\r\n"


def test_a_site_file_becomes_rules_and_directory() -> None:
    """Every table of the contracts ends where routing reads it."""
    site = load_site(SITES / "abc.toml")

    assert site.rules.catch_all
    assert site.rules.header == "X-Original-To"
    assert str(site.rules.system) == "matters@abc.com"
    assert str(site.rules.fallback) == "help@elsewhere.example"
    assert site.rules.resolvers == (Resolver.SUB_ADDRESS, Resolver.THREAD, Resolver.SUBJECT_TOKEN)
    assert sorted(site.directory.actions) == [1234, 1235]
    assert str(site.directory.users["mary"].sender) == "mary@abc.com"
    assert [alias.mailboxes for alias in site.directory.aliases] == [("mary", "john"), ()]
    assert site.sent == {"<20261123.1234@abc.com>": 1234}
    assert site.warnings == ()


def test_a_site_routes() -> None:
    """R4.5, by the header that the settings name."""
    decision = load_site(str(SITES / "abc.toml")).route(REPLY, name="reply.eml")

    assert (decision.message, decision.outcome, decision.targets) == (
        "reply.eml",
        Outcome.DELIVERED,
        ("action:1234",),
    )
    assert decision.reason is Reason.ACTION_ADDRESS


def test_messages_routed_together_are_one_collection() -> None:
    """R4.13: the second copy reaches nobody; each alone would be delivered."""
    site = load_site(SITES / "abc.toml")
    message = b"Message-ID: <r1@client.example>\r\n" + REPLY

    first, second = site.route_all([("a", message), (None, message)])

    assert first == site.route(message, name="a")
    assert (second.message, second.outcome, second.targets) == (None, Outcome.DUPLICATE, ())


def test_a_copy_of_what_was_sent_is_known() -> None:
    """R4.14: also alone."""
    copy = b"From: a1234@abc.com\r\nTo: jane@client.example\r\nMessage-ID: <20261123.1234@abc.com>\r\n\r\nDraft\r\n"

    assert load_site(SITES / "abc.toml").route(copy).reason is Reason.SENT_COPY


def test_the_catch_all_header_counts_in_catch_all_mode_only() -> None:
    """R1.10: in single mode it is warned of and not read."""
    site = read_site(
        {
            "mailbox": {
                "type": "single",
                "default_sender": "matters@abc.com",
                "fallback_address": "help@elsewhere.example",
                "catch_all_header": "X-Original-To",
            },
            "action": [{"id": 1234}],
        }
    )

    assert site.rules.header is None
    assert len(site.warnings) == 1
    assert site.route(REPLY).outcome is Outcome.UNASSIGNED


def test_accounts_are_asked_for_where_they_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Section 7: the secret may stand in the environment, and is missed only there."""
    site = load_site(SITES / "abc.toml")

    assert site.pop_account().server.host == "pop.gmail.com"
    monkeypatch.delenv("MAILSIM_SMTP_PASSWORD", raising=False)
    with pytest.raises(SiteError, match="MAILSIM_SMTP_PASSWORD is not set"):
        site.smtp_account()
    monkeypatch.setenv("MAILSIM_SMTP_PASSWORD", "sesame")
    assert site.smtp_account().port == 587
    assert "correct horse" not in repr(site)


def test_a_faulty_site_names_its_file() -> None:
    """R1.12."""
    path = SITES / "faulty.toml"

    with pytest.raises(SiteError) as caught:
        load_site(path)

    assert caught.value.source == str(path)
    assert all(line.startswith(f"{path}: ") for line in str(caught.value).splitlines())
