"""The path of a decision: every rule that was tried, and those that were not, with what they would have said.

What was tried is the decision's own evidence. What was not is run here on the same message, one rule at a time; it
is computed, never guessed.
"""

from collections.abc import Iterator
from dataclasses import replace
from enum import StrEnum
from typing import NamedTuple

from mailsim.mail import Message
from mailsim.practice.decision import Decision, Evidence, Outcome, Reason, Resolver, shown
from mailsim.practice.recipients import Recipients, header_values, recipients
from mailsim.practice.resolvers import RESOLVERS, Question, answered
from mailsim.practice.routing import automatic
from mailsim.study.diagnosis.case import STAMPS, Case
from mailsim.study.diagnosis.fields import Anatomy


class Standing(StrEnum):
    """What became of one rule."""

    TRIED = "tried"
    """It was asked, and the next one too."""
    DECIDED = "decided"
    """It was asked, and its answer is the outcome."""
    NOT_REACHED = "not reached"
    """The matter was decided before."""
    OFF = "off"
    """The settings do not turn it on."""


class Step(NamedTuple):
    """One rule on the path."""

    rule: str
    read: str
    concluded: str
    """What follows; of a rule that was not reached, what it would have said."""
    standing: Standing


class HeaderRead(NamedTuple):
    """One header field that may tell something, and whether routing looked at it."""

    name: str
    value: str
    read: bool


_RULES = {
    Reason.ACTION_ADDRESS: "R4.5",
    Reason.NO_SUCH_ACTION: "R4.5",
    Reason.ALIAS: "R4.6",
    Reason.ALIAS_WITHOUT_MAILBOXES: "R4.6",
    Reason.SENDER_REWRITTEN: "R4.7",
    Reason.SYSTEM_ADDRESS: "R4.7",
    Reason.UNKNOWN_ADDRESS: "R4.7",
    Reason.OTHER_DOMAIN: "R4.7",
    Reason.NO_RECIPIENT: "R4.4",
    Reason.LOOP: "R4.9",
    Reason.SENT_COPY: "R4.14",
    Reason.DUPLICATE: "R4.13",
}
"""The rule that gives each reason; where a resolver decided it is R4.10, where the message cannot be read R4.8."""


def path(case: Case) -> tuple[Step, ...]:
    """The rules that were tried, in order, then those that were not."""
    return (*tried(case.decision), *_untried(case))


def tried(decision: Decision) -> tuple[Step, ...]:
    """The rules that were tried, in order, as the decision itself tells them."""
    at = _deciding(decision)
    return tuple(
        Step(*item, Standing.DECIDED if index == at else Standing.TRIED)
        for index, item in enumerate(decision.evidence)
    )


def _deciding(decision: Decision) -> int:
    """The place in the evidence of what decided."""
    rule = _RULES.get(decision.reason, "R4.8" if decision.outcome is Outcome.FALLBACK else "R4.10")
    rule = rule if decision.resolver is Resolver.ADDRESS else "R4.10"
    places = [index for index, item in enumerate(decision.evidence) if item.rule == rule]
    if decision.outcome is Outcome.DELIVERED and decision.resolver is Resolver.ADDRESS:
        places = [index for index in places if decision.evidence[index].read == decision.address][
            :1
        ] or places
    return places[-1] if places else len(decision.evidence) - 1


def _untried(case: Case) -> Iterator[Step]:
    tried = {item.read for item in case.decision.evidence}
    question = Question(case.message, case.site.rules, case.site.directory, case.site.sent, _recipients(case))
    yield from _headers_untried(case, tried)
    for resolver in RESOLVERS:
        finding = RESOLVERS[resolver](question)
        on = resolver in case.site.rules.resolvers
        if not on or not any(_is_of(resolver, item) for item in case.decision.evidence):
            standing = Standing.NOT_REACHED if on else Standing.OFF
            yield Step("R4.10", shown(finding.read), finding.concluded, standing)
    known = answered(case.message, case.site.sent)
    if known and known[0] not in tried:
        told = f"answers what was sent from action {known[1]}"
        yield Step("R4.7", shown(known[0]), told, Standing.NOT_REACHED)
    sign = automatic(case.message)
    if sign and shown(sign) not in tried:
        yield Step(
            "R4.9",
            shown(sign),
            "automatic: it would not be forwarded to the fallback address",
            Standing.NOT_REACHED,
        )


def _is_of(resolver: Resolver, item: Evidence) -> bool:
    return item.rule == "R4.10" and item.concluded.startswith(resolver.value.replace("subject-", "subject "))


def _recipients(case: Case) -> Recipients:
    return recipients(case.message, case.site.rules, case.site.directory, [])


def _headers_untried(case: Case, tried: set[str]) -> Iterator[Step]:
    """What each field that names a recipient would have said, had it been the one to read."""
    for name in dict.fromkeys((case.reads, *STAMPS, "To", "Cc")):
        for value in header_values(case.message, name):
            if value.shown() in tried:
                continue
            told = [
                f"{shown(str(address))} {_leads(case, Message(_bare(str(address))))}"
                for address in value.addresses
            ]
            yield Step("R4.3", value.shown(), ", ".join(told) or "no address", Standing.NOT_REACHED)


def _bare(address: str) -> bytes:
    return f"Delivered-To: {address}\r\nFrom: asked@outside.example\r\n\r\n".encode()


def _leads(case: Case, message: Message) -> str:
    """What a message to one address comes to, by asking."""
    rules = replace(case.site.rules, catch_all=True, header=None, decoration=None)
    decision = replace(case.site, rules=rules).route(message.octets)
    return f"would go to {', '.join(decision.targets)} ({decision.reason})"


_ASKED = ("X-Mailsim-Loop", "Auto-Submitted", "From", "Sender", "Return-Path")
_THREAD = ("Message-ID", "In-Reply-To", "References", "Subject")


def headers_read(case: Case) -> tuple[HeaderRead, ...]:
    """The fields in the message that routing knows, or that servers name recipients in, from the top."""
    told = " ".join(f"{item.read} {item.concluded}" for item in case.decision.evidence)
    names = {
        name.lower(): (name, _was_read(name, told))
        for name in (*_ASKED, case.reads, *STAMPS, "To", "Cc", *_THREAD)
    }
    found = []
    for field in Anatomy.of(case.message).fields:
        if field.name in names:
            name, was_read = names[field.name]
            value = shown(" ".join(field.value.decode("utf-8", "replace").split()))
            found.append(HeaderRead(name, value, was_read))
    return tuple(found)


def _was_read(name: str, told: str) -> bool:
    answers = "In-Reply-To, References" in told or "answers what was sent" in told or "thread: " in told
    if name in ("In-Reply-To", "References"):
        return answers
    return f"{name}:" in told or (name == "Message-ID" and "R4.14" in told)
