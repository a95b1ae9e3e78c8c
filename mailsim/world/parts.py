"""What one run of a world is made of, put together: the same parts, whatever engine makes them move."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from mailsim.pop3.faults import FaultPlan
from mailsim.pop3.maildrops import Maildrops
from mailsim.pop3.service import Service
from mailsim.practice.store import Store
from mailsim.smtp.faults import FaultPlan as SmtpFaultPlan
from mailsim.trace.recorder import Keeper, Recorder
from mailsim.world.clock import Clock
from mailsim.world.conservation import Books
from mailsim.world.failures import Failures
from mailsim.world.faults import Struck
from mailsim.world.journal import Journal
from mailsim.world.mailroom import Mailroom
from mailsim.world.office import Office
from mailsim.world.people import People
from mailsim.world.plan import Plan
from mailsim.world.post import Post
from mailsim.world.programme import Programme
from mailsim.world.reports import Reports
from mailsim.world.scenario import Scenario
from mailsim.world.servers import Server, maildrops_of, servers_of
from mailsim.world.spf_check import SpfCheck
from mailsim.world.transport import Transport

_Result = TypeVar("_Result")
Heard = Callable[[_Result], None]
"""Is told a result, once."""


class Engine(Protocol):
    """What makes a world move."""

    @property
    def transport(self) -> Transport:
        """What carries its mail."""
        ...

    @property
    def clock(self) -> Clock:
        """Its time."""
        ...

    def start(self, pop3: Service, servers: Iterable[Server]) -> None:
        """Have the POP3 server and the SMTP servers be there; raises StartError, NameTakenError."""
        ...

    def stop(self) -> None:
        """End everything; raises what went wrong and nobody heard of."""
        ...

    def call(self, what: Callable[[], _Result]) -> _Result:
        """Do something where the world lives."""
        ...

    def hear(self, begin: Callable[[Heard[_Result]], object]) -> _Result:
        """Begin something there, and wait until it has told its result."""
        ...

    def quiet(self) -> None:
        """Wait until nothing is on its way."""
        ...


AnyEngine = TypeVar("AnyEngine", bound=Engine)


@dataclass(slots=True, kw_only=True)
class Parts(Generic[AnyEngine]):
    """What one run is made of."""

    engine: AnyEngine
    recorder: Recorder
    books: Books
    failures: Failures
    store: Store
    office: Office
    mailroom: Mailroom
    people: People
    maildrops: Maildrops
    faults: Mapping[Struck, FaultPlan | SmtpFaultPlan]
    programme: Programme
    """What of the scenario is still to happen."""
    received: int = 0
    polling: bool = False
    """Whether the practice collects by itself."""


def assembled(
    scenario: Scenario,
    plan: Plan,
    engine: AnyEngine,
    keepers: Sequence[Keeper],
    stack: ExitStack,
) -> Parts[AnyEngine]:
    """Put a world together and start its servers; `keepers` are told of all events, what must be closed goes on the `stack`.

    Raises:
        StartError: A server did not start.
        NameTakenError: Two servers have one name and port.
    """
    books, failures, clock, transport = Books(), Failures(), engine.clock, engine.transport
    recorder = Recorder(clock.now, books.note, failures.note, *keepers)
    journal = Journal(recorder)
    store = stack.enter_context(Store())
    limits = {plan.smtp.server: plan.policy.size_limit}
    office = Office(scenario.site, store, journal, now=clock.now, seed=scenario.seed, limits=limits)
    spf = SpfCheck(plan.internet.zone, plan.internet.addresses, plan.spf, journal)
    trusted = "" if plan.policy.open_relay else plan.smtp.server
    reports = Reports(trusted, spf, clock.now, journal)
    post = Post(plan.internet.zone, transport, reports, clock, journal, relays=plan.relayed)
    people = People(plan, post.carry, clock, journal)
    mailroom = Mailroom(plan.pop, plan.smtp, office=office, post=post, transport=transport, journal=journal)
    maildrops = maildrops_of(plan, journal)
    pop3 = Service(maildrops, plan.conduct, faults=FaultPlan(plan.faults, seed=scenario.seed))
    submission, exchanger, *outside = servers_of(
        plan,
        maildrops,
        spf,
        journal,
        post=post,
        arrived=people.arrived,
        renamed=people.renamed,
        seed=scenario.seed,
    )
    engine.start(pop3, (submission, exchanger, *outside))
    return Parts(
        engine=engine,
        recorder=recorder,
        books=books,
        failures=failures,
        store=store,
        office=office,
        mailroom=mailroom,
        people=people,
        maildrops=maildrops,
        faults={Struck.POP: pop3.faults, Struck.SMTP: submission.faults, Struck.MX: exchanger.faults},
        programme=Programme(scenario),
    )
