import pytest

from mailsim.mail import Address
from mailsim.practice.faults import SiteError
from mailsim.provider.mailhost import CatchAll
from mailsim.provider.policy import SenderAction, Stage
from mailsim.provider.spf_policy import SpfPolicy
from mailsim.smtp.backend import Tls
from mailsim.world.plan import plan
from mailsim.world.scenario import read_scenario

MAILBOX = {
    "type": "catch-all",
    "default_sender": "matters@abc.com",
    "fallback_address": "help@elsewhere.example",
}
MATTERS = Address("matters", "abc.com")


def test_a_world_needs_neither_pop_nor_smtp_settings() -> None:
    """Without them and without a profile, servers stand on the practice's own domain."""
    world = plan(read_scenario({"mailbox": MAILBOX}))

    assert str(world.pop.server) == "ssl://pop.abc.com:995"
    assert (world.smtp.server, world.smtp.port, world.smtp_tls) == ("smtp.abc.com", 587, Tls.STARTTLS)
    assert world.policy.action is SenderAction.ACCEPT
    assert world.mail_host.catch_all == MATTERS
    assert world.account.address == MATTERS


def test_a_profile_fills_servers_policy_and_headers() -> None:
    """Gmail rewrites, keeps the original in a header, and stamps the mailbox alone."""
    world = plan(read_scenario({"mailbox": MAILBOX, "provider": {"profile": "gmail"}}))

    assert str(world.pop.server) == "ssl://pop.gmail.com:995"
    assert world.smtp.server == "smtp.gmail.com"
    assert world.policy.action is SenderAction.REWRITE
    assert world.policy.original_kept_in == "X-Google-Original-From"
    assert [header.name for header in world.mail_host.headers] == ["Delivered-To"]


def test_keys_of_the_provider_override_its_profile() -> None:
    """Later keys win: policy, limit, mailboxes, catch-all."""
    provider = {
        "profile": "gmail",
        "sender_policy": "reject",
        "size_limit": "1 MB",
        "catch_all": "discard",
        "mailboxes": ["mary@abc.com"],
        "registered": "a1@abc.com",
    }

    world = plan(read_scenario({"mailbox": MAILBOX, "provider": provider}))

    assert world.policy.action is SenderAction.REJECT
    assert (world.policy.reply.code, world.policy.stage) == (554, Stage.DATA)
    assert world.policy.size_limit == 1024 * 1024
    assert world.policy.registered == {Address("a1", "abc.com")}
    assert world.mail_host.catch_all is CatchAll.DISCARD
    assert world.mail_host.mailboxes == {MATTERS, Address("mary", "abc.com")}


@pytest.mark.parametrize(("policy", "kept_in"), [("rewrite", "X-Google-Original-From"), ("accept", "")])
def test_a_policy_without_a_profile_behaves_as_a_known_provider_does(policy: str, kept_in: str) -> None:
    """`rewrite` alone is Gmail's rewriting; `accept` needs no words."""
    world = plan(read_scenario({"mailbox": MAILBOX, "provider": {"sender_policy": policy}}))

    assert world.policy.original_kept_in == kept_in


def test_a_single_mailbox_catches_nothing_else() -> None:
    """Other recipients of the domain are refused."""
    world = plan(read_scenario({"mailbox": MAILBOX | {"type": "single"}}))

    assert world.mail_host.catch_all is CatchAll.REFUSE


def test_the_system_s_own_smtp_server_takes_any_sender_without_login() -> None:
    """R1.7: `localhost` needs no credentials, and no policy stands in the way."""
    tables = {"mailbox": MAILBOX, "smtp": {"server": "localhost"}, "provider": {"profile": "gmail"}}

    world = plan(read_scenario(tables))

    assert world.policy.action is SenderAction.ACCEPT
    assert (world.smtp_tls, world.account.username) == (Tls.NONE, "")


def test_port_465_is_implicit_tls() -> None:
    """RFC 8314 section 3.3."""
    smtp = {
        "server": "smtp.abc.com",
        "port": 465,
        "authentication": "login",
        "username": "m",
        "password": "p",
    }

    assert plan(read_scenario({"mailbox": MAILBOX, "smtp": smtp})).smtp_tls is Tls.IMPLICIT


def test_what_is_given_in_part_must_be_given_whole() -> None:
    """A `[pop]` without a server is a fault, not a guess."""
    with pytest.raises(SiteError, match=r"pop\.password"):
        plan(read_scenario({"mailbox": MAILBOX, "pop": {"server": "ssl://pop.abc.com", "username": "m"}}))


def test_the_provider_s_server_has_the_name_that_mx_records_give_it() -> None:
    """`exchanger`, in comparison form; without it a name on the domain."""
    provider = {"profile": "gmail", "exchanger": "ASPMX.l.google.com"}
    zone = {"abc.com": {"mx": "1 aspmx.l.google.com."}}

    named = plan(read_scenario({"mailbox": MAILBOX, "provider": provider, "zone": zone}))
    silent = plan(read_scenario({"mailbox": MAILBOX}))

    assert named.exchanger == "aspmx.l.google.com"
    assert named.internet.zone.exchangers("abc.com") == ("aspmx.l.google.com",)
    assert silent.exchanger == "mx.abc.com"
    assert silent.internet.zone.exchangers("abc.com") == ("mx.abc.com",)


def test_spf_is_asked_where_a_zone_is_told_and_as_each_domain_says() -> None:
    """Without a zone nobody publishes anything; `spf` says otherwise, of the provider and of correspondents."""
    people = [{"address": "jane@client.example", "spf": "refuse"}, {"address": "joe@shop.example"}]
    tables = {"mailbox": MAILBOX, "correspondent": people, "provider": {"spf": "ignore"}}

    told = plan(read_scenario(tables | {"zone": {"abc.com": {"txt": "v=spf1 -all"}}}))
    silent = plan(read_scenario({"mailbox": MAILBOX}))

    assert told.spf == {"": "mark", "client.example": "refuse", "abc.com": "ignore"}
    assert set(silent.spf.values()) == {SpfPolicy.IGNORE}
