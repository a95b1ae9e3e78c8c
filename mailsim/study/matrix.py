"""Which provider loses replies: one letter and its answer through each, under each setting (R3.4, R4.3, R5.3, R5.7).

Every row is what a world did with the letter and its answer; none is looked up. Where a fact that decides is unknown
of a provider, no world is asked, and the row says so. Where a provider offers no POP3, answers are collected at a host
that takes every address and names the recipient.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import product

from mailsim.practice.decision import Reason
from mailsim.practice.settings import ActionAddressIn
from mailsim.provider.fact import Mark
from mailsim.provider.policy import SenderAction
from mailsim.provider.profiles import Profile, profile, profiles
from mailsim.trace.event import Step
from mailsim.world.correspondent import RepliesTo
from mailsim.world.simulation import Simulation
from mailsim.world.world import World

OpenWorld = Callable[[Mapping[str, object]], AbstractContextManager[World]]
"""Makes a world of a scenario's tables, such as `Simulation` or `Lab`."""
REFUSED, BOUNCED, UNKNOWN = "refused", "bounced", "unknown"
_SYSTEM = "matters@abc.com"
_JANE = "jane@client.example"
_LOGIN: dict[str, object] = {"username": _SYSTEM, "password": "world"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What came of one letter from action 1234 and its answer."""

    provider: str
    """The profile's id."""
    placement: ActionAddressIn
    """Where the letter had the action's address."""
    replies_to: RepliesTo
    """What the correspondent's program answers."""
    catch_all_header: str
    """The setting; empty where it is unset."""
    outcome: str
    """The answer's; `refused` of a letter and `bounced` of either that did not arrive; `unknown` by the facts."""
    reason: str
    """The decision's, the server's reply, or which facts are unknown."""
    returned: bool | None
    """Whether the answer came back to the action; None where that is unknown."""
    mark: str
    """How well the least known of the facts is known that decide; `unknown` where one is not."""


def matrix(
    *,
    world: OpenWorld = Simulation,
    providers: Sequence[str] | None = None,
    placements: Sequence[ActionAddressIn] = tuple(ActionAddressIn),
    replies_to: Sequence[RepliesTo] = tuple(RepliesTo),
) -> Sequence[Row]:
    """One row for each provider, placement, way of answering, and catch-all header set or not.

    `providers` are ids of profiles, all by default; the header is set where the provider is known to name the recipient.
    Raises UnknownProfile.
    """
    chosen = profiles().values() if providers is None else map(profile, providers)
    return tuple(
        _row(world, one, placement, answers, header)
        for one in chosen
        for placement, answers, header in product(placements, replies_to, _headers(one))
    )


def unknown_facts(one: Profile, placement: ActionAddressIn) -> Sequence[str]:
    """The facts that decide about the answer and that nobody knows of this provider."""
    return one.lacks(*_needed(one, placement))


def _needed(one: Profile, placement: ActionAddressIn) -> Sequence[str]:
    """A letter that is refused has no answer, and the account itself in From is nothing to refuse or to rewrite."""
    sending: tuple[str, ...] = ("sender_policy", "same_domain")
    receiving = ("envelope_headers", "catch_all") if one.is_collected_from else ("pop_offered",)
    if placement is ActionAddressIn.REPLY_TO:
        return receiving
    if one.text("same_domain") == SenderAction.REJECT:
        return sending
    if placement is ActionAddressIn.BOTH and one.text("same_domain") == SenderAction.REWRITE:
        sending += ("reply_to",)
    return sending + receiving


def _headers(one: Profile) -> Iterator[str]:
    yield ""
    if one.recipient_header and one.is_collected_from:
        yield one.recipient_header.name


def _row(world: OpenWorld, one: Profile, placement: ActionAddressIn, answers: RepliesTo, header: str) -> Row:
    unknown = unknown_facts(one, placement)
    outcome, reason, returned, mark = UNKNOWN, ", ".join(unknown), None, UNKNOWN
    if not unknown:
        mark = max((one.facts[name].mark for name in _needed(one, placement)), key=list(Mark).index)
        with world(_tables(one, placement, answers, header)) as running:
            outcome, reason, returned = _story(running)
    return Row(
        provider=one.id,
        placement=placement,
        replies_to=answers,
        catch_all_header=header,
        outcome=outcome,
        reason=reason,
        returned=returned,
        mark=str(mark),
    )


def _tables(one: Profile, placement: ActionAddressIn, answers: RepliesTo, header: str) -> dict[str, object]:
    """The scenario; where there is no catch-all mailbox, the host refuses what no other mailbox takes."""
    takes_all = one.can_catch_all or not one.is_collected_from
    mailbox = {"type": "catch-all", "default_sender": _SYSTEM, "fallback_address": "help@elsewhere.example"}
    return {
        "mailbox": mailbox | ({"catch_all_header": header} if header else {}),
        **({"pop": _pop(one)} if takes_all else {}),
        "smtp": _smtp(one),
        "routing": {"action_address_in": placement.value},
        "action": [{"id": 1234, "name": "Smith v Jones"}],
        "provider": {"profile": one.id, "catch_all": _SYSTEM if takes_all else "refuse"},
        "correspondent": [{"address": _JANE, "replies_to": answers.value}],
    }


def _pop(one: Profile) -> dict[str, object]:
    """Named, so that what the provider writes round the recipient is understood (section 7, "Which address")."""
    server = {"server": one.pop_server("abc.com") or "ssl://pop.abc.com:995"} | _LOGIN
    return server | ({"common": one.id} if one.is_collected_from else {})


def _smtp(one: Profile) -> dict[str, object]:
    """Its server and port; how the account proves itself is nothing that an answer depends on."""
    server, port = one.smtp_server("abc.com") or "smtp.abc.com", one.number("smtp_port", 587)
    return {"server": server, "port": port, "authentication": "plain"} | _LOGIN


def _story(world: World) -> tuple[str, str, bool]:
    """Outcome, reason, and whether the answer came back."""
    sent = world.send(from_action=1234, to=_JANE, subject="Draft")
    if sent.refused:
        return REFUSED, str(*sent.refused.values()), False
    world.settle()
    decisions = [decision for decision in world.collect() if decision.reason is not Reason.SENT_COPY]
    for event in world.trace.steps(Step.BOUNCED):
        return BOUNCED, event.reason, False
    [answer] = decisions
    return str(answer.outcome), str(answer.reason), "action:1234" in answer.targets
