"""What came of a plot: its mail, each with its maker's knowledge, where it went on its way and who holds it now."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from mailsim.mail import Message
from mailsim.practice.decision import Decision
from mailsim.practice.settings import InternalRouting
from mailsim.provider.mailhost import Stamp
from mailsim.study.exploration.plot import Act, Plot, Written
from mailsim.study.exploration.truth import UNASSIGNED, Truth, plain
from mailsim.trace.event import PRACTICE, Event, Step
from mailsim.world.plan import plan
from mailsim.world.simulation import Simulation


@dataclass(slots=True)
class Mail:
    """One message, from whoever wrote it."""

    event: Event
    """That it was composed, replied, or forwarded."""
    act: Act | None = None
    """Of which act; None for what answers or reports."""
    letter: "Mail | None" = None
    """What a reply answers."""
    unsure: bool = False
    """Whether a reply may answer a letter, or somebody's answer to it."""

    @property
    def recipients(self) -> tuple[str, ...]:
        """The envelope's."""
        return tuple(self.event.recipient.split(", "))

    @property
    def written(self) -> Written | None:
        """What its maker knows."""
        return self.act.written if self.act else None

    @property
    def is_letter(self) -> bool:
        """Whether the practice sent it."""
        return self.act is not None and "send" in self.act.event

    @property
    def automatic(self) -> bool:
        """Whether the system sent it of itself."""
        return self.act is not None and self.is_letter and bool(self.act.event["send"].get("automatic"))

    @property
    def shown(self) -> tuple[str, ...]:
        """Whom To and Cc name."""
        if self.written:
            return tuple(map(plain, self.written.shown)) or tuple(map(plain, self.recipients))
        if self.act:
            send = self.act.event["send"]
            return tuple(map(plain, (*send["to"], *send.get("cc", ()))))
        return tuple(map(plain, self.recipients))

    @property
    def action(self) -> int | None:
        """The action that it was sent from."""
        return self.act.event["send"].get("from_action") if self.act and self.is_letter else None


@dataclass(slots=True)
class Played:
    """A plot that was played, and all that can be seen of it."""

    plot: Plot
    truth: Truth
    events: Sequence[Event]
    decisions: Sequence[Decision]
    copies: dict[str, list[Message]]
    """By target."""
    waiting: Sequence[Message]
    stamped: bool
    """Whether the header that the site reads names the envelope's recipient."""
    account: str
    mails: dict[str, list[Mail]] = field(default_factory=lambda: defaultdict(list))
    """By Message-ID: different messages may have one."""
    arrived: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Message-ID -> for whom copies came into the system mailbox."""
    ended: dict[str, Counter[Step]] = field(default_factory=lambda: defaultdict(Counter))
    """Message-ID -> what happened to it, how often."""
    held: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """Message-ID -> the copies that each target holds."""

    def __post_init__(self) -> None:
        sends = iter([act for _, act in self.plot.acts if "send" in act.event])
        receives = iter([act for _, act in self.plot.acts if "receive" in act.event])
        letters: dict[str, Mail] = {}
        answered: set[str] = set()
        people = {row["address"] for row in self.plot.people}
        for event in self.events:
            self.ended[event.message_id][event.step] += 1
            if event.step is Step.COMPOSED and event.reason != "non-delivery":
                mail = Mail(event, next(sends if event.place == PRACTICE else receives))
                if event.place == PRACTICE:
                    letters.setdefault(event.trace_id, mail)
                self.mails[event.message_id].append(mail)
            elif event.step in (Step.COMPOSED, Step.FORWARDED):
                self.mails[event.message_id].append(Mail(event))
            elif event.step is Step.REPLIED:
                trace_id = event.trace_id
                reply = Mail(event, letter=letters.get(trace_id), unsure=trace_id in answered)
                self.mails[event.message_id].append(reply)
                if trace_id in letters and people & set(event.recipient.split(", ")):
                    del letters[trace_id]
                    answered.add(trace_id)
            elif event.step is Step.STORED and event.place == self.truth.system and event.recipient:
                self.arrived[event.message_id].append(plain(event.recipient))
        for target, copies in self.copies.items():
            for copy in copies:
                self.held[copy.message_id or ""][target] += 1

    @property
    def forwarded(self) -> set[str]:
        """The server mailboxes whose mail goes to another."""
        return {plain(one) for one in self.plot.provider.get("forwards", ())}

    @property
    def faulty(self) -> bool:
        """Whether anything goes wrong on purpose."""
        return bool(self.plot.faults)

    def inside(self, letter: Mail) -> set[str]:
        """The targets that a letter reaches without SMTP (R3.5)."""
        direct = self.truth.settings.routing.internal is InternalRouting.DIRECT
        if not direct or not letter.is_letter:
            return set()
        reached = [self.truth.of(one).targets for one in letter.recipients if self.truth.is_inside(one)]
        return {target for targets in reached for target in targets or (UNASSIGNED,)}

    def readable(self, recipients: Iterable[str], shown: tuple[str, ...]) -> tuple[str, ...]:
        """For whom a collected message can be seen to be; To and Cc are asked where no header says it (R4.3, R4.4)."""
        truth = self.truth
        real = tuple(dict.fromkeys(map(self._stamped_for, truth.recipients(recipients))))
        if not truth.catch_all or (self.stamped and truth.settings.mailbox.catch_all_header):
            return real
        own = [one for one in shown if one.endswith(f"@{truth.domain}") and one != truth.system]
        asked = own or [truth.system]
        if not self.stamped:
            return tuple(dict.fromkeys(asked))
        return tuple(dict.fromkeys(two for one in real for two in (asked if one == truth.system else [one])))

    def _stamped_for(self, address: str) -> str:
        """Whom the stamps name: where a server mailbox forwarded what nobody has, the system mailbox's stands on top (R4.4)."""
        return (
            self.truth.system if address in self.forwarded and not self.truth.of(address).targets else address
        )

    def letters(self) -> Iterator[Mail]:
        """What the practice sent."""
        return (mail for mails in self.mails.values() for mail in mails if mail.is_letter)

    def replies(self) -> Iterator[Mail]:
        """What people answered to the practice's letters."""
        return (mail for mails in self.mails.values() for mail in mails if mail.event.step is Step.REPLIED)

    def steps(self, step: Step, message_id: str) -> Iterator[Event]:
        """The events of one step of one message."""
        return (one for one in self.events if one.step is step and one.message_id == message_id)


def seen(world: Simulation, plot: Plot, truth: Truth) -> Played:
    """All that can be seen of a world that has run."""
    headers = plan(world.scenario).mail_host.headers
    read = (truth.settings.mailbox.catch_all_header or "Delivered-To").lower()
    stamps: list[Any] = [one.names for one in headers if one.name.lower() == read]
    return Played(
        plot=plot,
        truth=truth,
        events=list(world.trace),
        decisions=world.decisions,
        copies={target: list(world.mailbox(target)) for target in world.targets()},
        waiting=world.waiting(),
        stamped=stamps == [Stamp.RECIPIENT],
        account=truth.system,
    )
