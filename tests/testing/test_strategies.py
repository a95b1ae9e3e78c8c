"""What the strategies for Hypothesis make, as somebody uses them in tests of their own."""

import tomllib
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings

from mailsim.testing.strategies import scenarios
from mailsim.world.scenario import read_scenario

FEW = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck), database=None)
MANY = settings(FEW, max_examples=1000, phases=[Phase.generate])
OURS: dict[str, dict[str, Any]] = {
    "mailbox": {"type": "catch-all", "fallback_address": "us@elsewhere.example"},
    "routing": {"resolvers": ["thread"]},
    "provider": {"profile": "m365", "mailboxes": ["mary@abc.com"]},
}


@given(scenarios(faults=()))
@FEW
def test_nothing_need_go_wrong(tables: dict[str, Any]) -> None:
    """Without faults."""
    assert tables["provider"]["faults"] == tables["fault"] == []


@given(scenarios(fixed=OURS))
@FEW
def test_what_is_fixed_is_not_drawn(tables: dict[str, Any]) -> None:
    """The rest is, and can be run with it."""
    for table, keys in OURS.items():
        assert tables[table].items() >= keys.items()
    read_scenario(tables)


@pytest.mark.parametrize("deed", ["add_fault", "remove_fault"])
def test_something_begins_to_go_wrong_and_ends_to(deed: str) -> None:
    """At a time of its own, so that it can be run."""
    found = find(scenarios(), lambda tables: any(deed in event for event in tables["event"]), settings=MANY)
    [event] = [event for event in found["event"] if deed in event]
    assert event["at"].endswith("s")
    read_scenario(found)


@pytest.mark.parametrize("key", ["letters", "corpus"])
def test_a_workload_is_drawn(key: str) -> None:
    """Made-up letters, and real mail between them."""
    read_scenario(find(scenarios(), lambda tables: key in tables.get("workload", {}), settings=MANY))


def test_an_example_that_fails_is_shown_as_a_scenario_that_can_be_saved() -> None:
    """The smallest one, whole: what is shown are the tables, as TOML."""
    shown: list[str] = []

    @given(scenarios())
    @settings(FEW, phases=[Phase.generate], report_multiple_bugs=False)
    def fails(tables: dict[str, Any]) -> None:
        shown.append(repr(tables))
        raise AssertionError

    with pytest.raises(AssertionError) as caught:
        fails()
    assert shown[-1] in "\n".join(caught.value.__notes__).replace("\n    ", "\n")
    smallest = find(scenarios(), lambda _: True, settings=FEW)
    assert tomllib.loads(repr(smallest)) == {key: rows for key, rows in smallest.items() if rows != []}
