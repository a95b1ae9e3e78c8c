"""Several practices in one world: each is spoken to by its domain, and the laws hold over all of them."""

from pathlib import Path
from typing import Any

import pytest

from mailsim.trace.event import Step, Trace
from mailsim.trace.story import hops
from mailsim.trace.ways import ways
from mailsim.world.conservation import balance
from mailsim.world.lab import Lab
from mailsim.world.orders import OrderError
from mailsim.world.parts import UnknownPracticeError
from mailsim.world.scenario import ScenarioError, read_scenario
from mailsim.world.simulation import Simulation

SCENARIOS = Path(__file__).parents[2] / "fixtures" / "scenarios"
XYZ: dict[str, Any] = {
    "mailbox": {
        "type": "catch-all",
        "default_sender": "office@xyz.example",
        "fallback_address": "desk@elsewhere.example",
    },
    "action": [{"id": 7}],
}
TABLES: dict[str, Any] = {
    "mailbox": {
        "type": "catch-all",
        "default_sender": "matters@abc.com",
        "fallback_address": "help@elsewhere.example",
    },
    "action": [{"id": 1234}],
    "practice": [XYZ],
}


def test_practices_write_to_each_other_and_each_collects_its_own() -> None:
    """A letter between them goes over the internet; the answer comes back into the action that asked."""
    with Simulation(TABLES) as world:
        sent = world.send(from_action=1234, to="a7@xyz.example", subject="Contract")
        assert world.collect() == []
        [decision] = world.collect(practice="XYZ.example")
        world.send(from_action=7, to="a1234@abc.com", subject="Re: Contract", practice="xyz.example")
        world.settle()
        assert [one.value("Subject") for one in world.waiting()] == ["Re: Contract"]
        world.collect()
        world.check()

        assert decision.targets == ("action:7",)
        assert world.targets() == {"action:1234": 1, "xyz.example/action:7": 1}
        assert [one.message_id for one in world.mailbox("xyz.example/action:7")] == [sent.message_id]
        assert [one.message_id for one in world.mailbox("action:7", practice="xyz.example")] == [
            sent.message_id
        ]
        assert "action:7" not in world.targets()
        assert list(world.waiting(practice="xyz.example")) == []
        assert sum(world.decided.values()) == 2


def test_the_trace_tells_whose_practice_it_was() -> None:
    """Places and peers of every practice but the first carry its domain."""
    with Simulation(TABLES) as world:
        world.send(from_action=7, to=["a1234@abc.com", "a7@xyz.example"], practice="xyz.example")
        world.collect()
        world.check()
        composed, inside, *_ = world.trace
        [submitted] = world.trace.steps(Step.SUBMITTED)
        [decided] = world.trace.steps(Step.DECIDED)

        assert (composed.place, composed.peer) == ("xyz.example/practice", "xyz.example/action:7")
        assert (inside.step, inside.place) == (Step.DELIVERED, "xyz.example/action:7")
        assert (submitted.place, submitted.peer) == ("xyz.example/practice", "smtp.xyz.example:587")
        assert decided.place == "practice"


def test_tables_and_pictures_know_the_actions_of_every_practice() -> None:
    """Whom an answer is meant for, the ways of messages, and who delivered."""
    people = {"correspondent": [{"address": "jane@client.example"}]}
    with Simulation(TABLES | people) as world:
        world.send(from_action=7, to="jane@client.example", practice="xyz.example")
        world.send(to="jane@client.example", practice="xyz.example")
        world.collect(practice="xyz.example")
        messages = world.trace.messages()
        delivered = [hop for hop in hops(world.trace) if hop.end == "xyz.example/action:7"]

    [answer] = messages[messages["meant_for"] == "xyz.example/action:7"].to_dict("records")
    assert (answer["targets"], answer["misrouted"]) == ("xyz.example/action:7", False)
    assert {way[0] for way in ways(messages)} == {"actions", "practice", "people outside"}
    assert [hop.begin for hop in delivered] == ["xyz.example/practice"]


def test_who_is_not_there_cannot_be_told_to_do_anything() -> None:
    """Neither a practice, nor an action of another one."""
    with Simulation(TABLES) as world:
        with pytest.raises(UnknownPracticeError, match=r"known|write one of abc\.com, xyz\.example"):
            world.collect(practice="nobody.example")
        with pytest.raises(OrderError, match="from_action = 1234: is no action; known are 7"):
            world.send(from_action=1234, to="jane@client.example", practice="xyz.example")


def test_polling_collects_for_every_practice() -> None:
    """As long as anything moves, and then no more."""
    events = [
        {"send": {"from_action": 1234, "to": "a7@xyz.example"}},
        {"send": {"from_action": 7, "to": "a1234@abc.com"}, "practice": "xyz.example", "at": "20m"},
    ]
    expect = {"delivered": {"action:1234": 1, "xyz.example/action:7": 1}}
    with Simulation(TABLES | {"poll": "5m", "event": events, "expect": expect}) as world:
        world.run()

        places = {event.place for event in world.trace.steps(Step.OPENED)}
        assert places == {"practice", "xyz.example/practice"}


def test_a_run_of_several_practices_is_told_again() -> None:
    """Whether events said what happens, or Python."""
    with Simulation(SCENARIOS / "two_practices.toml") as world:
        world.run()
        world.send(from_action=7, to="a1234@abc.com", practice="xyz.example")
        world.collect()
        world.settle()
        world.send(from_action=1234, to="a7@xyz.example")
        world.collect(practice="xyz.example")
        told, targets = world.trace.scenario, world.targets()
    assert told is not None
    with Simulation(read_scenario({**told, "start": read_scenario(TABLES).tables.start})) as again:
        again.run()

        assert again.targets() == targets


def test_the_laws_hold_over_every_practice() -> None:
    """What the second practice decided and did not deliver is lost, what it delivered twice is doubled."""
    with Simulation(SCENARIOS / "two_practices.toml") as world:
        world.run()
        events = list(world.trace)
    [delivery] = [event for event in events if event.place == "xyz.example/action:7"]

    gone = balance(Trace(event for event in events if event != delivery), ())
    twice = balance(Trace([*events, delivery]), ())

    assert balance(Trace(events), ()) == balance(Trace(()), ())
    assert [copy[2] for copy in gone.lost] == ["target:xyz.example/action:7"]
    assert [copy[2] for copy in twice.doubled] == ["target:xyz.example/action:7"]


@pytest.mark.parametrize("kind", [Simulation, Lab])
@pytest.mark.parametrize(
    ("practices", "writing"),
    [
        (None, {"action:1234"}),
        ("xyz.example", {"xyz.example/action:7"}),
        (["abc.com", "xyz.example"], {"action:1234", "xyz.example/action:7"}),
    ],
)
def test_a_workload_is_of_the_practices_that_it_names(
    kind: type[Simulation | Lab], practices: object, writing: set[str], tmp_path: Path
) -> None:
    """Their actions write, are answered, and get the real mail among the letters."""
    (tmp_path / "one.eml").write_bytes(b"From: bob@shop.example\r\n\r\nHello\r\n")
    workload = {"letters": 20, "over": "2h", "people": 3, "corpus": "one.eml", "share": 0.2}
    named = {} if practices is None else {"practices": practices}
    tables = TABLES | {"poll": "1h", "workload": workload | named}
    with kind(read_scenario(tables, folder=tmp_path)) as world:
        world.run()
        written = {event.peer for event in world.trace.steps(Step.COMPOSED) if event.peer}
        got = {
            event.place
            for event in world.trace.steps(Step.DELIVERED)
            if world.trace.story(event.trace_id)[0].place == "bob@shop.example"
        }

        assert (written, set(world.targets()), got) == (writing, writing, writing)


@pytest.mark.parametrize("kind", [Simulation, Lab])
@pytest.mark.parametrize("collecting", [(), ("abc.com",), ("xyz.example",), ("abc.com", "xyz.example")])
def test_equal_uids_of_two_practices_are_two_messages(
    kind: type[Simulation | Lab], collecting: tuple[str, ...]
) -> None:
    """Providers that stamp no header give equal copies equal uids; what waits in one mailbox is not lost in another."""
    with kind(_unstamped()) as world:
        world.receive(to=["matters@abc.com", "office@xyz.example"], from_address="jane@client.example")
        for domain in collecting:
            world.collect(practice=domain)
        world.settle()
        world.check()

        uids = [event.detail for event in world.trace.steps(Step.STORED)]
        waiting = [len(world.waiting(practice=domain)) for domain in ("abc.com", "xyz.example")]
    assert uids[0] == uids[1]
    assert waiting == [domain not in collecting for domain in ("abc.com", "xyz.example")]


def test_what_a_fault_takes_away_of_one_practice_is_told_though_another_collected_its_like() -> None:
    """Under the same uid."""
    tables = _unstamped()
    tables["practice"][0]["provider"]["faults"] = ["pop:RETR:1:vanish"]
    with Simulation(tables) as world:
        world.receive(to=["matters@abc.com", "office@xyz.example"], from_address="jane@client.example")
        world.collect()
        world.collect(practice="xyz.example")
        removed = {event.place: event.reason for event in world.trace.steps(Step.REMOVED)}

    assert removed == {"matters@abc.com": "", "office@xyz.example": "removed by a fault"}


def test_equal_uids_in_two_mailboxes_of_one_practice_are_two_messages() -> None:
    """One is collected, the other is its owner's."""
    tables = _unstamped()
    with Simulation(tables | {"provider": tables["provider"] | {"mailboxes": ["ann@abc.com"]}}) as world:
        world.receive(to=["matters@abc.com", "ann@abc.com"], from_address="jane@client.example")
        world.collect()
        world.check()


def test_one_practice_does_not_collect_for_another() -> None:
    """Two collections of a message by the first are none of the second's copy: the law is of each."""
    with Simulation(_unstamped()) as world:
        world.receive(to=["matters@abc.com", "office@xyz.example"], from_address="jane@client.example")
        world.collect()
        events = list(world.trace)
    again = [event for event in events if event.step in (Step.COLLECTED, Step.DECIDED)]

    found = balance(Trace([*events, *again]), (), ["xyz.example"])

    assert [copy[2] for copy in found.lost] == ["xyz.example/collection", "target:unassigned"]


def _unstamped() -> dict[str, Any]:
    """Two practices with a mailbox each, at providers that name no recipient in a header."""
    first, other = (
        {**tables, "mailbox": tables["mailbox"] | {"type": "single"}, "provider": {"profile": profile}}
        for tables, profile in ((TABLES, "gandi"), (XYZ, "ovh"))
    )
    return {**first, "practice": [other]}


@pytest.mark.parametrize("kind", [Simulation, Lab])
@pytest.mark.parametrize("server", [None, "ssl://pop.gmail.com:995", "tcp://[::1]:110"])
def test_two_practices_at_one_provider_have_servers_of_their_own(
    kind: type[Simulation | Lab], server: str | None
) -> None:
    """The second one's have its domain before their names, whether settings name them or the provider."""
    tables = [
        one | {"provider": {"profile": "gmail"}} | _pop(server, password)
        for one, password in ((TABLES, "secret"), (XYZ, "another"))
    ]
    with kind(tables[0] | {"practice": [tables[1]]}) as world:
        world.send(from_action=1234, to="a7@xyz.example")
        world.collect()
        [letter] = world.collect(practice="xyz.example")
        world.send(to="matters@abc.com", practice="xyz.example")
        world.settle()
        world.collect()
        world.collect(practice="xyz.example")
        world.check()
        opened = {event.peer for event in world.trace.steps(Step.OPENED)}
        submitted = {event.peer for event in world.trace.steps(Step.SUBMITTED)}

    assert letter.targets == ("action:7",)
    host = "pop.gmail.com:995" if server != "tcp://[::1]:110" else "::1:110"
    assert opened == {host, f"xyz.example.{host.replace('::1:', '--1:')}"}
    assert submitted == {"smtp.gmail.com:587", "xyz.example.smtp.gmail.com:587"}


def test_the_accounts_of_each_practice_are_told() -> None:
    """They may have one user name, at servers of their own."""
    tables = [
        one | _pop("ssl://pop.gmail.com:995", password)
        for one, password in ((TABLES, "secret"), (XYZ, "another"))
    ]
    with Lab(tables[0] | {"practice": [tables[1]]}) as lab:
        assert lab.accounts["matters"] == lab.accounts_at("abc.com")["matters"] == "secret"
        assert lab.accounts_at("xyz.example")["matters"] == "another"
        with pytest.raises(UnknownPracticeError):
            lab.accounts_at("nobody.example")


def _pop(server: str | None, password: str) -> dict[str, Any]:
    return {} if server is None else {"pop": {"server": server, "username": "matters", "password": password}}


def test_a_fault_of_the_second_provider_strikes_there() -> None:
    """And is told where it never did."""
    faults = ["smtp:MAIL:1:reply 550 5.7.1 not you", "pop:RETR:9:drop"]
    with Simulation(TABLES | {"practice": [XYZ | {"provider": {"faults": faults}}]}) as world:
        mine = world.send(from_action=1234, to="jane@client.example")
        theirs = world.send(from_action=7, to="jane@client.example", practice="xyz.example")

        assert (dict(mine.refused), [reply.code for reply in theirs.refused.values()]) == ({}, [550])
        assert world.never_struck == ["pop:RETR:9:drop"]


@pytest.mark.parametrize("kind", [Simulation, Lab])
def test_a_fault_can_be_added_at_each_provider(kind: type[Simulation | Lab]) -> None:
    """The first one's without a domain; of nobody it is told."""
    with kind(TABLES) as world:
        world.add_fault("smtp:MAIL:next:reply 550 5.7.1 not you", practice="XYZ.example")
        world.add_fault("pop:RETR:next:drop")
        mine = world.send(from_action=1234, to="jane@client.example")
        theirs = world.send(from_action=7, to="jane@client.example", practice="xyz.example")

        assert (dict(mine.refused), [reply.code for reply in theirs.refused.values()]) == ({}, [550])
        assert world.never_struck == ["pop:RETR:next:drop"]
        with pytest.raises(UnknownPracticeError, match=r"write one of abc\.com, xyz\.example"):
            world.add_fault("pop:RETR:next:drop", practice="nobody.example")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"practice": [XYZ | {"mailbox": TABLES["mailbox"]}]},
            'practice[0].mailbox.default_sender = "matters@abc.com": has the domain of mailbox.default_sender',
        ),
        ({"practice": [{"action": []}]}, "practice[0].mailbox: is required"),
        ({"practice": [XYZ | {"mailboxes": 1}]}, "practice[0].mailboxes = 1: is no key here"),
        ({"practice": [XYZ | {"site": "other.toml"}]}, 'practice[0].site = "other.toml": stands beside the tables'),
        ({"practice": 3}, "practice = 3: must be an array"),
        ({"practice": [XYZ, 3]}, "practice[1] = 3: must be a table"),
        (
            {"practice": [XYZ | {"provider": {"mailboxes": ["ann@abc.com"]}}]},
            'practice[0].provider.mailboxes[0] = "ann@abc.com": must be on the practice\'s domain xyz.example',
        ),
        (
            {"practice": [XYZ | {"provider": {"faults": ["pop:PASS:1:expired-certificate"]}}]},
            "practice[0].provider.faults[0]",
        ),
        (
            {"practice": [XYZ | {"provider": {"exchanger": "MX.abc.com"}}]},
            'practice[0].provider.exchanger = "mx.abc.com": is provider.exchanger too',
        ),
        (
            {"smtp": {"server": "localhost"}, "practice": [XYZ | {"smtp": {"server": "localhost"}}]},
            'practice[0].smtp.server = "localhost": is smtp.server too',
        ),
        (
            {"correspondent": [{"address": "jane@xyz.example"}]},
            "is on the catch-all domain xyz.example",
        ),
        (
            {"event": [{"collect": {}, "practice": "nobody.example"}]},
            'event[0].practice = "nobody.example": is no practice\'s domain; known are abc.com, xyz.example',
        ),
        (
            {"event": [{"send": {"to": "a@b.example", "from_action": 1234}, "practice": "xyz.example"}]},
            "event[0].send.from_action = 1234: is no action; known are 7",
        ),
        (
            {"event": [{"receive": {"to": "a7@xyz.example", "from": "j@b.example"}, "practice": "xyz.example"}]},
            "event[0]",
        ),
        (
            {"workload": {"letters": 1, "people": 1, "practices": ["abc.com", "nobody.example"]}},
            'workload.practices = "nobody.example": is no practice\'s domain; known are abc.com, xyz.example',
        ),
        (
            {"workload": {"letters": 1, "people": 1, "practices": []}},
            "workload.practices = [...]: must be one domain or more",
        ),
        (
            {"workload": {"letters": 1, "people": 1, "practices": "xyz.example"}, "practice": [{**XYZ, "action": []}]},
            "workload: has nobody to take from: there is no [[practice.action]]",
        ),
        (
            {"expect": {"delivered": {"abc.com/action:1234": 1}}},
            "expect.delivered.abc.com/action:1234: names no other practice's domain; known are xyz.example",
        ),
    ],
)  # fmt: skip
def test_each_fault_of_a_practice_is_one_line(changes: dict[str, Any], told: str) -> None:
    """With its place in the file."""
    with pytest.raises(ScenarioError) as caught:
        read_scenario(TABLES | changes)

    [line] = str(caught.value).splitlines()
    assert told in line


def test_all_faults_are_told_at_once() -> None:
    """Those of each practice's site, and of the scenario's own tables."""
    rows = [{"mailbox": XYZ["mailbox"] | {"type": "triple"}}, {"action": []}]
    with pytest.raises(ScenarioError) as caught:
        read_scenario(TABLES | {"practice": rows, "seed": -1})

    assert [fault.key for fault in caught.value.faults] == [
        "practice[0].mailbox.type",
        "practice[1].mailbox",
        "seed",
    ]


def test_the_site_of_a_practice_may_stand_in_a_file(tmp_path: Path) -> None:
    """Beside the scenario, as that of the first one may."""
    lines = ["[mailbox]", *(f'{key} = "{value}"' for key, value in XYZ["mailbox"].items())]
    (tmp_path / "other.toml").write_text("\n".join(lines), "utf-8")

    scenario = read_scenario(TABLES | {"practice": [{"site": "other.toml"}]}, folder=tmp_path)

    assert [one.domain for one in scenario.practices] == ["abc.com", "xyz.example"]
