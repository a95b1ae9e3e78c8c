"""What becomes of mail that a server took and cannot hand on: its sender gets a report (R3.8, R5.3; RFC 3464)."""

from collections.abc import Callable, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsim.practice.decision import Reason
from mailsim.trace.event import Step
from mailsim.world.lab import Lab
from mailsim.world.simulation import Simulation

SITE: dict[str, object] = {
    "mailbox": {
        "type": "catch-all",
        "default_sender": "matters@abc.com",
        "fallback_address": "help@elsewhere.example",
    },
    "action": [{"id": 1234}],
}
SHUT = {"shut.example": {"mx": "0 ."}}
Made = Callable[[Mapping[str, object]], Simulation | Lab]


@pytest.fixture(params=[Simulation, Lab])
def made(request: pytest.FixtureRequest) -> Made:
    """Each kind of world."""
    kind: Made = request.param
    return kind


def reports(world: Simulation | Lab) -> list[str]:
    """Whom a report was written to."""
    return [event.recipient for event in world.trace.steps(Step.COMPOSED) if event.reason == "non-delivery"]


def test_a_report_comes_back_to_the_action_that_wrote(made: Made) -> None:
    """Addressed to the action, it is routed as any other mail (R4.5), and belongs to the letter's conversation."""
    with made(SITE | {"zone": SHUT}) as world:
        world.send(from_action=1234, to=["joe@shut.example", "ann@shut.example", "jane@client.example"])
        world.settle()
        [decision] = world.collect()
        world.check()

        assert decision.targets == ("action:1234",)
        [message] = world.mailbox("action:1234")
        told = [line for line in message.octets.split(b"\r\n") if line.startswith(b"Final-Recipient")]
        assert told == [f"Final-Recipient: rfc822; {name}@shut.example".encode() for name in ("joe", "ann")]
        assert b"\r\nFrom: a1234@abc.com\r\n" in message.octets[message.body_start :]
        assert len({event.trace_id for event in world.trace if event.trace_id}) == 1


def test_where_the_sender_is_rewritten_the_report_goes_astray_as_replies_do(made: Made) -> None:
    """R4.7: it comes to the mailbox's own address, and names the action that it is about."""
    with made(SITE | {"zone": SHUT, "provider": {"sender_policy": "rewrite"}}) as world:
        world.send(from_action=1234, to="joe@shut.example")
        world.settle()
        [decision] = world.collect()

        assert (decision.reason, decision.meant_for) == (Reason.SENDER_REWRITTEN, "action:1234")


def test_somebody_outside_gets_a_report_and_does_not_answer_it(made: Made) -> None:
    """In the provider's words, from their own server; it is automatic (RFC 3834)."""
    tables = {"provider": {"catch_all": "refuse"}, "correspondent": [{"address": "jane@client.example"}]}
    with made(SITE | tables) as world:
        world.receive(to="a1234@abc.com", from_address="jane@client.example")
        world.settle()
        world.check()

        [bounced] = world.trace.steps(Step.BOUNCED)
        assert (bounced.place, bounced.peer, bounced.recipient) == (
            "mx.client.example",
            "mx.abc.com",
            "a1234@abc.com",
        )
        assert reports(world) == ["jane@client.example"]
        assert not world.trace.steps(Step.REPLIED)


@pytest.mark.parametrize("sender", [None, "joe@shut.example"])
def test_no_report_answers_a_report_or_chases_one(made: Made, sender: str | None) -> None:
    """Of the null sender nobody is told; a report that cannot be delivered is the end of it (RFC 5321 section 6.1)."""
    with made(SITE | {"zone": SHUT, "provider": {"catch_all": "refuse"}}) as world:
        world.receive(
            to="a1234@abc.com", from_address=sender, octets=b"Subject: x\r\n\r\n" if sender is None else None
        )
        world.settle()
        world.check()

        assert reports(world) == ([] if sender is None else ["joe@shut.example"])


@pytest.mark.parametrize(("record", "told"), [("v=spf1 -all", 0), ("v=spf1 ?all", 1)])
def test_nobody_is_told_of_what_others_sent_in_their_name(made: Made, record: str, told: int) -> None:
    """Where SPF says that the sender is forged, a report would only be more of the same (backscatter)."""
    tables = {"provider": {"catch_all": "refuse"}, "zone": {"victim.example": {"txt": record, "mx": []}}}
    with made(SITE | tables) as world:
        world.receive(to="a1234@abc.com", from_address="ann@victim.example")
        world.settle()
        world.check()

        assert len(reports(world)) == told


@pytest.mark.parametrize("open_relay", [False, True])
def test_the_provider_knows_its_own_customers_whatever_their_domain_publishes(
    made: Made, open_relay: bool
) -> None:
    """They log in: they get reports though the domain's record forgot the server. An open relay knows nobody."""
    zone = SHUT | {"abc.com": {"txt": "v=spf1 -all"}}
    with made(SITE | {"zone": zone, "provider": {"open_relay": open_relay}}) as world:
        world.send(from_action=1234, to="joe@shut.example")
        world.settle()

        assert reports(world) == ["a1234@abc.com"] * (not open_relay)


@given(
    st.sampled_from(["accept", "rewrite", "reject"]),
    st.sampled_from(["matters@abc.com", "discard", "refuse"]),
    st.lists(
        st.sampled_from(["jane@client.example", "joe@shut.example", "x@abc.com"]), min_size=1, unique=True
    ),
    st.sampled_from(["jane@client.example", "joe@shut.example", "matters@abc.com", None]),
    st.sampled_from(["ignore", "mark", "refuse"]),
)
@settings(max_examples=60, deadline=None)
def test_reports_lose_and_double_nothing_and_come_to_an_end(
    policy: str, catch_all: str, to: list[str], sender: str | None, spf: str
) -> None:
    """Whatever is refused where, every message ends in one place (R6.2), and no report is about a report."""
    tables = {
        "provider": {"sender_policy": policy, "catch_all": catch_all, "spf": spf},
        "zone": SHUT | {"abc.com": {"txt": "v=spf1 a:smtp.abc.com -all"}},
        "correspondent": [{"address": "jane@client.example", "spf": spf}],
    }
    with Simulation(SITE | tables) as world:
        world.send(from_action=1234, to=to)
        world.receive(
            to="a1234@abc.com", from_address=sender, octets=b"Subject: x\r\n\r\n" if sender is None else None
        )
        world.settle()
        world.collect()
        world.settle()
        world.check()

        bounced = world.trace.steps(Step.BOUNCED)
        assert len(reports(world)) <= sum(event.sender != "<>" for event in bounced)


def test_a_report_has_the_same_message_id_in_every_run_and_world() -> None:
    """R6.3."""
    ids = []
    for kind in (Simulation, Simulation, Lab):
        with kind(SITE | {"zone": SHUT, "seed": 7}) as world:
            world.send(from_action=1234, to="joe@shut.example")
            world.settle()
            ids.append(world.trace.steps(Step.COMPOSED)[-1].message_id)

    assert len(set(ids)) == 1


NAMELESS = tuple(b"From: bob@x.example\r\nSubject: %b\r\n\r\nhi\r\n" % word for word in (b"one", b"two"))


def test_a_report_on_a_message_without_an_id_is_its_own(made: Made) -> None:
    """Of two that differ in their header alone; each belongs to its message's conversation."""
    with made(SITE | {"zone": SHUT}) as world:
        for octets in NAMELESS:
            world.receive(to="joe@shut.example", from_address="bob@x.example", octets=octets)
        world.settle()
        told = [event for event in world.trace if event.reason == "non-delivery"]

        assert len({event.message_id for event in told}) == 2
        assert sorted(event.trace_id for event in told) == ["t000001", "t000002"]


def test_an_answer_to_a_message_without_an_id_is_its_own(made: Made) -> None:
    """As a report on one is."""
    with made(SITE | {"correspondent": [{"address": "jane@client.example"}]}) as world:
        for octets in NAMELESS:
            world.receive(to="jane@client.example", from_address="bob@x.example", octets=octets)
        world.settle()
        told = world.trace.steps(Step.REPLIED)

        assert len({event.message_id for event in told}) == 2
        assert sorted(event.trace_id for event in told) == ["t000001", "t000002"]
