"""The tables of a scenario about those outside: people, mailing lists, and relays on the way."""

from typing import Annotated

from pydantic import AfterValidator, model_validator

from mailsim.faults.syntax import FaultError
from mailsim.mail import normal_domain
from mailsim.practice.settings import SiteAddress, SmtpServer, Table, fault
from mailsim.provider.spf_policy import SpfPolicy
from mailsim.world.correspondent import Habit, RepliesTo
from mailsim.world.faults import check_outside_fault
from mailsim.world.mailing_list import ListReplyTo
from mailsim.world.table_types import LAX, Domains, Length, Mangles, Recipients, Seconds, Someone


def _fault(value: str) -> str:
    try:
        return check_outside_fault(value)
    except FaultError as error:
        raise fault("must be a fault", str(error).rpartition(": ")[2]) from None


class CorrespondentTable(Table):
    """`[[correspondent]]`: somebody outside who answers."""

    address: SiteAddress
    """The address."""
    replies_to: Annotated[RepliesTo, LAX] = RepliesTo.REPLY_TO
    """What the mail program answers to: `from` ignores Reply-To, `reply-to` honours it."""
    delay: Seconds = 0
    """How long the answer takes, such as `2h`."""
    size: Length = 0
    """About how large the body of what they write is at least, such as `40 KB`, as of those who quote what they answer."""
    habit: Annotated[Habit, LAX] = Habit.REPLY
    """What they do: `reply`, `reply-all`, `forward`, `write-anew`, `auto-reply` (RFC 3834), `out-of-office` (not), or
    `bounce` (the mailbox is full, as its server reports afterwards). Programs that answer each other, as two of
    `out-of-office` do, are stopped after 50 answers to answers, or 1,000 in one conversation: a law that is broken. A
    practice answers nothing by itself."""
    forwards_to: Recipients = ()
    """Whom they forward to."""
    mangles: Mangles = ()
    """What the mail program does to their answers, such as `references-cut` or `quoted-printable`."""
    spf: Annotated[SpfPolicy, LAX] | None = None
    """What the servers of the domain do with SPF: `ignore`, `mark` or `refuse`; `mark` where there is a zone."""

    @model_validator(mode="after")
    def _forwards_somewhere(self) -> "CorrespondentTable":
        if (self.habit is Habit.FORWARD) != bool(self.forwards_to):
            raise fault('needs habit = "forward" and forwards_to together', "write both, or neither")
        return self


class ListTable(Table):
    """`[[list]]`: a mailing list outside, which sends what it gets to its members, rewritten."""

    address: SiteAddress
    """The address."""
    members: Someone
    """Who gets what is written to it."""
    rewrites_from: bool = False
    """Whether From becomes the list's address, as lists do because of DMARC; the author is then in Reply-To."""
    reply_to: Annotated[ListReplyTo, LAX] = ListReplyTo.AUTHOR
    """Whom its Reply-To names: the `author`, as it came, or the `list`."""
    subject_prefix: str = ""
    """What it puts before subjects, such as `[rules]`."""


class FaultTable(Table):
    """`[[fault]]`: what goes wrong on purpose at a server outside, or at a relay; `[provider]` has the practice's own."""

    server: Annotated[SmtpServer, AfterValidator(normal_domain)]
    """Its name, such as `mx.client.example`; of the people outside who are not mentioned it is `mx.elsewhere.example`."""
    faults: Annotated[tuple[Annotated[str, AfterValidator(_fault)], ...], LAX]
    """Such as `mx:RCPT:1:reply 451 4.3.0 later`; `mailsim faults` lists what can, under `smtp`."""


class RelayTable(Table):
    """`[[relay]]`: a server through which people's mail leaves, and which changes it."""

    name: SmtpServer
    """Its name."""
    domains: Domains
    """The domains of the people whose mail it hands on."""
    sender: SiteAddress | None = None
    """The envelope sender that it writes, unless the null sender stands there; without it the sender stays."""
    mangles: Mangles = ()
    """What it does to messages, such as `message-id-replaced` or `quoted-printable`."""
