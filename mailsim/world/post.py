"""The post: a server hands a message to the next, and tries again what was put off (RFC 5321 sections 4.5.4.1 and 5.1).

Law: each recipient of what is offered ends in exactly one of: taken, refused, bounced (R3.8). Where a server's last
reply is lost, nobody knows whether it has taken the message: that is noted, and it is offered again (RFC 5321 section 4.2.5). Of what a server gives up
its sender gets a report; what the practice gives up before any server took it is in the trace alone.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import lru_cache, partial

from mailsim.mail import Address, Envelope, Message, Reply
from mailsim.provider.dns import LookupFailed, NoRoute, RecordType, Zone
from mailsim.smtp.outcome import Outcome
from mailsim.trace.event import Step
from mailsim.world.clock import Clock
from mailsim.world.journal import Journal
from mailsim.world.reports import Reports
from mailsim.world.transport import Hop, Transport

SMTP_PORT = 25
"""Between servers (RFC 5321 section 4.5.4.2); only submissions are kept off it (R1.6)."""
RETRIES = tuple(timedelta(hours=hours) for hours in (0.5, 1, 2, 4, 8, 16, 24, 24, 24))
"""How long after a 4yz reply a sender tries again, nine times in four days (RFC 5321 section 4.5.4.1)."""
_REMEMBERED = 4096  # pairs of a server and a domain, which meet again and again
LONGEST_QUEUED = sum(RETRIES, timedelta(hours=1))
"""After this a message has been taken or given up; an hour of it is what ten dialogues may take."""


class Post:
    """All hops between servers, and from the practice to its own."""

    def __init__(
        self,
        zone: Zone,
        transport: Transport,
        reports: Reports,
        clock: Clock,
        journal: Journal,
        *,
        relays: Mapping[str, str],
    ) -> None:
        """`relays` names the server through which another sends everything, whoever it is for."""
        self._zone = zone
        self._relays = relays
        self._ways = lru_cache(_REMEMBERED)(self._find_ways)
        self._reports = reports
        self._transport = transport
        self._clock = clock
        self._journal = journal

    def carry(self, server: str, envelope: Envelope, message: Message) -> None:
        """Have a server send a message on, one transaction for each domain (RFC 5321 section 5.1)."""
        domains: dict[str, list[Address]] = {}
        for recipient in envelope.recipients:
            domains.setdefault(recipient.domain, []).append(recipient)
        for domain, recipients in domains.items():
            part = envelope if len(domains) == 1 else Envelope(envelope.sender, tuple(recipients))
            asked = self._zone.faults and server not in self._relays
            seconds = self._zone.answer(domain, RecordType.MX).seconds if asked else 0.0
            if seconds:  # a slow answer is waited for
                relay = partial(self._relay, server, domain, part, message)
                self._later(timedelta(seconds=seconds), message, relay)
            else:
                self._relay(server, domain, part, message)

    def _relay(
        self,
        server: str,
        domain: str,
        envelope: Envelope,
        message: Message,
        *,
        attempt: int = 0,
        rank: int = 0,
    ) -> None:
        """Offer a message to a domain's exchanger of that rank; what it puts off at once to the next, if there is one."""
        ways: tuple[Hop, ...] = ()

        def answered(outcome: Outcome) -> None:
            if not outcome.refusals(envelope):
                return
            another = rank + 1 < len(ways) and not outcome.uncertain  # two servers could have taken it
            last = attempt == len(RETRIES) and not another
            later = self._note(hop, envelope, message, outcome, last=last)
            if later and another:
                self._relay(server, domain, later, message, attempt=attempt, rank=rank + 1)
            elif later:
                again = partial(self._relay, server, domain, later, message, attempt=attempt + 1)
                self._later(RETRIES[attempt], message, again)

        try:
            ways = self._ways(server, domain)
            hop = ways[rank]
        except NoRoute as error:
            hop = Hop(server, domain, SMTP_PORT)
            answered(Outcome(dict.fromkeys(envelope.recipients, _no_route(error)), None))
        else:
            self._transport.offer(hop, envelope, message, answered)

    def _find_ways(self, server: str, domain: str) -> tuple[Hop, ...]:
        """How a server reaches a domain's exchangers, the best first; raises NoRoute."""
        relay = self._relays.get(server)
        hosts = (relay,) if relay else self._zone.exchangers(domain)
        return tuple(Hop(server, host, SMTP_PORT) for host in hosts)

    def submit(
        self,
        hop: Hop,
        envelope: Envelope,
        message: Message,
        *,
        heard: Callable[[Outcome], None] = lambda _: None,
        taken: Callable[[], None] = lambda: None,
        attempt: int = 0,
    ) -> None:
        """Have the practice submit a message; `heard` is told the first answer, `taken` when nobody is left out."""

        def answered(outcome: Outcome) -> None:
            if not outcome.refusals(envelope):
                taken()
            elif later := self._note(hop, envelope, message, outcome, last=attempt == len(RETRIES)):
                again = partial(self.submit, hop, later, message, taken=taken, attempt=attempt + 1)
                self._later(RETRIES[attempt], message, again)
            heard(outcome)

        self._journal.record(
            Step.SUBMITTED,
            hop.client,
            message,
            peer=f"{hop.server}:{hop.port}",
            sender=envelope.sender,
            recipient=envelope.named(),
            rule="R3.6",
        )
        self._transport.offer(hop, envelope, message, answered)

    def give_up(
        self,
        server: str,
        envelope: Envelope,
        message: Message,
        refusals: Mapping[Address, Reply],
        *,
        remote: str = "",
        rule: str = "R3.8",
        uncertain: bool = False,
    ) -> None:
        """Have a server give up on recipients of what it took, by its own words or those of `remote`, and report it."""
        self._record(
            Step.BOUNCED, server, envelope, message, refusals, peer=remote, rule=rule, uncertain=uncertain
        )
        report = self._reports.write(server, envelope, message, refusals, remote)
        if report:
            self.carry(server, *report)

    def _later(self, wait: timedelta, message: Message, act: Callable[[], None]) -> None:
        self._clock.at(self._clock.now() + wait, self._journal.lineage.holding(message, act))

    def _note(
        self, hop: Hop, envelope: Envelope, message: Message, outcome: Outcome, *, last: bool
    ) -> Envelope | None:
        """Note what a server did not take, for somebody; the envelope to offer again later, None when there is nobody (R3.8).

        With the `last` try a server's 'later' is 'never'. The place is the server where the practice submits, else
        whoever gives up.
        """
        refusals = outcome.refusals(envelope)
        place, peer = (hop.server, hop.client) if hop.submission else (hop.client, hop.server)
        later = {one: reply for one, reply in refusals.items() if reply.transient and not last}
        ended = {one: reply for one, reply in refusals.items() if one not in later}
        record = partial(self._record, peer=peer, uncertain=outcome.uncertain)
        record(Step.DEFERRED, place, envelope, message, later)
        if ended and not hop.submission:
            self.give_up(place, envelope, message, ended, remote=peer, uncertain=outcome.uncertain)
        elif ended:
            refused = {one: reply for one, reply in ended.items() if not reply.transient}
            over = {one: reply for one, reply in ended.items() if reply.transient}
            record(Step.REFUSED, place, envelope, message, refused)
            record(Step.BOUNCED, place, envelope, message, over)
        return Envelope(envelope.sender, tuple(later)) if later else None

    def _record(
        self,
        step: Step,
        place: str,
        envelope: Envelope,
        message: Message,
        refusals: Mapping[Address, Reply],
        *,
        peer: str,
        rule: str = "R3.8",
        uncertain: bool = False,
    ) -> None:
        for recipient, reply in refusals.items():
            self._journal.record(
                step,
                place,
                message,
                peer=peer,
                sender=envelope.sender,
                recipient=str(recipient),
                outcome=str(reply.code),
                reason=str(reply),
                rule=rule,
                detail={"uncertain": True} if uncertain else "",
            )


def _no_route(error: NoRoute) -> Reply:
    """What it amounts to that a domain's servers are not known: later (RFC 5321 section 5.1), or never (RFC 3463)."""
    if isinstance(error, LookupFailed):
        return Reply(451, str(error), "4.4.3")
    return Reply(550, str(error), "5.4.4")
