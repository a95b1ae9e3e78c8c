"""The hops at which a message can have lost what would have led it right, and what each would have to do otherwise: pure.

A suspect is named by what its event says it did; those outside stand in `suspects_outside.py`. Whether it matters is
not asked here: the same world is played with that hop otherwise, and nothing else (`inquiry.py`).
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain

from mailsim.mail import parse_address
from mailsim.pop3.conduct import PLAIN_CONDUCT
from mailsim.practice.site import Site
from mailsim.provider.mailhost import EnvelopeHeader, Stamp
from mailsim.provider.policy import Fate as Made
from mailsim.provider.policy import Policy, SenderAction
from mailsim.provider.spf_policy import SpfPolicy
from mailsim.smtp.fault_kinds import What
from mailsim.smtp.faults import Fault
from mailsim.study.journey.fate import got_outside
from mailsim.study.journey.suspect import Suspect
from mailsim.study.journey.suspects_outside import listed, mangled, passed_on, replied
from mailsim.trace.event import PRACTICE, Event, Step
from mailsim.world.plan import Plan

FAULT = "fault"
"""The cause where something goes wrong on purpose at an SMTP server."""


def suspects(events: Iterable[Event], site: Site, plan: Plan) -> list[Suspect]:
    """The suspects among the events on one message's way, in order, each hop once."""
    found: list[Suspect] = []
    last = None
    for last in events:
        for one in _SEEN.get(last.step, _nothing)(last, site, plan):
            if not any(one.place == other.place and _same(one, other) for other in found):
                found.append(one)
    return found if last is None else [*found, *_collector(last, plan)]


def _same(one: Suspect, other: Suspect) -> bool:
    return one.cause == other.cause or one.otherwise == other.otherwise


def sighted(events: Iterable[Event]) -> list[Suspect]:
    """Those that the events alone show, where nothing is known of the world."""
    return [one for event in events if event.step in _SIGHTED for one in _SIGHTED[event.step](event)]


def _nothing(*_: object) -> Iterator[Suspect]:
    yield from ()


# The server that the practice submits to


def _rewritten(event: Event) -> Iterator[Suspect]:
    changed = json.loads(event.detail)
    before, after = changed.get("from"), changed.get("to")
    told, cause = [], "header-changed"
    if "message_id" in changed:
        told.append(f"gave it the Message-ID {event.message_id} instead of {changed['message_id']}")
        cause = "message-id-changed"
    if before != after:
        told.insert(0, f"wrote {after} over {before} in From")
        cause = "sender-rewritten"
    words = ", and ".join(told) or "changed its header"
    yield Suspect(cause, event.place, event.serial, words, "passes the letter on as it is", _changing_nothing)


def _relayed(event: Event, site: Site, plan: Plan) -> Iterator[Suspect]:
    """The sender of the envelope, which automatic answers go to (RFC 3834), is not the one that was submitted."""
    if event.place != plan.smtp.server or event.sender == "<>":
        return
    if event.sender == str(site.rules.system) or not _is_own(event.sender, site):
        words = f"sent it on under the envelope sender {event.sender}"
        instead = "passes the letter on as it is"
        yield Suspect("envelope-sender-changed", event.place, event.serial, words, instead, _changing_nothing)


def _is_own(text: str, site: Site) -> bool:
    address = parse_address(text)
    return address is not None and site.directory.owns(address)


def _changing_nothing(plan: Plan) -> Plan:
    policy = replace(
        plan.policy,
        action=SenderAction.ACCEPT,
        same_domain=None,
        on_behalf=False,
        envelope=Made.KEPT,
        bounces=None,
        reply_to=Made.KEPT,
        sender_field=Made.KEPT,
        message_id=Made.KEPT,
    )
    return replace(plan, policy=policy)


# Who did not take it


def _refused(event: Event, _: Site, plan: Plan) -> Iterator[Suspect]:
    told = f"refused it for {event.recipient}: {event.reason}"
    for server in (event.place, event.peer):
        yield from _faulty(server, event, told, _faults(plan).get(server, ()))
    if plan.smtp.server in (event.place, event.peer) and PRACTICE in (event.place, event.peer):
        yield Suspect(
            "refused-by-provider", plan.smtp.server, event.serial, told, "takes all", _submission_takes_all
        )
    elif event.place == plan.smtp.server and not event.peer:
        told = f"took it, and gave it up: {event.reason}"
        yield Suspect(
            "refused-by-provider", event.place, event.serial, told, "takes all", _submission_takes_all
        )
    elif plan.exchanger in (event.place, event.peer):
        yield Suspect(
            "refused-by-mailhost", plan.exchanger, event.serial, told, "takes all", _mailhost_takes_all
        )
    else:
        yield Suspect(
            "refused-outside", event.peer or event.place, event.serial, told, "takes all", _outside_takes_all
        )


def _faulty(server: str, event: Event, words: str, faults: Sequence[Fault]) -> Iterator[Suspect]:
    """A server at which these go wrong on purpose, where any does."""
    if faults:
        told = " and ".join(f"the fault {fault}" for fault in faults)
        otherwise = partial(_without_faults, server=server)
        yield Suspect(FAULT, server, event.serial, f"{words}, with {told}", "serves without fault", otherwise)


def _faults(plan: Plan) -> Mapping[str, tuple[Fault, ...]]:
    provider = {plan.smtp.server: plan.submission_faults, plan.exchanger: plan.exchanger_faults}
    return {**plan.outside_faults, **provider}


def _without_faults(plan: Plan, *, server: str) -> Plan:
    if server == plan.smtp.server:
        return replace(plan, submission_faults=())
    if server == plan.exchanger:
        return replace(plan, exchanger_faults=())
    return replace(plan, outside_faults={**plan.outside_faults, server: ()})


def _submission_takes_all(plan: Plan) -> Plan:
    return replace(plan, policy=Policy())


def _outside_takes_all(plan: Plan) -> Plan:
    return replace(plan, spf=dict.fromkeys(("", *plan.spf), SpfPolicy.IGNORE), full=frozenset())


# Who hosts the mailbox


def _stored(event: Event, site: Site, plan: Plan) -> Iterator[Suspect]:
    system = str(site.rules.system)
    if got_outside(event):
        return
    if event.place != system:
        words = f"put it into the server mailbox {event.place}, which the practice does not collect"
        instead = "puts all mail of the domain into the system mailbox"
        yield Suspect(
            "other-server-mailbox", plan.exchanger, event.serial, words, instead, _mailhost_takes_all
        )
    elif event.reason.startswith("forwarded by"):
        yield Suspect(
            "forwarded-by-mailbox",
            plan.exchanger,
            event.serial,
            f"had it {event.reason}, which changes what names the recipient",
            "puts it into the system mailbox at once",
            _mailhost_takes_all,
        )
    if event.place == system and event.recipient and site.rules.catch_all:
        yield from _recorded(event, site, plan)


def _recorded(event: Event, site: Site, plan: Plan) -> Iterator[Suspect]:
    """What the host wrote down of the envelope's recipient, and what the practice reads."""
    reads = site.rules.header or "Delivered-To"
    naming = [header for header in plan.mail_host.headers if header.names is Stamp.RECIPIENT]
    read = [header for header in naming if header.name.lower() == reads.lower()]
    make = partial(_stamping, name=reads)
    instead = f"writes the recipient into {reads}"
    if any(not header.prefix or site.rules.decoration for header in read):
        return
    if read:
        words = f"wrote the recipient into {reads} with {read[0].prefix} before it"
        yield Suspect("header-decorated", plan.exchanger, event.serial, words, instead, make)
    elif event.recipient == str(site.rules.system):
        return  # the mailbox is the recipient: whichever is written, it is the same
    elif naming:
        words = f"reads {reads}; {plan.exchanger} wrote {event.recipient} into {naming[0].name}"
        told = f"reads a field that names it: {plan.exchanger} {instead}"
        yield Suspect("header-ignored", PRACTICE, event.serial, words, told, make)
    else:
        mailbox = " and ".join(header.name for header in plan.mail_host.headers)
        wrote = f"wrote the mailbox into {mailbox}" if mailbox else "wrote no field of the envelope's"
        words = f"{wrote}: {event.recipient} stands in the envelope alone, which POP3 does not have"
        yield Suspect("recipient-not-recorded", plan.exchanger, event.serial, words, instead, make)


def _stamping(plan: Plan, *, name: str) -> Plan:
    others = (header for header in plan.mail_host.headers if header.name.lower() != name.lower())
    headers = (EnvelopeHeader(name, Stamp.RECIPIENT), *others)
    return replace(plan, mail_host=replace(plan.mail_host, headers=headers))


def _discarded(event: Event, _: Site, plan: Plan) -> Iterator[Suspect]:
    if event.reason:  # no policy
        told = f"took it for {event.recipient} and lost it"
        losing = [fault for fault in _faults(plan).get(event.place, ()) if fault.what is What.LOSE]
        yield from _faulty(event.place, event, told, losing)
        return
    words = f"threw away the copy for {event.recipient}, which no server mailbox takes"
    instead = "puts all mail of the domain into the system mailbox"
    yield Suspect("discarded-by-mailhost", plan.exchanger, event.serial, words, instead, _mailhost_takes_all)


def _mailhost_takes_all(plan: Plan) -> Plan:
    system = plan.account.address
    host = replace(plan.mail_host, mailboxes=frozenset({system}), catch_all=system, forwards={})
    spf = {**plan.spf, plan.mail_host.domain: SpfPolicy.IGNORE}
    return replace(plan, mail_host=host, receiving=Policy(), spf=spf)


# Collecting


def _collector(event: Event, plan: Plan) -> Iterator[Suspect]:
    odd = [f"the fault {fault}" for fault in plan.faults]
    if plan.conduct != PLAIN_CONDUCT:
        odd.append("the ways of its POP3 server")
    if odd:
        words = f"handed it out, or did not, with {' and '.join(odd)}"
        place = f"{plan.pop.server.host}:{plan.pop.server.port}"
        yield Suspect("pop3", place, event.serial, words, "serves POP3 plainly, without fault", _plain_pop3)


def _plain_pop3(plan: Plan) -> Plan:
    return replace(plan, faults=(), conduct=PLAIN_CONDUCT)


def _not_taken(event: Event) -> Iterator[Suspect]:
    words = f"did not take it for {event.recipient}: {event.reason or event.step}"
    yield Suspect("not-taken", event.place, event.serial, words, "takes all", _changing_nothing)


_SIGHTED: dict[Step, Callable[[Event], Iterator[Suspect]]] = {
    Step.REWRITTEN: _rewritten,
    Step.REPLIED: replied,
    Step.REFUSED: _not_taken,
    Step.BOUNCED: _not_taken,
    Step.DISCARDED: _not_taken,
}
_SEEN: dict[Step, Callable[[Event, Site, Plan], Iterator[Suspect]]] = {
    Step.ACCEPTED: lambda event, _, plan: passed_on(event, plan),
    Step.FORWARDED: lambda event, _, plan: listed(event, plan),
    Step.REWRITTEN: lambda event, _, plan: (
        _rewritten(event) if event.place == plan.smtp.server else _nothing()
    ),
    Step.RELAYED: _relayed,
    Step.REFUSED: _refused,
    Step.BOUNCED: _refused,
    Step.REPLIED: lambda event, _, plan: chain(replied(event), mangled(event, plan)),
    Step.STORED: _stored,
    Step.DISCARDED: _discarded,
}
