"""What a step of mailsim's needs that a feature does not give it, or is given and would not read.

pytest-bdd tells the former as a fixture that is not found, and of the latter nothing.
"""

from collections.abc import Callable
from inspect import getdoc
from textwrap import dedent
from typing import TYPE_CHECKING

from pytest_bdd.steps import step_function_context_registry

from mailsim.errors import MailsimError

if TYPE_CHECKING:
    from pytest_bdd.parser import Step


class StepError(MailsimError):
    """A step that stands without what belongs to it; its text is one line."""


def misfit(step: "Step", step_func: Callable[..., object]) -> str:
    """What is wrong with the text or the table under a step, in one line; empty where nothing is, and of others' steps."""
    code = step_func.__code__
    takes = code.co_varnames[: code.co_argcount]
    if not step_func.__module__.startswith("mailsim.testing.steps."):
        return ""
    if step.docstring is not None and "docstring" not in takes:
        return "this step takes no text, and nobody would read the one below it; remove the text, or correct the step"
    if step.datatable is not None and "datatable" not in takes:
        return "this step takes no table, and nobody would read the one below it; remove the table, or correct the step"
    if step.docstring is None and "docstring" in takes:
        return f'this step takes a text; write it below the step, between two lines of """, such as {_example(step_func)}'
    if "datatable" not in takes:
        return ""
    if step.datatable is None:
        return f"this step takes a table; write it below the step, in rows such as {_example(step_func)}"
    columns = _example(step_func).count("|") - 1
    for number, row in enumerate(step.datatable.raw(), start=1):
        if len(row) != columns:
            return f"row {number} of the table has {len(row)} cells; write {columns}, as in {_example(step_func)}"
    return ""


def missing(fixture: str) -> str:
    """What to write above a step that speaks of something no step has made; empty where no step makes such a thing."""
    makers = [
        one.step_func for one in step_function_context_registry.values() if one.target_fixture == fixture
    ]
    if not makers:
        return ""
    return f"this step speaks of what a step above it must make; write such as '{_shown(makers[0])[0]}' before it"


def _example(step_func: Callable[..., object]) -> str:
    """The first row, or line of text, that stands under a step where it is shown."""
    return next(line for line in _shown(step_func)[1:] if line.strip() != '"""').strip()


def _shown(step_func: Callable[..., object]) -> list[str]:
    """The step as its docstring shows it, line by line."""
    return dedent((getdoc(step_func) or "").partition("\n\n")[2]).splitlines()
