"""The servers of a world, made from its plan: what each decides with, and under which name and port it is found."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from mailsim.mail import Envelope, Message
from mailsim.pop3.conduct import Mechanism
from mailsim.pop3.maildrops import Maildrops
from mailsim.pop3.service import Service
from mailsim.smtp.backend import Backend, Peer, Tls
from mailsim.smtp.faults import FaultPlan, Lost
from mailsim.smtp.server import PASSWORDS
from mailsim.smtp.submission import mechanism_of
from mailsim.trace.event import Step
from mailsim.world.clock import Clock
from mailsim.world.hosts import Exchanger, KeepCopy, Outside, SubmissionHost, removals
from mailsim.world.journal import Journal
from mailsim.world.letterbox import Letterboxes
from mailsim.world.plan import Plan
from mailsim.world.post import SMTP_PORT, Post
from mailsim.world.practice_plan import PracticePlan
from mailsim.world.relay import Relay, Renamed
from mailsim.world.spf_check import SpfCheck

LOST_BY_FAULT = "accepted and lost, by a fault"
"""Why a copy was discarded that a server had answered 250 to: no policy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One SMTP server."""

    name: str
    port: int
    backend: Backend
    tls: Tls = Tls.NONE
    mechanisms: tuple[Mechanism, ...] = ()
    """How its accounts log in; where there are any it takes mail from them only, unless it is an open relay."""
    open_relay: bool = False
    size_limit: int = 0
    """Octets, as announced in EHLO (RFC 1870); 0 is none."""
    faults: FaultPlan = field(default_factory=FaultPlan)
    """What goes wrong on purpose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PopServer:
    """One POP3 server."""

    name: str
    port: int
    tls: bool
    """From the first octet."""
    service: Service


def accounts_of(plan: PracticePlan) -> Mapping[str, str]:
    """Who may log in to the provider's POP3 server, and the password: a person's is `world-` and their local part."""
    own = plan.pop.username
    people = {user: f"world-{mailbox.local}" for mailbox, user in plan.users.items()}
    return {own: plan.pop.password.get_secret_value()} | {
        user: password for user, password in people.items() if user != own
    }


def maildrops_of(plan: PracticePlan, clock: Clock, journal: Journal) -> Maildrops:
    """The maildrops of the practice's server mailboxes, empty; time between two logins is the world's."""
    maildrops = Maildrops(
        conduct=plan.conduct,
        clock=lambda: clock.now().timestamp(),
        removed=removals(plan.pop.server.host, plan.users, journal),
    )
    for user, password in accounts_of(plan).items():
        maildrops.add(user, password)
    return maildrops


def provider_servers(
    plan: PracticePlan,
    maildrops: Maildrops,
    spf: SpfCheck,
    journal: Journal,
    *,
    post: Post,
    letterboxes: Letterboxes,
    seed: int,
) -> tuple[Server, Server]:
    """The two SMTP servers of a practice's provider: where it submits, and where mail from outside comes in.

    `seed` is what faults by chance are drawn from.
    """
    smtp, exchanger = plan.smtp, plan.exchanger
    submission = Server(
        name=smtp.server,
        port=smtp.port,
        backend=SubmissionHost(
            smtp.server,
            plan.account,
            plan.policy,
            journal,
            carry=post.carry,
            give_up=partial(post.give_up, rule="R5.3"),
            keep_copy=_kept_in(maildrops, plan, journal) if plan.sent_copies else None,
        ),
        tls=plan.smtp_tls,
        mechanisms=_mechanisms(plan) if plan.account.username else (),
        open_relay=plan.policy.open_relay,
        size_limit=plan.policy.size_limit,
        faults=FaultPlan(plan.submission_faults, seed=seed, lost=_lost_at(smtp.server, journal)),
    )
    receiving = Exchanger(
        exchanger,
        host=plan.mail_host,
        policy=plan.receiving,
        users=plan.users,
        maildrops=maildrops,
        spf=spf,
        journal=journal,
        letterboxes=letterboxes,
    )
    incoming = Server(
        name=exchanger,
        port=SMTP_PORT,
        backend=receiving,
        size_limit=plan.receiving.size_limit,
        faults=FaultPlan(plan.exchanger_faults, seed=seed, lost=_lost_at(exchanger, journal)),
    )
    return submission, incoming


def outside_servers(
    plan: Plan,
    spf: SpfCheck,
    journal: Journal,
    *,
    post: Post,
    letterboxes: Letterboxes,
    renamed: Renamed,
    clock: Clock,
    seed: int,
) -> Iterator[Server]:
    """The SMTP servers of the people outside and their relays, in the same order each time; `seed` is as above."""

    def server(name: str, backend: Backend) -> Server:
        faults = FaultPlan(plan.outside_faults.get(name, ()), seed=seed, lost=_lost_at(name, journal))
        return Server(name=name, port=SMTP_PORT, backend=backend, faults=faults)

    for name in plan.internet.servers:
        yield server(name, Outside(name, spf, journal, letterboxes))
    for relaying in plan.relays:
        yield server(relaying.name, Relay(relaying, journal, post.carry, renamed, clock.now))


def _kept_in(maildrops: Maildrops, plan: PracticePlan, journal: Journal) -> KeepCopy:
    domain, user = plan.account.address.domain, plan.pop.username

    def keep(message: Message) -> str:
        uid = maildrops.append(user, message.octets, crlf=message.crlf)
        journal.copy_lies((domain, user, uid), message)
        return uid

    return keep


def _lost_at(name: str, journal: Journal) -> Lost:
    """What a fault loses is still accounted for."""

    def lost(peer: Peer, envelope: Envelope, message: Message) -> None:
        for recipient in envelope.recipients:
            journal.record(
                Step.DISCARDED,
                name,
                message,
                peer=peer.name,
                sender=envelope.sender,
                recipient=str(recipient),
                reason=LOST_BY_FAULT,
                rule="R6.2",
            )

    return lost


def _mechanisms(plan: PracticePlan) -> tuple[Mechanism, ...]:
    """What the provider offers, passwords where that is unknown, and what the practice is set to log in by."""
    own = mechanism_of(plan.smtp.authentication)
    return tuple(dict.fromkeys((*(plan.offered or PASSWORDS), *((own,) if own else ()))))
