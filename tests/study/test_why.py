"""One face for the question why: of a message, a decision, a trace, a world; and what goes with each."""

from pathlib import Path
from typing import Any, assert_type

import pytest

import mailsim
from mailsim.study.diagnosis.why import WhyError
from mailsim.study.journey.journey import Journey

REPLY = (
    b"Delivered-To: matters@abc.com\r\nFrom: jane@client.example\r\nTo: matters@abc.com\r\n"
    b"Subject: Re: [a1234] Draft\r\nMessage-ID: <r1@client.example>\r\n\r\nYes\r\n"
)
SCENARIO: dict[str, Any] = {
    "mailbox": {
        "type": "catch-all",
        "default_sender": "matters@abc.com",
        "fallback_address": "help@elsewhere.example",
    },
    "provider": {"profile": "gmail"},
    "action": [{"id": 1234}],
    "correspondent": [{"address": "jane@client.example"}],
}
WHY: Any = mailsim.why
"""For what a type checker forbids."""
SITE = mailsim.read_site({name: SCENARIO[name] for name in ("mailbox", "action")})


@pytest.fixture(scope="module")
def world() -> mailsim.Simulation:
    """A letter, its answer that went astray, and a message without a Message-ID."""
    with mailsim.Simulation(SCENARIO) as played:
        played.send(from_action=1234, to="jane@client.example", subject="Draft")
        played.receive(
            to="peter@abc.com", octets=b"From: ann@x.example\r\nTo: peter@abc.com\r\n\r\nHello\r\n"
        )
        played.settle()
        played.collect()
    return played


def test_of_a_message_or_a_decision_on_it() -> None:
    """The same answer, octets by place or by name."""
    told = mailsim.why(REPLY, site=SITE, expect="action:1234")
    assert_type(told, mailsim.Explanation)
    decision = SITE.route(REPLY)

    assert told.remedies
    for same in (
        mailsim.why(mailsim.Message(REPLY), site=SITE, expect="action:1234"),
        mailsim.why(decision, REPLY, site=SITE, expect="action:1234"),
        mailsim.why(decision, message=REPLY, site=SITE, expect="action:1234"),
    ):
        assert str(same) == str(told)


def test_of_a_decision_alone() -> None:
    """The rules that it tells, what decided among them, and how to ask for more."""
    decision = SITE.route(REPLY)
    told = mailsim.why(decision)
    assert_type(told, mailsim.Explanation)

    whole = mailsim.why(REPLY, site=SITE)
    assert told.decision == decision
    assert told.steps == whole.steps[: len(decision.evidence)]
    assert str(told).splitlines()[0] == str(whole).splitlines()[0]
    assert "<- decided" in str(told)
    assert "message=" in str(told).splitlines()[-1]
    assert "Causes" not in str(told)
    assert "message=" in told._repr_html_()


def test_of_a_world_or_its_trace(world: mailsim.Simulation, tmp_path: Path) -> None:
    """The whole story: of the first that was misrouted, or of one by its id, its row or the decision on it."""
    told = mailsim.why(world)
    assert_type(told, Journey)
    world.trace.write(tmp_path / "run.parquet")
    decision = next(one for one in world.decisions if one.message_id == told.message_id)

    assert [loss.cause for loss in told.losses] == ["sender-rewritten"]
    for same in (
        mailsim.why(world.trace),
        mailsim.why(mailsim.read_trace(tmp_path / "run.parquet"), told.message_id),
        mailsim.why(world, message=decision),
        mailsim.why(world.trace, 2, expect="action:1234"),
    ):
        assert str(same) == str(told)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (lambda _: WHY(REPLY), "give site="),
        (lambda _: WHY(SITE.route(REPLY), REPLY), "give site="),
        (lambda _: WHY(SITE.route(REPLY), expect="action:1"), "give site="),
        (lambda _: WHY(REPLY, site="site.toml"), "as mailsim.load_site reads it"),
        (lambda _: WHY(SITE.route(REPLY), site=SITE), "give them as message="),
        (lambda _: WHY(REPLY, "<r1@x>", site=SITE), "is the octets"),
        (lambda _: WHY("reply.eml", site=SITE), r"str: .*read_bytes\(\) a message"),
        (lambda one: WHY(one, site=SITE), "have their own site"),
        (lambda one: WHY(one, provider="gmail"), "have their own site"),
        (lambda one: WHY(one, corpus=[]), "have their own site"),
        (lambda one: WHY(one, REPLY), "message= is a Message-ID"),
        (
            lambda one: WHY(one, next(d for d in one.decisions if d.message_id is None)),
            "has no Message-ID; name its row",
        ),
        (lambda one: WHY(one, expect="a1234"), "is no target"),
    ],
)
def test_what_does_not_go_together(world: mailsim.Simulation, asked: Any, words: str) -> None:
    """The error says what to write."""
    with pytest.raises(WhyError, match=words):
        asked(world)
