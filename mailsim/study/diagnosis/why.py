"""Why did this message go where it went, and what would have led it elsewhere?

    print(mailsim.why(octets, site=site))
    mailsim.why(decision, site=site, message=octets, expect="action:1234").remedies[0]

The answer has three parts: the path of the decision, rule by rule, with the rules that were not reached; the causes
that the message itself shows; and, where somebody says where it was expected, the changes that would lead there.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailsim.display import Tone, badge, block, heading, note, table
from mailsim.display import path as stations
from mailsim.errors import MailsimError
from mailsim.mail import Message
from mailsim.plain import in_words
from mailsim.practice.decision import Decision, Outcome, shown, whereto
from mailsim.provider.profiles import profile
from mailsim.study.diagnosis.case import Case
from mailsim.study.diagnosis.cause import WORDS, Found
from mailsim.study.diagnosis.causes import causes
from mailsim.study.diagnosis.changes_target import target_of
from mailsim.study.diagnosis.counterfactual import remedies
from mailsim.study.diagnosis.fields import Anatomy
from mailsim.study.diagnosis.path import HeaderRead, Standing, Step, headers_read, path, tried
from mailsim.study.diagnosis.remedy import Remedy
from mailsim.study.diagnosis.situation import Provider, situation

if TYPE_CHECKING:
    from mailsim.practice.site import Site

MOST_HEADER, MOST_FIELDS = 102_400, 1_000
"""Octets and fields of a header that changes are tried of: each field is left out once, and the whole read anew. Postfix
keeps no more octets of one (header_size_limit)."""
MOST_TOLD = 5
"""Remedies that the text tells; the others are counted."""
_MOST_AFFECTED = 5  # other messages named for one remedy


class WhyError(MailsimError):
    """A question that cannot be answered."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why one message went where it went."""

    decision: Decision
    headers: tuple[HeaderRead, ...]
    """The header fields that may tell something, and which of them were read."""
    steps: tuple[Step, ...]
    """The rules that were tried, in order, then those that were not, with what they would have said."""
    causes: tuple[Found, ...]
    """What the message shows of why, the surest first."""
    expect: str | None = None
    """Where it was expected; None where nobody said."""
    remedies: tuple[Remedy, ...] = ()
    """What would have led it there, verified, the least and least harmful first."""
    alone: bool = False
    """Whether it is of a decision without its message: the path is then what the decision tells of itself, no more."""

    @property
    def as_expected(self) -> bool:
        """Whether the message got where it was expected; True where nobody said where."""
        return self.expect is None or self.expect in self.decision.targets

    def as_json(self) -> dict[str, object]:
        """As values that `json.dumps` takes."""
        return {
            "decision": self.decision.as_json(),
            "headers": [header._asdict() for header in self.headers],
            "path": [step._asdict() for step in self.steps],
            "causes": [found._asdict() for found in self.causes],
            "expect": self.expect,
            "as_expected": self.as_expected,
            "remedies": [remedy.as_json() for remedy in self.remedies],
        }

    def __str__(self) -> str:
        lines = [*_verdict(self), *([] if self.alone else ["", "Headers"])]
        lines += [
            f"  {'read    ' if one.read else 'not read'}  {one.name}: {one.value}" for one in self.headers
        ]
        lines += ["", "Rules tried"]
        lines += [_told(step) for step in self.steps if step.standing in _TRIED]
        if self.alone:
            return "\n".join([*lines, "", _ASK_MORE])
        lines += ["", "Rules not reached, and what they would have said"]
        lines += [_told(step) for step in self.steps if step.standing not in _TRIED]
        lines += ["", "Causes" if self.causes else "Causes: the message shows none"]
        lines += [line for found in self.causes for line in _cause_lines(found)]
        if self.expect is not None and not self.as_expected:
            lines += ["", *_remedy_lines(self)]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """For notebooks: the verdict, the path, the causes and the remedies; all from mail escaped."""
        decision = self.decision
        tone = Tone.GOOD if decision.outcome is Outcome.DELIVERED else Tone.WARNING
        tone = tone if self.as_expected else Tone.BAD
        parts = [
            heading(decision.message or decision.message_id or "a message", badge(decision.outcome, tone)),
            note(*_verdict(self), *([_ASK_MORE] if self.alone else [])),
            stations([(step.rule, step.read, f"{step.concluded} ({step.standing})") for step in self.steps]),
        ]
        if self.causes:
            head = ("cause", "sure", "what happened", "evidence", "usual fix")
            parts.append(
                table(
                    head,
                    self.causes,
                    lambda one: (one.name, one.confidence, one.tells, "\n".join(one.evidence), one.fix),
                )
            )
        if self.remedies:
            told = ("change", "whose", "would change others", "and harm")
            parts.append(
                table(
                    told,
                    self.remedies,
                    lambda one: (one.words, one.kind, str(len(one.affects)), str(one.harm)),
                )
            )
        return block(*parts)

    _repr_pretty_ = in_words


_ASK_MORE = "For causes, and what would lead it elsewhere, give its octets as message= and its site as site=."
_TRIED = (Standing.TRIED, Standing.DECIDED)


def why(
    asked: "Decision | Message | bytes",
    *,
    site: "Site",
    message: "Message | bytes | None" = None,
    expect: str | None = None,
    corpus: Iterable[tuple[str | None, bytes]] = (),
    provider: str | Provider | None = None,
) -> Explanation:
    """Explain where a message went.

    Args:
        asked: The message, or a decision on it with the octets in `message`.
        site: Where it was collected.
        message: The octets that the decision is on.
        expect: Where it should have gone, such as `action:1234`; then `remedies` tells what would lead there.
        corpus: Other messages, each with a name: what each remedy would change among them.
        provider: Who hosts and sends for the practice, such as a built-in profile; else what the site names, or what
            the message shows.

    Raises:
        WhyError: A decision without its message, an `expect` that is no target, or one for a message whose header is
            too long to be tried with each field left out.
        UnknownProfile: No such provider is built in.
    """
    given = asked if not isinstance(asked, Decision) else message
    if given is None:
        raise WhyError("a decision tells nothing of its message's octets; give them as message=")
    octets = given.octets if isinstance(given, Message) else given
    decision = asked if isinstance(asked, Decision) else site.route(octets)
    wanted = expected_target(expect)
    if isinstance(provider, str):
        profile(provider)  # a name that is none is a fault though nothing is asked of it
    case = Case(Message(octets), site, decision, wanted)
    found: tuple[Remedy, ...] = ()
    if wanted is not None and wanted not in decision.targets:
        _refuse_too_long(case.message)
        found = remedies(situation(site, case.message, decision, provider), wanted, corpus)
    return Explanation(decision, headers_read(case), path(case), causes(case), wanted, found)


def _refuse_too_long(message: Message) -> None:
    octets = len(message.header)
    fields = len(Anatomy.of(message).fields) if octets <= MOST_HEADER else None
    if fields is None or fields > MOST_FIELDS:
        told = f"{octets:,} octets" if fields is None else f"{fields:,} fields"
        raise WhyError(
            f"the message's header has {told}: changes are tried of at most {MOST_HEADER:,} octets and "
            f"{MOST_FIELDS:,} fields; ask why without what is expected"
        )


def why_alone(decision: Decision) -> Explanation:
    """What a decision tells of itself, without the message that it is on and the site where it was made."""
    return Explanation(decision, (), tried(decision), (), alone=True)


def expected_target(text: str | None) -> str | None:
    """A target as decisions name it; None for None. Raises WhyError for words that are none."""
    if text is None:
        return None
    target = target_of(text)
    if target is None:
        raise WhyError(
            f"{shown(text)!r} is no target; write action:ID, mailbox:NAME, unassigned or fallback:ADDRESS"
        )
    return target


def _verdict(told: Explanation) -> list[str]:
    decision = told.decision
    name = shown(decision.message or decision.message_id or "The message")
    lines = [f"{name}: {whereto(decision.outcome, decision.targets)} ({decision.reason})"]
    if decision.meant_for:
        lines.append(f"It was meant for {decision.meant_for}.")
    if decision.guessed:
        lines.append("The recipient was guessed: no header names it.")
    if told.expect is not None:
        lines.append(
            f"Expected: {told.expect}; {'it got there' if told.as_expected else 'it did not get there'}."
        )
    return lines


def _told(step: Step) -> str:
    mark = {Standing.DECIDED: "  <- decided", Standing.OFF: " (off)"}.get(step.standing, "")
    return f"  {step.rule:<5} {step.read} -> {step.concluded}{mark}"


def _cause_lines(found: Found) -> list[str]:
    evidence = [f"    seen: {one}" for one in found.evidence]
    return [
        f"  {found.name} ({WORDS[found.confidence]}): {found.tells}",
        *evidence,
        f"    usual fix: {found.fix}",
    ]


def _remedy_lines(told: Explanation) -> list[str]:
    if not told.remedies:
        return [f"No one or two changes that are known would lead it to {told.expect}."]
    lines = [f"What would lead it to {told.expect}, each tried"]
    for number, remedy in enumerate(told.remedies[:MOST_TOLD], 1):
        changed = len(remedy.affects)
        others = (
            f"; would change {changed} other messages, {remedy.harm} of them for the worse" if changed else ""
        )
        lines.append(f"  {number}. {remedy.words}  [{remedy.kind}]{others}")
        lines += [
            f"       {shown(one.message)}: {one.before} -> {one.after}"
            for one in remedy.affects[:_MOST_AFFECTED]
        ]
    more = len(told.remedies) - MOST_TOLD
    return [*lines, f"  and {more} more"] if more > 0 else lines
