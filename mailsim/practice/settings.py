"""The site file's tables as models: what may stand where (rule book, section 1; contracts, "The site file").

Here is what one value must be on its own. What several values must be together stands in
`clashes.py`, the reading of a file in `site_file.py`. `[pop]` and `[smtp]` are needed only
where they are used, so nothing in them is required here: `account.py` asks for what is missing.
"""

import re
from difflib import get_close_matches
from enum import StrEnum
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    SecretStr,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from mailsim.display import block, code, heading, table
from mailsim.mail import Address, parse_address, parse_addresses
from mailsim.plain import in_words, listing
from mailsim.practice.decision import Resolver
from mailsim.practice.server_address import ServerAddress, ServerAddressError, check_smtp_port, smtp_host
from mailsim.provider.profiles import UnknownProfile, nearest, profile

LOCALHOST = "localhost"


class MailboxType(StrEnum):
    """R1.1."""

    SINGLE = "single"
    """One address."""
    CATCH_ALL = "catch-all"
    """`*@domain`."""


class Authentication(StrEnum):
    """How an SMTP client authenticates (R1.8)."""

    NONE = "none"
    PLAIN = "plain"
    LOGIN = "login"
    CRAM_MD5 = "cram-md5"
    XOAUTH2 = "xoauth2"


class InternalRouting(StrEnum):
    """How mail to the practice's own addresses travels (R1.10, R3.5)."""

    DIRECT = "direct"
    """Inside, without SMTP."""
    SMTP = "smtp"
    """Out and back through the provider."""


class ActionAddressIn(StrEnum):
    """Which header field carries the action's address (R3.4)."""

    FROM = "from"
    REPLY_TO = "reply-to"
    BOTH = "both"


def fault(allowed: str, fix: str) -> PydanticCustomError:
    """What a validator raises: what must stand there, and what to do."""
    return PydanticCustomError("site", "{allowed}; {fix}", {"allowed": allowed, "fix": fix})


def _address(value: object) -> Address:
    if isinstance(value, Address):
        return value
    allowed = "must be one address, such as help@elsewhere.example"
    if not isinstance(value, str):
        raise fault(allowed, "write it in quotes")
    found = parse_address(value)
    if found is None:
        inside = parse_addresses(value).addresses
        raise fault(
            allowed,
            f'write "{inside[0]}" alone' if len(inside) == 1 else "write its local part, @ and domain",
        )
    if not str(found).isprintable():
        raise fault("must not hold control characters", "remove them")
    return found


def _pop_server(value: object) -> ServerAddress:
    if isinstance(value, ServerAddress):
        return value
    if not isinstance(value, str):
        raise fault("must be ssl://HOST:995 or tcp://HOST:110", "write it in quotes")
    try:
        return ServerAddress.parse(value)
    except ServerAddressError as error:
        raise fault(error.allowed, error.fix) from None


def _smtp_server(value: str) -> str:
    try:
        return smtp_host(value)
    except ServerAddressError as error:
        raise fault(error.allowed, error.fix) from None


def _smtp_port(value: int) -> int:
    try:
        check_smtp_port(value)
    except ServerAddressError as error:
        raise fault(error.allowed, error.fix) from None
    return value


_ID_LIMIT = 10**18  # TOML's hexadecimal numbers have no end, and a local part has 64 octets
_FIELD_NAME = re.compile(r"[!-9;-~]{1,76}")  # RFC 5322 section 2.2
_NOT_FOR_ROUTING = {
    "received": "Received tells the way, not the recipient",
    "bcc": "Bcc names who must stay unnamed",
}


def _common(value: str) -> str:
    try:
        return profile(value).id
    except UnknownProfile:
        near = nearest(value)
        fix = f'write "{near[0]}"' if near else "remove it, and give the server yourself"
        raise fault("must be a built-in provider; `mailsim providers` lists them", fix) from None


def _header_name(value: str) -> str:
    if _FIELD_NAME.fullmatch(value) is None:
        usable = value.strip().rstrip(":").rstrip()
        better = f'write "{usable}"' if _FIELD_NAME.fullmatch(usable) else 'write such as "X-Original-To"'
        raise fault("must be a header field's name: no spaces, no colon", better)
    reason = _NOT_FOR_ROUTING.get(value.lower())
    if reason:
        raise fault(f"must be a field that tells the recipient; {reason}", 'write such as "X-Original-To"')
    return value


def _name(value: str) -> str:
    if not value.strip() or not value.isprintable():
        raise fault(
            "must be a name, not empty and without control characters", "write the name as it is shown"
        )
    return value


def _action_id(value: int) -> int:
    if not 0 <= value < _ID_LIMIT:
        raise fault(
            "must be a number from 0, of at most 18 digits", "write the number in the action's address"
        )
    return value


def _label(value: str) -> str:
    if not value.isprintable():
        raise fault("must be one line without control characters", "remove them")
    return value


def _message_id(value: str) -> str:
    if not re.fullmatch(r"<[^<>\s]+>", value) or not value.isprintable():
        bare = value.strip().strip("<>")
        usable = bare.isprintable() and re.fullmatch(r"[^<>\s]+", bare)
        better = f'write "<{bare}>"' if usable else 'write such as "<20261123.1234@abc.com>"'
        raise fault("must be a Message-ID in angle brackets", better)
    return value


def _environment_name(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value):
        raise fault("must be the name of an environment variable", "write the password itself under password")
    return value


_EXTRA = tuple(
    resolver for resolver in Resolver if resolver is not Resolver.ADDRESS
)  # that one is always there


def _resolver(value: object) -> Resolver:
    if value in _EXTRA:
        return Resolver(str(value))
    near = get_close_matches(str(value).lower(), _EXTRA, n=1)
    words = [f'"{resolver.value}"' for resolver in _EXTRA]
    allowed = f"must be {', '.join(words[:-1])} or {words[-1]}"
    raise fault(allowed, f'write "{near[0]}"' if near else "write one of these")


def _no_repetition(value: tuple[Resolver, ...]) -> tuple[Resolver, ...]:
    if len(set(value)) < len(value):
        raise fault("must name each resolver once", "remove the repetition")
    return value


SiteAddress = Annotated[
    Address, BeforeValidator(_address), WithJsonSchema({"type": "string", "format": "idn-email"})
]
PopServer = Annotated[
    ServerAddress,
    BeforeValidator(_pop_server),
    PlainSerializer(str),
    WithJsonSchema({"type": "string", "pattern": "^(ssl|tcp)://"}),
]
SmtpServer = Annotated[str, AfterValidator(_smtp_server)]
SmtpPort = Annotated[int, AfterValidator(_smtp_port)]
Common = Annotated[str, AfterValidator(_common)]
HeaderName = Annotated[str, AfterValidator(_header_name)]
Name = Annotated[str, AfterValidator(_name)]
ActionId = Annotated[int, AfterValidator(_action_id)]
Label = Annotated[str, AfterValidator(_label)]
MessageId = Annotated[str, AfterValidator(_message_id)]
EnvironmentName = Annotated[str, AfterValidator(_environment_name)]
_Lax = Field(strict=False)  # TOML has arrays and strings where Python has tuples and enums
ExtraResolver = Annotated[Resolver, BeforeValidator(_resolver), WithJsonSchema({"enum": list(_EXTRA)})]
Resolvers = Annotated[tuple[ExtraResolver, ...], _Lax, AfterValidator(_no_repetition)]


class Table(BaseModel):
    """What every table of the site file keeps: nothing unknown, nothing converted, nothing changed later."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        arbitrary_types_allowed=True,
        use_attribute_docstrings=True,
        hide_input_in_errors=True,
        validate_by_alias=True,
        validate_by_name=False,
    )


class MailboxTable(Table):
    """`[mailbox]`: the system mailbox."""

    type: Annotated[MailboxType, _Lax]
    """`single` (one address) or `catch-all` (`*@domain`)."""
    default_sender: SiteAddress
    """The system mailbox's own address; in catch-all mode its domain is the catch-all domain."""
    fallback_address: SiteAddress
    """Where unreadable mail goes; in catch-all mode on another domain."""
    catch_all_header: HeaderName | None = None
    """The header field that tells the recipient, to be set only when catch-all mail is misrouted."""
    allow_fallback_clash: bool = False
    """Lets the fallback address stand on the catch-all domain, to study the clash."""


class PopTable(Table):
    """`[pop]`: the server that the system collects from."""

    common: Common | None = None
    """The provider whose common settings fill what is not given."""
    server: PopServer | None = None
    """`ssl://HOST:995` or `tcp://HOST:110`."""
    username: Name | None = None
    """The name to log in with."""
    password: SecretStr | None = None
    """The password to log in with."""
    password_env: EnvironmentName | None = None
    """The environment variable that holds the password."""


class SmtpTable(Table):
    """`[smtp]`: the server that the system sends through."""

    common: Common | None = None
    """The provider whose common settings fill what is not given."""
    server: SmtpServer | None = None
    """The host, or `localhost` for the system's own servers, with which nothing else may be given."""
    port: SmtpPort | None = None
    """The port, most often 587 or 465; never 25."""
    authentication: Annotated[Authentication, _Lax] | None = None
    """How to authenticate."""
    username: Name | None = None
    """The name to authenticate with."""
    password: SecretStr | None = None
    """The password, or the token of xoauth2."""
    password_env: EnvironmentName | None = None
    """The environment variable that holds the password."""


class RoutingTable(Table):
    """`[routing]`: optional, as every key in it."""

    internal: Annotated[InternalRouting, _Lax] = InternalRouting.DIRECT
    """Mail to the practice's own addresses: `direct` (inside) or `smtp` (out and back)."""
    action_address_in: Annotated[ActionAddressIn, _Lax] = ActionAddressIn.FROM
    """Where the action's address goes: `from`, `reply-to` or `both`."""
    resolvers: Resolvers = ()
    """Extra ways to find the action, in order: `sub-address`, `thread`, `subject-token`."""


class ActionTable(Table):
    """`[[action]]`: a matter with its own address `a<ID>@domain`."""

    id: ActionId
    """The number in the action's address."""
    name: Label = ""
    """What people call it."""


class UserTable(Table):
    """`[[user]]`: a user with one mailbox of the same name, reached through aliases only."""

    name: Name
    """The user's and the mailbox's name."""
    sender: Annotated[SiteAddress | None, Field(alias="from")] = None
    """The user's own From, instead of the default sender."""


class AliasTable(Table):
    """`[[alias]]`: an address that stands for mailboxes."""

    address: SiteAddress
    """The address."""
    mailboxes: Annotated[tuple[Name, ...], _Lax]
    """The users whose mailboxes get a copy; may be empty."""


class SentTable(Table):
    """`[[sent]]`: a message that the system sent before."""

    message_id: MessageId
    """Its Message-ID, with angle brackets."""
    action: ActionId
    """The action it was sent from."""


class Settings(Table):
    """A whole site file: one practice, its settings and its directory."""

    mailbox: MailboxTable
    """The system mailbox."""
    pop: PopTable | None = None
    """The server that the system collects from; needed only where it collects."""
    smtp: SmtpTable | None = None
    """The server that the system sends through; needed only where it sends."""
    routing: RoutingTable = RoutingTable()
    """How mail is sent and routed inside."""
    action: Annotated[tuple[ActionTable, ...], _Lax] = ()
    """The actions."""
    user: Annotated[tuple[UserTable, ...], _Lax] = ()
    """The users."""
    alias: Annotated[tuple[AliasTable, ...], _Lax] = ()
    """The aliases."""
    sent: Annotated[tuple[SentTable, ...], _Lax] = ()
    """What the system sent before; the resolver `thread` and R4.7 read it."""

    def _repr_html_(self) -> str:
        """For notebooks: every setting that is given, and how many rows each list has; secrets stay masked."""
        return block(heading(self._title), table(("", ""), self._given(), lambda row: (row[0], code(row[1]))))

    def __str__(self) -> str:
        return listing(self._title, ("", ""), self._given(), lambda row: row)

    @property
    def _title(self) -> str:
        return f"Settings of {self.domain}"

    def _given(self) -> list[tuple[str, str]]:
        given = self.model_dump(by_alias=True, exclude_unset=True)
        rows = [
            (f"{name}.{key}", str(value))
            for name, part in given.items()
            if isinstance(part, dict)
            for key, value in part.items()
        ]
        return rows + [(name, f"{len(part):,}") for name, part in given.items() if not isinstance(part, dict)]

    _repr_pretty_ = in_words

    @property
    def domain(self) -> str:
        """The practice's domain, in its comparison form."""
        return self.mailbox.default_sender.domain

    @property
    def catch_all(self) -> bool:
        """Whether the system mailbox takes `*@domain`."""
        return self.mailbox.type is MailboxType.CATCH_ALL
