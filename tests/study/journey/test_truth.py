"""The story names the hop that is to blame, in worlds of which the truth is known."""

import pytest

from mailsim.provider.profiles import profiles
from mailsim.study.diagnosis.cause import Confidence
from mailsim.world.correspondent import Habit, RepliesTo
from tests.study.journey.truth import PLACES, Known, known


def _of_each_kind() -> list[str]:
    """Profiles that differ in what they do to letters, and whether they decorate; `truth.py` goes through all of them."""
    kinds: dict[tuple[object, ...], str] = {}
    for name, one in profiles().items():
        policy = one.policy()
        decorates = any(header.prefix for header in one.envelope_headers())
        kind = (
            policy.action,
            policy.same_domain,
            policy.stage,
            policy.envelope,
            policy.message_id,
            decorates,
        )
        kinds.setdefault(kind, name)
    return sorted(kinds.values())


KINDS = _of_each_kind()


@pytest.mark.parametrize("name", KINDS)
def test_what_is_told_is_true(name: str) -> None:
    """Every habit, the action's address in From; and where it is elsewhere, at the providers that rewrite."""
    for world in known(iter([name])):
        truth = world.truth()
        if world.place != PLACES[0] and name not in ("gmail", "qmail"):
            continue
        if truth == ("refused-by-provider",) and world.habit is not Habit.REPLY:
            continue  # the letter goes nowhere
        told = world.story()

        assert tuple(loss.cause for loss in told.losses) == truth, world
        assert told.as_meant == (not truth)
        assert all(loss.confidence is Confidence.HIGH and loss.proof for loss in told.losses)


def test_the_last_hop_that_could_have_saved_it_is_named_and_those_before_it_told() -> None:
    """Gmail rewrote From; Reply-To still had the address, and the program that answered ignored it."""
    told = Known(profiles()["gmail"], "both", Habit.REPLY, RepliesTo.FROM).story()

    assert [(loss.place, loss.cause) for loss in told.losses] == [("jane@client.example", "reply-to-ignored")]
    assert [(loss.place, loss.cause) for loss in told.earlier] == [("smtp.gmail.com", "sender-rewritten")]
