"""What belongs to one practice in a world, decided before anything starts: accounts, policy, mail host; pure.

What the site's `[pop]` and `[smtp]` say is taken as it is. What they leave open is filled from the
provider's profile, and at last by names on the practice's own domain: a world needs neither table.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from pydantic import SecretStr

from mailsim.mail import Address
from mailsim.pop3.conduct import PLAIN_CONDUCT, Conduct, Mechanism
from mailsim.pop3.quirks import with_quirks
from mailsim.practice.account import PopAccount, SmtpAccount, pop_account, smtp_account
from mailsim.practice.settings import PopTable, Settings, SmtpTable
from mailsim.provider.mailhost import CatchAll, EnvelopeHeader, MailHost, Stamp, catch_all_of, mailboxes_of
from mailsim.provider.policy import Policy
from mailsim.provider.profiles import Profile, model_policy, profile
from mailsim.smtp.authentication import mechanisms_of
from mailsim.smtp.backend import Tls
from mailsim.smtp.faults import Fault
from mailsim.smtp.submission import security_of
from mailsim.world.faults import Struck, demand_certificates, pop_faults, smtp_faults
from mailsim.world.hosts import Account
from mailsim.world.practices import exchanger_of
from mailsim.world.scenario_tables import ProviderTable

_NO_PROFILE = Profile("", "A host without habits of its own", {})
_HEADERS = (EnvelopeHeader("Delivered-To", Stamp.RECIPIENT),)


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticePlan:
    """One practice's accounts, and its provider."""

    pop: PopAccount
    smtp: SmtpAccount
    smtp_tls: Tls
    offered: tuple[Mechanism, ...]
    """How the provider is known to let its accounts log in where they submit; empty where it is unknown."""
    account: Account
    """Who submits, as the provider knows it."""
    policy: Policy
    receiving: Policy
    """What its server for mail from outside takes: any sender, up to the provider's size limit (R5.4)."""
    mail_host: MailHost
    users: Mapping[Address, str]
    """Each of the practice's server mailboxes, and the user of its maildrop."""
    conduct: Conduct
    """The ways of its POP3 server."""
    sent_copies: bool
    """Whether the system mailbox gets a copy of what is sent for it (R5.8)."""
    faults: tuple[str, ...]
    """What goes wrong on purpose at its POP3 server."""
    submission_faults: tuple[Fault, ...]
    """And where the practice submits."""
    exchanger_faults: tuple[Fault, ...]
    """And where mail from outside comes in."""
    exchanger: str
    """The name of the provider's server for mail from outside."""
    included: str
    """What the provider has its customers include in their SPF records; empty where that is not known."""


def practice_plan(
    settings: Settings, provider: ProviderTable, residents: Collection[Address]
) -> PracticePlan:
    """The plan of a practice at its provider; `residents` are the people outside, some perhaps on its domain.

    Raises:
        SiteError: `[pop]` or `[smtp]` is given and lacks what it needs.
        FaultError: A fault is about a certificate at a moment when its SMTP server shows none.
    """
    facts = profile(provider.profile) if provider.profile else _NO_PROFILE
    settings = _with_servers(settings, facts)
    policy = _policy(provider, facts)
    pop, smtp = pop_account(settings), smtp_account(settings)
    system = settings.mailbox.default_sender
    exchanger = exchanger_of(provider, settings.domain)
    host = _mail_host(provider, settings, facts, exchanger, residents)
    others = sorted(host.mailboxes - {*residents, system}, key=str)
    tls = security_of(smtp)
    demand_certificates(provider.faults, tls)
    return PracticePlan(
        pop=pop,
        smtp=smtp,
        smtp_tls=tls,
        offered=mechanisms_of(facts),
        account=Account(smtp.username, smtp.password.get_secret_value(), system),
        policy=Policy() if smtp.own else policy,
        receiving=Policy(size_limit=policy.size_limit, size_reply=policy.size_reply),
        mail_host=host,
        users={system: pop.username} | {mailbox: str(mailbox) for mailbox in others},
        conduct=_conduct(provider, facts),
        sent_copies=not smtp.own and _sent_copies(provider, facts),
        faults=pop_faults(provider.faults),
        submission_faults=smtp_faults(provider.faults, Struck.SMTP),
        exchanger_faults=smtp_faults(provider.faults, Struck.MX),
        exchanger=exchanger,
        included=facts.text("spf_include"),
    )


def _with_servers(settings: Settings, facts: Profile) -> Settings:
    """The settings with a `[pop]` and an `[smtp]`, where the scenario leaves them out."""
    domain, name = settings.domain, str(settings.mailbox.default_sender)
    given: dict[str, object] = {
        key: table.model_copy(update={"password": SecretStr("world"), "password_env": None})
        for key, table in (("pop", settings.pop), ("smtp", settings.smtp))
        if table is not None and table.password_env is not None  # a world on loopback needs no real secret
    }
    if settings.pop is None:
        server = facts.pop_server(domain) or f"ssl://pop.{domain}:995"
        given["pop"] = PopTable.model_validate({"server": server, "username": name, "password": "world"})
    if settings.smtp is None:
        fields = {
            "server": facts.smtp_server(domain) or f"smtp.{domain}",
            "port": facts.number("smtp_port", 587),
            "authentication": facts.text("authentication", "plain"),
        }
        given["smtp"] = SmtpTable.model_validate(fields | {"username": name, "password": "world"})
    return settings.model_copy(update=given)


def _policy(table: ProviderTable, facts: Profile) -> Policy:
    own = facts.policy()
    action = table.sender_policy or own.action
    if action is not own.action:
        # Of the model all that is about senders; sizes stay the provider's.
        own = replace(model_policy(action), size_limit=own.size_limit, size_reply=own.size_reply)
    limit = own.size_limit if table.size_limit is None else table.size_limit
    return replace(
        own,
        registered=frozenset(table.registered),
        size_limit=limit,
        on_behalf=table.on_behalf,
        open_relay=table.open_relay,
    )


def _conduct(provider: ProviderTable, facts: Profile) -> Conduct:
    quirks = provider.quirks
    return with_quirks(PLAIN_CONDUCT, facts.texts("pop_quirks") if quirks is None else quirks)


def _sent_copies(provider: ProviderTable, facts: Profile) -> bool:
    said = provider.sent_copies
    return facts.says("sent_copy") if said is None else said


def _mail_host(
    provider: ProviderTable,
    settings: Settings,
    facts: Profile,
    exchanger: str,
    residents: Collection[Address],
) -> MailHost:
    system = settings.mailbox.default_sender
    named = provider.catch_all
    catch_all = (catch_all_of(named) if named else None) or (
        system if settings.catch_all else CatchAll.REFUSE
    )
    forwards = provider.forwards
    # Somebody else at the same public provider; a catch-all's domain is the practice's alone.
    neighbours = [one for one in residents if one.domain == settings.domain]
    return MailHost(
        domain=settings.domain,
        mailboxes=mailboxes_of(
            (system, *provider.mailboxes, *forwards, *forwards.values(), *neighbours), catch_all
        ),
        catch_all=catch_all,
        # What only sends mail leaves it to another host to receive some.
        headers=facts.envelope_headers() if facts.facts and facts.is_collected_from else _HEADERS,
        forwards=forwards,
        aliases={
            Address("postmaster", name): catch_all if isinstance(catch_all, Address) else system
            for name in (settings.domain, exchanger)
        },
    )
