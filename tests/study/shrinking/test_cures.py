"""The changes that put a scenario right, each played: what was wrong before is right with it."""

from typing import Any

import pytest

import mailsim
from mailsim.study.shrinking.cures import cures
from mailsim.study.shrinking.finding import play
from mailsim.study.shrinking.scenario import shrink_scenario
from mailsim.world.orders import inline

BASE: dict[str, Any] = {
    "mailbox": {
        "type": "catch-all",
        "default_sender": "matters@abc.com",
        "fallback_address": "help@elsewhere.example",
    },
    "action": [{"id": 1234}, {"id": 7}],
    "user": [{"name": "mary"}],
    "correspondent": [{"address": "jane@client.example"}],
}
LIST = "all@lists.example"
COLLECT = {"at": "5h", "collect": {}}


def letter(to: str) -> dict[str, Any]:
    """The action writes."""
    return {"send": {"from_action": 1234, "to": to, "subject": "Draft"}}


def received(header: str, to: str) -> dict[str, Any]:
    """Somebody's message as it is."""
    octets = f"From: ann@third.example\r\n{header}\r\nMessage-ID: <n1@third.example>\r\n\r\nHello\r\n"
    return {"receive": {"file": inline(octets.encode()), "from": "ann@third.example", "to": to}}


@pytest.mark.parametrize(
    ("events", "tables", "words"),
    [
        (
            [{"receive": {"from": "ann@third.example", "to": "peter@abc.com"}}],
            {"expect": {"delivered": {"mailbox:mary": 1}}},
            "link peter@abc.com to mary",
        ),
        (
            [{"receive": {"from": "ann@third.example", "to": "peter@abc.com"}}],
            {
                "user": [{"name": "mary"}, {"name": "john"}],
                "alias": [{"address": "Peter@abc.com", "mailboxes": ["john"]}],
                "expect": {"delivered": {"mailbox:mary": 1}},
            },
            "link peter@abc.com to mary",
        ),
        (
            [received("To: matters@abc.com\r\nIn-Reply-To: <s9@abc.com>", "matters@abc.com")],
            {"routing": {"resolvers": ["thread"]}, "expect": {"delivered": {"action:1234": 1}}},
            "add [[sent]] message_id = <s9@abc.com>, action = 1234",
        ),
        (
            [received("To: matters@abc.com\r\nReferences: <s9@abc.com>", "matters@abc.com")],
            {"expect": {"delivered": {"action:1234": 1}}},
            'add [[sent]] message_id = <s9@abc.com>, action = 1234, and "thread" to routing.resolvers',
        ),
        (
            [letter("a7@abc.com")],
            {"provider": {"faults": ["mx:DATA-END:every:reply 554 no"]}, "routing": {"internal": "smtp"}},
            'routing.internal = "direct"',
        ),
        ([letter(LIST)], {"list": [{"address": LIST, "members": ["jane@client.example"], "reply_to": "list"}]},
            f"{LIST}: reply_to = author"),
        (
            [letter("jane@client.example")],
            {
                "provider": {"profile": "gmail", "sender_policy": "rewrite"},
                "mailbox": {**BASE["mailbox"], "type": "single"},
                "routing": {"resolvers": ["thread"]},
                "relay": [
                    {
                        "name": "relay.client.example",
                        "domains": ["client.example"],
                        "mangles": ["in-reply-to-dropped", "references-dropped", "subject-rewritten"],
                    }
                ],
            },
            "without the relay relay.client.example",
        ),
        ([received(f"To: {LIST}", "a1234@abc.com")], {"provider": {"profile": "gmail"}}, "move to a provider like"),
    ],
)  # fmt: skip
def test_the_change_that_helps(events: list[dict[str, Any]], tables: dict[str, Any], words: str) -> None:
    """Of all that are known the first that puts it right; before it nothing is."""
    found = shrink_scenario(BASE | {"event": [*events, COLLECT]} | tables, keep=True)

    assert found.cure is not None
    assert found.cure.words.startswith(words)
    assert not play(mailsim.read_scenario(found.tables)).is_right(found.finding)
    assert play(mailsim.read_scenario(found.cure.tables)).is_right(found.finding)


def test_no_change_is_what_is_already_so() -> None:
    """Each differs from the scenario, and from every other."""
    tables = BASE | {
        "provider": {"profile": "gmail"},
        "event": [letter("a7@abc.com"), COLLECT],
        "routing": {"resolvers": ["thread"], "internal": "smtp"},
        "sent": [{"message_id": "<s9@abc.com>", "action": 7}],
    }
    known = list(cures(tables, ["Delivered-To"], ["action:1234", "mailbox:mary", "unassigned"]))

    assert tables not in [one.tables for one in known]
    assert len({one.words for one in known}) == len(known)
    assert not any("gmail" in one.words or '"smtp"' in one.words for one in known)


def test_of_an_unmet_expectation_nobody_is_named() -> None:
    """Neither the practice, nor its people, nor their mailboxes; the change is that of the new names."""
    events = [{"receive": {"from": "ann@third.example", "to": "peter@abc.com"}}, COLLECT]
    found = shrink_scenario(BASE | {"event": events, "expect": {"delivered": {"mailbox:mary": 1}}})

    assert found.anonymous
    assert not any(name in str(found.tables) for name in ("mary", "peter", "ann@", "abc.com"))
    [target] = found.tables["expect"]["delivered"]  # type: ignore[index] # tables as TOML has them
    assert found.cure is not None
    assert found.cure.words.endswith(f" to {target.removeprefix('mailbox:')}")
    assert play(mailsim.read_scenario(found.cure.tables)).is_right(found.finding)
