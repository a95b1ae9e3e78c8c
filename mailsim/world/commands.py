"""The orders that a world's control port takes, each a table of its arguments: what a `World` can do, in the words of a scenario."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import Annotated

from pydantic import Field, model_validator

from mailsim.mail import Address, Mailbox
from mailsim.practice.faults import Fault, shown
from mailsim.practice.settings import SiteAddress, Table, fault
from mailsim.trace.files import json_line
from mailsim.world.orders import OrderError
from mailsim.world.quantities import duration
from mailsim.world.scenario_tables import SendTable
from mailsim.world.table_types import Length, Someone
from mailsim.world.world import World

Answer = Mapping[str, object]


class Send(SendTable):
    """A practice sends a message; the answer has its `message_id`, and what the server said of whom."""

    practice: str | None = None
    """The domain of a practice that is not the first."""

    def obey(self, world: World) -> Answer:
        """Do it in a world; raises MailsimError."""
        sent = world.send(
            to=_texts(self.to),
            cc=_texts(self.cc),
            bcc=_texts(self.bcc),
            from_action=self.from_action,
            subject=self.subject,
            text=self.text,
            size=self.size,
            automatic=self.automatic,
            user=self.user,
            from_address=_text(self.sender),
            practice=self.practice,
        )
        return {
            "message_id": sent.message_id,
            "refused": {address: str(reply) for address, reply in sent.refused.items()},
            "deferred": {address: str(reply) for address, reply in sent.deferred.items()},
            "warnings": list(sent.warnings),
        }


class Receive(Table):
    """Somebody outside sends a message, which is on its way when the answer comes."""

    to: Someone
    """The envelope recipients."""
    sender: Annotated[SiteAddress | None, Field(alias="from")] = None
    """The sender; required unless there are `octets`."""
    subject: str = ""
    """The subject."""
    text: str = ""
    """The body."""
    size: Length = 0
    """About how large the body is at least."""
    octets: str | None = None
    """A whole message, sent as it is."""

    @model_validator(mode="after")
    def _has_a_source(self) -> "Receive":
        if self.octets is None and self.sender is None:
            raise fault("must say who sends", "add from, or octets")
        return self

    def obey(self, world: World) -> Answer:
        """Do it in a world; raises MailsimError."""
        world.receive(
            to=_texts(self.to),
            from_address=_text(self.sender),
            subject=self.subject,
            text=self.text,
            size=self.size,
            octets=None if self.octets is None else self.octets.encode("utf-8", "replace"),
        )
        return {}


class Reply(Table):
    """Somebody outside answers a message that they have got."""

    message_id: str
    """The message's, with angle brackets, as the answer to `send` has it."""
    sender: Annotated[SiteAddress | None, Field(alias="from")] = None
    """Who answers; without it whoever got it first."""
    text: str = ""
    """The body."""

    def obey(self, world: World) -> Answer:
        """Do it in a world; raises MailsimError."""
        world.reply(self.message_id, from_address=_text(self.sender), text=self.text)
        return {}


class Collect(Table):
    """A practice collects once; the answer has its `decisions`."""

    practice: str | None = None
    """The domain of a practice that is not the first."""

    def obey(self, world: World) -> Answer:
        """Do it in a world; raises MailsimError."""
        return {"decisions": [decision.as_json() for decision in world.collect(practice=self.practice)]}


class Settle(Table):
    """All happens that is on its way or due later; time jumps."""

    until: str | None = None
    """Up to when: so long after the start, such as `2h`, or a time such as `2026-01-05T11:00:00Z`."""

    def obey(self, world: World) -> Answer:
        """Do it in a world; raises MailsimError."""
        world.settle(until=_time(self.until))
        return {}


class Run(Settle):
    """The scenario's events are played in order, the practices collect as `poll` says, then all settles, and the laws and `[expect]` are held."""

    def obey(self, world: World) -> Answer:
        """Do it in a world; raises MailsimError."""
        world.run(until=_time(self.until))
        return {}


class AddFault(Table):
    """Something goes wrong from now on."""

    fault: str
    """As a scenario says it, such as `pop:RETR:next:drop`; `mailsim faults` lists what can."""
    practice: str | None = None
    """The domain of the practice whose provider it strikes, if not the first's."""
    server: str | None = None
    """The server outside, or relay, that it strikes instead."""

    def obey(self, world: World) -> Answer:
        """Do it in a world; raises MailsimError."""
        world.add_fault(self.fault, practice=self.practice, server=self.server)
        return {}


class RemoveFault(AddFault):
    """Something no longer goes wrong, written as it was."""

    def obey(self, world: World) -> Answer:
        """Do it in a world; raises MailsimError."""
        world.remove_fault(self.fault, practice=self.practice, server=self.server)
        return {}


class Look(Table):
    """What is there at this moment; it takes no arguments."""


class Now(Look):
    """The world's time."""

    def obey(self, world: World) -> Answer:
        """Do it in a world."""
        return {"now": world.now.isoformat()}


class Check(Look):
    """The laws of conservation are held over all that has happened; the answer is empty, or says what they found."""

    def obey(self, world: World) -> Answer:
        """Do it in a world; raises MailsimError."""
        world.check()
        return {}


class Targets(Look):
    """Every target that holds something, and how many copies."""

    def obey(self, world: World) -> Answer:
        """Do it in a world."""
        return {"targets": dict(world.targets())}


class Failures(Look):
    """What was refused, bounced, discarded or deferred, by server and reply, and how often."""

    def obey(self, world: World) -> Answer:
        """Do it in a world."""
        return {"failures": [one._asdict() | {"count": count} for one, count in world.failures]}


class Waiting(Table):
    """The messages that lie in a practice's system mailbox, not yet collected."""

    practice: str | None = None
    """The domain of a practice that is not the first."""

    def obey(self, world: World) -> Answer:
        """Do it in a world; raises MailsimError."""
        return _messages(world.waiting(practice=self.practice))


class Held(Table):
    """The messages that a target holds."""

    target: str
    """Such as `action:1234`, `mailbox:mary`, `unassigned` or `fallback:help@elsewhere.example`."""
    practice: str | None = None
    """The domain of a practice that is not the first."""

    def obey(self, world: World) -> Answer:
        """Do it in a world; raises MailsimError."""
        return _messages(world.mailbox(self.target, practice=self.practice))


class Events(Table):
    """The trace's events in order; `missing` is how many of those asked for are no longer held, for with --out the last 10,000 are."""

    after: int = -1
    """The serial of the last event that you have; without it from the beginning."""
    most: Annotated[int, Field(ge=1)] | None = None
    """How many at most."""

    def obey(self, world: World) -> Answer:
        """Do it in a world."""
        later = [event for event in world.trace if event.serial > self.after]
        return {
            "events": [json.loads(json_line(event)) for event in islice(later, self.most)],
            "missing": later[0].serial - max(self.after, -1) - 1 if later else 0,
        }


Command = (
    Send | Receive | Reply | Collect | Settle | Run | AddFault | RemoveFault
    | Now | Check | Targets | Failures | Waiting | Held | Events
)  # fmt: skip

COMMANDS: Mapping[str, type[Command]] = {
    "send": Send,
    "receive": Receive,
    "reply": Reply,
    "collect": Collect,
    "run": Run,
    "settle": Settle,
    "add_fault": AddFault,
    "remove_fault": RemoveFault,
    "now": Now,
    "check": Check,
    "targets": Targets,
    "mailbox": Held,
    "waiting": Waiting,
    "failures": Failures,
    "trace": Events,
}
"""By the word that an order begins with."""


def _texts(addresses: Iterable[Address]) -> list[str]:
    return [str(address) for address in addresses]


def _text(address: Address | None) -> str | None:
    return None if address is None else str(address)


def _time(until: str | None) -> datetime | timedelta | None:
    """A time of the world, or so long after its start; raises OrderError."""
    if until is None:
        return None
    for read in (duration, datetime.fromisoformat):
        try:
            return read(until)
        except ValueError:
            continue
    told = "is neither a time nor how long after the start"
    raise OrderError([Fault("until", shown("", until), told, 'write such as "2h" or "2026-01-05T11:00:00Z"')])


def _messages(mailbox: Mailbox) -> Answer:
    """What is no UTF-8 in them is replaced, as JSON cannot hold it."""
    return {
        "messages": [
            {"message_id": message.message_id, "octets": message.octets.decode("utf-8", "replace")}
            for message in mailbox
        ]
    }
