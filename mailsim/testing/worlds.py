"""Which world a test's mail moves in: memory, loopback sockets, or each of them in turn.

`--mailsim-world both` makes two tests of every scenario and of every test that asks for `world`, also through
another fixture; one that asks for `simulation` or `lab` itself is run as it is.
"""

from collections.abc import Mapping
from enum import StrEnum
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from mailsim.errors import MailsimError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from mailsim.world.world import World

CHOICE = "mailsim_world"
"""The fixture that names the world of a test."""


SOCKETS = "wire"
"""The marker, and tag, of what runs over sockets alone: other programs cannot come into memory."""


class MissingWorldError(MailsimError):
    """A world that this installation does not have."""


class Kind(StrEnum):
    """A world that there is."""

    MEMORY = "memory"
    WIRE = "wire"


_MADE_BY = {
    Kind.MEMORY: ("mailsim.world.simulation", "Simulation"),
    Kind.WIRE: ("mailsim.world.lab", "Lab"),
}


def available() -> tuple[Kind, ...]:
    """The worlds of this installation, the usual one first."""
    return tuple(kind for kind, (module, _) in _MADE_BY.items() if find_spec(module))


def made(kind: Kind, tables: Mapping[str, object]) -> "AbstractContextManager[World]":
    """A world of that kind, not yet begun.

    Raises:
        MissingWorldError: This installation has no world of that kind.
        ScenarioError: The tables describe none.
    """
    if kind not in available():
        raise MissingWorldError(f"this mailsim has no {kind} world; ask for {available()[0]}")
    module, name = _MADE_BY[kind]
    world: AbstractContextManager[World] = getattr(import_module(module), name)(tables)
    return world


def chosen(config: pytest.Config) -> tuple[Kind, ...]:
    """The worlds that the run asks for."""
    word = config.getoption("mailsim_world") or available()[0]
    kinds = tuple(Kind) if word == "both" else (Kind(word),)
    missing = [kind for kind in kinds if kind not in available()]
    if missing:
        raise pytest.UsageError(
            f"--mailsim-world {word}: this mailsim has no {missing[0]} world; write {available()[0]}"
        )
    return kinds


def demand_sockets(kind: Kind, who: str) -> None:
    """Refuse what would have the servers of another world than the scenario's; raises MissingWorldError."""
    if kind is not Kind.WIRE:
        raise MissingWorldError(f"{who} needs servers on sockets; tag it @wire, above the scenario")


def parametrize(metafunc: pytest.Metafunc, *, is_scenario: bool) -> None:
    """Make a test for each world asked for, where there are several and the test has a world."""
    kinds = chosen(metafunc.config)
    if metafunc.definition.get_closest_marker(SOCKETS):
        return
    if len(kinds) > 1 and (is_scenario or "world" in metafunc.fixturenames):
        if CHOICE not in metafunc.fixturenames:
            metafunc.fixturenames.append(CHOICE)
        metafunc.parametrize(CHOICE, kinds, ids=list(map(str, kinds)), indirect=True)
