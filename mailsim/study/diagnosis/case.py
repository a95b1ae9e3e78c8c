"""One message under diagnosis: the decision on it, and what causes ask of it more than once.

Of a body no more than `MOST_BODY` octets are read, so that a diagnosis of 25 MB costs what one of 50 KB does.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from mailsim.mail import Address, Message
from mailsim.practice.decision import Decision, Outcome, Reason, shown
from mailsim.practice.recipients import header_values
from mailsim.practice.resolvers import answered
from mailsim.practice.site import Site

MOST_BODY = 64 * 1024
"""Octets of a body that are read for traces."""
STAMPS = (
    "Delivered-To", "X-Original-To", "X-Delivered-To", "Envelope-To", "X-Envelope-To", "X-Orig-To",
    "X-Gm-Original-To", "X-Forwarded-To", "X-Apparently-To", "Original-Recipient", "X-Real-To", "X-RCPT-TO",
    "X-Resolved-To",
)  # fmt: skip
"""Fields in which servers name an envelope recipient: providers of the built-in profiles, and those that mail
programs of others read (misrouted mail, classes 1, 2, 13 and 15)."""
_MESSAGE_ID = re.compile(r"<[^<>\s]+@([^<>\s]+)>")
_SOFT_BREAK = re.compile(r"=\r?\n")
_ANSWER = re.compile(
    r"\s*(?:re|aw|antw|sv|vs|odp|res|rif|ynt|ref)(?:\[\d+\])?\s*:", re.IGNORECASE
)  # English, German, Dutch, Scandinavian, Finnish, Polish, Portuguese, Italian, Turkish, Spanish
_FORWARD = re.compile(r"\s*(?:fwd?|wg|tr|rv|enc|doorst|vb|vl|pd|i)\s*:", re.IGNORECASE)


def went_to(decision: Decision) -> str:
    """Where a message went: its targets, or its outcome where it has none."""
    return ", ".join(map(shown, decision.targets)) or decision.outcome.value


@dataclass(frozen=True)
class Case:
    """A message, where it was collected, and what was decided."""

    message: Message
    site: Site
    decision: Decision
    expect: str | None = None
    """The target that somebody expected; None where nobody said."""

    @property
    def reason(self) -> Reason:
        """Of the decision."""
        return self.decision.reason

    @property
    def system(self) -> Address:
        """The system mailbox's own address."""
        return self.site.rules.system

    @property
    def reads(self) -> str:
        """The header field that tells the recipient, as this site reads it (R4.3, R4.4)."""
        return self.site.rules.header or "Delivered-To"

    @property
    def misses(self) -> bool:
        """Whether the message did not get where it was expected, or where nobody said, to nobody at all."""
        if self.expect is None:
            return self.decision.outcome is not Outcome.DELIVERED
        return self.expect not in self.decision.targets

    def named(self, *names: str) -> Iterator[tuple[str, Address]]:
        """The addresses in these fields, in order, each with its field."""
        for name in names:
            for value in header_values(self.message, name):
                for address in value.addresses:
                    yield name, address

    def first(self, name: str) -> str:
        """The topmost value of a field, as text for evidence; empty where there is none."""
        return self.message.value(name) or ""

    def quoted(self, name: str) -> str:
        """A field as evidence shows it."""
        return shown(f"{name}: {self.first(name)}")

    def leads(self, address: Address) -> tuple[str, ...]:
        """Where mail to the address would go; nowhere where it is not known."""
        holder = self.site.directory.holder(address)
        return holder.targets if holder else ()

    def better(self, address: Address) -> bool:
        """Whether the address leads where it was expected; where nobody said, anywhere that was not reached."""
        targets = self.leads(address)
        if self.expect is not None:
            return self.expect in targets and self.expect not in self.decision.targets
        return any(target not in self.decision.targets for target in targets)

    @cached_property
    def elsewhere(self) -> tuple[tuple[str, Address], ...]:
        """What other fields of servers name that would have been better than what was read."""
        others = (name for name in STAMPS if name.lower() != self.reads.lower())
        return tuple(found for found in self.named(*others) if self.better(found[1]))

    @cached_property
    def visible(self) -> tuple[Address, ...]:
        """The addresses of To and Cc."""
        return tuple(address for _, address in self.named("To", "Cc"))

    @cached_property
    def answered(self) -> tuple[str, int] | None:
        """The known message that this one answers, and the action that it was sent from."""
        return answered(self.message, self.site.sent)

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """The domains of the ids that it says it answers, In-Reply-To first."""
        values = [*self.message.values("In-Reply-To"), *reversed(self.message.values("References"))]
        return tuple(domain for value in values for domain in _MESSAGE_ID.findall(value))

    @property
    def threads(self) -> bool:
        """Whether it says that it answers anything."""
        return any(value for name in ("In-Reply-To", "References") for value in self.message.values(name))

    @property
    def is_answer(self) -> bool:
        """Whether its subject says so."""
        return _ANSWER.match(self.first("Subject")) is not None

    @property
    def is_forward(self) -> bool:
        """Whether its subject says so."""
        return _FORWARD.match(self.first("Subject")) is not None

    @cached_property
    def body(self) -> str:
        """The beginning of the body as text, soft line breaks removed."""
        start = self.message.body_start
        text = self.message.octets[start : start + MOST_BODY].decode("utf-8", "replace")
        return _SOFT_BREAK.sub("", text)

    @cached_property
    def content_type(self) -> str:
        """Content-Type in lower case."""
        return self.first("Content-Type").lower()
