"""Causes on the way out and back: who was answered, and what became of the thread (R4.7).

They are those of misrouted mail, classes 21 to 25, 49 and 52 to 54.
"""

import re

from mailsim.mail.encoded_words import decoded_words
from mailsim.practice.decision import Reason, Resolver, shown
from mailsim.practice.routing import automatic
from mailsim.practice.settings import ActionAddressIn
from mailsim.study.diagnosis.case import Case
from mailsim.study.diagnosis.cause import Cause, Sign, high, low, medium
from mailsim.study.diagnosis.causes_form import is_report

_KEPT = re.compile(
    r"^[> \t]*(X-Google-Original-From|X-Original-From|X-Original-Sender)[ \t]*:.*$", re.MULTILINE
)
RENAMING = (
    "amazonses.com",
    "outlook.com",
    "mailgun.org",
    "sendgrid.net",
    "mailjet.com",
    "mandrillapp.com",
    "mtasv.net",
)
"""Services that write a Message-ID of their own (misrouted mail, class 49; provider facts, section 3)."""
_TOKEN = re.compile(r"\[a([0-9]+)\]", re.IGNORECASE)
_LONGEST_LINE = 998  # RFC 5322 section 2.1.1


def _to_system(case: Case) -> bool:
    return case.reason is Reason.SYSTEM_ADDRESS and case.misses


def _traces(case: Case) -> list[str]:
    """What else in the message tells of a rewritten sender."""
    found = [shown(match[0].strip("> \t\r")) for match in _KEPT.finditer(case.body)][:1]
    sent_by = next((address for _, address in case.named("Return-Path")), None)
    author = next((address for _, address in case.named("From")), None)
    if sent_by and author and sent_by != author:
        found.append(f"{case.quoted('Return-Path')}, yet {case.quoted('From')}")
    return found


def _sender_rewritten(case: Case) -> Sign | None:
    place = case.site.settings.routing.action_address_in
    if case.reason is Reason.SENDER_REWRITTEN:
        message_id, number = case.answered or ("", 0)
        if place is not ActionAddressIn.FROM:
            return None
        told = f"it answers {shown(message_id)}, sent from a{number}@{case.system.domain}, and came to {case.system}"
        return high(told, *_traces(case))
    kept = _KEPT.search(case.body)
    if _to_system(case) and kept:
        return high(f"the message it quotes has {shown(kept[0].strip('> '))}")
    return None


def _reply_to_ignored(case: Case) -> Sign | None:
    place = case.site.settings.routing.action_address_in
    if case.reason is not Reason.SENDER_REWRITTEN or place is ActionAddressIn.FROM or case.answered is None:
        return None
    message_id, number = case.answered
    told = f"it answers {shown(message_id)}, which asked for answers to a{number}@{case.system.domain}"
    sign = automatic(case.message)
    return high(told, *([f"a machine answered: {shown(sign)}"] if sign else []))


def _message_id_changed(case: Case) -> Sign | None:
    renamed = next((domain for domain in case.ids if domain.lower().endswith(RENAMING)), None)
    if not _to_system(case) or renamed is None or case.answered:
        return None
    return high(
        f"{case.quoted('In-Reply-To')}: the id is on {shown(renamed)}, whose servers write ids of their own",
        "no message known to be sent has it",
    )


def _sent_id_unknown(case: Case) -> Sign | None:
    own = any(domain.lower() == case.system.domain for domain in case.ids)
    if not _to_system(case) or not own or case.answered:
        return None
    return high(
        f"{case.quoted('In-Reply-To')}: an id of {case.system.domain} that the practice does not remember"
    )


def _references_truncated(case: Case) -> Sign | None:
    if not _to_system(case) or case.answered:
        return None
    for value in case.message.values("References") + case.message.values("In-Reply-To"):
        torn = value.count("<") != value.count(">") or "..." in value or value.rstrip().endswith("<")
        if torn or (len(value) > _LONGEST_LINE and case.system.domain not in value):
            return high(f"References is torn: {shown(value[-80:])}")
    return None


def _thread_headers_missing(case: Case) -> Sign | None:
    if not _to_system(case) or case.threads or not case.is_answer:
        return None
    outlook = [case.quoted(name) for name in ("Thread-Index", "Thread-Topic") if case.first(name)][:1]
    return high(f"{case.quoted('Subject')}, yet no In-Reply-To and no References", *outlook)


def _answers_unknown(case: Case) -> Sign | None:
    known = _message_id_changed(case) or _sent_id_unknown(case) or _references_truncated(case)
    if not _to_system(case) or not case.threads or case.answered or known:
        return None
    name = "In-Reply-To" if case.first("In-Reply-To") else "References"
    return medium(f"{case.quoted(name)}: no message known to be sent has the id")


def _auto_reply(case: Case) -> Sign | None:
    sign = automatic(case.message)
    if not case.misses or sign is None or is_report(case) or case.decision.outcome != "unassigned":
        return None
    if case.reason in (Reason.LOOP, Reason.SENDER_REWRITTEN):
        return None
    return medium(f"{shown(sign)}: a machine answered, and it need not answer as people do (RFC 3834)")


def _subject_token_unread(case: Case) -> Sign | None:
    if (
        not case.misses
        or Resolver.SUBJECT_TOKEN in case.site.rules.resolvers
        or case.decision.outcome == "fallback"
    ):
        return None
    subject = decoded_words(case.first("Subject"))
    wanted = [
        digits
        for digits in _TOKEN.findall(subject)
        if (holder := case.site.directory.numbered(digits)) and case.expect in (None, *holder.targets)
    ]
    return (
        medium(f"Subject: {shown(subject)} names action {wanted[0]}, and subjects are not read")
        if wanted
        else None
    )


def _old_thread_answered(case: Case) -> Sign | None:
    if not case.misses or case.decision.resolver is not Resolver.THREAD or case.expect is None:
        return None
    return high(
        f"the resolver thread found {', '.join(case.decision.targets)} by {case.quoted('In-Reply-To')}"
    )


def _first_token_wins(case: Case) -> Sign | None:
    if not case.misses or case.decision.resolver is not Resolver.SUBJECT_TOKEN or case.expect is None:
        return None
    return high(f"{case.quoted('Subject')}: the first token of an existing action decides")


def _written_to_system_address(case: Case) -> Sign | None:
    if not _to_system(case) or case.threads or case.is_answer or case.is_forward or case.elsewhere:
        return None
    if case.system not in case.visible:
        return None
    sign = medium if len(set(case.visible)) == 1 else low
    return sign(f"{case.quoted('To')}: the sender wrote to the system mailbox, and it answers nothing")


CAUSES = (
    Cause(
        "sender-rewritten",
        "the SMTP server wrote the system mailbox's address over the action's, and the answer came there",
        "register the action addresses as send-as addresses, have Reply-To carry them, or turn on the resolver thread",
        _sender_rewritten,
    ),
    Cause(
        "reply-to-ignored",
        "Reply-To carried the action's address, and the answering program went by From",
        "turn on the resolver thread",
        _reply_to_ignored,
    ),
    Cause(
        "message-id-changed",
        "the SMTP server gave the message that this answers another Message-ID, so that the thread is lost",
        "put the action address in Reply-To, or register it, so that no thread is needed",
        _message_id_changed,
    ),
    Cause(
        "sent-id-unknown",
        "it answers a message of the practice's domain that the practice does not remember having sent",
        "add the message to [[sent]], or look for the other system that sends from this domain",
        _sent_id_unknown,
    ),
    Cause(
        "references-truncated",
        "a program on the way cut References short, and the id that would have told was lost",
        "turn on the resolver subject-token, and write [a<ID>] in subjects",
        _references_truncated,
    ),
    Cause(
        "thread-headers-missing",
        "the answering program wrote neither In-Reply-To nor References",
        "turn on the resolver subject-token, and write [a<ID>] in subjects",
        _thread_headers_missing,
    ),
    Cause(
        "old-thread-answered",
        "somebody answered an old message to write of another matter",
        "move it by hand, or ask for new messages to the action's address",
        _old_thread_answered,
    ),
    Cause(
        "first-token-wins",
        "the subject names several actions, and the first of them got it",
        "move it by hand",
        _first_token_wins,
    ),
    Cause(
        "answers-unknown-message",
        "it answers a message that the practice does not know",
        "look at whom the message it answers was from",
        _answers_unknown,
    ),
    Cause(
        "subject-token-unread",
        "the subject names the action, and the resolver that reads it is off",
        "turn on the resolver subject-token",
        _subject_token_unread,
    ),
    Cause(
        "auto-reply",
        "a machine answered, to another address than a person would have",
        "turn on the resolver thread",
        _auto_reply,
    ),
    Cause(
        "written-to-system-address",
        "the sender wrote to the system mailbox itself",
        "have people write to the action's address, or to the system mailbox with +a<ID> (resolver sub-address)",
        _written_to_system_address,
    ),
)
"""In the order in which equally sure ones are told."""
