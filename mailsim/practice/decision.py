"""One decision: where a collected message ought to go, why, and on what evidence (R4.11, R4.12).

A decision is a value: equal inputs give equal decisions. Its words are those of the JSON
that programs read; its text is one line of verdict and one line for each piece of evidence.
"""

from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from mailsim.display import Tone, badge, block, heading, note, path
from mailsim.json_text import json_of, json_text
from mailsim.plain import Printer, in_words

_LONGEST_SHOWN = 200


class Outcome(StrEnum):
    """What becomes of a collected message: exactly one of these (R4.12)."""

    DELIVERED = "delivered"
    """To one or more actions and mailboxes."""
    UNASSIGNED = "unassigned"
    """To the Unassigned mailbox, for a person to place."""
    FALLBACK = "fallback"
    """Forwarded to the fallback address, because it cannot be read."""
    DUPLICATE = "duplicate"
    """Nowhere: everything it would reach was reached before, or it is a copy of what was sent."""


class Reason(StrEnum):
    """Why: the verdict on the first recipient that decided, or on the message as a whole."""

    # delivered
    ACTION_ADDRESS = "action-address"
    """The recipient is `a<ID>@domain` of an existing action (R4.5)."""
    ALIAS = "alias"
    """The recipient is an alias with at least one mailbox (R4.6)."""
    SUB_ADDRESS = "sub-address"
    """The recipient is the system mailbox with `+a<ID>` of an existing action (R4.10)."""
    THREAD = "thread"
    """It answers a message that the system sent from an existing action (R4.10)."""
    SUBJECT_TOKEN = "subject-token"  # noqa: S105 - a reason, no secret
    """Its subject has `[a<ID>]` of an existing action (R4.10)."""
    # unassigned
    SENDER_REWRITTEN = "sender-rewritten"
    """To the system mailbox, yet it answers a message sent from an action: the sender was rewritten (R4.7)."""
    SYSTEM_ADDRESS = "system-address"
    """To the system mailbox's own address (R4.7)."""
    NO_SUCH_ACTION = "no-such-action"
    """An ID that no action has (R4.5, R4.10)."""
    ALIAS_WITHOUT_MAILBOXES = "alias-without-mailboxes"
    """The recipient is an alias linked to no mailbox (R4.6)."""
    UNKNOWN_ADDRESS = "unknown-address"
    """An address of the practice's domain that is nobody's (R4.7)."""
    OTHER_DOMAIN = "other-domain"
    """The header that tells the recipient names an address of another domain (R4.7)."""
    NO_RECIPIENT = "no-recipient"
    """No header names anybody of the practice (R4.4)."""
    LOOP = "loop"
    """The system forwarded it before, or it is automatic and bound for the fallback address (R4.9)."""
    # fallback (R4.8), in the order in which they are asked
    NO_HEADER = "no-header"
    """No line before the first empty one is a header field."""
    UNDECODABLE_HEADER = "undecodable-header"
    """The header block has a NUL or a line that is no field, or its lines cannot be told apart."""
    TRUNCATED = "truncated"
    """The message was cut short."""
    NO_ORIGINATOR = "no-originator"
    """From, Sender and Return-Path are all absent or no address."""
    BAD_RECIPIENT = "bad-recipient"
    """The header that tells the recipient holds no address."""
    # duplicate
    DUPLICATE = "duplicate"
    """Every target was reached by an earlier copy (R4.13)."""
    SENT_COPY = "sent-copy"
    """A copy of a message that the system sent to outside recipients (R4.14)."""


class Resolver(StrEnum):
    """What found the target: the address itself, or one of the resolvers that are off by default (R4.10)."""

    ADDRESS = "address"
    """The recipient's address; also where nothing found a target."""
    SUB_ADDRESS = "sub-address"
    """The part after "+" in the system mailbox's address."""
    THREAD = "thread"
    """In-Reply-To and References, against what the system sent."""
    SUBJECT_TOKEN = "subject-token"  # noqa: S105 - a resolver, no secret
    """`[a<ID>]` in the subject."""


class Evidence(NamedTuple):
    """One rule that was tried."""

    rule: str
    """Its number, such as `R4.5`."""
    read: str
    """What it read in the message, made printable and clipped."""
    concluded: str
    """What follows, in words."""


def noted(rule: str, read: str, concluded: str) -> Evidence:
    """A piece of evidence; what is said of one address's mail again and again is one object, unless it is long."""
    return (_shared if len(concluded) <= _LONGEST_SHOWN else Evidence)(rule, read, concluded)


_shared = lru_cache(maxsize=4096)(Evidence)


class Decision(NamedTuple):
    """Where one message ought to go and why; a named tuple, because one is made for every message."""

    message: str | None
    """The name that the caller gave the message, such as a file's."""
    message_id: str | None
    """The Message-ID with its angle brackets."""
    outcome: Outcome
    targets: tuple[str, ...]
    """`action:ID`, `mailbox:NAME`, `unassigned`, `fallback:ADDRESS`, each once; none for a duplicate."""
    reason: Reason
    resolver: Resolver
    guessed: bool
    """Whether To or Cc gave the recipients, or nothing did (R4.4)."""
    address: str | None
    """The recipient that decided; None where none was read."""
    meant_for: str | None
    """With `sender-rewritten` only: the action's target that the message answers."""
    evidence: tuple[Evidence, ...]
    """Each rule tried, in order."""

    def as_json(self) -> dict[str, object]:
        """The fields in their order, as values that `json.dumps` takes."""
        return {
            "message": self.message,
            "message_id": self.message_id,
            "outcome": str(self.outcome),
            "targets": list(self.targets),
            "reason": str(self.reason),
            "resolver": str(self.resolver),
            "guessed": self.guessed,
            "address": self.address,
            "meant_for": self.meant_for,
            "evidence": [one._asdict() for one in self.evidence],
        }

    def json(self) -> str:
        """`as_json` as text; what is the same of one address's mail from another, all but its names, is written once."""
        small = sum([len(one.concluded) for one in self.evidence]) <= _MOST_REMEMBERED
        written = (_remembered_json if small else _json_of_what)(Decision(None, None, *self[2:]))
        return (
            f'{{"message": {json_text(self.message)}, "message_id": {json_text(self.message_id)}, {written}}}'
        )

    def __str__(self) -> str:
        told = f"{shown(self.message or self.message_id or 'message')}: {whereto(self.outcome, self.targets)}"
        told += f" ({self.reason})" + (f", meant for {self.meant_for}" if self.meant_for else "")
        told += " - the recipient was guessed" if self.guessed else ""
        lines = (f"  {item.rule:<5} {item.read} -> {item.concluded}" for item in self.evidence)
        return "\n".join([told, *lines])

    def _repr_html_(self) -> str:
        """For notebooks: the verdict, and under it the evidence as a path."""
        verdict = [str(self.reason)]
        verdict += [f"to {', '.join(self.targets)}"] if _says_more(self.outcome, self.targets) else []
        verdict += [f"meant for {self.meant_for}"] if self.meant_for else []
        verdict += [f"found by {self.resolver}"] if self.resolver is not Resolver.ADDRESS else []
        verdict += ["the recipient was guessed"] if self.guessed else []
        verdict += [self.message_id] if self.message and self.message_id else []
        return block(
            heading(
                self.message or self.message_id or "a message", badge(self.outcome, _TONES[self.outcome])
            ),
            note(*verdict),
            path(self.evidence),
        )

    def _repr_pretty_(self, printer: Printer, cycle: bool) -> None:  # noqa: FBT001 - IPython passes it by position
        in_words(self, printer, cycle)


def _json_of_what(decision: Decision) -> str:
    """All members but the first two."""
    told = ", ".join([json_of(one._asdict()) for one in decision.evidence])
    return (
        f'"outcome": "{decision.outcome}", "targets": {json_text(decision.targets)},'
        f' "reason": "{decision.reason}", "resolver": "{decision.resolver}",'
        f' "guessed": {json_text(decision.guessed)}, "address": {json_text(decision.address)},'
        f' "meant_for": {json_text(decision.meant_for)}, "evidence": [{told}]'
    )


_remembered_json = lru_cache(maxsize=1024)(_json_of_what)
_MOST_REMEMBERED = 2000  # characters of conclusions; what was read is clipped


_TONES = {
    Outcome.DELIVERED: Tone.GOOD,
    Outcome.UNASSIGNED: Tone.WARNING,
    Outcome.FALLBACK: Tone.BAD,
    Outcome.DUPLICATE: Tone.NEUTRAL,
}


def whereto(outcome: str, targets: Sequence[str]) -> str:
    """An outcome and its targets in words, such as `delivered to action:1234`; `unassigned` is said once."""
    return f"{outcome} to {', '.join(map(shown, targets))}" if _says_more(outcome, targets) else str(outcome)


def _says_more(outcome: str, targets: Sequence[str]) -> bool:
    return any(target != outcome for target in targets)


def shown(text: str) -> str:
    """Text from a message as one printable line of at most 200 characters: controls escaped, the rest cut."""
    if len(text) <= _LONGEST_SHOWN and text.isprintable():
        return text
    clipped = text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "..."
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in clipped)
