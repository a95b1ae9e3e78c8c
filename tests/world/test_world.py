"""What every world does, in memory and on sockets alike."""

import json
import smtplib
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mailsim.faults.syntax import FaultError
from mailsim.pop3.collection import CollectError
from mailsim.practice.decision import Outcome, Reason
from mailsim.practice.store import Store
from mailsim.practice.store_error import StoreError
from mailsim.trace.event import Step
from mailsim.trace.files import json_line
from mailsim.trace.story import sentence
from mailsim.world.broken_laws import ConservationError
from mailsim.world.expectation import ExpectationError
from mailsim.world.lab import Lab
from mailsim.world.orders import OrderError
from mailsim.world.people import MOST_ANSWERS, MOST_IN_A_CONVERSATION
from mailsim.world.post import LONGEST_QUEUED
from mailsim.world.scenario import ScenarioError
from mailsim.world.simulation import Simulation

Made = Callable[..., Simulation | Lab]
REWRITTEN = Path(__file__).parents[2] / "fixtures" / "scenarios" / "rewritten.toml"
TABLES: dict[str, object] = {
    "mailbox": {
        "type": "catch-all",
        "default_sender": "matters@abc.com",
        "fallback_address": "help@elsewhere.example",
    },
    "action": [{"id": 1234, "name": "Smith v Jones"}],
    "user": [{"name": "mary"}, {"name": "john"}],
    "alias": [{"address": "sales@abc.com", "mailboxes": ["mary", "john"]}],
    "correspondent": [{"address": "jane@client.example"}],
}


CALLERS_OWN = ("asyncio_", "AnyIO worker")
"""Threads of the caller's loop, which end in their own time."""


BCC = b"From: jane@client.example\r\nSubject: a Bcc\r\n\r\nHello.\r\n"


def tables(**changes: object) -> dict[str, object]:
    return TABLES | changes


def steps(world: Simulation | Lab) -> list[str]:
    return [event.step.value for event in world.trace]


@pytest.fixture(params=[Simulation, Lab])
def made(request: pytest.FixtureRequest) -> Made:
    """Each kind of world."""
    kind: Made = request.param
    return kind


def test_a_reply_comes_back_to_the_action_through_a_provider_that_accepts_the_sender(made: Made) -> None:
    """The whole way, hop by hop, over SMTP and POP3 (R3.1, R4.5, R5.3)."""
    with made(tables(provider={"profile": "postfix"})) as world:
        sent = world.send(from_action=1234, to="jane@client.example", subject="Draft")
        [decision] = world.collect()

        assert sent.refused == {}
        assert (decision.outcome, decision.targets) == (Outcome.DELIVERED, ("action:1234",))
        assert list(world.trace.story(decision.message_id or "")) == list(world.trace.story("t000001"))
        assert [message.value("Subject") for message in world.mailbox("action:1234")] == ["Re: Draft"]
        assert world.waiting() == []
        world.check()

    assert steps(world) == [
        "composed", "submitted", "accepted", "relayed", "stored", "replied",
        "relayed", "stored", "collected", "decided", "delivered", "removed", "opened", "opened",
    ]  # fmt: skip
    # The second session found nothing more to collect (R4.1).
    assert {event.trace_id for event in world.trace} == {"t000001", ""}  # the session is about no message


def test_a_reply_to_a_rewritten_sender_lands_in_unassigned_and_names_its_action(made: Made) -> None:
    """R4.7: the decision tells what happened."""
    with made(tables(provider={"profile": "gmail"})) as world:
        world.send(from_action=1234, to="jane@client.example", subject="Draft")
        _, decision = world.collect()

        assert (decision.outcome, decision.reason) == (Outcome.UNASSIGNED, Reason.SENDER_REWRITTEN)
        assert decision.meant_for == "action:1234"
        assert world.targets() == {"unassigned": 1}
        world.check()

    assert Step.REWRITTEN in {event.step for event in world.trace}


@pytest.mark.parametrize(
    ("changes", "replies_to"),
    [
        ({"provider": {"profile": "gmail", "registered": "a1234@abc.com"}}, "from"),
        ({"routing": {"action_address_in": "reply-to"}, "provider": {"profile": "gmail"}}, "reply-to"),
        ({"routing": {"action_address_in": "both"}, "provider": {"profile": "gmail"}}, "reply-to"),
        ({"smtp": {"server": "localhost"}, "provider": {"profile": "gmail"}}, "from"),
    ],
)  # fmt: skip
def test_what_mends_a_rewritten_sender(made: Made, changes: dict[str, object], replies_to: str) -> None:
    """A send-as address, the action's address in Reply-To, or the system's own SMTP server."""
    people = [{"address": "jane@client.example", "replies_to": replies_to}]

    with made(tables(correspondent=people, **changes)) as world:
        world.send(from_action=1234, to="jane@client.example")
        *_, decision = world.collect()

        assert decision.targets == ("action:1234",)


def test_a_refused_message_names_the_server_s_code_and_text(made: Made) -> None:
    """R3.8: nothing leaves, and the provider's words are kept."""
    with made(tables(provider={"profile": "m365", "catch_all": "matters@abc.com"})) as world:
        sent = world.send(from_action=1234, to=["jane@client.example", "joe@other.example"])
        world.settle()
        world.check()

    assert {str(address) for address in sent.refused} == {"jane@client.example", "joe@other.example"}
    assert str(sent.refused["jane@client.example"]).startswith(
        "554 5.2.252 SendAsDenied; matters@abc.com not allowed to send as a1234@abc.com;"
    )
    assert [event.outcome for event in world.trace.steps(Step.REFUSED)] == ["554", "554"]


def test_a_message_may_be_accepted_and_bounced_later(made: Made) -> None:
    """R5.3: the practice hears 250, the recipient gets nothing, the sender a report with the provider's words."""
    with made(tables(provider={"profile": "postmark", "catch_all": "matters@abc.com"})) as world:
        sent = world.send(to="jane@client.example", from_address="mary@elsewhere.example")
        world.settle()
        world.check()

    assert sent.refused == {}
    assert steps(world) == ["composed", "submitted", "accepted", "bounced", "composed", "relayed", "stored"]
    [bounced] = world.trace.steps(Step.BOUNCED)
    assert (bounced.recipient, bounced.rule) == ("jane@client.example", "R5.3")
    assert bounced.reason.startswith(f"{bounced.outcome} ")


def test_mail_to_an_alias_is_delivered_inside_without_smtp(made: Made) -> None:
    """R3.5: direct routing delivers inside; the others of the same message still go out."""
    with made(TABLES) as world:
        world.send(to=["sales@abc.com", "jane@client.example"], subject="Meeting")
        world.settle()

        assert len(world.mailbox("mailbox:mary")) == len(world.mailbox("mailbox:john")) == 1
        assert [event.recipient for event in world.trace.steps(Step.SUBMITTED)] == ["jane@client.example"]
        world.check()


def test_with_internal_routing_by_smtp_all_goes_out_and_comes_back(made: Made) -> None:
    """R3.5: the provider's catch-all brings it back, and it is routed as any other."""
    with made(tables(routing={"internal": "smtp"})) as world:
        world.send(to="sales@abc.com", subject="Meeting")
        [decision] = world.collect()

        assert decision.targets == ("mailbox:mary", "mailbox:john")
        world.check()


def test_a_message_that_nobody_can_read_is_forwarded_whole(made: Made) -> None:
    """R4.8: to the fallback address, the original attached unchanged; R4.9: the forward bears the loop header."""
    unreadable = b"Subject: nobody sent this\r\nTo: a1234@abc.com\r\n\r\nIs it lost?\r\n"

    with made(TABLES) as world:
        world.receive(
            to="a1234@abc.com",
            from_address="x@shop.example",
            octets=unreadable.replace(b"nobody", b"no\0body"),
        )
        [decision] = world.collect()
        world.settle()

        assert (decision.outcome, decision.targets) == (
            Outcome.FALLBACK,
            ("fallback:help@elsewhere.example",),
        )
        [forwarded] = world.trace.steps(Step.FORWARDED)
        assert forwarded.recipient == "help@elsewhere.example"
        assert [event.place for event in world.trace.steps(Step.STORED)][-1] == "help@elsewhere.example"
        world.check()


def test_a_scenario_is_played_with_its_times_and_expectations_hold(made: Made) -> None:
    """A delayed answer needs no waiting: the clock jumps."""
    with made(REWRITTEN) as world:
        world.run()

        assert world.targets() == {"action:1234": 1, "unassigned": 2}
        [replied] = world.trace.steps(Step.REPLIED)
        assert replied.time.hour == 11


def test_correspondents_do_not_answer_each_other_for_ever(made: Made) -> None:
    """An answer to one's own mail asks for no answer."""
    people = [{"address": "jane@client.example"}, {"address": "joe@other.example"}]

    with made(tables(correspondent=people)) as world:
        world.receive(to="joe@other.example", from_address="jane@client.example")
        world.settle()

    assert len(world.trace.steps(Step.REPLIED)) == 1


def test_mail_to_a_refusing_mailbox_bounces(made: Made) -> None:
    """A single mailbox takes its own mail only; the sending server gives up (R5.1)."""
    mailbox = {"type": "single", "default_sender": "matters@abc.com", "fallback_address": "h@e.example"}

    with made(tables(mailbox=mailbox)) as world:
        world.receive(to="peter@abc.com", from_address="news@shop.example")
        world.settle()
        world.check()

    [bounced] = world.trace.steps(Step.BOUNCED)
    assert (bounced.recipient, bounced.outcome) == ("peter@abc.com", "550")


def test_mail_is_discarded_where_the_domain_says_so(made: Made) -> None:
    """R5.2."""
    with made(tables(provider={"catch_all": "discard"})) as world:
        world.receive(to="peter@abc.com", from_address="news@shop.example")
        assert world.collect() == []
        world.check()

    assert len(world.trace.steps(Step.DISCARDED)) == 1


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"to": "jane"}, "must be one address"),
        ({"to": "jane@client.example", "from_action": -1}, "from_action"),
        ({"to": "jane@client.example", "from_action": 99}, "from_action = 99: is no action; known are 1234"),
        ({"to": "jane@client.example", "user": "nobody"}, "user"),
        ({"to": "jane@client.example", "size": "big"}, "size"),
    ],
)
def test_an_order_that_cannot_be_carried_out_is_one_clear_line(
    made: Made, arguments: dict[str, object], expected: str
) -> None:
    """The value, what is allowed, what to do; and nothing has happened."""
    with made(TABLES) as world:
        with pytest.raises(OrderError, match=expected):
            world.send(**arguments)  # type: ignore[arg-type] # wrong on purpose
        assert len(world.trace) == 0


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"to": "a1234@abc.com"}, "the order: must say who sends; give from_address=... or octets=..."),
        ({"to": "a1234@abc.com", "from_address": "x"}, 'from_address = "x": must be one address'),
    ],
)
def test_an_order_s_faults_speak_python(made: Made, arguments: dict[str, str], expected: str) -> None:
    """They name the arguments of the method, not the keys of a scenario file."""
    with made(TABLES) as world, pytest.raises(OrderError) as caught:
        world.receive(**arguments)  # type: ignore[arg-type] # wrong on purpose

    assert str(caught.value).startswith(expected)


def test_an_error_in_the_block_is_not_hidden_by_the_end_of_the_lab(made: Made) -> None:
    """Whatever was on its way is let go."""

    def use() -> None:
        with made(TABLES) as world:
            world.receive(to="a1234@abc.com", from_address="x@shop.example")
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        use()


def test_an_expectation_that_does_not_hold_is_told_with_what_was_found(made: Made) -> None:
    """`[expect]` counts: one line for each difference."""
    expect = {"delivered": {"action:1234": 2, "mailbox:mary": 1}, "unassigned": 0, "fallback": 1}
    events = [{"receive": {"to": "peter@abc.com", "from": "news@shop.example"}}, {"collect": {}}]

    with made(tables(expect=expect, event=events)) as world, pytest.raises(ExpectationError) as caught:
        world.run()

    assert str(caught.value).splitlines() == [
        "expect.delivered.action:1234 = 2: found 0; unassigned holds 1",
        "expect.delivered.mailbox:mary = 1: found 0; unassigned holds 1",
        "expect.unassigned = 0: found 1; the reasons are: unknown-address 1",
        "expect.fallback = 1: found 0; no message was fallback",
    ]


def test_people_at_the_practice_s_own_provider_get_their_mail(made: Made) -> None:
    """A single mailbox at a public provider has neighbours; their answers come back too."""
    mailbox = {"type": "single", "default_sender": "lawfirm@mail.example", "fallback_address": "h@e.example"}
    people = [{"address": "bob@mail.example"}]

    with made(tables(mailbox=mailbox, correspondent=people, alias=[])) as world:
        world.send(from_action=1234, to="bob@mail.example")
        [decision] = world.collect()
        world.check()

        assert decision.meant_for == "action:1234"


def test_two_letters_without_message_id_get_two_answers(made: Made) -> None:
    """R4.13: what differs in its body is two messages, whatever its id."""
    letters = [b"From: a1234@abc.com\nSubject: %d\n\nbody %d\n" % (number, number) for number in range(2)]

    with made(tables(provider={"profile": "postfix"})) as world:
        for letter in letters:
            world.receive(to="jane@client.example", from_address="a1234@abc.com", octets=letter)
        decisions = world.collect()
        world.check()

    assert [decision.outcome for decision in decisions] == ["delivered", "delivered"]


def test_a_world_loses_no_mail_that_waits_in_another_mailbox(made: Made) -> None:
    """R5.1: mail for john@ is his, not the catch-all's."""
    with made(tables(provider={"mailboxes": ["john@abc.com"]})) as world:
        world.receive(to=["john@abc.com", "JOHN@ABC.com", "a1234@abc.com"], from_address="x@shop.example")
        [decision] = world.collect()
        world.check()

        assert decision.targets == ("action:1234",)


@pytest.mark.parametrize("submitted", [True, False], ids=["sent", "received"])
def test_a_server_s_size_limit_holds_both_ways(made: Made, submitted: bool) -> None:
    """R5.4: submissions and mail from outside are refused over it, with the provider's words."""
    with made(tables(provider={"profile": "postfix", "size_limit": "5 KB"})) as world:
        if submitted:
            sent = world.send(from_action=1234, to="jane@client.example", size="6 KB")
            assert str(sent.refused["jane@client.example"]).startswith("552 5.3.4")
        else:
            world.receive(to="a1234@abc.com", from_address="x@shop.example", text="x" * 6000)
        assert world.collect() == []
        world.check()

    step = Step.REFUSED if submitted else Step.BOUNCED
    assert [event.outcome for event in world.trace.steps(step)] == ["552"]


def test_a_big_message_names_the_servers_that_would_refuse_it(made: Made) -> None:
    """R3.7: the warning states the size as transmitted."""
    with made(tables(provider={"profile": "postfix", "size_limit": "11 MB"})) as world:
        sent = world.send(from_action=1234, to="jane@client.example", size="9 MB")

    [warning] = sent.warnings
    assert "smtp.abc.com" in warning


def test_a_rewriting_provider_sends_under_the_account_s_own_envelope_sender(made: Made) -> None:
    """R5.3: From and envelope sender alike."""
    with made(tables(provider={"profile": "gmail"})) as world:
        world.send(from_action=1234, to="jane@client.example")
        world.settle()

    assert world.trace.steps(Step.RELAYED)[0].sender == "matters@abc.com"


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("expired-certificate", "certificate has expired"),
        ("foreign-certificate", "unable to get local issuer"),
    ],
)
def test_a_bad_certificate_of_the_pop3_server_is_not_trusted(made: Made, fault: str, told: str) -> None:
    """Shown once: the next collection gets the mail."""
    with made(tables(provider={"faults": [f"pop:CONNECT:1:{fault}"]})) as world:
        world.receive(to="a1234@abc.com", from_address="jane@client.example")
        with pytest.raises(CollectError, match=told):
            world.collect()

        assert [decision.targets for decision in world.collect()] == [("action:1234",)]


def test_faults_of_a_scenario_strike_and_what_was_missed_is_collected_next(made: Made) -> None:
    """R4.2: the line is lost in mid-message; the next collection delivers it, once."""
    collect: dict[str, object] = {"collect": {}}
    receive = {"receive": {"to": "a1234@abc.com", "from": "jane@client.example"}}
    provider = {"faults": ["pop:RETR:1:drop@20"]}
    expect = {"delivered": {"action:1234": 1}}

    with made(tables(provider=provider, event=[receive, collect, collect], expect=expect)) as world:
        world.run()

    assert world.trace.steps(Step.OPENED)[0].outcome == "failed"


@pytest.mark.parametrize(
    ("faults", "removed", "waiting"),
    [
        ([], 1, 0),
        (["pop:QUIT:1:ignore-deletes"], 1, 0),
        (["pop:QUIT:every:ignore-deletes"], 0, 1),
        (["pop:QUIT:1:drop"], 1, 0),
        (["pop:QUIT:1:reply -ERR not removed"], 1, 0),
        (["pop:DELE:1:eager-delete", "pop:QUIT:1:drop"], 1, 0),
    ],
)
def test_a_removal_is_told_when_the_server_made_it_whatever_it_said_of_it(
    made: Made, faults: list[str], removed: int, waiting: int
) -> None:
    """R4.2, R6.1: once, in whatever session; and a message whose deletion is lost is still in one place (R6.2)."""
    with made(tables(provider={"faults": faults})) as world:
        world.receive(to="a1234@abc.com", from_address="jane@client.example")
        world.collect()
        world.check()

        assert len(world.waiting()) == waiting
    told = world.trace.steps(Step.REMOVED)
    assert [event.place for event in told] == ["matters@abc.com"] * removed
    [stored] = world.trace.steps(Step.STORED)
    assert {(event.trace_id, event.message_id, event.detail) for event in told} <= {
        (stored.trace_id, stored.message_id, stored.detail)
    }


@pytest.mark.parametrize(("common", "target"), [("qmail", "action:1234"), (None, "unassigned")])
def test_a_decorated_header_is_understood_where_the_settings_name_the_provider(
    made: Made, common: str | None, target: str
) -> None:
    """Section 7 "Which address": qmail writes the virtual domain before the address; else it is another's."""
    pop = {"server": "ssl://pop.abc.com", "username": "matters@abc.com", "password": "open sesame"}

    with made(
        tables(provider={"profile": "qmail"}, pop=pop | ({"common": common} if common else {}))
    ) as world:
        world.receive(to="a1234@abc.com", from_address="jane@client.example", octets=BCC)
        [decision] = world.collect()

        assert decision.targets == (target,)
        assert world.mailbox(target)[0].value("Delivered-To") == "abc.com-a1234@abc.com"


def test_a_provider_may_keep_copies_of_what_it_sends_which_go_nowhere(made: Made) -> None:
    """R5.8, R4.14: of letters from an action and of others; each is known to be a copy, and nothing is lost."""
    with made(tables(provider={"sent_copies": True}, correspondent=[])) as world:
        world.send(from_action=1234, to="jane@client.example", subject="From an action")
        world.send(to="jane@client.example", subject="From none")
        [decision, other] = world.collect()

        for one in (decision, other):
            assert (one.outcome, one.reason) == (Outcome.DUPLICATE, Reason.SENT_COPY)
        assert decision.evidence[-1].concluded.startswith("a copy of what the system sent from action 1234")
        assert other.evidence[-1].concluded.startswith("a copy of what the system sent, all")
        assert [event.place for event in world.trace.steps(Step.STORED) if event.rule == "R5.8"] == [
            "matters@abc.com"
        ] * 2
        world.check()


def test_a_copy_of_internal_mail_and_the_mail_itself_arrive_once(made: Made) -> None:
    """R4.14: with recipients inside it is routed like any other; the second of the two is a duplicate (R4.13)."""
    changes = {"provider": {"sent_copies": True}, "routing": {"internal": "smtp"}}
    with made(tables(**changes)) as world:
        world.send(from_action=1234, to="a1234@abc.com")
        decisions = world.collect()

        assert sorted(decision.outcome for decision in decisions) == ["delivered", "duplicate"]
        assert world.targets() == {"action:1234": 1}
        world.check()


@pytest.mark.parametrize(
    ("provider", "smtp", "copies"),
    [
        ({"profile": "gmail"}, None, 1),
        ({"profile": "gmail", "sent_copies": False}, None, 0),
        ({"profile": "gmail"}, {"server": "localhost"}, 0),
        ({"profile": "postfix"}, None, 0),
    ],
)
def test_who_keeps_copies_is_what_the_profile_knows_unless_the_scenario_says(
    made: Made, provider: dict[str, object], smtp: dict[str, object] | None, copies: int
) -> None:
    """And what goes through the system's own servers the provider never sees."""
    with made(tables(provider=provider, correspondent=[], **({"smtp": smtp} if smtp else {}))) as world:
        world.send(from_action=1234, to="jane@client.example")
        world.settle()

        assert len(world.waiting()) == copies


def test_gmail_s_quirk_hides_nothing_that_was_not_kept(made: Made) -> None:
    """R4.2: more than it shows in one session, collected whole, each once; what fails to be taken stays in sight."""
    provider = {"profile": "gmail", "quirks": ["gmail=3"], "faults": ["pop:RETR:4:drop@100"]}
    with made(tables(provider=provider, correspondent=[])) as world:
        for number in range(8):
            world.receive(to="a1234@abc.com", from_address="jane@client.example", subject=f"{number}")
        world.collect()
        world.check()

        assert world.targets() == {"action:1234": 8}
        assert world.waiting() == []


def test_send_on_behalf_of_names_the_account_in_sender_and_brings_the_reply_back(made: Made) -> None:
    """R5.3: From stays the action's, whatever the provider does with foreign senders else."""
    with made(tables(provider={"sender_policy": "rewrite", "on_behalf": True})) as world:
        world.send(from_action=1234, to="jane@client.example")
        world.settle()
        [decision] = world.collect()

        [rewritten] = world.trace.steps(Step.REWRITTEN)
        assert decision.targets == ("action:1234",)
        assert "changes its header; From stays" in sentence(rewritten)


def test_a_batch_that_cannot_be_stored_is_told_and_stays_at_the_server(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The call ends with the store's error instead of waiting for ever (R4.2); the next one goes on."""

    def full(*_: object) -> None:
        raise StoreError("the disk is full")

    with made(TABLES) as world:
        world.receive(to="a1234@abc.com", from_address="x@shop.example")
        with monkeypatch.context() as patched:
            patched.setattr(Store, "keep", full)
            with pytest.raises(StoreError, match="full"):
                world.collect()
        assert len(world.waiting()) == 1
        assert len(world.collect()) == 1
        world.check()


def test_somebody_outside_answers_when_told_to(made: Made) -> None:
    """Whatever their habit: also who never answers by themselves, and in which words."""
    with made(tables(provider={"profile": "postfix"}, correspondent=[])) as world:
        sent = world.send(from_action=1234, to=["jane@client.example", "joe@other.example"])
        world.reply(sent.message_id, from_address="joe@other.example", text="I do not agree.")
        [decision] = world.collect()
        world.check()

        assert decision.targets == ("action:1234",)
        [held] = world.mailbox("action:1234")
        assert held.value("From") == "joe@other.example"
        assert held.octets.endswith(b"\r\n\r\nI do not agree.\r\n")


@pytest.mark.parametrize(
    ("message_id", "who", "expected"),
    [
        ("<x@y.example>", None, 'message_id = "<x@y.example>": nobody outside has got it'),
        ("<1@shop.example>", "joe@other.example", "joe@other.example has not got it"),
        ("<1@shop.example>", None, "names nobody who could be answered"),
    ],
)
def test_what_cannot_be_answered_is_told(made: Made, message_id: str, who: str | None, expected: str) -> None:
    """One line, and nothing has happened."""
    letter = b"Message-ID: <1@shop.example>\r\nSubject: nobody\r\n\r\n"
    with made(TABLES) as world:
        world.receive(to="jane@client.example", from_address="x@shop.example", octets=letter)
        world.settle()
        before = len(world.trace)
        with pytest.raises(OrderError) as caught:
            world.reply(message_id, from_address=who)

        assert str(caught.value).startswith(expected) or expected in str(caught.value)
        assert len(world.trace) == before


def test_a_run_may_stop_on_the_way_and_go_on(made: Made) -> None:
    """Up to a time nothing later happens; the rest comes when the run goes on, and only then is it held to [expect]."""
    events = [
        {"send": {"from_action": 1234, "to": "jane@client.example"}},
        {"at": "1h", "collect": {}},
        {"at": "3h", "collect": {}},
    ]
    people = [{"address": "jane@client.example", "delay": "2h"}]
    expect = {"delivered": {"action:1234": 1}}
    scenario = tables(provider={"profile": "postfix"}, correspondent=people, event=events, expect=expect)

    with made(scenario) as world:
        world.run(until=timedelta(minutes=90))
        assert (len(world.trace.steps(Step.REPLIED)), len(world.trace.steps(Step.OPENED))) == (0, 1)
        world.run(until=world.scenario.tables.start + timedelta(hours=2, minutes=30))
        assert (len(world.trace.steps(Step.REPLIED)), len(world.trace.steps(Step.OPENED))) == (1, 1)
        world.run()

        assert world.targets() == {"action:1234": 1}


def test_time_passes_up_to_a_time_or_for_so_long_after_the_start(made: Made) -> None:
    """As `run` goes on; one that has passed lets nothing later happen."""
    with made(tables(correspondent=[{"address": "jane@client.example", "delay": "2h"}])) as world:
        start = world.scenario.tables.start
        world.send(from_action=1234, to="jane@client.example")
        world.settle(until=timedelta(hours=1))
        assert timedelta(hours=1) <= world.now - start < timedelta(hours=2)
        world.settle(until=start)
        assert not world.trace.steps(Step.REPLIED)
        world.settle(until=timedelta(hours=2, minutes=1))
        assert world.trace.steps(Step.REPLIED)


@pytest.mark.parametrize(
    "until",
    ["3h", datetime(2030, 1, 1), datetime(1999, 1, 1, tzinfo=UTC), timedelta(hours=-1), timedelta.max, 3],  # noqa: DTZ001 - refused
)
def test_what_is_no_time_of_the_world_is_one_line(until: Any) -> None:
    """Neither words nor a time without its zone, nor one before the start."""
    with Simulation(tables()) as world:
        for pass_time in (world.run, world.settle):
            with pytest.raises(
                OrderError, match=r"^until = .*: must be a time of the world.*timedelta\(hours=3\)"
            ):
                pass_time(until=until)


@pytest.mark.parametrize(
    "target",
    [
        "aktion",
        "action:999",
        "action:01234",
        "mailbox:nobody",
        "fallback:x@y.example",
        "xyz.example/action:1234",
        "",
    ],
)
def test_what_can_hold_nothing_is_no_empty_mailbox(target: str) -> None:
    """A name that is misspelt would pass for a mailbox in which nothing is."""
    with Simulation(tables()) as world:
        with pytest.raises(
            OrderError, match=r"is no target of abc.com; write one of action:1234, .*unassigned, fallback:"
        ):
            world.mailbox(target)
        for known in ("action:1234", "mailbox:mary", "unassigned", "fallback:help@elsewhere.example"):
            assert not world.mailbox(known)


def test_a_world_whose_trace_goes_to_a_file_holds_the_last_of_it(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its memory does not grow; the file has all, the laws are held over all."""
    monkeypatch.setattr("mailsim.world.kept.KEPT", 5)
    monkeypatch.setattr("mailsim.world.kept.DECISIONS_KEPT", 4)
    out = tmp_path / "trace.jsonl"
    with made(tables(provider={"profile": "postfix"}), out=out) as world:
        for _ in range(6):
            world.send(from_action=1234, to="jane@client.example")
        world.collect()
        world.check()

        assert (len(world.trace), len(world.decisions)) == (5, 4)
        assert not out.exists()
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [row["serial"] for row in rows] == list(range(len(rows)))
    assert sum(row["step"] == "decided" for row in rows) == 6
    assert rows[-5:] == [json.loads(json_line(event)) for event in world.trace]


def test_the_trace_of_a_world_that_failed_is_written_too(made: Made, tmp_path: Path) -> None:
    """Then most of all somebody wants to read it."""
    out = tmp_path / "trace.jsonl"

    def fail() -> None:
        with made(TABLES, out=out) as world:
            world.send(to="jane@client.example")
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        fail()
    first = out.read_text(encoding="utf-8").partition("\n")[0]
    assert json.loads(first)["step"] == "composed"


@pytest.mark.parametrize("catch_all", ["refuse", "discard", "john@abc.com"])
def test_the_postmaster_s_mail_is_taken_by_the_provider_s_server(catch_all: str) -> None:
    """Whatever the domain's other mail comes to, and without a domain too (RFC 5321 sections 4.1.1.3, 4.5.1)."""
    with Lab(tables(provider={"profile": "postfix", "catch_all": catch_all})) as world:
        host, port = world.addresses["mx.abc.com", 25]
        with smtplib.SMTP(host, port) as client:
            client.ehlo("stranger.example")
            client.docmd("MAIL", "FROM:<>")
            assert client.docmd("RCPT", "TO:<postmaster>")[0] == 250
            client.data(b"Subject: your server\r\n\r\nHello\r\n")
        world.settle()
        world.check()

        [stored] = world.trace.steps(Step.STORED)
        assert stored.place == ("john@abc.com" if catch_all == "john@abc.com" else "matters@abc.com")
        assert stored.recipient == "postmaster@mx.abc.com"


def test_a_mailbox_that_forwards_to_the_system_mailbox_stacks_its_header(made: Made) -> None:
    """Section 7 "Which address": of the stacked values the one decides that names an alias."""
    provider = {"mailboxes": ["sales@abc.com"], "forwards": {"sales@abc.com": "matters@abc.com"}}
    with made(tables(provider=provider)) as world:
        world.receive(to="sales@abc.com", from_address="joe@shop.example")
        world.settle()
        [waiting] = world.waiting()
        [decision] = world.collect()
        world.check()

        assert waiting.values("Delivered-To") == ["matters@abc.com", "sales@abc.com"]
        assert sorted(decision.targets) == ["mailbox:john", "mailbox:mary"]
        [stored] = world.trace.steps(Step.STORED)
        assert (stored.place, stored.reason) == ("matters@abc.com", "forwarded by sales@abc.com")


@pytest.mark.parametrize(("open_relay", "outcome"), [(True, "action:1234"), (False, "unassigned")])
def test_an_open_relay_judges_nobody_s_sender_who_does_not_log_in(
    made: Made, open_relay: bool, outcome: str
) -> None:
    """R5.3; who logs in is judged there too, and elsewhere a server that asks for no login knows its customer."""
    smtp = {"server": "smtp.abc.com", "port": 587, "authentication": "none"}
    provider = {"sender_policy": "rewrite", "open_relay": open_relay}
    with made(tables(provider=provider, smtp=smtp)) as world:
        world.send(from_action=1234, to="jane@client.example")
        world.settle()
        [decision] = world.collect()

        assert decision.targets == (outcome,)


@pytest.mark.parametrize("open_relay", [True, False])
def test_only_an_open_relay_takes_mail_of_strangers(open_relay: bool) -> None:
    """R5.3: from another program, over TLS, without a login, and whoever is to get it."""
    with Lab(tables(provider={"open_relay": open_relay, "sent_copies": True}, correspondent=[])) as world:
        host, port = world.addresses["smtp.abc.com", 587]
        context = ssl.create_default_context(cadata=world.authority.decode())
        context.check_hostname = False
        with smtplib.SMTP(host, port) as client:
            client.starttls(context=context)
            client.ehlo()
            assert client.has_extn("auth")
            code, _ = client.mail("spammer@shop.example")
            assert code == (250 if open_relay else 530)
            if open_relay:
                client.rcpt("jane@client.example")
                client.data(b"Subject: buy\r\n\r\n")
        world.settle()

        assert [event.place for event in world.trace.steps(Step.STORED)] == [
            "jane@client.example"
        ] * open_relay


def test_what_goes_wrong_can_be_added_while_the_world_runs(made: Made) -> None:
    """At each server of the provider; `next` counts from then on."""
    with made(tables(provider={"profile": "postfix"})) as world:
        world.receive(to="a1234@abc.com", from_address="x@shop.example")
        world.settle()
        world.add_fault("pop:RETR:next:drop@10")
        world.add_fault("smtp:RCPT:next:reply 550 5.1.1 no")
        world.add_fault("mx:MAIL:next:reply 451 4.3.0 later")
        world.collect()
        sent = world.send(from_action=1234, to="joe@other.example")
        world.receive(to="a1234@abc.com", from_address="y@shop.example")
        world.settle()

        assert world.trace.steps(Step.OPENED)[0].outcome == "failed"
        assert str(sent.refused["joe@other.example"]) == "550 5.1.1 no"
        assert [event.reason for event in world.trace.steps(Step.DEFERRED)] == ["451 4.3.0 later"]
        assert world.trace.scenario is None  # no event tells it, so it cannot be played again
        world.collect()
        world.check()


@pytest.mark.parametrize(
    "fault", ["pop:RETR:1:fly", "imap:FETCH:1:drop", "pop:CONNECT:1:foreign-certificate"]
)
def test_a_fault_that_cannot_be_added_is_told(made: Made, fault: str) -> None:
    """One that is none, one of no server, and one that a server must know when it starts."""
    with made(TABLES) as world, pytest.raises(FaultError, match=fault):
        world.add_fault(fault)


def test_a_world_may_be_settled_up_to_a_time(made: Made) -> None:
    """What is due later stays due."""
    people = [{"address": "jane@client.example", "delay": "2h"}]
    with made(tables(correspondent=people)) as world:
        world.send(from_action=1234, to="jane@client.example")
        world.settle(until=world.now + timedelta(hours=1))
        assert len(world.trace.steps(Step.REPLIED)) == 0
        world.settle(until=world.now + timedelta(hours=1, seconds=1))
        assert len(world.trace.steps(Step.REPLIED)) == 1


def test_what_is_put_off_is_not_lost_as_long_as_it_is_on_its_schedule(made: Made) -> None:
    """Queued is one of the places where mail may be (R6.2); in the end it is given up, and its sender told (R3.8)."""
    provider = {"faults": ["mx:RCPT:every:reply 451 4.3.0 later"]}
    with made(tables(provider=provider)) as world:
        world.receive(to="a1234@abc.com", from_address="jane@client.example")
        world.settle(until=world.now + timedelta(days=1))
        world.check()
        world.settle()
        world.check()

        assert len(world.trace.steps(Step.BOUNCED)) == 1
        assert world.now - world.trace[0].time < LONGEST_QUEUED


def test_two_programs_that_answer_everything_are_stopped_and_told(made: Made) -> None:
    """R4.9: their loop is a law that is broken; the world settles all the same, and nothing is lost in it."""
    people = [
        {"address": "jane@client.example", "habit": "out-of-office"},
        {"address": "joe@other.example", "habit": "out-of-office"},
    ]
    with made(tables(correspondent=people)) as world:
        world.receive(to="joe@other.example", from_address="jane@client.example")
        world.settle()
        with pytest.raises(ConservationError) as caught:
            world.check()

    assert len(world.trace.steps(Step.REPLIED)) == MOST_ANSWERS
    first, second, *story = str(caught.value).splitlines()
    assert first == "t000001: answers go round for ever; they were stopped"
    assert second == "What happened to t000001:"
    assert [line[2] for line in story] == ["2", "2", "2", "…", "2"]


def test_mail_from_outside_is_as_large_as_is_asked_for(made: Made) -> None:
    """What is brought, what is answered, and what made-up people answer; told again it is as large."""
    jane = {"address": "jane@client.example", "size": "20 KB"}
    work = {"letters": 8, "people": 1, "answer_size": "30 KB", "practices": ["abc.com"]}
    brought = {
        "receive": {"to": "a1234@abc.com", "from": "jane@client.example", "text": "Hi", "size": "9 KB"}
    }
    with made(tables(correspondent=[jane], workload=work, event=[brought])) as world:
        world.receive(to="a1234@abc.com", from_address="ann@client.example", size="40 KB")
        world.run()
        answers = {event.place: event.size for event in world.trace.steps(Step.REPLIED)}
        composed = [
            event.size for event in world.trace.steps(Step.COMPOSED) if event.place.endswith(".example")
        ]
        [last] = [one for one in world.waiting() if one.value("From") == "ann@client.example"]
        again: Any = world.trace.scenario

    assert len(answers) == 2
    assert all(
        (20 if place == "jane@client.example" else 30) < size / 1024 < 32 for place, size in answers.items()
    )
    assert [size // 1024 for size in composed] == [40, 9]
    assert max(map(len, last.octets.splitlines())) < 1000
    assert again is not None
    assert [event["receive"]["size"] for event in again["event"]] == [40960, 9216]


def test_programs_that_answer_each_other_in_a_crowd_are_stopped_before_they_fill_the_world(
    made: Made,
) -> None:
    """Each copy makes two: they are too many long before answers to answers are too deep (R4.9)."""
    addresses = ["jane@client.example", "joe@other.example", "ann@client.example"]
    people = [
        {"address": one, "habit": "forward", "forwards_to": [two for two in addresses if two != one]}
        for one in addresses
    ]
    with Simulation(tables(correspondent=people)) as world:
        world.receive(to="joe@other.example", from_address="stranger@elsewhere.example")
        world.settle()
        with pytest.raises(ConservationError, match="t000001: answers go round for ever"):
            world.check()

    assert len(world.trace.steps(Step.REPLIED)) == MOST_IN_A_CONVERSATION


def test_a_full_mailbox_is_found_out_too_late_to_refuse(made: Made) -> None:
    """RFC 3464: the server that took the letter reports it to the action, and the copy has that one end."""
    people = [{"address": "jane@client.example", "habit": "bounce"}]
    with made(tables(correspondent=people)) as world:
        sent = world.send(from_action=1234, to="jane@client.example")
        [decision] = world.collect()
        world.check()

        [bounced] = world.trace.steps(Step.BOUNCED)
        [report] = world.mailbox("action:1234")
    assert not sent.refused
    assert (bounced.place, bounced.reason) == ("mx.client.example", "552 5.2.2 Mailbox full")
    assert decision.outcome == Outcome.DELIVERED
    assert report.value("In-Reply-To") == sent.message_id
    assert b"Status: 5.2.2" in report.octets


def test_a_neighbour_s_mailbox_may_be_full_too(made: Made) -> None:
    """In single mode others live at the practice's own provider."""
    single = TABLES["mailbox"] | {"type": "single"}  # type: ignore[operator] # a table
    people = [{"address": "ann@abc.com", "habit": "bounce"}]
    with made(tables(mailbox=single, correspondent=people)) as world:
        world.send(from_action=1234, to="ann@abc.com")
        world.settle()
        world.check()

        assert [event.place for event in world.trace.steps(Step.BOUNCED)] == ["mx.abc.com"]


def test_who_gets_another_s_mail_answers_it(made: Made) -> None:
    """A neighbour to whom a mailbox of the domain is forwarded."""
    single = TABLES["mailbox"] | {"type": "single"}  # type: ignore[operator] # a table
    provider = {"mailboxes": ["john@abc.com"], "forwards": {"john@abc.com": "ann@abc.com"}}
    with made(tables(mailbox=single, provider=provider, correspondent=[{"address": "ann@abc.com"}])) as world:
        world.receive(to="john@abc.com", from_address="jane@client.example")
        world.settle()
        world.check()

        assert [event.place for event in world.trace.steps(Step.REPLIED)] == ["ann@abc.com"]


def test_a_program_that_keeps_the_rules_and_one_that_does_not_come_to_an_end(made: Made) -> None:
    """RFC 3834: an answer under the null sender, which says that it is automatic, gets none from those who keep it."""
    people = [
        {"address": "jane@client.example", "habit": "auto-reply"},
        {"address": "joe@other.example", "habit": "reply-all"},
    ]
    with made(tables(provider={"profile": "postfix"}, correspondent=people)) as world:
        world.send(from_action=1234, to=["jane@client.example", "joe@other.example"])
        decisions = world.collect()
        world.settle()
        world.check()

        assert world.targets() == {"action:1234": 2}
        assert len(decisions) == 2


def test_what_is_forwarded_outside_has_a_story_of_one_conversation(made: Made) -> None:
    """From the practice to whom nobody in it wrote; their answer goes to the forwarder."""
    people = [
        {"address": "jane@client.example", "habit": "forward", "forwards_to": "boss@client.example"},
        {"address": "boss@client.example"},
    ]
    with made(tables(correspondent=people)) as world:
        world.send(from_action=1234, to="jane@client.example")
        world.settle()

        assert [event.place for event in world.trace.steps(Step.REPLIED)][:2] == [
            "jane@client.example",
            "boss@client.example",
        ]
        assert {event.trace_id for event in world.trace} == {"t000001"}


@pytest.mark.parametrize("row", [{"habit": "forward"}, {"forwards_to": "boss@client.example"}])
def test_who_forwards_says_where(row: dict[str, object]) -> None:
    """And nobody else does."""
    people = [{"address": "jane@client.example"} | row]
    with pytest.raises(ScenarioError, match="needs habit"):
        Simulation(tables(correspondent=people))


def test_a_practice_that_polls_collects_until_nothing_more_comes(made: Made) -> None:
    """Without an event that says so: what comes late too, and what is forwarded and answered because of it."""
    people = [{"address": "jane@client.example", "delay": "5h"}]
    events = [{"send": {"from_action": 1234, "to": "jane@client.example"}}]
    expect = {"delivered": {"action:1234": 1}}
    with made(
        tables(provider={"profile": "postfix"}, correspondent=people, event=events, poll="2h", expect=expect)
    ) as world:
        world.run()

    opened = [event.time - world.scenario.tables.start for event in world.trace.steps(Step.OPENED)]
    assert {round(when.total_seconds() / 3600) for when in opened} == {2, 4, 6, 8}
    assert world.waiting() == []


def test_polls_are_so_often_since_the_start_whatever_a_collection_takes(made: Made) -> None:
    """So that both worlds poll as often, and at the same moment as what a scenario has happen then."""
    events = [
        {"receive": {"to": "a1234@abc.com", "from": "x@shop.example"}, "at": at} for at in ("40m", "2h")
    ]
    with made(tables(event=events, poll="10m")) as world:
        world.run(until=timedelta(hours=1))

        opened = [event.time - world.scenario.tables.start for event in world.trace.steps(Step.OPENED)]
        assert [int(when.total_seconds()) for when in opened] == [600, 1200, 1800, 2400, 3000, 3000, 3600]


def test_a_practice_that_cannot_collect_stops_polling(made: Made) -> None:
    """When nothing else is to come: a broken server is no reason to go on for ever."""
    provider = {"faults": ["pop:PASS:every:refuse"]}
    events = [{"receive": {"to": "a1234@abc.com", "from": "x@shop.example"}}]
    with made(tables(provider=provider, event=events, poll="1h")) as world:
        world.run()

        assert {event.outcome for event in world.trace.steps(Step.OPENED)} == {"failed"}
        assert len(world.waiting()) == 1


@pytest.mark.parametrize("fault", ["pop:CONNECT:1:drop", "pop:PASS:1:locked", "pop:QUIT:1:ignore-deletes"])
def test_a_poll_that_fails_once_is_made_good_by_the_next(made: Made, fault: str) -> None:
    """Though nothing but what waits at the server is left to come."""
    provider = {"profile": "postfix", "faults": [fault]}
    events = [{"send": {"from_action": 1234, "to": ["jane@client.example"]}}]
    with made(tables(provider=provider, event=events, poll="5m")) as world:
        world.run()

        assert world.targets() == {"action:1234": 1}
        assert list(world.waiting()) == []


def test_a_login_that_came_too_soon_is_followed_by_one_that_does_not(made: Made) -> None:
    """The time between two logins is the world's, so that one of those polls gets in."""
    provider = {"profile": "postfix", "quirks": ["login-delay"]}
    events = [
        {"receive": {"to": "a1234@abc.com", "from": "x@shop.example"}, "at": at} for at in ("0s", "50s")
    ]
    with made(tables(provider=provider, event=events, poll="30s")) as world:
        world.run()

        assert world.targets() == {"action:1234": 2}
        assert "failed" in {event.outcome for event in world.trace.steps(Step.OPENED)}


def test_a_practice_stops_polling_that_gets_the_same_mail_again_and_again(made: Made) -> None:
    """A server that removes nothing is broken for good."""
    provider = {"faults": ["pop:QUIT:every:ignore-deletes"], "quirks": ["no-uidl"]}
    events = [{"receive": {"to": "a1234@abc.com", "from": "x@shop.example"}}]
    with made(tables(provider=provider, event=events, poll="1h")) as world:
        world.run()

        assert world.targets() == {"action:1234": 1}
        assert len(world.waiting()) == 1


def test_letters_of_a_workload_are_sent_answered_and_collected(made: Made) -> None:
    """Made up as they go out; each answer reaches the action that asked."""
    workload = {"letters": 20, "over": "3h", "size": "1 KB"}
    with made(tables(provider={"profile": "postfix"}, workload=workload, poll="1h")) as world:
        world.run()

        assert world.targets() == {"action:1234": 20}
        assert len({event.time for event in world.trace.steps(Step.COMPOSED)}) == 20
