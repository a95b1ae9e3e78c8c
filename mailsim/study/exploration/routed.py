"""Was what was collected routed as the rule book says (R4), and did every reply find its action?"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from mailsim.study.exploration.finding import Finding, Kind
from mailsim.study.exploration.played import Mail, Played
from mailsim.study.exploration.plot import Written
from mailsim.study.exploration.truth import UNASSIGNED, plain
from mailsim.trace.event import Step


def routing_findings(played: Played) -> Iterator[Finding]:
    """What the rules of collecting and routing say otherwise."""
    yield from _held_twice(played)
    yield from _altered(played)
    uncollected = {one.message_id for one in played.waiting}
    for message_id, recipients in played.arrived.items():
        if message_id in uncollected:
            continue
        mails = played.mails[message_id]
        if len(mails) == 1 or _same(mails):
            yield from _one(played, message_id, mails[0], recipients)
        else:
            yield from _namesakes(played, message_id, mails)
    yield from _left(played)
    yield from _sent_copies(played)


def _same(mails: list[Mail]) -> bool:
    return len({mail.written.body if mail.written else b"" for mail in mails}) == 1


def _held_twice(played: Played) -> Iterator[Finding]:
    """Each message reaches each mailbox exactly once (R4.2, R4.6, R4.13)."""
    for target, copies in played.copies.items():
        counted = Counter((copy.message_id, copy.octets[copy.body_start :]) for copy in copies)
        for (message_id, _), number in counted.items():
            if number > 1:
                told = f"{target} holds {message_id} {number} times"
                yield Finding(Kind.RULE, "R4.13", told, {target: len(copies) - number + 1})


def _altered(played: Played) -> Iterator[Finding]:
    """What is stored is what was sent, octet for octet."""
    for target, copies in played.copies.items():
        for copy in copies:
            written = [mail.written for mail in played.mails[copy.message_id or ""] if mail.written]
            bodies = {one.body for one in written if not one.unreadable}
            if bodies and copy.octets[copy.body_start :] not in bodies:
                yield Finding(
                    Kind.RULE, "R4.2", f"the body of {copy.message_id} in {target} is not what was sent"
                )


def _one(played: Played, message_id: str, mail: Mail, recipients: list[str]) -> Iterator[Finding]:
    """One message, of which one copy or more came."""
    if mail.unsure or (not played.stamped and played.forwarded & set(recipients)):
        return  # a host that stamps its mailboxes alone names those that forward, and no more
    truth, written = played.truth, mail.written
    for_whom = played.readable(recipients, mail.shown)
    if truth.of(truth.system).targets and len(for_whom) > 1:
        return  # its own alias counts where nobody else is known, which depends on what is read (fine print 2)
    known = {target for one in for_whom for target in truth.of(one).targets}
    unknown = [truth.of(one).reason for one in for_whom if not truth.of(one).targets]
    hints = _hints(played, mail)
    wanted, rule, reason = known, "R4.6" if any(one.startswith("mailbox:") for one in known) else "R4.5", ""
    if written and written.unreadable:
        wanted = {UNASSIGNED} if written.automatic else {f"fallback:{truth.fallback}"}
        known, unknown, rule = set(), [], "R4.9" if written.automatic else "R4.8"
    elif mail.event.step is Step.FORWARDED or "loop" in hints:
        wanted, known, unknown, rule, reason = {UNASSIGNED}, set(), [], "R4.9", "loop"
    elif not known:
        target = truth.hinted(hints, unknown[0])
        wanted = {target or UNASSIGNED}
        rule, reason = ("R4.10", "") if target else ("R4.7", unknown[0])
    allowed = wanted | played.inside(mail) | {truth.hinted(hints, one) or UNASSIGNED for one in unknown}
    if mail.is_letter and (set(recipients) == {truth.system} or played.plot.provider.get("sent_copies")):
        # It looks like a copy of what was sent (fine print 7), or is one, and To and Cc are asked (R4.4).
        wanted, reason = wanted - {UNASSIGNED}, ""
        allowed |= {target for one in mail.shown for target in truth.of(one).targets}
    held = set(played.held[message_id])
    if held - allowed or wanted - held:
        yield _misplaced(played, message_id, wanted, allowed, rule, kind=Kind.RULE)
    elif reason and len(for_whom) == 1 and played.stamped:
        yield from _reasoned(played, message_id, reason, hints.get("thread"))
    elif not played.stamped and not (written and written.unreadable) and reason != "loop":
        yield from _hidden(played, message_id, recipients)


def _hidden(played: Played, message_id: str, recipients: list[str]) -> Iterator[Finding]:
    """Whom no header names is not found where the provider does not write the recipient down (R4.4)."""
    meant = {target for one in played.truth.recipients(recipients) for target in played.truth.of(one).targets}
    if missing := meant - set(played.held[message_id]):
        everywhere = meant | set(played.held[message_id]) - {UNASSIGNED}
        yield _misplaced(played, message_id, missing, everywhere, "R4.4", kind=Kind.MISROUTE)


def _hints(played: Played, mail: Mail) -> dict[str, int]:
    """What a message says of its action besides its address."""
    if mail.written:
        return dict(mail.written.hints)
    letter = mail.letter
    if letter is None or letter.action is None or '"write-anew"' in mail.event.detail:
        return {}
    renamed = any(
        event.recipient
        for event in played.events
        if event.step is Step.REWRITTEN and event.trace_id == mail.event.trace_id
    )
    return {} if renamed else {"thread": letter.action}


def _misplaced(
    played: Played, message_id: str, wanted: set[str], allowed: set[str], rule: str, *, kind: Kind
) -> Finding:
    held = played.held[message_id]
    copies = {target: len(played.copies.get(target, ())) + 1 for target in wanted - set(held)}
    copies |= {target: len(played.copies[target]) - held[target] for target in set(held) - allowed}
    went = ", ".join(sorted(held)) or "nowhere"
    told = f"{message_id} went to {went}; it belongs to {', '.join(sorted(wanted))}"
    octets = next(iter(_held(played, message_id)), b"")
    return Finding(kind, rule, told, copies, octets, min(wanted, default=""))


def _held(played: Played, message_id: str) -> Iterator[bytes]:
    return (
        copy.octets for copies in played.copies.values() for copy in copies if copy.message_id == message_id
    )


def _reasoned(played: Played, message_id: str, reason: str, thread: int | None) -> Iterator[Finding]:
    """The reason of a message in Unassigned; that of an answer to a letter names its action (R4.7)."""
    meant = None
    if reason == "system-address" and thread is not None:
        reason, meant = "sender-rewritten", f"action:{thread}"
    for decision in played.decisions:
        mine = decision.message_id == message_id and decision.outcome == UNASSIGNED
        if mine and (decision.reason, decision.meant_for) != (reason, meant):
            told = f"{message_id} is unassigned for {decision.reason}, meant for {decision.meant_for}; it is {reason}, for {meant}"
            yield Finding(Kind.RULE, "R4.7", told)


def _namesakes(played: Played, message_id: str, mails: list[Mail]) -> Iterator[Finding]:
    """Different messages under one Message-ID reach all that each of them is for (R4.13)."""
    if played.faulty or played.ended[message_id][Step.BOUNCED] or played.ended[message_id][Step.DISCARDED]:
        return
    bodies: dict[tuple[bytes, str], None] = {}
    for mail in mails:
        if mail.written is None or mail.written.unreadable or "loop" in mail.written.hints:
            return
        came = [one for one in map(plain, mail.recipients) if one in played.arrived[message_id]]
        for address in dict.fromkeys(came):
            targets = _reached(played, mail.written, address, mail.shown)
            bodies |= dict.fromkeys((mail.written.body, target) for target in targets)
    wanted = Counter(target for _, target in bodies)
    held = Counter({target: number for target, number in played.held[message_id].items() if target in wanted})
    if played.stamped and held != wanted:  # else who is not shown is not found
        told = f"messages named {message_id} reached {dict(held)}; they are for {dict(wanted)}"
        copies = {
            target: len(played.copies.get(target, ())) + number - held[target]
            for target, number in wanted.items()
        }
        yield Finding(Kind.RULE, "R4.13", told, copies)


def _reached(played: Played, written: Written, address: str, shown: tuple[str, ...]) -> set[str]:
    """The targets of the copy for one address."""
    belongs = [played.truth.of(one) for one in played.readable([address], shown)]
    known = {target for one in belongs for target in one.targets}
    hinted = played.truth.hinted(written.hints, belongs[0].reason)
    return known or ({hinted} if hinted else set())


def _left(played: Played) -> Iterator[Finding]:
    """Collecting takes all that waits, and deletes it (R4.1)."""
    if played.waiting and played.plot.profile is None and not played.plot.provider.get("quirks"):
        names = ", ".join(sorted({one.message_id or "a message" for one in played.waiting}))
        yield Finding(Kind.RULE, "R4.1", f"still in the system mailbox after all was collected: {names}")


def _sent_copies(played: Played) -> Iterator[Finding]:
    """A copy of what was sent to people outside alone reaches nobody (R4.14)."""
    for event in played.events:
        if event.step is not Step.STORED or event.rule != "R5.8":
            continue
        message_id = event.message_id
        mails = [mail for mail in played.mails[message_id] if mail.act]
        if not mails:
            continue
        outside = all(played.truth.of(one).reason == "other-domain" for one in mails[0].recipients)
        if outside and played.held[message_id]:
            target = min(played.held[message_id])
            told = f"{message_id} is a copy of what was sent, and reached {target}"
            yield Finding(Kind.RULE, "R4.14", told, {target: len(played.copies[target]) - 1})


def lost_replies(played: Played) -> Iterator[Finding]:
    """Answers to an action's letter that did not come to the action, though every rule was kept."""
    if "sender_policy" in played.plot.provider:
        return  # not the site's own provider
    uncollected = {one.message_id for one in played.waiting}
    for mail in played.replies():
        letter, message_id = mail.letter, mail.event.message_id
        if letter is None or letter.action is None or letter.automatic:
            continue  # automatic mail has the default sender, so its answers are for nobody (R3.3)
        target = f"action:{letter.action}"
        collected = played.arrived.get(message_id) and message_id not in uncollected
        if played.held[message_id][target] or not collected:
            continue
        lost = _misplaced(played, message_id, {target}, {target}, "R4.7", kind=Kind.MISROUTE)
        yield replace(lost, sent={letter.event.message_id: letter.action})
