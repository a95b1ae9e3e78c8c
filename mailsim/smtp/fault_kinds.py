"""What may go wrong with SMTP on purpose: the catalogue, as data."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from mailsim.faults.kinds import Argument, Kind, Where
from mailsim.smtp.backend import Tls


class Moment(StrEnum):
    """When a fault strikes: at a command, before any, or at the end of the data."""

    CONNECT = "CONNECT"
    """A client connects: TLS from the first octet, or the greeting."""
    EHLO = "EHLO"
    """EHLO or HELO."""
    STARTTLS = "STARTTLS"
    AUTH = "AUTH"
    """AUTH, and what follows until the login is decided."""
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    """DATA, and with `@N` the message behind it."""
    DATA_END = "DATA-END"
    """The final dot has come: the message is whole, and not yet answered."""
    RSET = "RSET"
    QUIT = "QUIT"
    ANY = "ANY"
    """Any command."""


class What(StrEnum):
    """What goes wrong."""

    DROP = "drop"
    HALF_CLOSE = "half-close"
    STALL = "stall"
    SLOW = "slow"
    TARPIT = "tarpit"
    REPLY = "reply"
    GARBAGE = "garbage"
    LOSE = "lose"
    GREYLIST = "greylist"
    RATE_LIMIT = "rate-limit"
    WITHOUT = "without"
    EXPIRED_CERTIFICATE = "expired-certificate"
    FOREIGN_CERTIFICATE = "foreign-certificate"


EXTENSIONS = ("SIZE", "8BITMIME", "SMTPUTF8", "PIPELINING", "ENHANCEDSTATUSCODES", "STARTTLS", "AUTH")
"""What EHLO may announce, and `without` take away."""

CERTIFICATE_SHOWN: Mapping[Tls, Moment | None] = MappingProxyType(
    {Tls.NONE: None, Tls.STARTTLS: Moment.STARTTLS, Tls.IMPLICIT: Moment.CONNECT}
)
"""When a server shows its certificate."""

_ALL = frozenset(map(str, Moment))
_TLS = frozenset({str(Moment.CONNECT), str(Moment.STARTTLS)})

KINDS: Mapping[What, Kind] = MappingProxyType(
    {
        What.DROP: Kind(
            "the command is obeyed, of the reply come N octets, or none, then the connection is closed; so at"
            " DATA-END the message is taken and the client does not know; at DATA with @N the connection is closed"
            " after N octets of the message",
            _ALL,
            ("smtp:DATA-END:next:drop", "smtp:DATA:1:drop@1024", "smtp:CONNECT:1:drop"),
            where=Where.BODY,
        ),
        What.HALF_CLOSE: Kind(
            "as drop without N, but the server goes on reading and says nothing more (with TLS: as drop)",
            _ALL,
            ("smtp:MAIL:2:half-close",),
        ),
        What.STALL: Kind(
            "the reply stops at octet N for so many seconds, or for ever; at DATA with @N the server stops reading"
            " the message there",
            _ALL,
            ("smtp:CONNECT:1:stall 3s", "smtp:DATA-END:1:stall"),
            Argument.SECONDS,
            Where.BODY,
        ),
        What.SLOW: Kind(
            "the reply comes at so many octets a second", _ALL, ("smtp:EHLO:every:slow 100",), Argument.RATE
        ),
        What.TARPIT: Kind(
            "every reply of this connection from now on comes so many seconds late",
            _ALL,
            ("smtp:CONNECT:every:tarpit 2s",),
            Argument.DELAY,
        ),
        What.REPLY: Kind(
            "the command is not obeyed but answered so; after 421, and at CONNECT and QUIT, the connection is closed",
            _ALL,
            (
                "smtp:RCPT:2:reply 451 4.3.0 try later",
                "smtp:RCPT=jane@client.example:3:reply 550 5.1.1 unknown",
                "smtp:MAIL:next:reply 421 4.3.2 closing",
            ),
            Argument.REPLY,
        ),
        What.GARBAGE: Kind("the command is obeyed, but the reply is no SMTP", _ALL, ("smtp:MAIL:1:garbage",)),
        What.LOSE: Kind(
            "the message is answered 250 and lost",
            frozenset({str(Moment.DATA_END)}),
            ("smtp:DATA-END:1:lose",),
        ),
        What.GREYLIST: Kind(
            "451 when a client, sender and recipient come together for the first time",
            frozenset({str(Moment.RCPT)}),
            ("smtp:RCPT:every:greylist",),
        ),
        What.RATE_LIMIT: Kind(
            "421, and the connection is closed, for more than so many of this command in one connection",
            frozenset({str(Moment.MAIL), str(Moment.RCPT)}),
            ("smtp:MAIL:every:rate-limit 10",),
            Argument.COUNT,
        ),
        What.WITHOUT: Kind(
            "EHLO does not announce the extension, and the server does not know it",
            frozenset({str(Moment.EHLO)}),
            ("smtp:EHLO:every:without SIZE", "smtp:EHLO:1:without STARTTLS"),
            Argument.EXTENSION,
        ),
        What.EXPIRED_CERTIFICATE: Kind(
            "the certificate's time is over", _TLS, ("smtp:CONNECT:every:expired-certificate",)
        ),
        What.FOREIGN_CERTIFICATE: Kind(
            "the certificate is of a CA that nobody trusts", _TLS, ("smtp:STARTTLS:1:foreign-certificate",)
        ),
    }
)
