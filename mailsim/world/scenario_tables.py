"""The scenario file's own tables as models: what may stand where (contracts, "The scenario file")."""

import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, JsonValue, model_validator

from mailsim.faults.syntax import FaultError
from mailsim.pop3.conduct import PLAIN_CONDUCT
from mailsim.pop3.quirks import QuirkError, with_quirks
from mailsim.practice.settings import Name, SiteAddress, SmtpServer, Table, fault
from mailsim.provider.dns import RecordType
from mailsim.provider.mailhost import CatchAll, catch_all_of
from mailsim.provider.policy import SenderAction
from mailsim.provider.profiles import UnknownProfile, profile, profiles
from mailsim.provider.spf_policy import SpfPolicy
from mailsim.world.faults import check_fault, check_in_time
from mailsim.world.outside_tables import CorrespondentTable, FaultTable, ListTable, RelayTable
from mailsim.world.table_types import LAX, Domain, Domains, Length, Recipients, Seconds, Size, Someone, Texts
from mailsim.world.words import Sizes

ALL_OF = ("action:*", "mailbox:*")
"""What stands for all targets of a kind."""


_YEARS = range(1900, 3000)
"""RFC 5322 section 3.3 has no dates before; behind it people must have time to answer, whatever their delay."""


def _start(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise fault("must say its time zone", f"write {value.isoformat()}Z for UTC")
    if value.year not in _YEARS:
        raise fault(
            f"must be in the years {_YEARS.start} to {_YEARS.stop - 1}", "write a time at which there is mail"
        )
    return value.astimezone(UTC)


def _target(value: str) -> str:
    if not re.fullmatch(r"([^/@:]+/)?(action:(\d+|\*)|mailbox:.+|unassigned|fallback:.+)", value):
        raise fault(
            "must be a target", 'write such as "action:1234", "action:*", "mailbox:mary" or "unassigned"'
        )
    return value


def _fault(value: str) -> str:
    try:
        return check_fault(value)
    except FaultError as error:
        raise fault("must be a fault", str(error).rpartition(": ")[2]) from None


def _quirk(value: str) -> str:
    try:
        with_quirks(PLAIN_CONDUCT, [value])
    except QuirkError as error:
        raise fault("must be a quirk", str(error).rpartition("; ")[2]) from None
    return value


def _catch_all(value: object) -> str:
    if not isinstance(value, str) or catch_all_of(value) is None:
        words = " or ".join(f'"{word.value}"' for word in CatchAll)
        raise fault("must say where the catch-all's mail goes", f"write one address, or {words}")
    return value


def _profile(value: str) -> str:
    try:
        return profile(value).id
    except UnknownProfile as error:
        raise fault("must be a built-in provider", str(error).partition("; ")[2]) from None


def _profiles(schema: dict[str, Any]) -> None:
    """The words that an editor offers."""
    schema["enum"] = list(profiles())


_RECORDS = {"anyOf": [{"type": "string"}, {"type": "array"}]}
_ZONE: dict[str, Any] = {
    "additionalProperties": {
        "type": "object",
        "properties": {type_.lower(): _RECORDS for type_ in RecordType}
        | {"fault": {"anyOf": [{"type": "string"}, {"type": "object"}]}},
        "additionalProperties": False,
        "examples": [{"mx": "10 mx.client.example", "txt": "v=spf1 mx -all", "fault": {"txt": "timeout"}}],
    }
}


class ProviderTable(Table):
    """`[provider]`: who hosts the practice's domain."""

    profile: Annotated[str, BeforeValidator(_profile), Field(json_schema_extra=_profiles)] | None = None
    """A built-in profile; the other keys override it."""
    sender_policy: Annotated[SenderAction, LAX] | None = None
    """What happens to a sender that is not the account's: `accept`, `rewrite` or `reject`."""
    registered: Recipients = ()
    """Send-as addresses that the account may use."""
    on_behalf: bool = False
    """Send-on-behalf-of: any sender passes, and a Sender field names the account (R5.3)."""
    open_relay: bool = False
    """Whether its SMTP server takes mail from clients that do not log in, whose sender it cannot judge (R5.3)."""
    sent_copies: bool | None = None
    """Whether a copy of what it sends for the system mailbox is put into it (R5.8); else as the profile says."""
    size_limit: Size | None = None
    """Octets, or a size such as `25 MB`; 0 is no limit."""
    quirks: Annotated[tuple[Annotated[str, AfterValidator(_quirk)], ...], LAX] | None = None
    """Ways of its POP3 server, such as `gmail` or `no-uidl`; else as the profile says. `mailsim faults` lists them."""
    catch_all: Annotated[str, BeforeValidator(_catch_all)] | None = None
    """Where mail goes that no server mailbox takes: an address of the domain, `discard` or `refuse`."""
    mailboxes: Annotated[tuple[SiteAddress, ...], LAX] = ()
    """The server mailboxes beside the system mailbox."""
    exchanger: SmtpServer | None = None
    """The name of its server for mail from outside, as MX records name it; `mx.` and the domain unless given."""
    spf: Annotated[SpfPolicy, LAX] | None = None
    """What that server does with SPF: `ignore`, `mark` or `refuse`; `mark` where there is a zone."""
    forwards: dict[SiteAddress, SiteAddress] = Field(default_factory=dict)
    """Server mailbox -> the server mailbox that gets its mail; each stamps its envelope header."""
    faults: Annotated[tuple[Annotated[str, AfterValidator(_fault)], ...], LAX] = ()
    """What goes wrong on purpose, such as `pop:RETR:3:drop@1024`; `mailsim faults` lists what can. `smtp:` is the server
    that the practice submits to, `mx:` the one for mail from outside."""


def _required(*names: str) -> list[JsonValue]:
    """One of these, for an editor."""
    return [{"required": [name]} for name in names]


class PracticeTable(Table):
    """`[[practice]]`: another practice; the tables of its site stand under it, such as `[practice.mailbox]`."""

    site: str | None = None
    """The path of a site file, instead of its tables."""
    provider: ProviderTable = ProviderTable()
    """Who hosts its domain."""


class SendTable(Table):
    """`send = {...}`: the practice sends a message."""

    to: Someone
    """One address or several."""
    cc: Recipients = ()
    """Copies."""
    bcc: Recipients = ()
    """Copies that no header names."""
    from_action: Annotated[int, Field(ge=0)] | None = None
    """The action it is sent from; without one the default sender sends."""
    subject: str = ""
    """The subject."""
    text: str = ""
    """The body."""
    size: Length = 0
    """An attachment of about this size, at most 100 MB."""
    automatic: bool = False
    """Whether the system sends it of itself (R3.3)."""
    user: Name | None = None
    """The user who sends, whose own From may count (R3.2)."""
    sender: Annotated[SiteAddress | None, Field(alias="from")] = None
    """The From that the composer chose (R3.2)."""


class ReceiveTable(Table):
    """`receive = {...}`: somebody outside sends a message."""

    model_config = ConfigDict(json_schema_extra={"anyOf": _required("from", "file")})

    to: Someone
    """The envelope recipients."""
    sender: Annotated[SiteAddress | None, Field(alias="from")] = None
    """The sender; required unless a file is sent, which without one comes under the null sender."""
    subject: str = ""
    """The subject."""
    text: str = ""
    """The body."""
    size: Length = 0
    """About how large the body is at least, at most 100 MB."""
    file: str | None = None
    """A message to send as it is, beside the scenario file, or here as `data:message/rfc822;base64,...`."""

    @model_validator(mode="after")
    def _has_a_source(self) -> "ReceiveTable":
        if self.file is None and self.sender is None:
            raise fault("must say who sends", "add from = ... or file = ...")
        if self.file is not None and (self.subject or self.text or self.size):
            raise fault("a file is sent as it is", "remove subject, text and size, or file")
        return self


class CollectTable(Table):
    """`collect = {}`: the practice collects its mail."""


class FaultOrderTable(Table):
    """`add_fault = {...}`, `remove_fault = {...}`: something goes wrong from now on, or no longer."""

    fault: str
    """What, such as `mx:RCPT:every:greylist`; `remove_fault` writes it as it was written."""
    server: SmtpServer | None = None
    """The server outside or relay at which it does, by its name; without it at the practice's provider."""

    @model_validator(mode="after")
    def _is_a_fault(self) -> "FaultOrderTable":
        try:
            check_in_time(self.fault, outside=self.server is not None)
        except FaultError as error:
            raise fault("must be a fault", str(error).rpartition(": ")[2]) from None
        return self


_DEEDS = ("send", "receive", "collect", "add_fault", "remove_fault")


class EventTable(Table):
    """`[[event]]`: one thing that happens."""

    model_config = ConfigDict(json_schema_extra={"oneOf": _required(*_DEEDS)})

    at: Seconds | None = None
    """When, after the start; without it right after the event before."""
    send: SendTable | None = None
    """The practice sends."""
    receive: ReceiveTable | None = None
    """Somebody outside sends."""
    collect: CollectTable | None = None
    """The practice collects."""
    add_fault: FaultOrderTable | None = None
    """Something goes wrong from now on, as `faults` say it; `next` in it counts from now."""
    remove_fault: FaultOrderTable | None = None
    """It no longer does."""
    practice: Domain | None = None
    """The domain of the practice that does it, or at whose provider it goes wrong; without it the first."""

    @model_validator(mode="after")
    def _is_one_thing(self) -> "EventTable":
        if sum(getattr(self, deed) is not None for deed in _DEEDS) != 1:
            raise fault(f"must be exactly one of {', '.join(_DEEDS)}", "write an [[event]] for each")
        if self.receive is not None and self.practice is not None:
            raise fault("somebody outside sends, no practice does", "remove practice")
        if self.practice is not None and (order := self.fault_order) is not None and order.server is not None:
            raise fault("a server outside is no practice's", "remove practice, or server")
        return self

    @property
    def fault_order(self) -> FaultOrderTable | None:
        """What begins or ends to go wrong."""
        return self.add_fault or self.remove_fault


class Arrivals(StrEnum):
    """How moments are spread over a time."""

    POISSON = "poisson"
    """As people write: pauses are exponentially spread, and together they are so long in the mean: of few letters half as long, or twice."""
    UNIFORM = "uniform"
    """Anywhere in it, by chance."""
    EVEN = "even"
    """One after the other, with the same pause."""


class WorkloadTable(Table):
    """`[workload]`: letters from practices' actions to their correspondents, made up from the seed."""

    letters: Annotated[int, Field(ge=1, le=100_000_000)]
    """How many."""
    practices: Domains | None = None
    """The domains of the practices whose actions write, and get what real mail there is: each action as often as another,
    by chance. Without it those of the first practice."""
    over: Seconds = 0
    """In which time, the last ones of `poisson` a little earlier or later; without it all at once."""
    arrivals: Annotated[Arrivals, LAX] = Arrivals.POISSON
    """At which moments in it: `poisson`, `uniform` or `even`."""
    size: Length = 2048
    """The size of their texts, such as `5 KB`: the median of log-normal ones, else the mean; at most 100 MB."""
    sizes: Annotated[Sizes, LAX] = Sizes.LOG_NORMAL
    """How it is spread: `log-normal`, `exponential`, `uniform` (up to twice of it) or `constant`."""
    people: Annotated[int, Field(ge=0, le=100_000)] = 0
    """How many correspondents are made up, besides those of the scenario."""
    delay: Seconds = 0
    """How long these take to answer in the mean; each has a delay of their own, exponentially spread."""
    answer_size: Length = 0
    """About how large what these answer is at least."""
    corpus: Texts = ()
    """Real messages beside the scenario file: `.eml`, an mbox, a Maildir or a folder of them, or several of these; or
    here, each as `data:message/rfc822;base64,...`. At most 1,000 of them are taken."""
    share: Annotated[float, Field(gt=0, le=1)] = 0.5
    """How many of the letters are such messages instead, from outside to an action, such as `0.2`; where these are more than
    the corpus has, the same come again, and are copies (R4.13)."""

    @model_validator(mode="after")
    def _has_what_it_asks_for(self) -> "WorkloadTable":
        if "share" in self.model_fields_set and not self.corpus:
            raise fault("has a share of no corpus", "add corpus = ..., or remove share")
        if self.delay and not self.people and "people" not in self.model_fields_set:
            raise fault("has a delay of nobody", "add people = ..., or write it at a [[correspondent]]")
        return self


class ExpectTable(Table):
    """`[expect]`: what must have come of the mail at the end."""

    delivered: dict[Annotated[str, AfterValidator(_target)], Annotated[int, Field(ge=0)]] = Field(
        default_factory=dict
    )
    """Target, such as `action:1234`, `mailbox:mary` or another practice's `xyz.example/action:7`, to the copies it must
    hold; `action:*` and `mailbox:*` are all of that practice's together."""
    unassigned: Annotated[int, Field(ge=0)] | None = None
    """How many messages must be in Unassigned."""
    fallback: Annotated[int, Field(ge=0)] | None = None
    """How many messages must have gone to the fallback address."""
    duplicate: Annotated[int, Field(ge=0)] | None = None
    """How many messages must have been duplicates."""


class ScenarioTables(Table):
    """A scenario file without its site."""

    seed: Annotated[int, Field(ge=0, le=2**63 - 1)] = 0
    """Everything that is drawn by chance is drawn from it."""
    start: Annotated[datetime, AfterValidator(_start)] = datetime(2026, 1, 5, 9, tzinfo=UTC)
    """The world's time at the beginning."""
    provider: ProviderTable = ProviderTable()
    """Who hosts the practice's domain."""
    practice: Annotated[tuple[PracticeTable, ...], LAX] = ()
    """The practices beside the first, whose site stands at the top."""
    correspondent: Annotated[tuple[CorrespondentTable, ...], LAX] = ()
    """The people outside who answer; all others only take mail."""
    lists: Annotated[tuple[ListTable, ...], LAX, Field(alias="list")] = ()
    """Mailing lists outside."""
    relay: Annotated[tuple[RelayTable, ...], LAX] = ()
    """Servers through which people's mail leaves, and which change it."""
    fault: Annotated[tuple[FaultTable, ...], LAX] = ()
    """What goes wrong at servers outside."""
    zone: dict[str, dict[str, Any]] = Field(default_factory=dict, json_schema_extra=_ZONE)
    """What DNS says: domain name -> `a`, `aaaa`, `mx`, `txt`, `ptr`, `cname` as in a zone file, and `fault`."""
    event: Annotated[tuple[EventTable, ...], LAX] = ()
    """What happens, in order."""
    workload: WorkloadTable | None = None
    """Letters besides the events."""
    poll: Annotated[Seconds, Field(gt=0)] | None = None
    """How often the practice collects as long as mail moves, such as `5m`; without it only when an event says so."""
    expect: ExpectTable = ExpectTable()
    """What must have come of it."""
