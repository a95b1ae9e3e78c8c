"""What happens in a scenario, in order; letters that nobody wrote."""

from itertools import pairwise

import pytest

from mailsim.mail import Address
from mailsim.world.programme import Programme
from mailsim.world.scenario import ScenarioError, read_scenario
from mailsim.world.scenario_tables import EventTable, WorkloadTable
from mailsim.world.words import Words
from mailsim.world.workload import letters

SITE = {
    "mailbox": {
        "type": "catch-all",
        "default_sender": "matters@abc.com",
        "fallback_address": "help@elsewhere.example",
    },
    "action": [{"id": 1234}, {"id": 1235}],
    "correspondent": [{"address": "jane@client.example"}, {"address": "joe@other.example"}],
}
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
        return list(letters(workload, actions=(1234, 1235), people=PEOPLE, seed=seed))

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
    """And texts have at least a paragraph."""
    workload = WorkloadTable.model_validate({"letters": 3, "size": 0})
    made = list(letters(workload, actions=(1,), people=PEOPLE, seed=0))

    assert [event.at for event in made] == [0, 0, 0]
    assert all(event.send and event.send.text for event in made)


def test_no_text_is_endless() -> None:
    """However far the draw goes out: 50 times the median, and the paragraph that is begun."""
    words = Words(0)
    assert max(len(words.text(100)) for _ in range(2000)) < 100 * 50 + 1000


@pytest.mark.parametrize("missing", ["action", "correspondent"])
def test_letters_need_somebody_on_both_sides(missing: str) -> None:
    """Which table is to be added."""
    tables = {key: value for key, value in SITE.items() if key != missing}
    with pytest.raises(
        ScenarioError, match=rf"workload: has nobody to take from: there is no \[\[{missing}\]\]"
    ):
        read_scenario(tables | {"workload": {"letters": 1}})
