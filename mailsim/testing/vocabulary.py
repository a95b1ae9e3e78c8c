"""Every step as pytest has it: fixtures that all bear one name.

To find a step pytest-bdd goes through the names of all fixtures that there are, and asks pytest under each which of
them the test can see. With a name for each of our steps, as pytest-bdd gives them, that cost more than the mail of
most scenarios; under one name it asks once. A step found that way is like any other: a user's own may override it.
"""

from collections.abc import Iterator
from importlib import import_module
from typing import Final

import pytest
from pytest_bdd.steps import step_function_context_registry

from mailsim.testing.steps import SUBJECTS

NAME: Final = "_mailsim_step"
"""The name; `pytest --fixtures` leaves out those that begin so."""


def _steps() -> Iterator[object]:
    modules = {import_module(f"mailsim.testing.steps.{subject}").__name__ for subject in SUBJECTS}
    for marker, context in step_function_context_registry.items():
        if context.step_func.__module__ in modules:
            yield pytest.fixture(name=NAME)(marker)


globals().update({f"step_{number}": step for number, step in enumerate(_steps())})
