"""How a POP3 server behaves, as data: what it offers, where its limits are, how it shows its maildrops.

What is offered is announced and works; what is not offered is not announced, and is an unknown command.
RFC 2449 §5 and §6, RFC 2595 §4, RFC 5034 §6, RFC 6856 §2 and §3.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from mailsim.pop3.wire import Verb


class Mechanism(StrEnum):
    """The SASL mechanisms that are spoken here (RFC 5034)."""

    PLAIN = "PLAIN"
    """Name and password in one (RFC 4616)."""
    LOGIN = "LOGIN"
    """Name, then password: never a standard, and everywhere."""
    CRAM_MD5 = "CRAM-MD5"
    """A digest of the server's challenge (RFC 2195)."""
    XOAUTH2 = "XOAUTH2"
    """Name and access token, as Google and Microsoft ask for them."""


IN_THE_CLEAR = frozenset({Mechanism.PLAIN, Mechanism.LOGIN, Mechanism.XOAUTH2})
"""The mechanisms whose secret anyone on the line can read."""


@dataclass(frozen=True, slots=True)
class Conduct:
    """One server's way.

    Attributes:
        stls: TLS can be had by STLS.
        clear: A password is taken without TLS even where STLS is offered.
        apop: The greeting has a timestamp, and APOP works.
        mechanisms: The SASL mechanisms.
        initial_response: AUTH takes one.
        capa: CAPA works.
        pipelining: Pipelining is announced; it works in any case.
        top: TOP works.
        uidl: UIDL works.
        utf8: UTF8 and LANG work, and mail with UTF-8 in its header is refused to who has not said UTF8. Without it
            the octets of headers pass as they are, as they do on servers of the day.
        last: LAST works (RFC 1460).
        login_delay: Seconds that must pass between two logins.
        expire: Days that mail is kept; 0 removes at QUIT what was retrieved; None is for ever (RFC 2449 §6.7).
        implementation: What the server calls itself; nothing when empty.
        failed_logins: So many refused logins end the connection.
        bad_commands: So many commands in a row that are unknown, not allowed or too long end the connection.
        estimated_sizes: Sizes listed are estimates.
        changing_uids: The uids of a message differ from session to session.
        at_most: A session shows so many messages at most, the oldest.
        hides_retrieved: What a session retrieved that ended with QUIT is not shown again, deleted or not.
        recent: Who logs in as `recent:NAME` is shown hidden messages too.
    """

    stls: bool = False
    clear: bool = False
    apop: bool = False
    mechanisms: tuple[Mechanism, ...] = tuple(Mechanism)
    initial_response: bool = True
    capa: bool = True
    pipelining: bool = True
    top: bool = True
    uidl: bool = True
    utf8: bool = False
    last: bool = False
    login_delay: int = 0
    expire: int | None = None
    implementation: str = "mailsim"
    failed_logins: int = 10
    bad_commands: int = 50
    estimated_sizes: bool = False
    changing_uids: bool = False
    at_most: int | None = None
    hides_retrieved: bool = False
    recent: bool = False


PLAIN_CONDUCT = Conduct()


@lru_cache(maxsize=64)
def spoken(conduct: Conduct) -> frozenset[Verb]:
    """Return the verbs that a server knows, allowed at the moment or not."""
    off = {
        Verb.STLS: not conduct.stls,
        Verb.APOP: not conduct.apop,
        Verb.AUTH: not conduct.mechanisms,
        Verb.CAPA: not conduct.capa,
        Verb.TOP: not conduct.top,
        Verb.UIDL: not conduct.uidl,
        Verb.UTF8: not conduct.utf8,
        Verb.LANG: not conduct.utf8,
        Verb.LAST: not conduct.last,
    }
    return frozenset(verb for verb in Verb if not off.get(verb))


def takes_passwords(conduct: Conduct, *, secured: bool) -> bool:
    """Say whether a password may come as it is: over TLS, or where there is none to be had (RFC 2595 §2.3)."""
    return secured or conduct.clear or not conduct.stls


def mechanisms(conduct: Conduct, *, secured: bool) -> tuple[Mechanism, ...]:
    """Return the mechanisms that may be used now (RFC 5034 §4)."""
    if takes_passwords(conduct, secured=secured):
        return conduct.mechanisms
    return tuple(mechanism for mechanism in conduct.mechanisms if mechanism not in IN_THE_CLEAR)


def capabilities(conduct: Conduct, *, secured: bool, transaction: bool) -> Iterator[str]:
    """Yield the lines of CAPA: the same in both states, but STLS, which TRANSACTION does not allow (RFC 2449 §5)."""
    if conduct.top:
        yield "TOP"
    if conduct.uidl:
        yield "UIDL"
    yield "RESP-CODES"
    yield "AUTH-RESP-CODE"
    if conduct.pipelining:
        yield "PIPELINING"
    if takes_passwords(conduct, secured=secured):
        yield "USER"
    if usable := mechanisms(conduct, secured=secured):
        yield " ".join(("SASL", *usable))
    if conduct.stls and not secured and not transaction:
        yield "STLS"
    if conduct.utf8:
        yield "UTF8"
        yield "LANG"
    if conduct.login_delay:
        yield f"LOGIN-DELAY {conduct.login_delay}"
    yield f"EXPIRE {'NEVER' if conduct.expire is None else conduct.expire}"
    if conduct.implementation:
        yield f"IMPLEMENTATION {conduct.implementation}"
