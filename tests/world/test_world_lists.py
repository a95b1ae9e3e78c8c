"""Mailing lists and relays: what rewrites mail between people and the practice, in memory and on sockets alike."""

from collections.abc import Callable

import pytest

from mailsim.practice.decision import Outcome, Reason
from mailsim.smtp.limits import MOST_HOPS
from mailsim.trace.event import Step
from mailsim.trace.story import told
from mailsim.world.broken_laws import ConservationError
from mailsim.world.lab import Lab
from mailsim.world.scenario import ScenarioError
from mailsim.world.simulation import Simulation

Made = Callable[..., Simulation | Lab]
TABLES: dict[str, object] = {
    "mailbox": {
        "type": "catch-all",
        "default_sender": "matters@abc.com",
        "fallback_address": "help@elsewhere.example",
    },
    "action": [{"id": 1234}],
    "provider": {"profile": "postfix"},
    "correspondent": [{"address": "jane@client.example"}, {"address": "joe@other.example"}],
}
RULES: dict[str, object] = {
    "address": "rules@lists.example",
    "members": ["jane@client.example", "joe@other.example"],
}
GATE: dict[str, object] = {"name": "gate.client.example", "domains": "client.example"}


@pytest.fixture(params=[Simulation, Lab])
def made(request: pytest.FixtureRequest) -> Made:
    """Each kind of world."""
    kind: Made = request.param
    return kind


def test_a_letter_to_a_list_is_answered_by_its_members(made: Made) -> None:
    """From is the action's still, so their answers find it; each copy is accounted for."""
    with made(TABLES | {"list": [RULES]}) as world:
        sent = world.send(from_action=1234, to="rules@lists.example", subject="Draft")
        decisions = world.collect()
        world.settle()
        world.check()
        story = "\n".join(told(world.trace))

    assert [decision.outcome for decision in decisions] == [Outcome.DELIVERED] * 2
    [distributed] = world.trace.steps(Step.FORWARDED)
    assert (distributed.place, distributed.message_id) == ("rules@lists.example", sent.message_id)
    assert distributed.sender == "rules-bounces@lists.example"
    assert "sends it to its members jane@client.example, joe@other.example" in story


def test_who_answers_a_list_that_rewrites_from_answers_the_list(made: Made) -> None:
    """And not the action: by its Reply-To the list leads everything to itself, and its members."""
    people = [{"address": "jane@client.example"}]
    rules = RULES | {"rewrites_from": True, "reply_to": "list", "members": "jane@client.example"}
    with made(TABLES | {"correspondent": people, "list": [rules]}) as world:
        world.send(from_action=1234, to="rules@lists.example", subject="Draft")
        world.collect()
        world.check()

        assert world.targets() == {}
        assert [event.recipient for event in world.trace.steps(Step.REPLIED)] == ["rules@lists.example"]
        assert len(world.trace.steps(Step.FORWARDED)) == 1


def test_two_lists_that_are_members_of_each_other_come_to_an_end(made: Made) -> None:
    """Each sends a message once."""
    talk = {"address": "talk@forum.example", "members": ["rules@lists.example"]}
    rules = RULES | {"members": ["talk@forum.example"]}
    with made(TABLES | {"list": [rules, talk]}) as world:
        world.receive(to="rules@lists.example", from_address="jane@client.example")
        world.settle()
        world.check()

        assert len(world.trace.steps(Step.FORWARDED)) == 2


def test_a_neighbour_s_list_is_at_the_practice_s_own_provider(made: Made) -> None:
    """In single mode."""
    mailbox = {
        "type": "single",
        "default_sender": "matters@abc.com",
        "fallback_address": "h@elsewhere.example",
    }
    rules = RULES | {"address": "rules@abc.com", "members": ["matters@abc.com"]}
    with made(TABLES | {"mailbox": mailbox, "list": [rules]}) as world:
        world.receive(to="rules@abc.com", from_address="jane@client.example")
        [decision] = world.collect()
        world.check()

    assert decision.reason == Reason.SYSTEM_ADDRESS


def test_a_relay_changes_what_passes_and_who_seems_to_send_it(made: Made) -> None:
    """Its envelope sender is in the Return-Path, its Message-ID in the message; it is one message all the same (R6.1)."""
    gate = GATE | {
        "sender": "out@gate.client.example",
        "mangles": ["message-id-replaced", "quoted-printable"],
    }
    with made(TABLES | {"relay": [gate]}) as world:
        world.send(from_action=1234, to="jane@client.example")
        world.collect()
        world.settle()
        world.check()
        [copy] = world.mailbox("action:1234")

    assert copy.value("Return-Path") == "<out@gate.client.example>"
    assert (copy.message_id or "").endswith("@gateway.example>")
    assert copy.value("Content-Transfer-Encoding") == "quoted-printable"
    [replied] = world.trace.steps(Step.REPLIED)
    [rewritten] = world.trace.steps(Step.REWRITTEN)
    assert (rewritten.place, rewritten.message_id) == ("gate.client.example", copy.message_id)
    assert {event.trace_id for event in world.trace if event.message_id} == {replied.trace_id}


def two_lists_that_forget() -> dict[str, object]:
    """Each is a member of the other, and a relay takes away what tells them that they have sent it."""
    lists = [
        {"address": "one@lists.example", "members": ["two@lists.example"]},
        {"address": "two@lists.example", "members": ["one@lists.example"]},
    ]
    gate = {"name": "gate.lists.example", "domains": "lists.example", "mangles": ["top-dropped"]}
    events = [{"send": {"from_action": 1234, "to": ["one@lists.example"]}}]
    return TABLES | {"list": lists, "relay": [gate], "event": events}


def test_what_goes_round_by_a_relay_ends_after_so_many_hops(made: Made) -> None:
    """Each relay writes a Received field; who finds too many gives up (RFC 5321 section 6.3)."""
    with made(two_lists_that_forget()) as world:
        world.run()
        [bounced] = world.trace.steps(Step.BOUNCED)

    assert "554 5.4.6 Too many hops" in bounced.reason
    assert len(world.trace.steps(Step.FORWARDED)) == MOST_HOPS + 1


def test_lists_that_write_to_each_other_for_ever_are_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """As people's programs are: by the law, where no server counts hops."""
    monkeypatch.setattr("mailsim.smtp.limits.MOST_HOPS", 10**6)
    monkeypatch.setattr("mailsim.world.people.MOST_IN_A_CONVERSATION", 60)
    with (
        pytest.raises(ConservationError, match="answers go round for ever"),
        Simulation(two_lists_that_forget()) as world,
    ):
        world.run()


def test_a_relay_leaves_the_null_sender_and_the_mail_of_others_alone(made: Made) -> None:
    """Reports under another sender would be answered (RFC 5321 section 4.5.5)."""
    people = [{"address": "jane@client.example", "habit": "auto-reply"}, {"address": "joe@other.example"}]
    gate = GATE | {"sender": "out@gate.client.example"}
    with made(TABLES | {"correspondent": people, "relay": [gate]}) as world:
        world.send(from_action=1234, to=["jane@client.example", "joe@other.example"])
        world.collect()
        world.settle()
        world.check()
        copies = world.mailbox("action:1234")

    assert {copy.value("Return-Path") for copy in copies} == {"<>", "<joe@other.example>"}
    assert {event.place for event in world.trace.steps(Step.RELAYED)} >= {
        "gate.client.example",
        "mx.other.example",
    }
    assert not list(world.trace.steps(Step.REWRITTEN))


def test_what_a_relay_takes_from_the_top_may_be_the_message_id(made: Made) -> None:
    """It is the same message all the same, and the provider's own fields say whose it is and for whom."""
    octets = b"From: jane@client.example\r\nMessage-ID: <1@client.example>\r\nSubject: Draft\r\n\r\nHello\r\n"
    mailbox = TABLES["mailbox"] | {"catch_all_header": "X-Original-To"}  # type: ignore[operator] # a table
    with made(TABLES | {"mailbox": mailbox, "relay": [GATE | {"mangles": ["top-dropped"]}]}) as world:
        world.receive(to="a1234@abc.com", from_address="jane@client.example", octets=octets)
        world.collect()
        world.settle()
        world.check()

        [copy] = world.mailbox("action:1234")
        assert (copy.message_id, copy.value("From"), copy.value("Subject")) == (None, None, "Draft")
        assert (
            len({event.trace_id for event in world.trace if event.place != "practice" or event.recipient})
            == 1
        )


def test_a_relay_s_mail_is_put_off_and_bounced_as_any_server_s(made: Made) -> None:
    """The report goes to the sender that it wrote."""
    gate = GATE | {"sender": "out@gate.client.example"}
    provider = {"profile": "postfix", "faults": ["mx:RCPT:every:reply 550 5.1.1 unknown"]}
    with made(TABLES | {"relay": [gate], "provider": provider}) as world:
        world.receive(to="a1234@abc.com", from_address="jane@client.example")
        world.settle()
        world.check()

        [bounced] = world.trace.steps(Step.BOUNCED)
        assert (bounced.place, bounced.sender) == ("gate.client.example", "out@gate.client.example")
        assert world.trace[-1].place == "out@gate.client.example"


def test_a_relay_to_which_mail_comes_back_ends_the_loop(made: Made) -> None:
    """Its MX record is somebody's mistake; for the sender it is a report like any other (RFC 3463, 5.4.6)."""
    zone = {"shop.example": {"mx": "10 gate.client.example"}}
    with made(TABLES | {"relay": [GATE], "zone": zone}) as world:
        world.receive(to="news@shop.example", from_address="jane@client.example")
        world.settle()
        world.check()

        [bounced] = world.trace.steps(Step.BOUNCED)
        assert bounced.reason == "554 5.4.6 Mail loops back to myself"
        assert world.trace[-1].place == "jane@client.example"


@pytest.mark.parametrize("mangles", [["in-reply-to-dropped"], ["message-id-replaced", "subject-rewritten"]])
def test_people_whose_threads_are_torn_come_to_an_end_too(made: Made, mangles: list[str]) -> None:
    """Two members of a list that has all answers come to all of them, behind a relay that hides what answers what."""
    gate = GATE | {"domains": ["client.example", "other.example", "lists.example"], "mangles": mangles}
    with made(TABLES | {"list": [RULES | {"reply_to": "list"}], "relay": [gate]}) as world:
        world.send(from_action=1234, to="rules@lists.example")
        world.settle()
        world.check()

        assert 2 <= len(world.trace.steps(Step.REPLIED)) <= 4


@pytest.mark.parametrize(
    ("record", "outcome"), [("v=spf1 mx -all", "fail"), ("v=spf1 a:gate.client.example -all", "pass")]
)
def test_spf_asks_about_the_relay(made: Made, record: str, outcome: str) -> None:
    """It connects from its own address, which a domain's record may have forgotten (R5.5)."""
    zone = {"client.example": {"txt": record}}
    with made(TABLES | {"relay": [GATE], "zone": zone}) as world:
        world.receive(to="a1234@abc.com", from_address="jane@client.example")
        world.settle()

        [checked] = world.trace.steps(Step.CHECKED)
        assert (checked.peer, checked.outcome) == ("gate.client.example", outcome)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"list": [RULES | {"address": "rules@abc.com"}]}, r'list\[0\].address = "rules@abc.com": is on the catch-all domain'),
        ({"list": [RULES | {"address": "jane@client.example"}]}, r"list\[0\].address .* is also correspondent\[0\].address"),
        ({"list": [RULES | {"members": []}]}, r"list\[0\].members = .* must be one address or more"),
        ({"list": [RULES | {"reply_to": "authors"}]}, r'list\[0\].reply_to .* write "author"'),
        ({"relay": [GATE | {"domains": "quiet.example"}]}, r"relay\[0\].domains\[0\] .* known are client.example, other.example"),
        ({"relay": [GATE | {"domains": []}]}, r"relay\[0\].domains = .* must be one domain or more"),
        ({"relay": [GATE | {"domains": "client..example"}]}, r"relay\[0\].domains\[0\] .* must be a domain"),
        ({"relay": [GATE, GATE | {"name": "b.example"}]}, r"relay\[1\].domains\[0\] .* sends through gate.client.example already"),
        ({"relay": [GATE | {"name": "mx.client.example"}]}, r'relay\[0\].name = "mx.client.example": takes the mail of client.example, '),
        ({"relay": [GATE], "zone": {"other.example": {"mx": ["10 mx.other.example", "20 gate.client.example"], "fault": "timeout"}}}, r"relay\[0\].name .* takes the mail of other.example, "),
        ({"relay": [GATE | {"name": "mx.abc.com"}]}, r'relay\[0\].name = "mx.abc.com": is provider.exchanger too; use another name'),
        ({"relay": [GATE | {"name": "mx.elsewhere.example"}]}, r"relay\[0\].name .* takes the mail of all domains that nobody has"),
        ({"relay": [GATE, GATE | {"domains": "other.example"}]}, r'relay\[1\].name = "gate.client.example": is relay\[0\].name too'),
        ({"relay": [GATE | {"mangle": []}]}, "relay\\[0\\].mangle.*write mangles"),
    ],
)  # fmt: skip
def test_each_fault_of_a_list_or_relay_is_one_line(changes: dict[str, object], told: str) -> None:
    """With the key, what is allowed, and what to write."""
    with pytest.raises(ScenarioError, match=told) as caught:
        Simulation(TABLES | changes)
    assert "\n" not in str(caught.value)
