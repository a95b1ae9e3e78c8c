"""What stands in a step where its words have a parameter, such as `{address}`, and the value that it stands for.

Values are those of scenario files and decisions: `action:1234`, `rewrite`, `2h`. A value that does not look
like its type leaves the step undefined, instead of failing inside it.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from mailsim.errors import MailsimError
from mailsim.practice.decision import Reason
from mailsim.practice.faults import shown
from mailsim.testing.rules import NUMBER


class UnknownTargetError(MailsimError):
    """Words in a table that name no target."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A type of word in a step."""

    pattern: str
    """A regular expression without capturing groups."""
    read: Callable[[str], object]
    example: str
    words: Sequence[str] = ()
    """All that it can be, where that is a list."""
    units: Sequence[str] = ()
    """What a number in it can count."""


REASONS: Mapping[str, Reason] = MappingProxyType(
    {
        "the sender was rewritten": Reason.SENDER_REWRITTEN,
        "it is for the system mailbox itself": Reason.SYSTEM_ADDRESS,
        "no action has that number": Reason.NO_SUCH_ACTION,
        "the alias has no mailboxes": Reason.ALIAS_WITHOUT_MAILBOXES,
        "nobody has that address": Reason.UNKNOWN_ADDRESS,
        "it is for another domain": Reason.OTHER_DOMAIN,
        "it names no recipient": Reason.NO_RECIPIENT,
        "it goes round in a loop": Reason.LOOP,
        "it has no header": Reason.NO_HEADER,
        "nobody sent it": Reason.NO_ORIGINATOR,
        "its header cannot be read": Reason.UNDECODABLE_HEADER,
        "its recipient is no address": Reason.BAD_RECIPIENT,
        "it was cut short": Reason.TRUNCATED,
        "a copy was delivered before": Reason.DUPLICATE,
        "it is a copy of what was sent": Reason.SENT_COPY,
        "of the action's address": Reason.ACTION_ADDRESS,
        "of the alias": Reason.ALIAS,
        "of the sub-address": Reason.SUB_ADDRESS,
        "of the thread": Reason.THREAD,
        "of the subject token": Reason.SUBJECT_TOKEN,
    }
)
"""Each reason of a decision in words that follow "because"."""

CAUSES: Mapping[str, str] = MappingProxyType(
    {
        "the name is not found": "name-not-found",
        "nobody listens there": "refused",
        "the server does not answer in time": "timeout",
        "TLS is spoken to a plain port": "tls-to-plain",
        "plain text is spoken to a TLS port": "plain-to-tls",
        "the certificate is not trusted": "certificate-untrusted",
        "the certificate has expired": "certificate-expired",
        "the certificate is for another host": "certificate-wrong-host",
        "no POP server answers there": "not-a-pop-server",
        "no SMTP server answers there": "not-a-smtp-server",
        "the credentials are wrong": "wrong-credentials",
        "the mailbox is locked": "mailbox-locked",
        "the login comes too soon": "login-delay",
        "the authentication type is not offered": "authentication-not-offered",
        "the sender is refused": "sender-refused",
        "port 25 is not for sending": "port-25",
        "port 993 is for IMAP": "port-993",
        "the settings lack something": "settings",
    }
)
"""Each cause of a red check in words that follow "because"."""

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_ADDRESS = r"""[^\s@"',;<>]+@[^\s@"',;<>]+"""
_DOMAIN = r"(?:[\w-]+\.)+[\w-]+"
_TARGET = rf"(?:action \d+|[\w.-]+'s mailbox|Unassigned|the fallback address)(?: of {_DOMAIN})?"
_NAME = r"[a-z][\w.-]*"


def _one_of(words: Iterable[str], read: Callable[[str], object], example: str) -> Parameter:
    listed = tuple(words)
    return Parameter("|".join(map(re.escape, listed)), read, example, listed)


def _listed(pattern: str) -> str:
    """One, or several as English lists them: `a`, `a and b`, `a, b and c`."""
    return f"(?:{pattern})(?:, (?:{pattern}))*(?: and (?:{pattern}))?"


def _cut(words: str) -> list[str]:
    return re.split(", | and ", words)


def target_of(words: str) -> str:
    """A target as the trace names it, another practice's behind its domain; of the fallback address without its address.

    Raises:
        UnknownTargetError: The words are none of those that name a target.
    """
    if not re.fullmatch(_TARGET, words):
        raise UnknownTargetError(
            f"{shown('', words)} is no target; write action 1234, mary's mailbox, Unassigned or the fallback address"
        )
    own, _, domain = words.partition(" of ")
    return f"{domain}/{_own_target(own)}" if domain else _own_target(own)


def _own_target(words: str) -> str:
    if words.startswith("action "):
        return f"action:{int(words.removeprefix('action '))}"
    if words.endswith("'s mailbox"):
        return "mailbox:" + words.partition("'")[0]
    return "unassigned" if words == "Unassigned" else "fallback"


def _targets(words: str) -> tuple[str, ...]:
    return tuple(map(target_of, _cut(words)))


def _size(words: str) -> int:
    from mailsim.world.quantities import octets

    return octets(re.sub(r",|octets?", "", words).strip())


def _ordinal(word: str) -> int:
    return _ORDINALS.index(word) + 1 if word in _ORDINALS else int(word[:-2])


PARAMETERS: Mapping[str, Parameter] = MappingProxyType(
    {
        "address": Parameter(_ADDRESS, str, "jane@client.example"),
        "addresses": Parameter(
            _listed(_ADDRESS), lambda words: tuple(_cut(words)), "mary@abc.com and john@abc.com"
        ),
        "domain": Parameter(_DOMAIN, str, "xyz.example"),
        "name": Parameter(_NAME, str, "mary"),
        "names": Parameter(_listed(_NAME), lambda words: tuple(_cut(words)), "mary, john and ann"),
        "target": Parameter(_TARGET, target_of, "action 1234"),
        "targets": Parameter(_listed(_TARGET), _targets, "action 1234 and mary's mailbox"),
        "code": Parameter(r"action:\d+|mailbox:\S+|unassigned|fallback:\S+", str, "action:1234"),
        "policy": _one_of(
            ("accepts", "rewrites", "rejects"), lambda word: word.removesuffix("s"), "rewrites"
        ),
        "treatment": _one_of(("ignores", "marks", "refuses"), lambda word: word.removesuffix("s"), "refuses"),
        "place": _one_of(("From", "Reply-To", "both"), str.lower, "Reply-To"),
        "letter": _one_of(("message", "reply"), str, "reply"),
        "header": Parameter("[A-Za-z][A-Za-z0-9-]*", str, "X-Original-To"),
        "setting": Parameter(r"[a-z]+\.[a-z_]+", str, "smtp.port"),
        "size": Parameter(
            r"\d[\d,]*(?:\.\d+)? (?:octets?|KB|MB|GB)", _size, "12 MB", units=("octets", "KB", "MB", "GB")
        ),
        "duration": Parameter(
            r"\d+ (?:second|minute|hour|day|week)s?",
            lambda words: "".join(part[0] if part.isalpha() else part for part in words.split()),
            "2 hours",
            units=("seconds", "minutes", "hours", "days", "weeks"),
        ),
        "ordinal": Parameter(rf"{'|'.join(_ORDINALS)}|\d+(?:st|nd|rd|th)", _ordinal, "third"),
        "verb": Parameter("[A-Z]+", str, "RETR"),
        "rule": Parameter(NUMBER, str, "R4.3"),
        "reason": _one_of(REASONS, REASONS.__getitem__, "the sender was rewritten"),
        "cause": _one_of(CAUSES, CAUSES.__getitem__, "the mailbox is locked"),
    }
)
"""The types beside Cucumber's own."""
