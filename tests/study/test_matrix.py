"""Does the reply come back: cells of the table provider by setting, as a world plays them."""

from collections.abc import Mapping
from contextlib import AbstractContextManager

import pytest

from mailsim.practice.settings import ActionAddressIn
from mailsim.provider.profiles import UnknownProfile, profile
from mailsim.study.matrix import OpenWorld, matrix, unknown_facts
from mailsim.world.correspondent import RepliesTo
from mailsim.world.lab import Lab
from mailsim.world.simulation import Simulation
from mailsim.world.world import World

FROM, REPLY_TO, BOTH = ActionAddressIn.FROM, ActionAddressIn.REPLY_TO, ActionAddressIn.BOTH


@pytest.mark.parametrize(
    ("provider", "placement", "answers", "outcome", "reason", "returned"),
    [
        ("gmail", FROM, RepliesTo.REPLY_TO, "unassigned", "sender-rewritten", False),
        ("gmail", BOTH, RepliesTo.REPLY_TO, "delivered", "action-address", True),
        ("gmail", BOTH, RepliesTo.FROM, "unassigned", "sender-rewritten", False),
        ("cpanel", FROM, RepliesTo.FROM, "delivered", "action-address", True),
        ("cpanel", REPLY_TO, RepliesTo.FROM, "unassigned", "sender-rewritten", False),
        (
            "fastmail",
            FROM,
            RepliesTo.FROM,
            "refused",
            "551 5.7.1 Not authorised to send from this header",
            False,
        ),
        ("icloud", FROM, RepliesTo.FROM, "refused", "550 5.7.0 From address is not one of your", False),
        ("ionos", FROM, RepliesTo.FROM, "delivered", "action-address", True),
        ("outlook_com", FROM, RepliesTo.FROM, "refused", "554 5.2.252 SendAsDenied", False),
        ("att", BOTH, RepliesTo.FROM, "refused", "550 Request failed; Mailbox unavailable", False),
        ("m365", REPLY_TO, RepliesTo.REPLY_TO, "bounced", "550 5.1.1", False),
        ("qmail", FROM, RepliesTo.FROM, "delivered", "action-address", True),
        ("mailgun", FROM, RepliesTo.FROM, "delivered", "action-address", True),
        ("ses", FROM, RepliesTo.FROM, "delivered", "action-address", True),
        ("sendgrid", REPLY_TO, RepliesTo.REPLY_TO, "delivered", "action-address", True),
    ],
)
@pytest.mark.parametrize("world", [Simulation, Lab])
def test_a_cell_is_what_a_world_did(
    *,
    world: OpenWorld,
    provider: str,
    placement: ActionAddressIn,
    answers: RepliesTo,
    outcome: str,
    reason: str,
    returned: bool,
) -> None:
    """Rewritten, refused at its stage, without a catch-all, or let through: with the header set and unset."""
    rows = matrix(world=world, providers=[provider], placements=[placement], replies_to=[answers])

    header = profile(provider).recipient_header
    assert [row.catch_all_header for row in rows] == (["", header.name] if header else [""])
    for row in rows:
        assert (row.provider, row.placement, row.replies_to) == (provider, placement, answers)
        assert row.outcome == outcome
        assert row.reason.startswith(reason)
        assert row.returned is returned


@pytest.mark.parametrize(
    ("provider", "placement", "mark"),
    [
        ("gmail", FROM, "reported"),
        ("cpanel", REPLY_TO, "reported"),
        ("cpanel", FROM, "believed"),
        ("gmail", BOTH, "believed"),
        ("gmail", REPLY_TO, "reported"),
        ("ses", REPLY_TO, "documented"),
        ("postmark", REPLY_TO, "believed"),
    ],
)
def test_a_row_is_known_as_well_as_the_least_known_fact_under_it(
    provider: str, placement: ActionAddressIn, mark: str
) -> None:
    """With the account in From, what is believed of foreign senders does not count."""
    [row, *_] = matrix(providers=[provider], placements=[placement], replies_to=[RepliesTo.FROM])

    assert row.mark == mark


@pytest.mark.parametrize("provider", ["google_smtp_relay", "ses", "sendgrid", "mailgun", "postmark"])
def test_a_pure_relay_is_judged_by_what_it_sends(provider: str) -> None:
    """Answers come to another host, so that what is unknown of the relay's mailboxes decides nothing."""
    rows = matrix(providers=[provider], placements=[REPLY_TO])

    assert [row.catch_all_header for row in rows] == ["", ""]
    assert {row.replies_to: row.returned for row in rows} == {RepliesTo.FROM: False, RepliesTo.REPLY_TO: True}
    assert {"envelope_headers", "catch_all"}.isdisjoint(unknown_facts(profile(provider), FROM))


def no_world(_: Mapping[str, object]) -> AbstractContextManager[World]:
    """Nobody is to make a world of this."""
    raise AssertionError


@pytest.mark.parametrize(
    ("provider", "placement", "unknown"),
    [
        ("telstra", FROM, ["sender_policy", "same_domain", "envelope_headers"]),
        ("telstra", REPLY_TO, ["envelope_headers"]),
        ("xtra", BOTH, ["same_domain", "envelope_headers"]),
        ("ovh", REPLY_TO, ["envelope_headers", "catch_all"]),
    ],
)
def test_unknown_facts_make_unknown_cells(
    provider: str, placement: ActionAddressIn, unknown: list[str]
) -> None:
    """Each that decides is named, and no world is asked: its answer would be a guess."""
    rows = matrix(world=no_world, providers=[provider], placements=[placement])

    assert unknown_facts(profile(provider), placement) == unknown
    assert {(row.outcome, row.returned) for row in rows} == {("unknown", None)}
    assert {(row.reason, row.mark) for row in rows} == {(", ".join(unknown), "unknown")}
    assert len(rows) == len(RepliesTo)


def test_an_unknown_provider_is_refused() -> None:
    """With the nearest names."""
    with pytest.raises(UnknownProfile, match="write gmail or"):
        matrix(providers=["gmial"])
