"""The hops outside that may have lost a message: the people who answer, mailing lists, and relays; pure."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial

from mailsim.mail import Address, parse_address
from mailsim.study.journey.suspect import Suspect
from mailsim.trace.event import Event
from mailsim.world.correspondent import Correspondent, Habit, RepliesTo
from mailsim.world.mailing_list import ListReplyTo, MailingList
from mailsim.world.plan import Plan
from mailsim.world.relay import Relaying


def replied(event: Event) -> Iterator[Suspect]:
    """Somebody who answered otherwise than to Reply-To, else to From."""
    habits = json.loads(event.detail)
    habit, goes_by = Habit(habits.get("habit", Habit.REPLY)), RepliesTo(habits.get("replies_to", "from"))
    address = parse_address(event.place)
    if address is None or (habit is Habit.REPLY and goes_by is RepliesTo.REPLY_TO):
        return
    cause, words = _ANSWERED.get(habit, _ANSWERED[Habit.REPLY])
    yield Suspect(
        cause,
        event.place,
        event.serial,
        f"{words}, and so to {event.recipient}",
        "answers to Reply-To, else to From (RFC 5322 section 3.6.3)",
        partial(_answering, who=address),
    )


_ANSWERED = {
    Habit.REPLY: ("reply-to-ignored", "answered to From, whatever Reply-To said"),
    Habit.REPLY_ALL: ("answered-to-all", "answered to everybody named"),
    Habit.FORWARD: ("forwarded-by-hand", "sent it on"),
    Habit.WRITE_ANEW: ("written-anew", "wrote anew to the address that was in From, in no thread"),
    Habit.AUTO_REPLY: ("auto-reply", "had a program answer to the envelope's sender (RFC 3834)"),
    Habit.OUT_OF_OFFICE: ("out-of-office", "had a program answer to From"),
}


def mangled(event: Event, plan: Plan) -> Iterator[Suspect]:
    """Somebody whose mail program harms what it writes."""
    address = parse_address(event.place)
    person = plan.correspondents.get(address) if address else None
    if person and person.mangles:
        words = f"wrote by a program that mangles: {', '.join(person.mangles)}"
        instead = "writes by a program that mangles nothing"
        yield Suspect(
            "mangled-by-program",
            event.place,
            event.serial,
            words,
            instead,
            partial(_mangling_nothing, who=address),
        )


def _mangling_nothing(plan: Plan, *, who: object) -> Plan:
    people = {
        address: replace(person, mangles=()) if address == who else person
        for address, person in plan.correspondents.items()
    }
    return replace(plan, correspondents=people)


def _answering(plan: Plan, *, who: object) -> Plan:
    people = {
        address: Correspondent(address, delay=person.delay, mangles=person.mangles)
        if address == who
        else person
        for address, person in plan.correspondents.items()
    }
    return replace(plan, correspondents=people)


def listed(event: Event, plan: Plan) -> Iterator[Suspect]:
    """A mailing list that wrote itself over whom an answer would have gone to."""
    address = parse_address(event.place)
    found = plan.lists.get(address) if address else None
    if found is None:
        return
    told = ["From"] if found.rewrites_from else []
    told += ["Reply-To"] if found.reply_to is ListReplyTo.LIST else []
    if told:
        yield Suspect(
            "rewritten-by-list",
            event.place,
            event.serial,
            f"wrote its own address into {' and '.join(told)} of what it sent to its members",
            "leaves From and Reply-To as they came",
            partial(_leaving_senders, which=found),
        )


def _leaving_senders(plan: Plan, *, which: MailingList) -> Plan:
    lists: Mapping[Address, MailingList] = {
        address: replace(one, rewrites_from=False, reply_to=ListReplyTo.AUTHOR) if one == which else one
        for address, one in plan.lists.items()
    }
    return replace(plan, lists=lists)


def passed_on(event: Event, plan: Plan) -> Iterator[Suspect]:
    """A relay: what it changed, and that it brought the message at all, which SPF judges."""
    relay = next((one for one in plan.relays if one.name == event.place), None)
    if relay is None:
        return
    yield Suspect(
        "relayed",
        relay.name,
        event.serial,
        _passing(relay),
        "is passed by, and the mail goes straight to whom it is for",
        partial(_without_relay, name=relay.name),
    )


def _passing(relay: Relaying) -> str:
    told = [f"changed the message: {', '.join(relay.mangles)}"] if relay.mangles else []
    told += [f"wrote the envelope sender {relay.sender}"] if relay.sender else []
    return " and ".join(told) or "sent it on under its own name"


def _without_relay(plan: Plan, *, name: str) -> Plan:
    return replace(plan, relayed={server: one for server, one in plan.relayed.items() if one != name})
