from datetime import datetime
from pathlib import Path

import pytest

from mailsim.world.scenario import Scenario, ScenarioError, load_scenario, read_scenario, scenario_of

FIXTURES = Path(__file__).parents[2] / "fixtures"
REWRITTEN = FIXTURES / "scenarios" / "rewritten.toml"
SITE: dict[str, object] = {
    "mailbox": {
        "type": "catch-all",
        "default_sender": "matters@abc.com",
        "fallback_address": "help@elsewhere.example",
    },
    "action": [{"id": 1234}],
    "user": [{"name": "mary"}],
}


def faults(**tables: object) -> dict[str, str]:
    """The faults of a scenario with these tables: key to the rest of the line."""
    with pytest.raises(ScenarioError) as caught:
        read_scenario(SITE | tables)
    return {fault.key: f"{fault.value} {fault.allowed}; {fault.fix}" for fault in caught.value.faults}


def test_a_scenario_file_holds_a_site_and_what_happens() -> None:
    """All of it is validated: the site, the provider, the people, the events."""
    scenario = load_scenario(REWRITTEN)

    assert scenario.seed == 7
    assert scenario.site.directory.actions[1234].name == "Smith v Jones"
    assert scenario.provider.profile == "gmail"
    assert [person.delay for person in scenario.correspondents] == [7200]
    assert scenario.events[0].send is not None
    assert scenario.events[0].send.size == 40 * 1024
    assert scenario.events[3].at == 3 * 3600
    assert scenario.expect.delivered == {"action:1234": 1}


def test_a_scenario_is_had_from_a_path_from_tables_or_as_it_is() -> None:
    """Whatever somebody has at hand."""
    scenario = scenario_of(REWRITTEN)

    assert scenario_of(scenario) is scenario
    assert isinstance(scenario_of(SITE), Scenario)
    assert scenario.with_seed(8).seed == 8


def test_the_site_may_stand_in_a_file_of_its_own(tmp_path: Path) -> None:
    """`site = "path.toml"`, relative to the scenario."""
    (tmp_path / "site.toml").write_text(
        '[mailbox]\ntype = "single"\ndefault_sender = "m@abc.com"\nfallback_address = "h@e.example"\n'
    )
    (tmp_path / "scenario.toml").write_text('site = "site.toml"\nseed = 3\n')

    scenario = load_scenario(tmp_path / "scenario.toml")

    assert scenario.site.settings.domain == "abc.com"


@pytest.mark.parametrize(
    ("tables", "key", "expected"),
    [
        ({"sead": 7}, "sead", "write seed"),
        ({"aktion": []}, "aktion", "write action"),
        ({"seed": "seven"}, "seed", "whole number"),
        ({"start": "soon"}, "start", "write such as 2026"),
        (
            {"start": datetime.fromisoformat("9999-12-31T23:00:00+00:00")},
            "start",
            "in the years 1900 to 2999",
        ),
        (
            {"start": datetime.fromisoformat("0001-01-01T00:00:00+12:00")},
            "start",
            "in the years 1900 to 2999",
        ),
        ({"poll": "0s"}, "poll", "must be more than 0; write a larger one"),
        (
            {"correspondent": [{"address": "j@e.example", "name": "Jane"}]},
            "correspondent[0].name",
            "remove it",
        ),
        ({"zone": {"client.example": {"mx": 5}}}, "zone.client.example", "mx = 5: must be text; write it as"),
        ({"zone": {"client.example": {"txt": 5}}}, "zone.client.example", "txt = 5: must be text, or a list"),
        ({"workload": {"letters": 1, "size": "500 GB"}}, "workload.size", "must be at most 104857600"),
        (
            {"event": [{"send": {"to": "j@e.example", "size": "99 GB"}}]},
            "event[0].send.size",
            "must be at most 104857600; write a smaller",
        ),
        (
            {"event": [{"receive": {"to": "a1@abc.com", "file": "data:message/rfc822;base64,QQ"}}]},
            "event[0].receive.file",
            "holds no base64; encode the message",
        ),
        (
            {"workload": {"letters": 1, "corpus": ["data:message/rfc822;base64,!!!"]}},
            "workload.corpus",
            "holds no base64",
        ),
        ({"provider": {"profile": "gmial"}}, "provider.profile", "gmail"),
        ({"provider": {"sender_policy": "rewrites"}}, "provider.sender_policy", 'write "rewrite"'),
        ({"provider": {"size_limit": "big"}}, "provider.size_limit", "'40 KB'"),
        ({"provider": {"catch_all": "everywhere"}}, "provider.catch_all", '"discard"'),
        ({"provider": {"catch_all": "m@elsewhere.example"}}, "provider.catch_all", "domain abc.com"),
        ({"provider": {"mailboxes": ["m@e.example"]}}, "provider.mailboxes[0]", "use an address of abc.com"),
        ({"provider": {"faults": ["pop:RETR:3:explode"]}}, "provider.faults[0]", "drop"),
        ({"provider": {"faults": ["pop:STLS:1:expired-certificate"]}}, "provider.faults[0]", "write CONNECT"),
        (
            {
                "pop": {"server": "tcp://pop.abc.com:110", "username": "m", "password": "p"},
                "provider": {"faults": ["pop:RETR:1:drop", "pop:CONNECT:1:expired-certificate"]},
            },
            "provider.faults[1]",
            "write ssl:// in [pop]",
        ),
        ({"correspondent": [{"address": "jane"}]}, "correspondent[0].address", "one address"),
        ({"correspondent": [{"address": "j@c.example", "delay": "soon"}]}, "correspondent[0].delay", "'2h'"),
        ({"correspondent": [{"address": "j@c.example", "delay": 2}]}, "correspondent[0].delay", "in quotes"),
        (
            {"correspondent": [{"address": "j@c.example", "mangles": ["reference-cut"]}]},
            "correspondent[0].mangles[0]",
            "references-cut",
        ),
        (
            {"correspondent": [{"address": "j@c.example", "habit": "bounces"}]},
            "correspondent[0].habit",
            "bounce",
        ),
        ({"event": [{}]}, "event[0]", "exactly one of send, receive, collect, add_fault"),
        ({"event": [{"collect": {}, "send": {"to": "a@b.example"}}]}, "event[0]", "exactly one"),
        ({"event": [{"send": {}}]}, "event[0].send.to", "is required"),
        ({"event": [{"receive": {"to": "a@abc.com"}}]}, "event[0].receive", "who sends"),
        (
            {"event": [{"receive": {"to": "a@abc.com", "file": "a.eml", "subject": "x"}}]},
            "event[0].receive",
            "sent as it is",
        ),
        (
            {"event": [{"receive": {"to": "a@abc.com", "file": "none.eml"}}]},
            "event[0].receive.file",
            "is no file",
        ),
        (
            {"event": [{"receive": {"to": "a@abc.com", "file": "../../etc/passwd"}}]},
            "event[0].receive.file",
            "leaves the scenario's folder",
        ),
        ({"event": [{"send": {"to": "a@b.example", "from_action": 9}}]}, "event[0].send.from_action", "1234"),
        ({"event": [{"send": {"to": "a@b.example", "user": "mry"}}]}, "event[0].send.user", "mary"),
        ({"event": [{"send": {"to": []}}]}, "event[0].send.to", "one address or more"),
        ({"start": datetime.fromisoformat("2026-11-23T09:00:00")}, "start", "time zone"),
        ({"seed": 2**63}, "seed", "at most"),
        ({"provider": {"profile": "m365"}}, "provider.profile", "cannot have a catch-all mailbox"),
        (
            {"correspondent": [{"address": "jane@abc.com"}]},
            "correspondent[0].address",
            "all mail is the practice's",
        ),
        (
            {"event": [{"at": "5h", "collect": {}}, {"at": "1h", "collect": {}}]},
            "event[1].at",
            "order of their times",
        ),
        ({"expect": {"delivered": {"acton:1": 1}}}, "expect.delivered.acton:1.[key]", "must be a target"),
        ({"expect": {"delivered": 1}}, "expect.delivered", "write it as [expect.delivered]"),
        (
            {"expect": {"delivered": {"action:9": 1}}},
            "expect.delivered.action:9",
            "no target of abc.com; known are action:1234",
        ),
        ({"expect": {"delivered": {"mailbox:mry": 1}}}, "expect.delivered.mailbox:mry", "mailbox:mary"),
        ({"expect": {"delivered": {"fallback:*": 1}}}, "expect.delivered.fallback:*", "is no target"),
        ({"correspondent": [7]}, "correspondent[0]", "write it as [[correspondent]]"),
        ({"event": [{"send": 7}]}, "event[0].send", "write it as send = {...}"),
        ({"provider": 7}, "provider", "write it as [provider]"),
        ({"expect": {"unassigned": -1}}, "expect.unassigned", "not be negative"),
        ({"site": "site.toml"}, "site", "stands beside the tables"),
        ({"site": 7}, "site", "in quotes"),
        ({"mailbox": {"type": "catch-all"}}, "mailbox.default_sender", "is required"),
    ],
)
def test_each_fault_names_its_key_and_what_to_do(tables: dict[str, object], key: str, expected: str) -> None:
    """One line a fault, with the value, what is allowed and the cure."""
    found = faults(**tables)

    assert expected in found[key]


def test_all_faults_are_told_at_once_the_site_s_too() -> None:
    """R1.12 holds for scenarios: one pass tells everything."""
    found = faults(
        seed="x",
        provider={"profile": "nobody"},
        mailbox={"type": "catchall", "default_sender": "m@abc.com", "fallback_address": "h@abc.com"},
    )

    assert set(found) == {"seed", "provider.profile", "mailbox.type"}


def test_what_one_table_says_of_another_is_told_with_the_rest() -> None:
    """Each at its place, whatever else is faulty in itself."""
    events = [
        {"sned": {}, "receive": {}},
        {"send": {"to": "x@y.example", "from_action": 77}},
        {"collect": 5},
        {"receive": {"to": "a1234@abc.com", "file": "nope.eml"}},
    ]

    assert faults(event=events[:2]).keys() == {
        "event[0].sned",
        "event[0].receive.to",
        "event[1].send.from_action",
    }
    assert faults(event=[events[3], {"at": "soon"}], workload={"letters": "many"}, poll=5).keys() == {
        "event[0].receive.file",
        "event[1].at",
        "workload.letters",
        "poll",
    }
    people = [{"address": "j@c.example", "habit": "forward"}, {"address": "k@c.example"}]
    assert faults(mailbox={}, correspondent=people, event=[5, *events]).keys() == {
        "mailbox.type",
        "mailbox.default_sender",
        "mailbox.fallback_address",
        "correspondent[0]",
        "event[0]",
        "event[1].sned",
        "event[1].receive.to",
        "event[2].send.from_action",
        "event[3].collect",
        "event[4].receive.file",
    }


@pytest.mark.parametrize(
    "tables",
    [
        {"event": [{"add_fault": {"fault": "smtp:DATA:every:drop"}, "at": "soon"}, {"remove_fault": {"fault": "smtp:DATA:every:drop"}}]},
        {"action": [{"id": "x"}], "event": [{"send": {"to": "x@y.example", "from_action": 77}}]},
        {"aktion": [{"id": 77}], "event": [{"send": {"to": "x@y.example", "from_action": 77}}]},
        {"practice": [{}], "event": [{"practice": "y.example", "send": {"to": "x@y.example", "from_action": 77}}]},
        {"correspondent": [{"adress": "j@c.example"}], "fault": [{"server": "mx.c.example", "faults": ["mx:DATA:1:drop"]}]},
        {"event": [{"at": "soon"}], "seed": -1, "expect": 5, "sead": 1},
    ],
)  # fmt: skip
def test_what_may_only_follow_from_another_fault_is_not_told(tables: dict[str, object]) -> None:
    """A fault that is put right where another is would be told for nothing."""
    told = faults(**tables)

    assert not [key for key in told if "remove_fault" in key or "server" in key or "from_action" in key]
    assert told


def test_a_file_that_is_none_is_one_line(tmp_path: Path) -> None:
    """The path and the cure."""
    with pytest.raises(ScenarioError, match="cannot be read"):
        load_scenario(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"mx": "mx.client.example"}, "mx = 'mx.client.example'"),
        ({"mxx": "10 mx.client.example"}, "'mxx' is no key here; write one of a, aaaa, mx"),
        ({"fault": "broken"}, "fault = 'broken'"),
        ({"txt": 7}, "must be text, or a list of strings"),
    ],
)
def test_every_fault_of_the_zone_is_told_with_the_others(row: dict[str, object], expected: str) -> None:
    """By the name of the domain."""
    told = faults(zone={"client.example": row, "bad..example": {}}, event=[{"at": "2h", "collect": {}}] * 2)

    assert expected in told["zone.client.example"]
    assert "no domain name" in told["zone.bad..example"]


def test_the_servers_of_a_domain_do_one_thing_with_spf() -> None:
    """Two people there cannot differ; who says nothing does not."""
    people = [
        {"address": "jane@client.example", "spf": "mark"},
        {"address": "joe@client.example", "spf": "refuse"},
        {"address": "jim@client.example"},
    ]

    assert (
        "differs from another correspondent's at client.example"
        in faults(correspondent=people)["correspondent[1].spf"]
    )


def test_mail_is_forwarded_between_mailboxes_of_the_domain_only() -> None:
    """Both ends are the provider's."""
    told = faults(provider={"forwards": {"mary@abc.com": "mary@else.example"}})

    assert "must be on the practice's domain abc.com" in told["provider.forwards"]
