"""The words of a step: a Cucumber Expression, as the editors of Cucumber's own people understand them.

    @given(parse("the practice has action {int}", "action"))
    def action(blueprint, action): ...

Parameters have types, no names, in such an expression; their names follow it. The types are those of
`parameters.py` and Cucumber's own: `{int}`, `{word}`, `{string}` (in quotes).
"""

import re
from typing import Any, Final

from cucumber_expressions.expression import CucumberExpression
from cucumber_expressions.parameter_type import ParameterType
from cucumber_expressions.parameter_type_registry import ParameterTypeRegistry
from pytest_bdd.parsers import StepParser

from mailsim.errors import MailsimError
from mailsim.testing.parameters import PARAMETERS


class ExpressionError(MailsimError):
    """A step whose words and names do not fit; found when it is defined."""


def _registry() -> ParameterTypeRegistry:
    registry = ParameterTypeRegistry()
    for name, parameter in PARAMETERS.items():
        registry.define_parameter_type(ParameterType(name, parameter.pattern, object, parameter.read))
    return registry


_REGISTRY: Final = _registry()


class Expression(StepParser):
    """A parser of steps for pytest-bdd."""

    def __init__(self, words: str, *names: str) -> None:
        """Take the words, and the name of each parameter in order; raises ExpressionError."""
        super().__init__(words)
        self._expression = CucumberExpression(words, _REGISTRY)
        self._names = names
        if len(names) != len(self._expression.parameter_types):
            count = len(self._expression.parameter_types)
            raise ExpressionError(f"{words!r} has {count} parameters; name each of them, not {names}")
        # The library builds a tree of groups for every try; most tries fail.
        self._pattern = re.compile(self._expression.regexp)

    def is_matching(self, name: str) -> bool:
        """Whether a step of a feature has these words."""
        return self._pattern.match(name) is not None

    def parse_arguments(self, name: str) -> dict[str, Any] | None:
        """The values of the parameters by name; None for a step that has other words."""
        arguments = self._expression.match(name)
        if arguments is None:
            return None
        return {key: argument.value for key, argument in zip(self._names, arguments, strict=True)}


def parse(words: str, *names: str) -> Expression:
    """A step's words, and the names of its parameters in order; editors look for a call of this name."""
    return Expression(words, *names)
