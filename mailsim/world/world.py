"""What every world can do, on sockets or in memory: the one face that specs, notebooks and commands speak to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from mailsim.mail import Mailbox, Message, Reply
from mailsim.practice.decision import Decision
from mailsim.practice.site import Site
from mailsim.trace.event import Trace
from mailsim.world.failures import Failure
from mailsim.world.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of sending one message."""

    message: Message
    refused: Mapping[str, Reply]
    """Each recipient that the SMTP server refused for good, with its reply; empty when all is well."""
    deferred: Mapping[str, Reply]
    """Each recipient that the server put off (4yz), with its reply: they are tried again later (R3.8)."""
    warnings: tuple[str, ...] = ()
    """What was made harmless, and what may not arrive (R3.7)."""

    @property
    def message_id(self) -> str:
        """With angle brackets."""
        return self.message.message_id or ""


class World(Protocol):
    """Practices, their providers and the people outside."""

    @property
    def scenario(self) -> Scenario:
        """What the world was made from."""
        ...

    @property
    def site(self) -> Site:
        """The first practice."""
        ...

    @property
    def now(self) -> datetime:
        """The world's time."""
        ...

    @property
    def trace(self) -> Trace:
        """Everything that has happened."""
        ...

    @property
    def decisions(self) -> Sequence[Decision]:
        """Every decision on a collected message, in order."""
        ...

    @property
    def failures(self) -> Sequence[tuple[Failure, int]]:
        """What was refused, bounced, discarded or deferred, by server and reply, and how often; the most frequent first."""
        ...

    @property
    def never_struck(self) -> Sequence[str]:
        """The faults whose moment has not come so far, as they were written."""
        ...

    def send(
        self,
        *,
        to: str | Sequence[str],
        from_action: int | None = None,
        cc: str | Sequence[str] = (),
        bcc: str | Sequence[str] = (),
        subject: str = "",
        text: str = "",
        size: int | str = 0,
        automatic: bool = False,
        user: str | None = None,
        from_address: str | None = None,
        practice: str | None = None,
    ) -> Sent:
        """Have a practice send a message, the first without its domain."""
        ...

    def receive(
        self,
        *,
        to: str | Sequence[str],
        from_address: str | None = None,
        subject: str = "",
        text: str = "",
        size: int | str = 0,
        octets: bytes | None = None,
    ) -> None:
        """Have somebody outside send a message: a new one, or `octets` as they are."""
        ...

    def reply(self, message_id: str, *, from_address: str | None = None, text: str = "") -> None:
        """Have somebody outside answer a message that they have got."""
        ...

    def collect(self, *, practice: str | None = None) -> Sequence[Decision]:
        """Have a practice collect once, the first without its domain; the decisions made."""
        ...

    def settle(self, *, until: datetime | timedelta | None = None) -> None:
        """Let everything happen that is on its way or due later, or due up to a time."""
        ...

    def add_fault(self, fault: str, *, practice: str | None = None, server: str | None = None) -> None:
        """Have something go wrong from now on, at a practice's provider, the first's without its domain, or at a server outside."""
        ...

    def remove_fault(self, fault: str, *, practice: str | None = None, server: str | None = None) -> None:
        """Have something no longer go wrong there."""
        ...

    def run(self, *, until: datetime | timedelta | None = None) -> None:
        """Play the scenario's events in order, then settle; or go on up to a time."""
        ...

    def check(self) -> None:
        """Hold the law of conservation over all that has happened; the world must be settled (R6.2)."""
        ...

    def mailbox(self, target: str, *, practice: str | None = None) -> Mailbox:
        """The copies that a target holds: `action:1234`, `mailbox:mary`, `unassigned`, `fallback:ADDRESS`."""
        ...

    def targets(self) -> Mapping[str, int]:
        """Every target that holds something, and how many copies."""
        ...

    def waiting(self, *, practice: str | None = None) -> Mailbox:
        """What lies in a practice's system mailbox at its provider, not yet collected."""
        ...
