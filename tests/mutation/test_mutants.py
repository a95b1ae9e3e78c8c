"""Mutants change what a function does and nothing else, and a mutant that matters is killed."""

from collections.abc import Callable
from pathlib import Path
from types import FunctionType

import pytest

from tests.mutation.mutants import Mutant, mutants
from tests.mutation.trial import TrialError, killed

MODULE = '''"""A module."""
LIMIT = 3


class Box:
    @property
    def full(self) -> bool:
        """Whether."""
        return LIMIT > 2 and not self.open


def price(count: int, rate: int = 2) -> str:
    """What it costs."""
    if count:
        total = count * rate
    return f"{total} pounds"
'''


@pytest.fixture
def module(tmp_path: Path) -> Path:
    """A module of two functions."""
    path = tmp_path / "module.py"
    path.write_text(MODULE, "utf-8")
    return path


def test_each_change_is_told_with_its_place(module: Path) -> None:
    """Constants of the module, default values, annotations and docstrings stay as they are."""
    assert [str(mutant) for mutant in mutants(module)] == [
        "module.py:9 Box.full: LIMIT > 2 and (not self.open) -> None",
        "module.py:9 Box.full: And in LIMIT > 2 and (not self.open) -> Or in LIMIT > 2 and (not self.open)",
        "module.py:9 Box.full: Gt in LIMIT > 2 -> GtE in LIMIT > 2",
        "module.py:9 Box.full: 2 -> 3",
        "module.py:9 Box.full: not self.open -> self.open",
        "module.py:14 price: count -> not count",
        "module.py:15 price: count * rate -> None",
        "module.py:15 price: Mult in count * rate -> FloorDiv in count * rate",
        "module.py:16 price: f'{total} pounds' -> None",
        "module.py:16 price: ' pounds' -> 'XX pounds'",
    ]


def test_a_mutant_takes_the_place_of_its_function(module: Path) -> None:
    """Who holds the function runs the change."""
    space: dict[str, FunctionType] = {}
    exec(compile(MODULE, str(module), "exec"), space)
    held: Callable[[int], str] = space["price"]
    every = [mutant for mutant in mutants(module) if mutant.function == "price"]
    found = [_with_change(space["price"], mutant, held) for mutant in every]
    assert found == ["UnboundLocalError", "None pounds", "2 pounds", "None", "8XX pounds"]


def _with_change(function: FunctionType, mutant: Mutant, held: Callable[[int], str]) -> str:
    function.__code__ = mutant.code()
    try:
        return str(held(4))
    except UnboundLocalError as error:
        return type(error).__name__


SPECIFICATION = """import sys
sys.path.insert(0, {folder!r})
import module

def test_price():
    assert module.price(4) == "8 pounds"
"""


def test_those_that_a_test_can_tell_are_killed(module: Path) -> None:
    """What no test reaches lives, as does what makes no difference to any."""
    specification = module.with_name("test_module.py")
    specification.write_text(SPECIFICATION.format(folder=str(module.parent)), "utf-8")
    every = list(mutants(module))
    found = killed([module], range(len(every)), [str(specification), "-c", "/dev/null"], jobs=2)
    assert [mutant.function for serial, mutant in enumerate(every) if not found[serial]] == ["Box.full"] * 5
    assert [serial for serial, dead in found.items() if dead] != []


def test_tests_that_fail_by_themselves_judge_nothing(module: Path) -> None:
    """Otherwise every mutant would seem to be killed."""
    specification = module.with_name("test_module.py")
    specification.write_text("def test_wrong():\n    assert False\n", "utf-8")
    with pytest.raises(TrialError, match=r"without any mutant these fail: .*test_wrong"):
        killed([module], [0], [str(specification), "-c", "/dev/null"], jobs=1)
