"""Coroutines that pytest-bdd makes of a step and never awaits: the step would pass without running."""

from collections.abc import Callable
from functools import wraps
from inspect import (
    isasyncgen,
    isasyncgenfunction,
    iscoroutine,
    iscoroutinefunction,
    isgeneratorfunction,
    unwrap,
)
from weakref import WeakSet

import pytest

_CURE = "would pass without running; make it a plain `def`: the methods of `world` block until they are done"
_guards: WeakSet[Callable[..., object]] = WeakSet()
"""One process may collect several times."""


def refuse(name: str, step_func: Callable[..., object]) -> None:
    """Fail a step that is `async def`, under whatever wrapper."""
    own = unwrap(step_func)
    if iscoroutinefunction(own) or isasyncgenfunction(own):
        pytest.fail(f"step {name!r} is `async def` and {_CURE}", pytrace=False)


def guard() -> None:
    """Have every step that is not mailsim's fail where it returns a coroutine."""
    from pytest_bdd.steps import step_function_context_registry

    for context in step_function_context_registry.values():
        ours = context.step_func.__module__.startswith("mailsim.")
        if not ours and context.step_func not in _guards:
            context.step_func = _guarded(context.step_func)


def _guarded(step_func: Callable[..., object]) -> Callable[..., object]:
    if isgeneratorfunction(step_func):  # pytest-bdd looks for it, and runs it to its end
        return step_func

    @wraps(step_func)
    def guarded(*arguments: object, **named: object) -> object:
        __tracebackhide__ = True
        returned = step_func(*arguments, **named)
        if iscoroutine(returned):
            returned.close()
        if iscoroutine(returned) or isasyncgen(returned):
            pytest.fail(
                f"step function {step_func.__name__!r} returns a coroutine and {_CURE}", pytrace=False
            )
        return returned

    _guards.add(guarded)
    return guarded
