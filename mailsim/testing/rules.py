"""The rules of the simulated system, by number: what the tags `@R3.2` of scenarios and the evidence of decisions name."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

NUMBER: Final = r"R\d{1,2}\.\d{1,3}"
"""What the number of a rule looks like, of one that there is not too."""

RULES: Mapping[str, str] = MappingProxyType(
    {
        "R1.1": "The mailbox is a single address, or a catch-all for a whole domain.",
        "R1.2": "A fallback address is required, and never on the catch-all's own domain.",
        "R1.3": "That clash can be allowed, to be studied; the loop is ended, and seen in the trace.",
        "R1.4": "The default sender is the system mailbox's own address.",
        "R1.5": "A POP server is ssl://host[:995] or tcp://host[:110]; IMAP is refused.",
        "R1.6": "Port 25 is refused for sending: in settings, in Check SMTP, and by the sender itself.",
        "R1.7": "The SMTP server localhost means the system's own, and fills in all the rest.",
        "R1.8": "The authentication type is none, plain, login, cram-md5 or xoauth2.",
        "R1.9": "A provider's name fills in its common settings; what the user sets wins.",
        "R1.10": "Advanced settings: the catch-all header, and internal routing.",
        "R1.11": "Secrets are never shown.",
        "R1.12": "All faults of settings are told at once, each with its key, its value and the fix.",
        "R1.13": "A provider that cannot have a catch-all mailbox refuses catch-all mode.",
        "R2.1": "Check POP logs in, and changes nothing in the mailbox.",
        "R2.2": "Check SMTP logs in, offers the default sender, and sends nothing.",
        "R2.3": "A red check names the step that failed and the likely cause.",
        "R2.4": "The probe sends one message as an action to itself, and tells what the route changed.",
        "R3.1": "A message sent from an action has the action's address as its sender.",
        "R3.2": "Any other message has the default sender, unless the user's or the composer's From overrides it.",
        "R3.3": "Automatic messages have the default sender, whatever is overridden.",
        "R3.4": "The action's address goes in From, in Reply-To, or in both.",
        "R3.5": "Internal recipients are reached directly, or through the provider, as set.",
        "R3.6": "All other mail leaves through the configured SMTP server.",
        "R3.7": "A message over 10 MB is sent and routed, with a warning of its size as transmitted.",
        "R3.8": "A refusal is recorded in the server's words; what is put off is tried again, then bounced.",
        "R3.9": "Bcc recipients are in no header, and nothing can inject a header line.",
        "R4.1": "Collecting takes all messages waiting, and deletes each one it has collected.",
        "R4.2": "A message is deleted only after it is stored; whatever breaks, it is delivered once.",
        "R4.3": "The header that is set tells the recipient, and nothing else is asked while it is present.",
        "R4.4": "With none set, Delivered-To is read; else To and Cc are guessed from, and the decision says so.",
        "R4.5": "An action's address goes to the action; one without an action to Unassigned.",
        "R4.6": "An alias puts one copy in each mailbox linked to it.",
        "R4.7": "All else that can be read goes to Unassigned; a rewritten sender is told as such.",
        "R4.8": "What cannot be read goes to the fallback address, the original attached, each cause told apart.",
        "R4.9": "Loops end.",
        "R4.10": "Extra resolvers, off by default: sub-address, thread, subject token.",
        "R4.11": "A decision is a pure function of its inputs, and lists its evidence.",
        "R4.12": "Every collected message has exactly one outcome; nothing is dropped.",
        "R4.13": "Two copies are one message when Message-ID and body are equal; the second reaches what is left.",
        "R4.14": "A collected copy of what the system sent is no new message.",
        "R5.1": "A server mailbox takes its own mail; the catch-all takes the rest of the domain.",
        "R5.2": "Mail for no mailbox is forwarded, discarded or refused, as the domain is set.",
        "R5.3": "An SMTP server accepts, rewrites or rejects a sender that is not the account's.",
        "R5.4": "Each server has a size limit, and refuses what is over it as RFC 1870 says.",
        "R5.5": "MX records route mail; SPF is evaluated by the receiving server, and its policy decides.",
        "R5.6": "SPF advice for sending through localhost.",
        "R5.7": "Provider profiles carry the facts of real providers, each with its source.",
        "R5.8": "A provider may put a copy of each message it sends into the system mailbox.",
        "R6.1": "Each hop is one event; a message keeps one trace id, replies and copies included.",
        "R6.2": "Mail is conserved: every message is in the end in exactly one place.",
        "R6.3": "The same scenario and seed give the same trace.",
        "R6.4": "A recorded trace can be replayed against other settings, and the outcomes compared.",
    }
)
"""Number to the rule in one line."""


def is_rule(tag: str) -> bool:
    """Whether a tag, without @, looks like the number of a rule."""
    return re.fullmatch(NUMBER, tag) is not None
