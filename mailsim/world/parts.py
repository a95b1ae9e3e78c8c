"""What one run of a world is made of, put together: the same parts, whatever engine makes them move."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from mailsim.errors import MailsimError
from mailsim.mail import normal_domain
from mailsim.practice.store import Store
from mailsim.trace.recorder import Keeper, Recorder
from mailsim.world.branch import Branch, branch_of
from mailsim.world.clock import Clock
from mailsim.world.conservation import Books
from mailsim.world.failures import Failures
from mailsim.world.faults import Faults, Struck
from mailsim.world.journal import Journal
from mailsim.world.letterbox import Letterboxes
from mailsim.world.people import People
from mailsim.world.plan import Plan
from mailsim.world.post import Post
from mailsim.world.programme import Programme
from mailsim.world.reports import Reports
from mailsim.world.scenario import Scenario
from mailsim.world.servers import PopServer, Server, outside_servers
from mailsim.world.spf_check import SpfCheck
from mailsim.world.transport import Transport

_Result = TypeVar("_Result")
Heard = Callable[[_Result], None]
"""Is told a result, once."""


class UnknownPracticeError(MailsimError):
    """No practice of the world has that domain."""


class WorldError(MailsimError):
    """A world asked for what it cannot do now."""


class UnknownServerError(MailsimError):
    """No server outside and no relay of the world has that name."""


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

    def start(self, pop3: Iterable[PopServer], servers: Iterable[Server]) -> None:
        """Have the POP3 servers and the SMTP servers be there; raises StartError, NameTakenError."""
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
    people: People
    branches: Sequence[Branch]
    """The practices, the first one first."""
    outside: Mapping[str, Server]
    """The servers of the people outside and the relays, by name."""
    programme: Programme
    """What of the scenario is still to happen."""
    received: int = 0
    polling: bool = False
    """Whether the practices collect by themselves."""

    @property
    def first(self) -> Branch:
        """The practice that is spoken to when none is named."""
        return self.branches[0]

    def branch(self, domain: str | None) -> Branch:
        """The practice with that domain, the first where it is None; raises UnknownPracticeError."""
        if domain is None:
            return self.first
        named = (one for one in self.branches if one.domain == normal_domain(domain))
        found = next(named, None)
        if found is None:
            known = ", ".join(one.domain for one in self.branches)
            raise UnknownPracticeError(f"practice {domain!r}: is no practice's domain; write one of {known}")
        return found

    @property
    def faults(self) -> Iterator[Faults]:
        """What goes wrong on purpose: at each practice's provider, then at each server outside."""
        yield from (one.faults for one in self.branches)
        yield from map(self.outside_faults, self.outside)

    def outside_faults(self, server: str) -> Faults:
        """What goes wrong on purpose at a server outside or a relay; raises UnknownServerError."""
        found = self.outside.get(server.lower())
        if found is None:
            raise UnknownServerError(
                f"server {server!r}: is no server outside; write one of {', '.join(self.outside)}"
            )
        return {Struck.MX: found.faults}

    def targets(self) -> Mapping[str, int]:
        """How many copies each target holds that holds some; those of the first practice come first."""
        return {target: copies for one in self.branches for target, copies in one.targets.items()}


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
    failures, clock, transport = Failures(), engine.clock, engine.transport
    books = Books([one.domain for one in scenario.others], lost=failures.count)
    recorder = Recorder(clock.now, books.note, failures.note, *keepers)
    journal = Journal(recorder)
    spf = SpfCheck(plan.internet.zone, plan.internet.addresses, plan.spf, journal)
    trusted = {one.smtp.server for one in plan.practices if not one.policy.open_relay}
    reports = Reports(trusted, spf, clock.now, journal)
    post = Post(plan.internet.zone, transport, reports, clock, journal, relays=plan.relayed)
    people = People(plan, post.carry, clock, journal)
    letterboxes = Letterboxes(plan.full, journal, arrived=people.arrived, give_up=post.give_up)
    branches = [
        branch_of(
            practice,
            named.site,
            stack.enter_context(Store()),
            seed=scenario.seed,
            clock=clock,
            transport=transport,
            post=post,
            spf=spf,
            letterboxes=letterboxes,
            journal=journal,
            prefix=f"{named.domain}/" if number else "",  # the first one's are as in a world of one
        )
        for number, (practice, named) in enumerate(zip(plan.practices, scenario.practices, strict=True))
    ]
    outside = {
        server.name: server
        for server in outside_servers(
            plan,
            spf,
            journal,
            post=post,
            letterboxes=letterboxes,
            renamed=people.renamed,
            clock=clock,
            seed=scenario.seed,
        )
    }
    providers = (server for branch in branches for server in (branch.submission, branch.exchanger))
    engine.start([branch.pop3 for branch in branches], (*providers, *outside.values()))
    return Parts(
        engine=engine,
        recorder=recorder,
        books=books,
        failures=failures,
        people=people,
        branches=branches,
        outside=outside,
        programme=Programme(scenario),
    )
