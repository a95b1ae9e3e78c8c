"""What happens in a scenario, in order; letters that nobody wrote."""

import statistics
from itertools import pairwise
from pathlib import Path

import pytest

from mailsim.mail import Address
from mailsim.world.orders import inline, message_file
from mailsim.world.programme import Programme
from mailsim.world.retelling import MOST_TOLD, Retelling
from mailsim.world.scenario import ScenarioError, read_scenario
from mailsim.world.scenario_tables import EventTable, WorkloadTable
from mailsim.world.simulation import Simulation
from mailsim.world.words import Sizes, Words
from mailsim.world.workload import Desk, letters

SITE = {
    "mailbox": {
        "type": "catch-all",
        "default_sender": "matters@abc.com",
        "fallback_address": "help@elsewhere.example",
    },
    "action": [{"id": 1234}, {"id": 1235}],
    "correspondent": [{"address": "jane@client.example"}, {"address": "joe@other.example"}],
}
DESKS = (Desk(1234, Address("a1234", "abc.com")), Desk(1235, Address("a1235", "abc.com")))
PEOPLE = (Address("jane", "client.example"), Address("joe", "other.example"))


def programme(**tables: object) -> list[EventTable]:
    """All that happens."""
    happens, events = Programme(read_scenario(SITE | tables)), []
    while (event := happens.peek()) is not None:
        events.append(event)
        happens.take()
    return events


def test_events_without_a_time_follow_the_one_before() -> None:
    """In the order of the file."""
    rows = [
        {"collect": {}},
        {"at": "2h", "receive": {"to": "a@abc.com", "from": "x@y.example"}},
        {"collect": {}},
    ]

    assert [event.at for event in programme(event=rows)] == [None, 7200, None]
    assert programme() == []


def test_letters_come_between_the_events() -> None:
    """By their times; an event at a letter's time comes first."""
    rows = [{"at": "1h", "collect": {}}, {"at": "3h", "collect": {}}]
    events = programme(event=rows, workload={"letters": 50, "over": "2h"}, seed=1)

    times = [event.at or 0 for event in events]
    assert times == sorted(times)
    assert [event.collect is None for event in events].count(False) == 2
    assert 0 < events.index(next(event for event in events if event.collect)) < 40


def test_the_same_seed_makes_the_same_letters() -> None:
    """At the same moments, of about the size and within about the time that were asked for."""
    workload = WorkloadTable.model_validate({"letters": 400, "over": "8h", "size": "4 KB"})

    def made(seed: int) -> list[EventTable]:
        return list(letters(workload, desks=DESKS, people=PEOPLE, folder=Path(), seed=seed))

    one = made(7)
    sends = [event.send for event in one if event.send]
    sizes = sorted(len(send.text) for send in sends)
    assert one == made(7)
    assert one != made(8)
    assert all((before.at or 0) < (after.at or 0) for before, after in pairwise(one))
    assert 6 * 3600 < (one[-1].at or 0) < 10 * 3600
    assert 3000 < sizes[200] < 6000
    assert {send.from_action for send in sends} == {1234, 1235}
    assert {send.to[0] for send in sends} == set(PEOPLE)


def test_without_a_time_all_letters_go_at_once() -> None:
    """And there is always something to read."""
    workload = WorkloadTable.model_validate({"letters": 3, "size": 0})
    made = list(letters(workload, desks=DESKS, people=PEOPLE, folder=Path(), seed=0))

    assert [event.at for event in made] == [0, 0, 0]
    assert all(event.send and event.send.text for event in made)


def test_no_text_is_endless() -> None:
    """However far the draw goes out: 50 times what was asked for."""
    words = Words(0)
    assert max(len(words.text(100)) for _ in range(2000)) <= 100 * 50


@pytest.mark.parametrize(
    ("sizes", "least", "mean", "most"),
    [
        ("constant", 4000, (4000, 4000), 4000),
        ("uniform", 1, (3700, 4300), 8000),
        ("exponential", 1, (3500, 4500), 200_000),
        ("log-normal", 1, (4500, 6500), 200_000),  # the median is as asked for
    ],
)
def test_sizes_are_spread_as_asked_for(sizes: str, least: int, mean: tuple[int, int], most: int) -> None:
    """About the size that the scenario names."""
    words = Words(1)
    drawn = [len(words.text(4000, Sizes(sizes))) for _ in range(2000)]

    assert least <= min(drawn)
    assert mean[0] <= sum(drawn) / len(drawn) <= mean[1]
    assert max(drawn) <= most


def moments(arrivals: str) -> list[float]:
    """When a thousand letters of ten hours go."""
    workload = WorkloadTable.model_validate({"letters": 1000, "over": "10h", "arrivals": arrivals})
    return [event.at or 0 for event in letters(workload, desks=DESKS, people=PEOPLE, folder=Path(), seed=3)]


def test_letters_arrive_as_asked_for() -> None:
    """Evenly, anywhere within the time, or as people write; always in order."""
    pauses = {
        arrivals: [after - before for before, after in pairwise(moments(arrivals))]
        for arrivals in ("even", "uniform", "poisson")
    }

    assert moments("even") == pytest.approx([36 * number for number in range(1, 1001)])
    assert min(min(one) for one in pauses.values()) >= 0
    assert 35_000 < moments("uniform")[-1] <= 36_000
    assert sum(moments("uniform")) / 1000 == pytest.approx(18_000, rel=0.05)
    for one in (pauses["uniform"], pauses["poisson"]):  # exponentially spread: as far as they are long
        assert statistics.stdev(one) == pytest.approx(statistics.mean(one), rel=0.1)


def test_real_mail_is_mixed_in(tmp_path: Path) -> None:
    """As it is, each message once before any comes again, from whom it names."""
    one = b"From: Jane <jane@client.example>\r\n\r\nHello\r\n"
    two = b"Subject: from nobody\r\n\r\nHello\r\n"
    (tmp_path / "one.eml").write_bytes(one)
    (tmp_path / "two.eml").write_bytes(two)
    workload = WorkloadTable.model_validate({"letters": 1000, "corpus": ".", "share": 0.3})

    events = list(letters(workload, desks=DESKS, people=PEOPLE, folder=tmp_path, seed=3))
    received = [event.receive for event in events if event.receive]
    octets = [message_file(tmp_path, table.file or "") for table in received]
    assert 250 < len(received) < 350
    assert {octets[0], octets[1]} == {one, two}
    assert octets[::2] == octets[:1] * len(octets[::2])
    assert {str(table.sender) for table in received} == {"jane@client.example", "nobody@elsewhere.example"}
    assert {table.to for table in received} == {(address,) for _, address, _ in DESKS}


def test_people_are_made_up_who_answer_each_after_their_own_time() -> None:
    """Besides those of the scenario; the same ones for the same seed, at reserved domains."""
    workload = {"letters": 1, "people": 400, "delay": "2h"}
    scenario, again, other = (
        read_scenario(SITE | {"seed": seed, "workload": workload}) for seed in (1, 1, 2)
    )
    people = scenario.correspondents

    assert people == again.correspondents != other.correspondents
    assert len({row.address for row in people}) == 402
    assert all(row.address.domain.endswith(".example") for row in people)
    assert statistics.mean(row.delay for row in people[2:]) == pytest.approx(7200, rel=0.15)
    assert 0.15 < statistics.mean(row.replies_to == "from" for row in people[2:]) < 0.35


def test_a_made_up_world_is_conserved_and_tells_itself_again(tmp_path: Path) -> None:
    """Its people are in the tables that play it again, and the messages of its corpus."""
    corpus = ["one.eml", "two.eml", inline(b"Subject: three\r\n\r\nHello\r\n")]
    for name in corpus[:2]:
        (tmp_path / name).write_bytes(f"From: {name}@client.example\r\n\r\nHello\r\n".encode())
    workload = {"letters": 20, "over": "2h", "people": 5, "delay": "1h", "corpus": corpus}
    with Simulation(read_scenario(SITE | {"workload": workload, "poll": "1h"}, folder=tmp_path)) as world:
        world.run()
        assert world.decisions

    told = world.trace.scenario
    assert told is not None
    with Simulation(told) as again:
        again.run()
    assert [event[1:] for event in again.trace] == [event[1:] for event in world.trace]


def test_a_corpus_that_is_large_or_gone_is_not_told(tmp_path: Path) -> None:
    """The trace is written all the same, only that it cannot be played again."""
    mail = tmp_path / "one.eml"
    mail.write_bytes(b"Subject: large\r\n\r\n" + b"x" * MOST_TOLD)
    told = Retelling(read_scenario(SITE | {"workload": {"letters": 1, "corpus": "one.eml"}}, folder=tmp_path))

    assert told.tables() is None
    mail.write_bytes(b"Subject: small\r\n\r\n")
    assert told.tables() is not None
    mail.unlink()
    assert told.tables() is None


@pytest.mark.parametrize(
    ("workload", "told"),
    [
        ({"letters": 1, "corpus": "nowhere"}, r'workload.corpus = "nowhere": holds no mail'),
        ({"letters": 1, "corpus": "../.."}, "leaves the scenario's folder"),
        ({"letters": 1, "share": 0.5}, "workload = .* has a share of no corpus"),
        ({"letters": 1, "delay": "2h"}, "workload = .* has a delay of nobody"),
        ({"letters": 1, "corpus": "x", "share": 2.0}, "workload.share = 2.0: "),
        ({"letters": 1, "sizes": "normal"}, r'write .*"log-normal"'),
        ({"letters": 1, "arrivals": "evenly"}, 'write "even"'),
        ({"letters": 1, "people": -1}, "workload.people"),
    ],
)
def test_each_fault_of_a_workload_is_one_line(workload: dict[str, object], told: str) -> None:
    """With what to write."""
    with pytest.raises(ScenarioError, match=told) as caught:
        read_scenario(SITE | {"workload": workload})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("missing", ["action", "correspondent"])
def test_letters_need_somebody_on_both_sides(missing: str) -> None:
    """Which table is to be added."""
    tables = {key: value for key, value in SITE.items() if key != missing}
    with pytest.raises(
        ScenarioError, match=rf"workload: has nobody to take from: there is no \[\[{missing}\]\]"
    ):
        read_scenario(tables | {"workload": {"letters": 1}})
