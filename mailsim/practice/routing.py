"""Routing: what ought to become of one collected message (R4.3 to R4.12), decided purely.

The questions are asked in this order, and the first answer that ends the matter ends it.

1. *Did we forward it ourselves?* (R4.9) What the system forwards to the fallback address,
   and nothing else, bears `X-Mailsim-Loop` with the system mailbox's address. If that comes
   back, the fallback address leads into this very mailbox. Such a message goes to
   Unassigned, whatever else it says: this is asked first, because the forwarded message may
   well be readable, and may well name an action.
2. *Can it be read?* (R4.8) In this order: is there a header block at all; can it be decoded;
   is the message whole; does anybody claim to have written it? If not, it is forwarded to
   the fallback address. The one exception is automatic mail (RFC 3834): machines that answer
   machines are how loops begin, so it is never forwarded and goes to Unassigned (R4.9).
3. *Whom was it for?* (R4.3, R4.4) POP3 hands over the message without its envelope. The one
   header that names the envelope's recipient is believed while it is there; only where it is
   absent, or names nobody but the system mailbox, To and Cc are asked, and the decision says
   that it guessed. `recipients.py` reads this. If the header holds words but no address, the
   message is unreadable after all (R4.8, `bad-recipient`).
4. *Who is that?* (R4.5, R4.6) Every recipient is looked up in the directory. If one or more
   lead to an action or a mailbox, the message is delivered to those, each target once; the
   others are named in the evidence (R4.12). The reason is that of the first that decided.
   The system mailbox's own address says least, since all mail may bear it: even with an
   alias it counts only where no other recipient is known.
5. *Nobody known: is it bound for the fallback address?* (R4.9) Automatic mail that is goes
   to Unassigned as `loop`. Other mail to it is judged like any other.
6. *Can something else than the address tell?* (R4.10) The resolvers that the settings turn
   on are tried in their order, if the first recipient is the system mailbox, unknown or
   foreign, or if there is none; not after an ID that no action has, or an alias that is
   linked to no mailbox: there the address has spoken. `resolvers.py` holds them.
7. *Then why is it Unassigned?* (R4.7) If it came to the system mailbox's own address and
   answers a message that was sent from an action, the SMTP server rewrote the sender: the
   reason says so and names the action. Else, if a resolver named an action that is gone, it
   is `no-such-action`. Else the first recipient's own verdict stands.

Copies of what was sent (R4.14) and second copies (R4.13) need to know what was collected
before. They are not asked here but in `duplicates.py`, after this.

Laws: every message has exactly one outcome, and no input raises (R4.12). Equal inputs give
equal decisions; no clock, chance or I/O (R4.11). The body is never read but for the last
few KB of a multipart. Size decides nothing; over 10 MB the evidence says so (R3.7).
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from mailsim.mail import Address, Message, has_address, parse_addresses
from mailsim.practice.decision import Decision, Evidence, Outcome, Reason, Resolver, noted, shown
from mailsim.practice.directory import Action, Directory
from mailsim.practice.recipients import recipients
from mailsim.practice.resolvers import RESOLVERS, Question, answered
from mailsim.practice.rules import Decoration, Rules

__all__ = ["LOOP_HEADER", "RECOMMENDED_SIZE", "Decoration", "Resolver", "Rules", "automatic", "decide"]

LOOP_HEADER = "X-Mailsim-Loop"
"""What a message that the system forwards to the fallback address bears, with the system mailbox's address."""
RECOMMENDED_SIZE = 10 * 1024 * 1024
"""Octets; above, servers on the way may refuse a message (R3.7)."""

_RESOLVABLE = frozenset(
    {Reason.SYSTEM_ADDRESS, Reason.UNKNOWN_ADDRESS, Reason.OTHER_DOMAIN, Reason.NO_RECIPIENT}
)
_NO_LOOP = Evidence("R4.9", f"{LOOP_HEADER}: absent", "not forwarded by this system before")


def decide(
    message: Message,
    rules: Rules,
    directory: Directory,
    sent: Mapping[str, int],
    *,
    name: str | None = None,
    truncated: bool = False,
) -> Decision:
    """What ought to become of one collected message, and on what evidence; no input raises.

    Args:
        message: the octets as collected.
        rules: the settings that routing reads.
        directory: the practice's actions, users and aliases.
        sent: the Message-IDs, with angle brackets, of what the system sent, and the action of each.
        name: what the caller calls the message, such as a file's name; it decides nothing.
        truncated: whether the collector saw the server cut the message short (R4.8).
    """
    case = _Case(message, rules, name)
    if len(message.octets) > RECOMMENDED_SIZE:
        case.note("R3.7", f"{len(message.octets):,} octets", _TOO_BIG)
    if _forwarded_before(case):
        return case.unassigned(Reason.LOOP)
    cause = _unreadable(case, truncated=truncated)
    if cause:
        return case.fallback(cause)
    found = recipients(message, rules, directory, case.evidence)
    if not found.readable:
        case.note("R4.8", "the recipient", "a header that should name it holds no address")
        return case.fallback(Reason.BAD_RECIPIENT, guessed=found.guessed)
    verdicts = [_verdict(address, rules, directory) for address in found.addresses]
    delivered = _delivered(verdicts, case, guessed=found.guessed)
    return delivered or _not_delivered(verdicts, Question(message, rules, directory, sent, found), case)


_TOO_BIG = "over the recommended 10 MB: servers on the way may refuse it; routed as any other"


class _Case:
    """One message being decided: its evidence so far, and the decisions it can end in."""

    __slots__ = ("evidence", "message", "name", "rules")

    def __init__(self, message: Message, rules: Rules, name: str | None) -> None:
        self.message = message
        self.rules = rules
        self.name = name
        self.evidence: list[Evidence] = []

    def note(self, rule: str, read: str, concluded: str) -> None:
        self.evidence.append(noted(rule, shown(read), concluded))

    def ended(
        self,
        outcome: Outcome,
        targets: tuple[str, ...],
        reason: Reason,
        resolver: Resolver = Resolver.ADDRESS,
        *,
        guessed: bool,
        address: str | None = None,
        meant_for: str | None = None,
    ) -> Decision:
        return Decision(
            self.name,
            self.message.message_id,
            outcome,
            targets,
            reason,
            resolver,
            guessed,
            address,
            meant_for,
            tuple(self.evidence),
        )

    def unassigned(
        self,
        reason: Reason,
        resolver: Resolver = Resolver.ADDRESS,
        *,
        address: str | None = None,
        guessed: bool = False,
        meant_for: str | None = None,
    ) -> Decision:
        return self.ended(
            Outcome.UNASSIGNED,
            ("unassigned",),
            reason,
            resolver,
            address=address,
            guessed=guessed,
            meant_for=meant_for,
        )

    def fallback(self, cause: Reason, *, guessed: bool = False) -> Decision:
        """Forwarded to the fallback address, but for automatic mail: that ends here (R4.9)."""
        sign = automatic(self.message)
        if sign:
            self.note("R4.9", sign, f"automatic: not forwarded to {self.rules.fallback}")
            return self.unassigned(Reason.LOOP, guessed=guessed)
        return self.ended(Outcome.FALLBACK, (f"fallback:{self.rules.fallback}",), cause, guessed=guessed)


def _forwarded_before(case: _Case) -> bool:
    """Whether the message bears this system's own loop header; it counts by value, compared as an address (R4.9)."""
    values = case.message.values(LOOP_HEADER)
    if not values:
        case.evidence.append(_NO_LOOP)
        return False
    ours = any(case.rules.system in parse_addresses(value).addresses for value in values)
    told = (
        "this system forwarded it before: it ends here"
        if ours
        else "another system's address: no loop of ours"
    )
    case.note("R4.9", f"{LOOP_HEADER}: {', '.join(values)}", told)
    return ours


# Groups repeated without possession, which CPython 3.11.2 gets wrong (cpython#106052), and so within bounds.
_COMMENTS = r"(?:\s++|\([^()]*+\)){0,99}"
_AUTO_SUBMITTED_NO = re.compile(rf"{_COMMENTS}no{_COMMENTS}(?:;.*)?", re.IGNORECASE | re.DOTALL)


def automatic(message: Message) -> str | None:
    """The header that says that no person sent the message; None when none does (RFC 3834, section 7 "Loops").

    That is Auto-Submitted with another value than `no`, or a topmost Return-Path that is null.
    """
    if value := auto_submitted(message):
        return f"Auto-Submitted: {value}"
    path = next(filter(None, message.values("Return-Path")), "")
    return "Return-Path: <>" if _is_null(path) else None


def auto_submitted(message: Message) -> str | None:
    """What Auto-Submitted says, where that is anything but `no`, which comments and parameters may stand beside (RFC 3834 section 5)."""
    values = message.values("Auto-Submitted")
    return next((value for value in values if value and not _AUTO_SUBMITTED_NO.fullmatch(value)), None)


def _is_null(path: str) -> bool:
    return "".join(path.split()) == "<>"


def _unreadable(case: _Case, *, truncated: bool) -> Reason | None:
    """The first cause of R4.8 that the message shows before its recipient is asked; None when it can be read."""
    message = case.message
    defect = message.defect
    if defect or truncated:
        reason = Reason(defect or Reason.TRUNCATED)
        case.note("R4.8", *_UNREADABLE[reason])
        return reason
    for field in ("From", "Sender", "Return-Path"):
        for value in message.values(field):
            if has_address(value) or (field == "Return-Path" and _is_null(value)):
                case.note("R4.8", f"{field}: {value}", "readable, and somebody sent it")
                return None
    case.note("R4.8", "From, Sender, Return-Path", "none of them holds an address: nobody sent it")
    return Reason.NO_ORIGINATOR


_UNREADABLE = {
    Reason.NO_HEADER: ("the first line", "no header field before the first empty line"),
    Reason.UNDECODABLE_HEADER: (
        "the header block",
        "its lines cannot be told apart, or hold a NUL or no field",
    ),
    Reason.TRUNCATED: ("the end", "the message was cut short"),
}


class _Verdict(NamedTuple):
    """What the directory says about one recipient."""

    address: Address
    text: str
    reason: Reason
    targets: tuple[str, ...]
    """Where mail to it goes; none where it is not known."""
    rule: str
    told: str


def _verdict(address: Address, rules: Rules, directory: Directory) -> _Verdict:
    """Who the address is, in the order of section 7 "Addresses" (R4.5, R4.6, R4.7)."""
    text = address.text
    holder = directory.holder(address)
    if holder is not None:
        who, targets = holder
        if type(who) is Action:
            return _Verdict(
                address, text, Reason.ACTION_ADDRESS, targets, "R4.5", f"the address of action {who.id}"
            )
        if targets:
            told = f"an alias of {', '.join(map(shown, targets))}"
            return _Verdict(address, text, Reason.ALIAS, targets, "R4.6", told)
        return _Verdict(
            address, text, Reason.ALIAS_WITHOUT_MAILBOXES, (), "R4.6", "an alias linked to no mailbox"
        )
    if address == rules.system:
        return _Verdict(address, text, Reason.SYSTEM_ADDRESS, (), "R4.7", "the system mailbox's own address")
    if directory.looks_like_action(address):
        return _Verdict(address, text, Reason.NO_SUCH_ACTION, (), "R4.5", "no action has this ID")
    if directory.owns(address):
        return _Verdict(
            address, text, Reason.UNKNOWN_ADDRESS, (), "R4.7", "no action's, no alias: nobody has it"
        )
    return _Verdict(
        address, text, Reason.OTHER_DOMAIN, (), "R4.7", f"not on {directory.domain}, and no alias"
    )


def _delivered(verdicts: list[_Verdict], case: _Case, *, guessed: bool) -> Decision | None:
    """To every recipient that is known, each target once; None when none is known (R4.6, R4.12)."""
    if len(verdicts) == 1 and verdicts[0].targets:  # as nearly always
        _, text, reason, targets, rule, told = verdicts[0]
        case.note(rule, text, told)
        return case.ended(Outcome.DELIVERED, targets, reason, address=text, guessed=guessed)
    known = [verdict for verdict in verdicts if verdict.targets]
    if not known:
        return None
    system = case.rules.system
    if len(known) > 1:
        known = [verdict for verdict in known if verdict.address != system] or known
    counts_system = known[0].address == system
    for address, text, _, targets, rule, told in verdicts:
        if targets and (counts_system or address != system):
            case.note(rule, text, told)
        else:
            case.note("R4.12", text, f"{told}; passed over beside a known recipient")
    first = known[0]
    targets = tuple(dict.fromkeys(target for verdict in known for target in verdict.targets))
    return case.ended(Outcome.DELIVERED, targets, first.reason, address=first.text, guessed=guessed)


def _not_delivered(verdicts: list[_Verdict], question: Question, case: _Case) -> Decision:
    """A readable message none of whose recipients is known: loop, resolver or Unassigned."""
    found = question.found
    for verdict in verdicts:
        case.note(verdict.rule, verdict.text, verdict.told)
    if found.names(case.rules.fallback):
        sign = automatic(case.message)
        if sign:
            case.note("R4.9", sign, "automatic, and addressed to the fallback address: it ends here")
            return case.unassigned(Reason.LOOP, address=str(case.rules.fallback), guessed=found.guessed)
    reason, address = (verdicts[0].reason, verdicts[0].text) if verdicts else (Reason.NO_RECIPIENT, None)
    gone: Resolver | None = None
    if reason in _RESOLVABLE:
        for resolver in case.rules.resolvers:
            finding = RESOLVERS[resolver](question)
            case.note("R4.10", finding.read, finding.concluded)
            if finding.targets:
                guessed = found.guessed if finding.guessed is None else finding.guessed
                return case.ended(
                    Outcome.DELIVERED,
                    finding.targets,
                    Reason(resolver.value),
                    resolver,
                    address=str(finding.address) if finding.address else address,
                    guessed=guessed,
                )
            gone = gone or (resolver if finding.gone else None)
    if verdicts and verdicts[0].address == case.rules.system:
        answer = answered(case.message, question.sent)
        if answer:
            message_id, number = answer
            told = f"answers what was sent from action {number}: the sender was rewritten on the way"
            case.note("R4.7", message_id, told)
            return case.unassigned(
                Reason.SENDER_REWRITTEN, address=address, guessed=found.guessed, meant_for=f"action:{number}"
            )
        case.note("R4.7", "In-Reply-To, References", "answers no message known to be sent from an action")
    if gone:
        return case.unassigned(Reason.NO_SUCH_ACTION, gone, address=address, guessed=found.guessed)
    return case.unassigned(reason, address=address, guessed=found.guessed)
