"""Was what the practice sent written as the rule book says (R3), and did the provider treat it and take mail in as it says (R5)?"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from mailsim.practice.settings import ActionAddressIn, InternalRouting
from mailsim.study.exploration.finding import Finding, Kind
from mailsim.study.exploration.played import Mail, Played
from mailsim.study.exploration.truth import UNASSIGNED, Truth, plain
from mailsim.trace.event import Step


def sending_findings(played: Played) -> Iterator[Finding]:
    """What the rules of sending, of sender policies and of server mailboxes say otherwise."""
    for letter in played.letters():
        yield from _composed(played, letter)
        yield from _shown(played, letter)
        yield from _ways(played, letter)
        yield from _submitted(played, letter)
    if played.plot.profile is None and played.plot.provider.get("sender_policy", "accept") == "accept":
        for reply in played.replies():
            yield from _answered(played, reply)
    yield from _placed(played)


def _send(letter: Mail) -> Mapping[str, Any]:
    return letter.act.event["send"] if letter.act else {}


def _addresses(letter: Mail, truth: Truth) -> tuple[str, str]:
    """From, and where a program answers that honours Reply-To (R3.1-R3.4)."""
    send, settings, default = _send(letter), truth.settings, truth.system
    if letter.action is None or not truth.catch_all:
        own = {user.name: user.sender for user in settings.user}.get(send.get("user", ""))
        chosen = send.get("from") or own
        sender = default if send.get("automatic") or not chosen else str(chosen)
        return sender, sender
    place, action = settings.routing.action_address_in, f"a{letter.action}@{truth.domain}"
    sender = default if send.get("automatic") or place is ActionAddressIn.REPLY_TO else action
    return sender, sender if place is ActionAddressIn.FROM else action


def _composed(played: Played, letter: Mail) -> Iterator[Finding]:
    wanted, _ = _addresses(letter, played.truth)
    if plain(letter.event.sender) != plain(wanted):
        rule = "R3.3" if _send(letter).get("automatic") else "R3.1" if letter.action else "R3.2"
        told = f"{letter.event.message_id} left with the sender {letter.event.sender}; it is {wanted}"
        yield Finding(Kind.RULE, rule, told)


def _shown(played: Played, letter: Mail) -> Iterator[Finding]:
    """Bcc stands in no header (R3.9), as those inside see it."""
    send = _send(letter)
    shown = {plain(one) for one in (letter.event.sender, *send["to"], *send.get("cc", ()))}
    for copy in (one for copies in played.copies.values() for one in copies):
        for hidden in {plain(one) for one in send.get("bcc", ())} - shown:
            shows = any(hidden in value.lower() for name in ("To", "Cc") for value in copy.values(name))
            if shows and copy.message_id == letter.event.message_id:
                yield Finding(
                    Kind.RULE, "R3.9", f"the header of {copy.message_id} names {hidden}, whom Bcc hides"
                )


def _ways(played: Played, letter: Mail) -> Iterator[Finding]:
    """What stays inside is delivered there, and all else is submitted (R3.5, R3.6)."""
    truth, send, message_id = played.truth, _send(letter), letter.event.message_id
    everyone = dict.fromkeys(map(plain, (*send["to"], *send.get("cc", ()), *send.get("bcc", ()))))
    direct = truth.settings.routing.internal is InternalRouting.DIRECT
    inside = [one for one in everyone if direct and truth.is_inside(one)]
    for address in inside:
        for target in truth.of(address).targets or (UNASSIGNED,):
            if not played.held[message_id][target]:
                told = f"{message_id} is for {address} inside, and did not reach {target}"
                yield Finding(Kind.RULE, "R3.5", told, {target: len(played.copies.get(target, ())) + 1})
    submitted = next(played.steps(Step.SUBMITTED, message_id), None)
    went = set(map(plain, submitted.recipient.split(", "))) if submitted else set()
    if went != everyone.keys() - set(inside):
        told = f"{message_id} was submitted for {', '.join(sorted(went)) or 'nobody'}; it is for {', '.join(everyone)}"
        yield Finding(Kind.RULE, "R3.5", told)


def _submitted(played: Played, letter: Mail) -> Iterator[Finding]:
    """Size and sender, as the provider judges them (R5.3, R5.4)."""
    provider, message_id = played.plot.provider, letter.event.message_id
    submitted = next(played.steps(Step.SUBMITTED, message_id), None)
    if submitted is None or played.plot.profile or played.truth.settings.smtp:
        return  # what a real provider does is told by its profile alone
    ended = played.ended[message_id]
    limit = provider.get("size_limit", 0)
    refused = bool(ended[Step.REFUSED] or ended[Step.BOUNCED])
    if limit and submitted.size > limit:
        if ended[Step.ACCEPTED]:
            yield Finding(
                Kind.RULE, "R5.4", f"{message_id} has {submitted.size} octets and was taken, over {limit}"
            )
        return
    policy = provider.get("sender_policy", "accept")
    owned = {played.truth.system, *map(plain, provider.get("registered", ()))}
    own = plain(letter.event.sender) in owned or provider.get("on_behalf", False)
    if played.faulty:
        return
    wanted = (
        ("reject" if policy == "reject" else "rewrite" if policy == "rewrite" else "accept")
        if not own
        else "accept"
    )
    changes = [json.loads(event.detail) for event in played.steps(Step.REWRITTEN, message_id)]
    changes = [one for one in changes if one["from"] != one["to"]]  # else under another Message-ID alone
    did = "reject" if refused else "rewrite" if changes else "accept"
    if did != wanted:
        told = f"the provider did {did} the sender {letter.event.sender} of {message_id}; its policy is to {wanted} it"
        yield Finding(Kind.RULE, "R5.3", told)
    if any(plain(one["to"].rpartition("<")[2]) != played.account for one in changes):
        yield Finding(Kind.RULE, "R5.3", f"{message_id} was rewritten, and not to {played.account}")


def _answered(played: Played, reply: Mail) -> Iterator[Finding]:
    """Whom an answer went to: what the letter's header named (R3.1-R3.4, R3.9)."""
    if reply.letter is None:
        return
    send, detail = _send(reply.letter), json.loads(reply.event.detail)
    sender, answers = _addresses(reply.letter, played.truth)
    habit = detail["habit"]
    by_from = habit in ("write-anew", "out-of-office") or detail["replies_to"] == "from"
    wanted = reply.letter.event.sender if habit == "auto-reply" else sender if by_from else answers
    went = [plain(one) for one in reply.recipients]
    if habit in ("forward", "auto-reply") and habit == "forward":
        return
    if plain(wanted) not in went:
        told = (
            f"the answer {reply.event.message_id} went to {went[0]}; the letter is to be answered to {wanted}"
        )
        yield Finding(Kind.RULE, "R3.1" if by_from else "R3.4", told)
    shown = {plain(one) for one in (wanted, *send["to"], *send.get("cc", ()))}
    if hidden := {plain(one) for one in send.get("bcc", ())} & set(went) - shown:
        told = f"an answer to {reply.letter.event.message_id} went to {min(hidden)}, whom Bcc hides"
        yield Finding(Kind.RULE, "R3.9", told)


def _placed(played: Played) -> Iterator[Finding]:
    """Which server mailbox takes mail from outside (R5.1, R5.2)."""
    provider, truth = played.plot.provider, played.truth
    own = {plain(one) for one in provider.get("mailboxes", ())}
    forwards = {plain(one): plain(other) for one, other in provider.get("forwards", {}).items()}
    for event in played.events:
        if event.step is not Step.STORED or not event.recipient or not truth.catch_all:
            continue
        recipient = plain(event.recipient)
        if not recipient.endswith(f"@{truth.domain}"):
            continue
        wanted = forwards.get(recipient) or (recipient if recipient in own else truth.system)
        if plain(event.place) != wanted:
            told = f"mail to {recipient} was put into {event.place}; it belongs into {wanted}"
            yield Finding(Kind.RULE, "R5.1", told)
