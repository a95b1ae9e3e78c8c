"""From what a check saw to its cause: pure (R2.3).

A server is known by its first words: POP3 (RFC 1939 section 4), SMTP (RFC 5321 section 4.2), IMAP (RFC 9051
section 7.1) and HTTP (RFC 9112 section 4) begin each in their own way.
"""

import re
from dataclasses import dataclass
from enum import Enum, StrEnum, auto

from mailsim.check.verdict import Cause, Check, Step


class Protocol(StrEnum):
    """What a server speaks."""

    POP3 = "POP3"
    SMTP = "SMTP"
    IMAP = "IMAP"
    HTTP = "HTTP"


class Trouble(Enum):
    """What stopped a check."""

    NO_NAME = auto()
    NO_CONNECTION = auto()
    SILENCE = auto()
    CLOSED = auto()
    """The server ended the connection unasked."""
    STRANGE = auto()
    """What came is not of the protocol."""
    NOT_TLS = auto()
    """What came instead of a TLS handshake is not TLS."""
    NO_HANDSHAKE = auto()
    """The server speaks TLS, and both sides found no common way."""
    UNTRUSTED = auto()
    EXPIRED = auto()
    WRONG_HOST = auto()
    NO_STARTTLS = auto()
    NO_MECHANISM = auto()
    """Not the one that is set."""
    NO_AUTHENTICATION = auto()
    """No mechanism at all."""
    REFUSAL = auto()
    """A reply of the protocol, and it says no."""
    UNSPEAKABLE = auto()
    """A user name, password or address that the protocol cannot carry."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a second look at a port found."""

    protocol: Protocol | None
    """None where it said nothing that is known."""
    tls: bool
    """Whether it speaks TLS from the first octet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """All that is known when a check stops."""

    check: Check
    step: Step
    trouble: Trouble
    tls: bool = False
    """Whether TLS from the first octet is set."""
    said: str = ""
    """The server's reply or first words."""
    code: str = ""
    """Of a refusal: POP3's extended response code such as `IN-USE`, or SMTP's three digits."""
    answer: Answer | None = None
    """What answers at the port, where that was looked at."""


def recognised(words: bytes) -> Protocol | None:
    """The protocol whose server begins with these octets; None when it is not known."""
    start = words.lstrip()[:2000]
    if start.startswith((b"+OK", b"-ERR")):
        return Protocol.POP3
    if re.match(rb"\* (OK|PREAUTH|BYE)\b", start, re.IGNORECASE):
        return Protocol.IMAP
    if re.match(rb"HTTP/\d|<!doctype|<html", start, re.IGNORECASE):
        return Protocol.HTTP
    if re.match(rb"[245]\d\d[ -]", start):
        # FTP (RFC 959 section 4.2) begins with 220 too; most of its servers say what they are.
        is_ftp = b"FTP" in start.upper() and b"SMTP" not in start.upper()
        return None if is_ftp else Protocol.SMTP
    return None


_OWN = {Check.POP: Protocol.POP3, Check.SMTP: Protocol.SMTP}
_STRANGER = {Check.POP: Cause.NOT_A_POP_SERVER, Check.SMTP: Cause.NOT_A_SMTP_SERVER}
_CERTAIN = {
    Trouble.NO_NAME: Cause.NAME_NOT_FOUND,
    Trouble.NO_CONNECTION: Cause.REFUSED,
    Trouble.UNTRUSTED: Cause.CERTIFICATE_UNTRUSTED,
    Trouble.EXPIRED: Cause.CERTIFICATE_EXPIRED,
    Trouble.WRONG_HOST: Cause.CERTIFICATE_WRONG_HOST,
    Trouble.NO_STARTTLS: Cause.TLS_TO_PLAIN,
    Trouble.NO_MECHANISM: Cause.AUTHENTICATION_NOT_OFFERED,
    Trouble.NO_AUTHENTICATION: Cause.AUTHENTICATION_NOT_OFFERED,
    Trouble.UNSPEAKABLE: Cause.SETTINGS,
}
_OTHERWISE = {
    Trouble.SILENCE: Cause.TIMEOUT,
    Trouble.CLOSED: Cause.REFUSED,
    Trouble.NOT_TLS: Cause.TLS_TO_PLAIN,
    Trouble.NO_HANDSHAKE: Cause.REFUSED,
}

# Servers without extended response codes (RFC 2449 section 8) say it in words alone.
_LOCKED = re.compile(
    r"(mailbox|maildrop|mail drop).*(\block|\bin use\b|\bbusy\b|already (open|logged))"
    r"|(\block|already (open|logged)).*(mailbox|maildrop|mail drop)|\balready (open|logged in)\b|\bpop lock\b",
    re.IGNORECASE | re.DOTALL,
)
"""Of a mailbox, and not of an account, which an administrator locks."""
_TOO_SOON = re.compile(r"login.delay|too (soon|frequent|many)|rate limit", re.IGNORECASE)
_POP_CODES = {
    "IN-USE": Cause.MAILBOX_LOCKED,  # RFC 2449 section 8.1.2
    "LOGIN-DELAY": Cause.LOGIN_DELAY,  # RFC 2449 section 8.1.1
    "AUTH": Cause.WRONG_CREDENTIALS,  # RFC 3206 section 5
    "SYS/TEMP": Cause.REFUSED,  # RFC 3206 section 4: no fault of the credentials
    "SYS/PERM": Cause.REFUSED,
}
_SMTP_LOGIN_CODES = {
    "500": Cause.AUTHENTICATION_NOT_OFFERED,  # RFC 5321 section 4.2.4: AUTH is no command there
    "502": Cause.AUTHENTICATION_NOT_OFFERED,
    "503": Cause.AUTHENTICATION_NOT_OFFERED,
    "504": Cause.AUTHENTICATION_NOT_OFFERED,  # RFC 4954 section 4
    "534": Cause.WRONG_CREDENTIALS,  # RFC 4954 section 6; Gmail: an application's own password is needed
    "538": Cause.AUTHENTICATION_NOT_OFFERED,  # RFC 4954 section 6: not without encryption
}


_NO_PLAIN_LOGIN = re.compile(r"starttls|\btls\b.*(first|required)|encrypt", re.IGNORECASE)


def cause_of(seen: Seen) -> Cause:
    """The likely cause of what was seen (R2.3)."""
    if seen.trouble is Trouble.REFUSAL:
        return _refusal(seen)
    return _CERTAIN.get(seen.trouble) or _at_the_port(seen)


def _at_the_port(seen: Seen) -> Cause:
    """By who answers there, and how."""
    answer = seen.answer
    if answer and answer.protocol not in {None, _OWN[seen.check]}:
        return _STRANGER[seen.check]
    if answer and answer.tls and not seen.tls:
        return Cause.PLAIN_TO_TLS
    if answer and answer.protocol and seen.tls and not answer.tls:
        return Cause.TLS_TO_PLAIN
    return _OTHERWISE.get(seen.trouble, _STRANGER[seen.check])


def _refusal(seen: Seen) -> Cause:
    if seen.step is Step.SENDER:
        return Cause.SENDER_REFUSED
    if seen.check is Check.POP:
        return _pop_refusal(seen)
    if seen.step is Step.LOGIN:
        return _smtp_login_refusal(seen)
    return Cause.REFUSED


def _smtp_login_refusal(seen: Seen) -> Cause:
    if seen.code.startswith(
        "4"
    ):  # RFC 5321 section 4.2.1: for now; what Gmail says of too many logins is 454
        return Cause.LOGIN_DELAY
    if seen.code == "530" and _NO_PLAIN_LOGIN.search(seen.said):  # RFC 3207 section 4
        return Cause.AUTHENTICATION_NOT_OFFERED
    return _SMTP_LOGIN_CODES.get(seen.code, Cause.WRONG_CREDENTIALS)


def _pop_refusal(seen: Seen) -> Cause:
    if seen.code in _POP_CODES:
        return _POP_CODES[seen.code]
    if _TOO_SOON.search(seen.said):
        return Cause.LOGIN_DELAY
    if seen.step is not Step.LOGIN:  # only who has logged in can find the mailbox taken
        return Cause.REFUSED
    return Cause.MAILBOX_LOCKED if _LOCKED.search(seen.said) else Cause.WRONG_CREDENTIALS
