"""What a world is made of, decided before anything starts: its practices, and all that is around them; pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import timedelta

from mailsim.mail import Address
from mailsim.provider.spf_policy import SpfPolicy
from mailsim.smtp.faults import Fault
from mailsim.world.correspondent import Correspondent, Habit
from mailsim.world.faults import Struck, smtp_faults
from mailsim.world.internet import Internet, Provided, internet
from mailsim.world.mailing_list import MailingList
from mailsim.world.practice_plan import PracticePlan, practice_plan
from mailsim.world.relay import Relaying
from mailsim.world.scenario import Scenario
from mailsim.world.scenario_faults import residents


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan(PracticePlan):
    """The parts of one world: the first practice's at the top, as in a scenario file, and what is around it."""

    internet: Internet
    spf: Mapping[str, SpfPolicy]
    """Domain -> what its servers do with SPF; those of every other domain do as `""` says."""
    correspondents: Mapping[Address, Correspondent]
    full: frozenset[Address]
    """The mailboxes of people outside that take nothing more."""
    lists: Mapping[Address, MailingList]
    outside_faults: Mapping[str, tuple[Fault, ...]]
    """Server outside, or relay -> what goes wrong there on purpose."""
    relays: tuple[Relaying, ...]
    relayed: Mapping[str, str]
    """The server of people outside -> the relay that it sends everything through."""

    others: tuple[PracticePlan, ...] = ()
    """Those of the practices beside the first."""

    @property
    def practices(self) -> tuple[PracticePlan, ...]:
        """The plan of each practice, the first one first."""
        return (self, *self.others)


Planned = Callable[[Scenario], Plan]
"""What makes the parts of a scenario's world."""


def plan(scenario: Scenario) -> Plan:
    """The world that a scenario describes.

    Raises:
        SiteError: `[pop]` or `[smtp]` is given and lacks what it needs.
        FaultError: A fault is about a certificate at a moment when its SMTP server shows none.
    """
    people = set(residents(scenario.tables))
    practices = _apart(practice_plan(one.site.settings, one.provider, people) for one in scenario.practices)
    first, *others = practices
    known = internet(
        scenario.tables.zone,
        provided=[
            Provided(one.mail_host.domain, one.exchanger, one.smtp.server, one.included) for one in practices
        ],
        people={address.domain for address in people} - {one.mail_host.domain for one in practices},
        relays=[row.name for row in scenario.tables.relay],
    )
    return Plan(
        **{field.name: getattr(first, field.name) for field in fields(first)},
        others=tuple(others),
        internet=known,
        spf=_spf(scenario),
        correspondents=_correspondents(scenario),
        full=frozenset(row.address for row in scenario.correspondents if row.habit is Habit.BOUNCE),
        lists=_lists(scenario),
        outside_faults=_outside_faults(scenario),
        relays=tuple(Relaying(row.name, row.sender, row.mangles) for row in scenario.tables.relay),
        relayed={known.outside[domain]: row.name for row in scenario.tables.relay for domain in row.domains},
    )


def _apart(practices: Iterable[PracticePlan]) -> list[PracticePlan]:
    """Each with servers that no other has: customers of one provider name the same, and theirs differ in what they do."""
    taken: set[tuple[str, int]] = set()
    plans = []
    for one in practices:
        pop, smtp, domain = one.pop.server, one.smtp, one.mail_host.domain
        if (pop.host, pop.port) in taken:
            pop = replace(pop, host=f"{domain}.{pop.host.replace(':', '-')}")
        if (smtp.server, smtp.port) in taken:
            smtp = replace(smtp, server=f"{domain}.{smtp.server.replace(':', '-')}")
        taken |= {(pop.host, pop.port), (smtp.server, smtp.port)}
        plans.append(replace(one, pop=replace(one.pop, server=pop), smtp=smtp))
    return plans


def _spf(scenario: Scenario) -> Mapping[str, SpfPolicy]:
    """Where no zone is told nobody publishes anything, and nothing is asked."""
    default = SpfPolicy.MARK if scenario.tables.zone else SpfPolicy.IGNORE
    own = {one.domain: one.provider.spf or default for one in scenario.practices}
    said = {row.address.domain: row.spf for row in scenario.correspondents if row.spf}
    return {"": default} | said | own


def _outside_faults(scenario: Scenario) -> Mapping[str, tuple[Fault, ...]]:
    faults: dict[str, tuple[str, ...]] = {}
    for row in scenario.tables.fault:
        faults[row.server] = faults.get(row.server, ()) + row.faults
    return {server: smtp_faults(texts, Struck.MX) for server, texts in faults.items()}


def _lists(scenario: Scenario) -> Mapping[Address, MailingList]:
    return {
        row.address: MailingList(
            row.address, row.members, row.rewrites_from, row.reply_to, row.subject_prefix
        )
        for row in scenario.tables.lists
    }


def _correspondents(scenario: Scenario) -> Mapping[Address, Correspondent]:
    rows = scenario.correspondents
    people = [
        Correspondent(
            row.address,
            row.replies_to,
            timedelta(seconds=row.delay),
            row.habit,
            row.forwards_to,
            row.mangles,
            row.size,
        )
        for row in rows
    ]
    return {person.address: person for person in people}
