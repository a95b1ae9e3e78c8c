"""One practice in a world, put together: its store, its office and mailroom, and its servers at its provider."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mailsim.pop3.faults import FaultPlan
from mailsim.pop3.maildrops import Maildrops
from mailsim.pop3.service import Service
from mailsim.practice.site import Site
from mailsim.practice.store import Store
from mailsim.world.clock import Clock
from mailsim.world.faults import Faults, Struck
from mailsim.world.journal import Journal
from mailsim.world.letterbox import Letterboxes
from mailsim.world.mailroom import Mailroom
from mailsim.world.office import Office
from mailsim.world.post import Post
from mailsim.world.practice_plan import PracticePlan
from mailsim.world.servers import PopServer, Server, maildrops_of, provider_servers
from mailsim.world.spf_check import SpfCheck
from mailsim.world.transport import Transport


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """What belongs to one practice alone."""

    site: Site
    plan: PracticePlan
    store: Store
    office: Office
    mailroom: Mailroom
    maildrops: Maildrops
    pop3: PopServer
    submission: Server
    exchanger: Server

    @property
    def domain(self) -> str:
        """Its own, by which it is named."""
        return self.site.settings.domain

    @property
    def targets(self) -> Mapping[str, int]:
        """How many copies each target of its own holds, as the trace names it."""
        return {f"{self.office.prefix}{target}": copies for target, copies in self.store.targets().items()}

    @property
    def mail_waits(self) -> bool:
        """Whether anything lies in its system mailbox, not yet collected."""
        return bool(self.maildrops.uids(self.plan.pop.username))

    @property
    def held(self) -> Iterator[tuple[str, str, int]]:
        """Each copy that a target of its own holds: the target as the trace names it, the Message-ID, the size."""
        prefix = self.office.prefix
        return ((f"{prefix}{target}", message_id, size) for target, message_id, size in self.store.held())

    @property
    def held_twice(self) -> Iterator[tuple[str, str]]:
        """Each target and Message-ID of a message that the target holds more than once, as none should."""
        return ((f"{self.office.prefix}{target}", one) for target, one in self.store.held_twice())

    @property
    def faults(self) -> Faults:
        """What goes wrong on purpose at its provider's servers."""
        return {
            Struck.POP: self.pop3.service.faults,
            Struck.SMTP: self.submission.faults,
            Struck.MX: self.exchanger.faults,
        }


def branch_of(
    plan: PracticePlan,
    site: Site,
    store: Store,
    *,
    seed: int,
    clock: Clock,
    transport: Transport,
    post: Post,
    spf: SpfCheck,
    letterboxes: Letterboxes,
    journal: Journal,
    prefix: str,
) -> Branch:
    """Put together what belongs to a practice; the rest is what its world has in common. Nothing is started."""
    limits = {plan.smtp.server: plan.policy.size_limit}
    office = Office(site, store, journal, now=clock.now, seed=seed, limits=limits, prefix=prefix)
    maildrops = maildrops_of(plan, clock, journal)
    server = plan.pop.server
    submission, exchanger = provider_servers(
        plan, maildrops, spf, journal, post=post, letterboxes=letterboxes, seed=seed
    )
    return Branch(
        site=site,
        plan=plan,
        store=store,
        office=office,
        mailroom=Mailroom(
            plan.pop, plan.smtp, office=office, post=post, transport=transport, journal=journal
        ),
        maildrops=maildrops,
        pop3=PopServer(
            name=server.host,
            port=server.port,
            tls=server.tls,
            service=Service(maildrops, plan.conduct, faults=FaultPlan(plan.faults, seed=seed)),
        ),
        submission=submission,
        exchanger=exchanger,
    )
