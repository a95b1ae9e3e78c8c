"""Sets of faults to choose from in tests: what leaves no order to chance, what ends, and all of the catalogue."""

from collections.abc import Iterable, Iterator
from itertools import product

from mailsim.faults.kinds import Argument, Kind
from mailsim.pop3.fault_kinds import KINDS as POP3_KINDS
from mailsim.smtp.fault_kinds import KINDS as SMTP_KINDS

FAULTS = (
    "pop:UIDL:every:changed-uid",
    "pop:UIDL:1:blank-uid",
    "pop:UIDL:1:malformed-uid",
    "pop:LIST:every:wrong-size -10",
    "pop:QUIT:1:ignore-deletes",
    "pop:QUIT:1:drop",
    "pop:DELE:1:eager-delete",
    "pop:LOGIN:1:refuse",
    "pop:PASS:1:locked",
    "pop:CONNECT:1:drop",
    "smtp:RCPT:every:greylist",
    "smtp:MAIL:every:reply 550 5.7.1 not you",
    "smtp:DATA-END:every:drop",
    "smtp:DATA-END:every:lose",
    "smtp:EHLO:every:without SIZE",
    "smtp:EHLO:every:slow 9000",
    "smtp:MAIL:every:stall 0.02s",
    "smtp:CONNECT:every:tarpit 0.01s",
    "smtp:CONNECT:every:garbage",
    "smtp:RCPT:every:half-close",
    "mx:DATA-END:every:stall 0.02s",
    "mx:MAIL:every:slow 9000",
    "mx:DATA:every:reply 451 4.3.0 later",
    "mx:DATA-END:every:lose",
)
"""What strikes whole sessions, so that it makes no difference which message came first: on sockets that is chance."""
HARSH_FAULTS = (
    *FAULTS,
    "mx:RCPT:every:greylist",
    "pop:RETR:2:reply [SYS/TEMP] try later",
    "pop:DELE:1:reply -ERR no",
    "pop:UIDL:1:malformed-uid@1",
    "pop:RETR:1:drop@40",
    "pop:RETR:3:drop",
    "pop:RETR:2:half-close@100",
    "pop:RETR:1:stall 40",
    "pop:RETR:2:stall",
    "pop:RETR:1:slow 2000",
    "pop:RETR:1:unterminated",
    "pop:RETR:2:garbage",
    "pop:LIST:1:stall@10",
    "pop:UIDL:1:drop@20",
    "pop:STAT:1:garbage",
    "pop:PASS:1:garbage",
    "pop:DELE:2:drop",
    "pop:CONNECT:1:expired-certificate",
    "smtp:CONNECT:1:garbage",
    "smtp:STARTTLS:1:expired-certificate",
    "smtp:AUTH:1:stall",
    "smtp:MAIL:2:half-close",
    "smtp:RCPT:2:reply 550 5.1.1 unknown",
    "smtp:DATA:1:drop@40",
    "smtp:DATA-END:next:drop",
    "smtp:RSET:1:drop",
    "mx:CONNECT:2:drop",
    "mx:MAIL:1:reply 421 4.3.2 closing",
    "mx:RCPT:2:reply 451 4.3.0 later",
    "mx:DATA-END:p=0.3:drop",
)
"""All kinds that end; none at which somebody else takes mail away or puts it in (`vanish`, `arrive`)."""
_BEHIND = {
    Argument.NONE: "",
    Argument.STATUS: " -ERR no",
    Argument.REPLY: " 451 4.3.0 later",
    Argument.EXTENSION: " SIZE",
    Argument.SECONDS: " 2s",
    Argument.DELAY: " 2s",
    Argument.RATE: " 50",
    Argument.COUNT: " 1",
    Argument.DIFFERENCE: " -10",
}
_NOT_THE_SERVER_S = ("vanish", "arrive", "expired-certificate", "foreign-certificate")
"""What somebody else does with the mail, and what is shown at one moment of one server only."""


def _once(kinds: Iterable[tuple[str, Kind]], *protocols: str) -> Iterator[str]:
    """Each kind at each moment, at the beginning and further on."""
    for what, kind in kinds:
        for protocol, moment, which in product(protocols, sorted(kind.moments), ("1", "2", "next")):
            if what not in _NOT_THE_SERVER_S:
                yield f"{protocol}:{moment}:{which}:{what}{_BEHIND[kind.argument]}"


EVERY_FAULT = (*_once(POP3_KINDS.items(), "pop"), *_once(SMTP_KINDS.items(), "smtp", "mx"))
"""All of the catalogue that a server does by itself, once each."""
