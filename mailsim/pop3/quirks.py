"""Quirks: the ways of real servers, as data, switched on by name.

A quirk is a change of `Conduct`; several may be given, the later wins. Sources: POP3 answers of the servers named,
fetchmail's FAQ, Google's and Microsoft's help pages; where sources differ, the summary says so.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from mailsim.errors import MailsimError
from mailsim.pop3.conduct import Conduct, Mechanism

_NUMBER = re.compile(r"[0-9]{1,9}")


class QuirkError(MailsimError):
    """A quirk that is not known, or has a number where it takes none."""


@dataclass(frozen=True, slots=True)
class Quirk:
    """One way of servers.

    Attributes:
        does: What a client sees, in words.
        number: What `NAME=N` stands for when no N is given; None where none is taken.
        change: The conduct with it, from the conduct without it and N.
        example: As it is written.
    """

    does: str
    example: str
    change: Callable[[Conduct, int], Conduct]
    number: int | None = None


def _gmail(conduct: Conduct, shown: int) -> Conduct:
    return replace(
        conduct,
        hides_retrieved=True,
        at_most=shown,
        recent=True,
        apop=False,
        utf8=False,
        pipelining=False,
        mechanisms=(Mechanism.PLAIN, Mechanism.XOAUTH2),
        implementation="",
    )


def _exchange(conduct: Conduct, _: int) -> Conduct:
    return replace(
        conduct,
        estimated_sizes=True,
        apop=False,
        utf8=False,
        pipelining=False,
        mechanisms=(Mechanism.PLAIN, Mechanism.XOAUTH2),
        initial_response=False,
        implementation="",
    )


QUIRKS: Mapping[str, Quirk] = MappingProxyType(
    {
        "gmail": Quirk(
            "shows the oldest 250 (or N) messages a session; what a session retrieved that ended with QUIT is not"
            " shown again, deleted or not; who logs in as recent:NAME is shown it too; no PIPELINING",
            "gmail=100",
            _gmail,
            250,
        ),
        "exchange": Quirk(
            "sizes are estimates (here: the next multiple of 1,024); AUTH takes no initial response; no PIPELINING",
            "exchange",
            _exchange,
        ),
        "no-uidl": Quirk("has no UIDL", "no-uidl", lambda conduct, _: replace(conduct, uidl=False)),
        "no-top": Quirk("has no TOP", "no-top", lambda conduct, _: replace(conduct, top=False)),
        "no-capa": Quirk("has no CAPA", "no-capa", lambda conduct, _: replace(conduct, capa=False)),
        "no-auth": Quirk(
            "has no AUTH: USER and PASS only", "no-auth", lambda conduct, _: replace(conduct, mechanisms=())
        ),
        "no-pipelining": Quirk(
            "does not announce PIPELINING",
            "no-pipelining",
            lambda conduct, _: replace(conduct, pipelining=False),
        ),
        "no-utf8": Quirk(
            "has no UTF8: the octets of headers pass as they are, as on most servers",
            "no-utf8",
            lambda conduct, _: replace(conduct, utf8=False),
        ),
        "changing-uidl": Quirk(
            "a message has another uid in every session",
            "changing-uidl",
            lambda conduct, _: replace(conduct, changing_uids=True),
        ),
        "last": Quirk(
            "has LAST: the highest number retrieved or deleted (RFC 1460)",
            "last",
            lambda conduct, _: replace(conduct, last=True),
        ),
        "login-delay": Quirk(
            "refuses a login within 60 (or N) seconds of the last, with [LOGIN-DELAY]",
            "login-delay=5",
            lambda conduct, seconds: replace(conduct, login_delay=seconds),
            60,
        ),
        "expire": Quirk(
            "announces EXPIRE 0 (or N days); with 0, QUIT removes what was retrieved",
            "expire=0",
            lambda conduct, days: replace(conduct, expire=days),
            0,
        ),
        "apop": Quirk(
            "has a timestamp in its greeting, and APOP",
            "apop",
            lambda conduct, _: replace(conduct, apop=True),
        ),
        "clear": Quirk(
            "takes passwords without TLS although STLS is offered",
            "clear",
            lambda conduct, _: replace(conduct, clear=True),
        ),
    }
)


def with_quirks(conduct: Conduct, quirks: Iterable[str]) -> Conduct:
    """Return a conduct with quirks, each `NAME` or `NAME=NUMBER`.

    Raises:
        QuirkError: A name is not known, or takes no number, or what stands behind it is none.
    """
    for text in quirks:
        name, equals, number = text.partition("=")
        quirk = QUIRKS.get(name)
        if quirk is None:
            raise QuirkError(f"quirk {text!r}: there is none; write one of {', '.join(QUIRKS)}")
        if equals and quirk.number is None:
            raise QuirkError(f"quirk {text!r}: it takes no number; write {name!r}")
        if equals and not _NUMBER.fullmatch(number):
            raise QuirkError(f"quirk {text!r}: {number!r} is no number; write {quirk.example!r} or {name!r}")
        conduct = quirk.change(conduct, int(number) if equals else quirk.number or 0)
    return conduct
