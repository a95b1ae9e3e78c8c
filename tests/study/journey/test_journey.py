"""The whole story of one message: found, told, proved where it can be, and never claimed where it cannot."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import mailsim
from mailsim.study.diagnosis.cause import Confidence
from mailsim.study.diagnosis.why import WhyError
from mailsim.study.journey.inquiry import JourneyError
from mailsim.study.journey.journey import Journey
from mailsim.trace.event import Trace
from mailsim.world.orders import inline

LIST = inline(
    b"From: x@lists.example\r\nTo: all@lists.example\r\nMessage-ID: <n1@lists.example>\r\nSubject: News\r\n\r\nHello\r\n"
)
BASE: dict[str, Any] = {
    "mailbox": {
        "type": "catch-all",
        "default_sender": "matters@abc.com",
        "fallback_address": "help@elsewhere.example",
    },
    "action": [{"id": 1234}],
    "user": [{"name": "mary"}],
    "alias": [{"address": "sales@abc.com", "mailboxes": ["mary"]}],
    "correspondent": [{"address": "jane@client.example", "delay": "2h"}],
    "event": [
        {"send": {"from_action": 1234, "to": "jane@client.example", "subject": "Draft"}},
        {"at": "3h", "collect": {}},
    ],
}


def played(**change: Any) -> Trace:
    """The trace of the base scenario with these tables."""
    with mailsim.Simulation(BASE | change) as world:
        world.run()
    return world.trace


def received(to: str, **change: Any) -> Trace:
    """Somebody outside writes, a list, whose To names nobody of the practice."""
    return played(
        event=[{"receive": {"file": LIST, "from": "x@lists.example", "to": to}}, {"collect": {}}], **change
    )


def losses(told: Journey) -> list[tuple[str, str]]:
    return [(loss.place, loss.cause) for loss in told.losses]


GMAIL: dict[str, Any] = {"provider": {"profile": "gmail"}}


def test_a_rewritten_sender() -> None:
    """The event that is to blame is the one that changed From; the words can stand in a ticket."""
    trace = played(**GMAIL)
    told = trace.why()

    assert losses(told) == [("smtp.gmail.com", "sender-rewritten")]
    [loss] = told.losses
    assert trace[loss.serial].step == "rewritten"
    assert (
        loss.proof
        == "in the same scenario, where smtp.gmail.com passes the letter on as it is, it reaches action:1234"
    )
    lines = str(told).splitlines()
    assert lines[1] == "It was meant for action:1234; it did not get there."
    assert [line.partition("  <- ")[0][23:] for line in lines if line.endswith("<- lost here")] == [
        "smtp.gmail.com       rewrites From: a1234@abc.com becomes matters@abc.com"
    ]
    assert '  1. add "thread" to routing.resolvers  [settings]' in lines


@pytest.mark.parametrize(
    ("change", "to", "place", "cause"),
    [
        ({"provider": {"profile": "gmail"}}, "a1234@abc.com", "mx.abc.com", "recipient-not-recorded"),
        ({"provider": {"profile": "postfix"}}, "a1234@abc.com", "practice", "header-ignored"),
        ({"provider": {"profile": "qmail"}}, "a1234@abc.com", "mx.abc.com", "header-decorated"),
        ({"provider": {"catch_all": "discard"}}, "a1234@abc.com", "mx.abc.com", "discarded-by-mailhost"),
        ({"provider": {"catch_all": "refuse"}}, "a1234@abc.com", "mx.abc.com", "refused-by-mailhost"),
        ({"provider": {"mailboxes": ["sales@abc.com"]}}, "sales@abc.com", "mx.abc.com", "other-server-mailbox"),
        ({"provider": {"faults": ["mx:DATA-END:1:reply 554 no"]}}, "a1234@abc.com", "mx.abc.com", "fault"),
        ({"provider": {"faults": ["mx:DATA-END:1:lose"]}}, "a1234@abc.com", "mx.abc.com", "fault"),
        ({"provider": {"faults": ["mx:DATA-END:9:reply 554 no"], "catch_all": "refuse"}}, "a1234@abc.com", "mx.abc.com", "refused-by-mailhost"),
        ({"provider": {"faults": ["pop:RETR:every:drop@10"]}}, "a1234@abc.com", "pop.abc.com:995", "pop3"),
    ],
)  # fmt: skip
def test_where_mail_from_outside_is_lost(change: dict[str, Any], to: str, place: str, cause: str) -> None:
    """At who hosts the mailbox, at the practice that reads another field, or at the POP3 server."""
    told = received(to, **change).why()

    assert losses(told) == [(place, cause)]
    assert told.losses[0].confidence is Confidence.HIGH


@pytest.mark.parametrize(
    ("change", "place", "words"),
    [
        (
            {"provider": {"faults": ["smtp:DATA-END:every:lose", "smtp:RCPT:9:drop"]}},
            "smtp.abc.com",
            "took it for jane@client.example and lost it, with the fault smtp:DATA-END:every:lose",
        ),
        (
            {"fault": [{"server": "mx.client.example", "faults": ["mx:RCPT:1:reply 550 no"]}]},
            "mx.client.example",
            "refused it for jane@client.example: 550 no, with the fault mx:RCPT:1:reply 550 no",
        ),
        (
            {"fault": [{"server": "mx.client.example", "faults": ["mx:DATA-END:1:lose"]}]},
            "mx.client.example",
            "took it for jane@client.example and lost it, with the fault mx:DATA-END:1:lose",
        ),
        (
            {"provider": {"faults": ["mx:RCPT:1:reply 550 no", "mx:DATA-END:9:lose"]}},
            "mx.abc.com",
            "refused it for a1234@abc.com: 550 no, with the fault mx:RCPT:1:reply 550 no and the fault mx:DATA-END:9:lose",
        ),
    ],
)
def test_a_fault_at_a_server_is_named(change: dict[str, Any], place: str, words: str) -> None:
    """Where it struck; that the server does without is the proof."""
    [loss] = played(**change).why().losses

    assert (loss.cause, loss.place, loss.words, loss.confidence) == ("fault", place, words, Confidence.HIGH)
    assert f"where {place} serves without fault, it reaches" in loss.proof


def test_a_message_that_somebody_else_removes_is_the_one_that_was_lost() -> None:
    """It is asked about first, though another arrived; a letter whose kept copy goes the same way has arrived."""
    with mailsim.Simulation(BASE | {"provider": {"faults": ["pop:RETR:1:vanish"]}}) as world:
        world.run(until=timedelta(hours=4))
        world.receive(from_address="jane@client.example", to="sales@abc.com")
        world.collect()
    told = world.trace.why()

    assert list(world.trace.messages()["outcome"]) == ["stored", "removed", "delivered"]
    assert (told.outcome, told.reason) == ("removed", "removed by a fault")
    assert losses(told) == [("pop.abc.com:995", "pop3")]
    assert "matters@abc.com      no longer has the copy: removed by a fault  <- lost here" in str(told)

    gone = {"profile": "gmail", "faults": ["pop:RETR:every:vanish"]}
    with mailsim.Simulation(BASE | {"provider": gone}) as world:
        world.run(until=timedelta(hours=4))
    assert list(world.trace.messages()["outcome"]) == ["stored", "removed"]


def test_a_mailbox_on_the_way_that_forwards_hides_the_recipient() -> None:
    """The field that is read names the mailbox that forwarded, whose address is an alias; To is not asked."""
    provider = {
        "profile": "gmail",
        "catch_all": "sales@abc.com",
        "forwards": {"sales@abc.com": "matters@abc.com"},
    }
    event = [{"receive": {"from": "jane@client.example", "to": "a1234@abc.com"}}, {"collect": {}}]
    told = played(provider=provider, event=event).why()

    assert told.reached == ("mailbox:mary",)
    assert [(loss.place, loss.cause) for loss in (*told.earlier, *told.losses)] == [
        ("mx.abc.com", "forwarded-by-mailbox"),
        ("mx.abc.com", "recipient-not-recorded"),
    ]


def test_two_hops_of_which_each_must_be_otherwise() -> None:
    """The letter's answer goes to the mailbox, and what would name it were lost as well."""
    told = played(
        provider={"profile": "qmail"},
        routing={"action_address_in": "reply-to"},
        correspondent=[{"address": "jane@client.example", "replies_to": "from"}],
    ).why()

    assert [cause for _, cause in losses(told)] == ["reply-to-ignored", "header-decorated"]
    assert "each of these had to happen" in str(told)


def test_a_loss_at_the_practice_itself_is_proved_by_its_own_settings() -> None:
    """A single mailbox: no hop lost it, and the thread would have told."""
    single = {
        "type": "single",
        "default_sender": "matters@abc.com",
        "fallback_address": "help@elsewhere.example",
    }
    told = played(mailbox=single).why()

    [(place, _)] = losses(told)
    assert place == "practice"
    assert (
        told.losses[0].proof
        == 'with add "thread" to routing.resolvers in the same scenario it reaches action:1234'
    )


def test_a_program_that_drops_what_the_thread_needs() -> None:
    """The sender was rewritten, and the thread would still have told."""
    mangles = ["in-reply-to-dropped", "references-dropped"]
    told = played(
        routing={"resolvers": ["thread"]},
        correspondent=[{"address": "jane@client.example", "mangles": mangles}],
        **GMAIL,
    ).why()

    assert losses(told) == [("jane@client.example", "mangled-by-program")]
    assert [loss.cause for loss in told.earlier] == ["sender-rewritten"]


def test_what_arrived_has_lost_nothing() -> None:
    """The last message, when all arrived."""
    told = played(provider={"profile": "postfix"}).why()

    assert (told.as_meant, told.meant_for, told.reached, told.losses) == (
        True,
        ("action:1234",),
        ("action:1234",),
        (),
    )


def test_a_letter_that_a_provider_refuses_is_a_story_too() -> None:
    """It was meant for somebody outside; its answer was never written."""
    told = played(provider={"profile": "m365", "catch_all": "matters@abc.com"}).why()

    assert told.meant_for == ("jane@client.example",)
    assert losses(told) == [("smtp.office365.com", "refused-by-provider")]
    assert told.explanation is None


def test_one_is_found_by_its_id_its_row_or_its_conversation() -> None:
    """A row is that of `messages()`, as text on the command line."""
    trace = played(**GMAIL)
    rows = trace.messages()

    ids = {trace.why(name).message_id for name in (rows.message_id[1], 1, "1", rows.trace_id[1], None)}

    assert ids == {rows.message_id[1]}
    letter = trace.why(0)
    assert (letter.message_id, letter.outcome, letter.reached) == (
        rows.message_id[0],
        "stored",  # not what came of the copy that Gmail keeps
        ("jane@client.example",),
    )


@pytest.mark.parametrize(
    ("name", "words"),
    [("<x@y>", "no such message"), (9, "the messages 0 to 1"), (-1, "0 to 1"), ("9", "0 to 1")],
)
def test_a_message_that_is_not_there(name: str | int, words: str) -> None:
    """The error says which there are."""
    with pytest.raises(JourneyError, match=words):
        played(**GMAIL).why(name)


def test_an_empty_trace() -> None:
    """Nothing can be asked of it."""
    with pytest.raises(JourneyError, match="has no messages"):
        Trace().why()


def test_where_it_was_expected_can_be_said() -> None:
    """Where the trace cannot tell: an address that nobody has."""
    trace = received(
        "a1243@abc.com",
        provider={"profile": "postfix"},
        mailbox=BASE["mailbox"] | {"catch_all_header": "X-Original-To"},
    )

    assert trace.why().meant_for == ()
    told = trace.why(expect="action:1234")
    assert losses(told) == [("practice", "id-mistyped")]
    assert told.losses[0].confidence is not Confidence.HIGH
    with pytest.raises(WhyError, match="is no target"):
        trace.why(expect="a1234@abc.com")


def test_without_a_scenario_nothing_is_proved_and_nothing_claimed() -> None:
    """Somebody answered by hand: what happened is told, with what may have been to blame."""
    with mailsim.Simulation(BASE | GMAIL | {"correspondent": []}) as world:
        sent = world.send(from_action=1234, to="jane@client.example")
        world.settle()
        world.reply(sent.message_id)
        world.settle()
        world.collect()
    told = world.trace.why()

    assert told.unproved
    assert (
        losses(told)
        == [("smtp.gmail.com", "sender-rewritten"), ("jane@client.example", "reply-to-ignored")][:1]
    )
    assert {loss.confidence for loss in told.losses} == {Confidence.LOW}
    assert "Where it may have been lost" in str(told)


def test_a_trace_in_a_file_tells_the_same(tmp_path: Path) -> None:
    """With its scenario in Parquet; JSON Lines hold events only, and prove nothing."""
    trace = played(**GMAIL)
    trace.write(tmp_path / "run.parquet")
    trace.write(tmp_path / "run.jsonl")

    assert str(mailsim.read_trace(tmp_path / "run.parquet").why()) == str(trace.why())
    assert mailsim.read_trace(tmp_path / "run.jsonl").why().unproved


def test_a_world_on_sockets_is_told_as_well() -> None:
    """Its run is played again in memory, where the same happens (R6.3)."""
    with mailsim.Lab(BASE | GMAIL) as world:
        world.run()
    told = world.trace.why()

    assert (losses(told), told.unproved) == ([("smtp.gmail.com", "sender-rewritten")], "")


def test_programs_get_all_of_it() -> None:
    """JSON: the verdict, the losses with their proofs, the way, the message as collected."""
    document = json.loads(json.dumps(played(**GMAIL).why().as_json()))

    assert (document["as_meant"], document["meant_for"], document["reached"]) == (
        False,
        ["action:1234"],
        ["unassigned"],
    )
    assert [loss["confidence"] for loss in document["lost_at"]] == ["high"]
    assert document["way"][0]["step"] == "composed"
    assert document["collected"]["causes"][0]["name"] == "sender-rewritten"


def test_notebooks_show_it_inert() -> None:
    """Markup in a name stays text."""
    hostile = inline(
        b"From: x@lists.example\r\nTo: <img src=x>@lists.example\r\nSubject: <script>alert(1)</script>\r\n\r\nHello\r\n"
    )
    event = [
        {"receive": {"file": hostile, "from": "x@lists.example", "to": "a1234@abc.com"}},
        {"collect": {}},
    ]
    trace = played(event=event, **GMAIL)

    markup = trace.why()._repr_html_()

    assert "recipient-not-recorded" in markup
    assert "<script" not in markup
    assert "<img" not in markup
