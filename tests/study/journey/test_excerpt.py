"""Of a run with other mail the conversation alone is played, where the message goes the same way in it."""

from typing import Any

import pytest

import mailsim
from mailsim.study.journey.excerpt import excerpt
from mailsim.study.journey.journey import Journey
from mailsim.trace.event import Step

BASE: dict[str, Any] = {
    "mailbox": {
        "type": "catch-all",
        "default_sender": "matters@abc.com",
        "fallback_address": "help@elsewhere.example",
    },
    "action": [{"id": 1234}, {"id": 7}],
    "correspondent": [
        {"address": "jane@client.example", "replies_to": "from"},
        {"address": "ann@third.example"},
    ],
}
NOISE: list[dict[str, Any]] = [
    {"at": "10m", "receive": {"from": "ann@third.example", "to": "a7@abc.com"}},
    {"send": {"from_action": 7, "to": "ann@third.example", "subject": "Other"}},
    {"at": "1h", "collect": {}},
]
LETTER: list[dict[str, Any]] = [
    {"send": {"from_action": 1234, "to": "jane@client.example", "subject": "Draft"}},
    {"at": "3h", "collect": {}},
]
ALONE = "in the same scenario, of which this conversation alone is played, where "
GMAIL = {"provider": {"profile": "gmail"}}


def story(*events: dict[str, Any], **tables: Any) -> Journey:
    """Of the answer to action 1234's letter."""
    with mailsim.Simulation(BASE | {"event": list(events)} | tables) as world:
        world.run()
    [answer] = [event for event in world.trace.steps(Step.REPLIED) if event.place == "jane@client.example"]
    return mailsim.why(world, answer.message_id)


def causes(told: Journey) -> list[tuple[str, str]]:
    """What was proved."""
    return [(loss.place, loss.cause) for loss in (*told.losses, *told.earlier)]


@pytest.mark.parametrize(
    "tables",
    [
        GMAIL,
        GMAIL | {"routing": {"action_address_in": "both"}},
        {"provider": {"profile": "qmail"}, "routing": {"action_address_in": "reply-to"}},
        {"mailbox": BASE["mailbox"] | {"type": "single"}},
    ],
)
def test_the_same_is_told_as_of_the_conversation_alone(tables: dict[str, Any]) -> None:
    """Whatever else happened, the hops that lost it are those; the proof says that the rest was left out."""
    told, single = story(*NOISE, *LETTER, **tables), story(*LETTER, **tables)

    assert causes(told) == causes(single) != []
    assert all("of which this conversation alone is played" in loss.proof for loss in told.losses)
    assert not any("alone is played" in loss.proof for loss in single.losses)
    assert str(told.explanation).splitlines()[1:3] == str(single.explanation).splitlines()[1:3]


def test_what_hangs_on_other_mail_is_proved_in_the_whole_run() -> None:
    """The third message from outside is refused, which alone would be the first."""
    faults = ["mx:DATA-END:3:reply 554 5.7.1 no"]
    told = story(*NOISE, *LETTER, provider={"faults": faults})

    assert causes(told) == [("mx.abc.com", "fault")]
    assert told.losses[0].proof.startswith("in the same scenario, where ")


def test_a_letter_of_a_workload() -> None:
    """Made up, and written out at its time."""
    made_up = {"workload": {"letters": 12, "over": "6h"}, "poll": "1h", "seed": 3}
    with mailsim.Simulation(BASE | GMAIL | made_up) as world:
        world.run()
    told = mailsim.why(world)

    assert [loss.cause for loss in told.losses] == ["sender-rewritten"]
    assert told.losses[0].proof.startswith(ALONE)


def test_one_message_and_every_collection_at_their_times() -> None:
    """What has no time of its own happens when what was left out did."""
    scenario = mailsim.read_scenario(BASE | {"event": [*NOISE, *LETTER]})

    part = excerpt(scenario, 2)
    assert part is not None
    assert [(one.at, one.send.from_action if one.send else None) for one in part.events] == [
        (600, 7),
        (3600, None),
        (10800, None),
    ]
    assert (excerpt(scenario, 4), excerpt(scenario, 0)) == (None, None)
    assert excerpt(mailsim.read_scenario(BASE | {"event": LETTER}), 1) is None
