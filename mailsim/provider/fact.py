"""One fact of a provider: its value, how well it is known, and from where (R5.7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from types import MappingProxyType
from typing import cast

from mailsim.mail import Reply


class Mark(StrEnum):
    """How well a fact is known."""

    DOCUMENTED = "documented"
    """By the vendor's documentation or source code, or Mozilla's ISP database."""
    REPORTED = "reported"
    """Seen in issues, transcripts and pages of others."""
    BELIEVED = "believed"
    """General knowledge; no source was read for it."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact, how well it is known and from where."""

    value: object
    mark: Mark
    source: str = ""
    """Empty for what is believed only."""
    note: str = ""
    """What narrows it, such as its age; empty where nothing does."""


class Form(Enum):
    """What a fact's value is."""

    TEXT = "text"
    TEXTS = "texts"
    NUMBER = "number"
    YES_OR_NO = "yes or no"
    REPLY = "reply"
    """[code, enhanced status code, text] of an SMTP reply; `{account}` and `{from}` are filled in."""
    HEADERS = "headers"
    """Rows of [name, what it names, what stands before the address], from the top."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What may be known of a provider."""

    title: str
    form: Form = Form.TEXT
    words: tuple[str, ...] = ()
    """The words that the value, or each of its texts, may be; any where empty."""


_ACTIONS = ("accept", "rewrite", "reject")
_FATES = ("kept", "account", "dropped", "replaced")

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "pop_offered": Kind("Has POP3", Form.YES_OR_NO),
        "pop": Kind("POP3 server"),
        "own_host": Kind("Servers of the customer's domain"),
        "pop_alternatives": Kind("POP3 on other ports", Form.TEXTS),
        "pop_username": Kind("POP3 user name"),
        "pop_authentication": Kind("POP3 login", Form.TEXTS),
        "apop": Kind("APOP", Form.YES_OR_NO),
        "pop_enabled": Kind("POP3 is on from the start", Form.YES_OR_NO),
        "pop_deletes": Kind("What becomes of retrieved mail"),
        "pop_quirks": Kind("Quirks of its POP3", Form.TEXTS),
        "pop_remarks": Kind("Other ways of its POP3", Form.TEXTS),
        "login_limits": Kind("Limits on logins"),
        "pop_traffic": Kind("Limit on POP3 traffic"),
        "smtp_server": Kind("SMTP server"),
        "smtp_port": Kind("SMTP port", Form.NUMBER),
        "smtp_tls": Kind("SMTP TLS", words=("starttls", "implicit")),
        "smtp_endpoints": Kind("SMTP ports", Form.TEXTS),
        "smtp_alternatives": Kind("Other SMTP servers", Form.TEXTS),
        "authentication": Kind("SMTP login, as set", words=("plain", "login", "cram-md5", "xoauth2")),
        "smtp_authentication": Kind("SMTP logins offered", Form.TEXTS),
        "smtp_remarks": Kind("Other ways of its SMTP", Form.TEXTS),
        "sender_policy": Kind("A foreign sender", words=_ACTIONS),
        "same_domain": Kind("A sender on the account's domain, not registered", words=_ACTIONS),
        "compared": Kind("What is compared with the account", Form.TEXTS, ("mail_from", "from")),
        "stage": Kind("Refused at", words=("mail_from", "rcpt_to", "data_end", "after_accept")),
        "reply": Kind("Refusal", Form.REPLY),
        "other_replies": Kind("Other refusals", Form.TEXTS),
        "registered_by": Kind("How an address is registered"),
        "alias_policy": Kind("An alias of the account in From", words=_ACTIONS),
        "rewritten_to": Kind("From is rewritten to", words=("account",)),
        "original_kept_in": Kind("The original From is kept in"),
        "envelope_sender": Kind("Envelope sender", words=_FATES),
        "display_name": Kind("Display name of a rewritten From", words=_FATES),
        "reply_to": Kind("Reply-To beside a rewritten From", words=_FATES),
        "sender_field": Kind("Sender field", words=_FATES),
        "message_id": Kind("Message-ID", words=_FATES),
        "rewrites_letter_case": Kind("Rewrites a mere difference of letter case", Form.YES_OR_NO),
        "rewriting_option": Kind("Rewriting, where it is switched on"),
        "envelope_headers": Kind("Envelope headers", Form.HEADERS),
        "optional_header": Kind("Envelope header to switch on"),
        "forwarding": Kind("When it forwards"),
        "catch_all": Kind("Catch-all mailbox", Form.YES_OR_NO),
        "catch_all_set": Kind("How the catch-all is set", Form.TEXTS),
        "sent_copy": Kind("Sent mail is collected too", Form.YES_OR_NO),
        "size_limit": Kind("Size limit in octets", Form.NUMBER),
        "size_told": Kind("Size limit, as told"),
        "size_reply": Kind("Refusal of size", Form.REPLY),
        "sending_limits": Kind("Limits on sending"),
        "sending_replies": Kind("Replies over them", Form.TEXTS),
        "receiving_limits": Kind("Limits on receiving"),
        "spf_include": Kind("SPF include"),
        "dmarc": Kind("DMARC of its own domain"),
    }
)
"""Every fact there can be, in the order in which they are shown; one that a profile lacks is unknown."""


def reply_of(value: object) -> Reply:
    """The reply that a fact of that form is."""
    code, enhanced, text = cast("tuple[int, str, str]", value)
    return Reply(code, text, enhanced)


def told(form: Form, value: object) -> str:
    """A fact's value in words, on one line."""
    match form:
        case Form.YES_OR_NO:
            return "yes" if value else "no"
        case Form.NUMBER:
            return str(value)
        case Form.TEXTS:
            return "; ".join(cast("list[str]", value))
        case Form.REPLY:
            return str(reply_of(value))
        case Form.HEADERS:
            rows = cast("list[list[str]]", value)
            return ", ".join(f"{name} ({names})" for name, names, *_ in rows) or "none"
    return str(value)
