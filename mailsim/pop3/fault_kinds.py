"""What may go wrong with POP3 on purpose: the catalogue, as data."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from mailsim.faults.kinds import Argument, Kind, Where
from mailsim.pop3.wire import Verb


class Moment(StrEnum):
    """When a fault strikes, beside the verbs."""

    CONNECT = "CONNECT"
    """A client connects: TLS from the first octet, or the greeting."""
    LOGIN = "LOGIN"
    """A proof is about to be checked, whether it came by PASS, APOP or AUTH."""
    ANY = "ANY"
    """Any command."""


class What(StrEnum):
    """What goes wrong."""

    DROP = "drop"
    HALF_CLOSE = "half-close"
    STALL = "stall"
    SLOW = "slow"
    REPLY = "reply"
    SAY = "say"
    GARBAGE = "garbage"
    WRONG_SIZE = "wrong-size"
    UNSTUFFED = "unstuffed"
    OVERSTUFFED = "overstuffed"
    UNTERMINATED = "unterminated"
    DUPLICATE_UID = "duplicate-uid"
    BLANK_UID = "blank-uid"
    CHANGED_UID = "changed-uid"
    MALFORMED_UID = "malformed-uid"
    VANISH = "vanish"
    ARRIVE = "arrive"
    IGNORE_DELETES = "ignore-deletes"
    EAGER_DELETE = "eager-delete"
    REFUSE = "refuse"
    LOCKED = "locked"
    EXPIRED_CERTIFICATE = "expired-certificate"
    FOREIGN_CERTIFICATE = "foreign-certificate"


_VERBS = frozenset(map(str, Verb))
_LOGIN = frozenset({str(Verb.PASS), str(Verb.APOP), str(Verb.AUTH), str(Moment.LOGIN)})
_COMMANDS = _VERBS | {str(Moment.ANY)}
_REPLIES = _COMMANDS | {str(Moment.CONNECT), str(Moment.LOGIN)}
_TLS = frozenset({str(Moment.CONNECT), str(Verb.STLS)})
_BODY = frozenset({str(Verb.RETR), str(Verb.TOP)})
_LONG = _BODY | {str(Verb.LIST), str(Verb.UIDL), str(Verb.CAPA)}
_UIDL = frozenset({str(Verb.UIDL)})

KINDS: Mapping[What, Kind] = MappingProxyType(
    {
        What.DROP: Kind(
            "the command is obeyed, of the reply come N octets, or none, then the connection is closed",
            _REPLIES,
            ("pop:RETR:3:drop@1024", "pop:QUIT:1:drop"),
            where=Where.OCTET,
        ),
        What.HALF_CLOSE: Kind(
            "as drop, but the server goes on reading and says nothing more (with TLS: as drop)",
            _REPLIES,
            ("pop:RETR:2:half-close@100",),
            where=Where.OCTET,
        ),
        What.STALL: Kind(
            "the reply stops at octet N for so many seconds, or for ever; at CONNECT the greeting comes late",
            _REPLIES,
            ("pop:CONNECT:1:stall 3s", "pop:LIST:1:stall@10"),
            Argument.SECONDS,
            Where.OCTET,
        ),
        What.SLOW: Kind(
            "from octet N on the reply comes at so many octets a second",
            _REPLIES,
            ("pop:RETR:every:slow 2000",),
            Argument.RATE,
            Where.OCTET,
        ),
        What.REPLY: Kind(
            "the command is not obeyed but answered so, with -ERR where no +OK or -ERR is written; at QUIT the"
            " connection closes and nothing is removed",
            _REPLIES - {str(Moment.CONNECT)},
            ("pop:RETR:2:reply [SYS/TEMP] try later", "pop:DELE:every:reply -ERR no"),
            Argument.STATUS,
        ),
        What.SAY: Kind(
            "the command is obeyed, but answered so",
            _REPLIES,
            ("pop:QUIT:1:say -ERR some deleted messages not removed",),
            Argument.STATUS,
        ),
        What.GARBAGE: Kind(
            "from octet N on the reply is no POP3",
            _REPLIES,
            ("pop:STAT:1:garbage",),
            where=Where.OCTET,
        ),
        What.WRONG_SIZE: Kind(
            "sizes are wrong by so many octets, or by 7: of message N, or all",
            frozenset({str(Verb.LIST), str(Verb.STAT), str(Verb.RETR)}),
            ("pop:LIST:every:wrong-size -10@2",),
            Argument.DIFFERENCE,
            Where.MESSAGE,
        ),
        What.UNSTUFFED: Kind("dots are not stuffed", _BODY, ("pop:RETR:every:unstuffed",)),
        What.OVERSTUFFED: Kind("dots are stuffed twice", _BODY, ("pop:TOP:1:overstuffed",)),
        What.UNTERMINATED: Kind(
            "the line that ends the reply is missing", _LONG, ("pop:RETR:1:unterminated",)
        ),
        What.DUPLICATE_UID: Kind(
            "all messages, or N, have the first one's uid",
            _UIDL,
            ("pop:UIDL:every:duplicate-uid@2",),
            where=Where.MESSAGE,
        ),
        What.BLANK_UID: Kind(
            "all messages, or N, have an empty uid", _UIDL, ("pop:UIDL:1:blank-uid",), where=Where.MESSAGE
        ),
        What.CHANGED_UID: Kind(
            "all messages, or N, have another uid than before",
            _UIDL,
            ("pop:UIDL:2:changed-uid",),
            where=Where.MESSAGE,
        ),
        What.MALFORMED_UID: Kind(
            "the uids of all messages, or of N, are too long and hold spaces and 8-bit octets",
            _UIDL,
            ("pop:UIDL:1:malformed-uid@3",),
            where=Where.MESSAGE,
        ),
        What.VANISH: Kind(
            "message N, or the one asked for, is removed by somebody else: listed, but -ERR to all commands",
            frozenset(map(str, (Verb.STAT, Verb.LIST, Verb.UIDL, Verb.RETR, Verb.TOP, Verb.DELE, Verb.NOOP))),
            ("pop:RETR:2:vanish", "pop:LIST:1:vanish@5"),
            where=Where.MESSAGE,
        ),
        What.ARRIVE: Kind(
            "a new message arrives just before and is shown in this session, as between UIDL and LIST",
            frozenset(map(str, (Verb.STAT, Verb.LIST, Verb.UIDL, Verb.RETR, Verb.TOP, Verb.DELE, Verb.NOOP))),
            ("pop:LIST:1:arrive",),
        ),
        What.IGNORE_DELETES: Kind(
            "QUIT is answered well, but removes nothing",
            frozenset({str(Verb.QUIT)}),
            ("pop:QUIT:1:ignore-deletes",),
        ),
        What.EAGER_DELETE: Kind(
            "the message is removed at once, without QUIT; RSET shows it again until the session ends",
            frozenset({str(Verb.DELE)}),
            ("pop:DELE:every:eager-delete",),
        ),
        What.REFUSE: Kind("the login is refused with [AUTH]", _LOGIN, ("pop:LOGIN:1:refuse",)),
        What.LOCKED: Kind("the login is refused with [IN-USE]", _LOGIN, ("pop:PASS:next:locked",)),
        What.EXPIRED_CERTIFICATE: Kind(
            "the certificate's time is over", _TLS, ("pop:CONNECT:every:expired-certificate",)
        ),
        What.FOREIGN_CERTIFICATE: Kind(
            "the certificate is of a CA that nobody trusts", _TLS, ("pop:STLS:1:foreign-certificate",)
        ),
    }
)
