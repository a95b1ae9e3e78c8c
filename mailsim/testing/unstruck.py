"""Faults that never struck: a scenario that passes for want of the fault that it is about proves nothing, and fails.

`Then the fault "..." has not struck` says otherwise of one.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import pytest

from mailsim.practice.faults import printable
from mailsim.testing.blueprint import Blueprint
from mailsim.testing.fixtures import WORLD
from mailsim.testing.found import DOCKET

if TYPE_CHECKING:
    from pytest_bdd.parser import Scenario, Step

_PASSED = pytest.StashKey["Step"]()
"""The last step that passed."""


def unstruck(item: pytest.Item) -> Sequence[str]:
    """The faults of an item's world that have not struck so far, and that nothing says need not."""
    world, docket = item.stash.get(WORLD, None), item.stash.get(DOCKET, None)
    quiet = docket.quiet if docket else set[str]()
    return [fault for fault in world.never_struck if fault not in quiet] if world else []


def told(faults: Sequence[str]) -> Iterator[str]:
    """Each in a line of a report."""
    yield from (f"unstruck  {printable(fault)}: its moment never came" for fault in faults)


@pytest.hookimpl(optionalhook=True)
def pytest_bdd_after_step(request: pytest.FixtureRequest, step: "Step") -> None:
    """Note how far the scenario has come."""
    request.node.stash[_PASSED] = step


@pytest.hookimpl(optionalhook=True)
def pytest_bdd_after_scenario(request: pytest.FixtureRequest, scenario: "Scenario") -> None:
    """Fail a scenario that would pass; one that has failed has its own words."""
    if request.node.stash.get(_PASSED, None) is not scenario.steps[-1]:
        return
    faults = unstruck(request.node)
    if not faults:
        return
    names = ", ".join(f'"{printable(fault)}"' for fault in faults)
    cure = "correct which moment it waits for, or write 'Then the fault \"...\" has not struck'"
    lines = [f"{names}: never struck, so that this scenario proves nothing of it; {cure}"]
    blueprint: Blueprint = request.getfixturevalue("blueprint")
    given = request.node.stash[WORLD].scenario.provider.faults
    writers = [blueprint.written_by(f"provider.faults[{given.index(one)}]") for one in faults if one in given]
    lines += [f"given     {writer}" for writer in writers if writer]
    pytest.fail("\n".join(lines), pytrace=False)
