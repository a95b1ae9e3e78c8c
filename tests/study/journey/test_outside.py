"""Mailing lists and relays on the way are named where they lost an answer, and only there."""

from typing import Any

import pytest

import mailsim
from mailsim.study.diagnosis.cause import Confidence
from mailsim.study.journey.journey import Journey

BASE: dict[str, Any] = {
    "mailbox": {
        "type": "catch-all",
        "default_sender": "matters@abc.com",
        "fallback_address": "help@elsewhere.example",
    },
    "action": [{"id": 1234}],
    "correspondent": [{"address": "jane@client.example"}],
}
LIST = "all@lists.example"
RELAY = "relay.client.example"
THREADLESS = ["in-reply-to-dropped", "references-dropped"]


def story(to: str, *, person: dict[str, Any] | None = None, **tables: Any) -> Journey:
    """Of the answer to a letter of the action, or where there is none of the letter."""
    events = [{"send": {"from_action": 1234, "to": to, "subject": "Draft"}}, {"at": "3h", "collect": {}}]
    people = [BASE["correspondent"][0] | (person or {})]
    with mailsim.Simulation(BASE | {"event": events, "correspondent": people} | tables) as world:
        world.run()
        return mailsim.why(world)


def listed(**ways: Any) -> Journey:
    """Through a mailing list."""
    person = ways.pop("person", None)
    return story(LIST, person=person, list=[{"address": LIST, "members": ["jane@client.example"]} | ways])


def lost(told: Journey) -> list[tuple[str, str]]:
    """Where, and by what; all of it proved."""
    assert all(one.confidence is Confidence.HIGH and one.proof for one in (*told.losses, *told.earlier))
    return [(loss.place, loss.cause) for loss in told.losses]


@pytest.mark.parametrize(
    ("ways", "fields"),
    [
        ({"reply_to": "list"}, "Reply-To"),
        ({"reply_to": "list", "rewrites_from": True}, "From and Reply-To"),
    ],
)
def test_a_list_that_writes_itself_over_whom_an_answer_goes_to(ways: dict[str, Any], fields: str) -> None:
    """The answer went to the list, and no further."""
    told = listed(**ways)

    assert told.meant_for == ("action:1234",)
    assert lost(told) == [(LIST, "rewritten-by-list")]
    assert told.losses[0].words.startswith(f"wrote its own address into {fields} of")
    assert told.story[told.losses[0].serial].step == "forwarded"
    assert "  <- lost here" in str(told)


def test_a_program_that_ignores_what_a_list_keeps_is_named_before_it() -> None:
    """From is the list's and Reply-To the action's: the last hop that could have saved it is the person's."""
    told = listed(rewrites_from=True, person={"replies_to": "from"})

    assert lost(told) == [("jane@client.example", "reply-to-ignored")]
    assert [one.cause for one in told.earlier] == ["rewritten-by-list"]


@pytest.mark.parametrize("ways", [{}, {"rewrites_from": True}, {"subject_prefix": "[all]"}])
def test_a_list_through_which_the_answer_came_is_not(ways: dict[str, Any]) -> None:
    """The action's address is still in From or in Reply-To."""
    told = listed(**ways)

    assert (told.as_meant, told.losses) == (True, ())


def test_a_member_of_a_list_should_get_what_is_written_to_it() -> None:
    """The practice's provider writes the recipient down nowhere, and To names the list."""
    events = [{"receive": {"from": "ann@third.example", "to": LIST}}, {"collect": {}}]
    lists = [{"address": LIST, "members": ["a1234@abc.com"]}]
    with mailsim.Simulation(
        BASE | {"event": events, "list": lists, "provider": {"profile": "gmail"}}
    ) as world:
        world.run()
        told = mailsim.why(world)

    assert told.meant_for == (LIST, "action:1234")
    assert lost(told) == [("mx.abc.com", "recipient-not-recorded")]


def relayed(**ways: Any) -> Journey:
    """At a provider that rewrites the sender, to a practice that reads threads."""
    relay = {"name": RELAY, "domains": ["client.example"]} | ways
    return story(
        "jane@client.example",
        relay=[relay],
        provider={"profile": "gmail"},
        routing={"resolvers": ["thread"]},
    )


def test_a_relay_that_drops_what_the_thread_needs() -> None:
    """It is proved by passing the relay by, not by what the practice's provider does."""
    told = relayed(mangles=THREADLESS)

    assert lost(told) == [(RELAY, "relayed")]
    assert told.losses[0].words == f"changed the message: {', '.join(THREADLESS)}"
    assert "is passed by" in told.losses[0].proof
    assert [one.cause for one in told.earlier] == ["sender-rewritten"]


def test_a_relay_without_harm_is_not_blamed() -> None:
    """What it changes leaves the thread."""
    assert relayed(mangles=["message-id-replaced"]).as_meant
    told = story(
        "jane@client.example",
        relay=[{"name": RELAY, "domains": ["client.example"], "mangles": ["message-id-replaced"]}],
        provider={"profile": "gmail"},
    )

    assert lost(told) == [("smtp.gmail.com", "sender-rewritten")]
    assert told.earlier == ()


def test_a_relay_that_spf_does_not_know() -> None:
    """Two hops would have saved it: the server that refuses, which is the last, and the relay."""
    told = story(
        "jane@client.example",
        relay=[{"name": RELAY, "domains": ["client.example"]}],
        zone={"client.example": {"txt": "v=spf1 mx -all"}},
        provider={"spf": "refuse"},
    )

    assert lost(told) == [("mx.abc.com", "refused-by-mailhost")]
    assert [(one.place, one.cause, one.words) for one in told.earlier] == [
        (RELAY, "relayed", "sent it on under its own name")
    ]


def test_what_was_refused_and_would_not_have_arrived_is_likely_lost_there() -> None:
    """A single mailbox gets no other address's mail, and the practice would not know whom it was for."""
    events = [{"receive": {"from": "ann@third.example", "to": "a1234@abc.com"}}, {"collect": {}}]
    mailbox = BASE["mailbox"] | {"type": "single", "default_sender": "matters@abc.com"}
    with mailsim.Simulation(
        BASE | {"event": events, "mailbox": mailbox, "provider": {"faults": ["pop:RETR:9:drop"]}}
    ) as world:
        world.run()
        told = mailsim.why(world)

    assert [(one.place, one.cause, one.confidence, one.proof) for one in told.losses] == [
        ("mx.abc.com", "refused-by-mailhost", Confidence.MEDIUM, "")
    ]
    assert "550" in told.losses[0].words


def test_a_notebook_shows_what_would_have_saved_it_before_and_what_is_not_proved() -> None:
    """As the text does."""
    told = listed(rewrites_from=True, person={"replies_to": "from"})
    with mailsim.Simulation(BASE | {"provider": {"profile": "gmail"}, "correspondent": []}) as world:
        sent = world.send(from_action=1234, to="jane@client.example")
        world.settle()
        world.reply(sent.message_id)  # by hand: nothing plays it again
        world.settle()
        world.collect()
    unproved = mailsim.why(world)

    saved, lost_at = told._repr_html_().split("would have been saved at")[1], unproved._repr_html_()
    assert "rewritten-by-list" in saved
    assert told.earlier[0].proof in saved
    assert "may have been lost at" in lost_at
    assert unproved.unproved in lost_at
    assert "would have been saved at" not in lost_at
