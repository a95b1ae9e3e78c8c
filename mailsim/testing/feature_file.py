"""Feature files that pytest collects itself: no Python file need bind them.

Laws:
- Every scenario of a collected file runs, or the run fails: pytest-bdd knows a scenario by its name, so a second
  one of that name in a file is an error of collection, as are a scenario without steps, examples without a row, a step
  that is a description for its misspelt keyword, and what is no Gherkin.
- No scenario runs twice: what a Python module of the same run binds (`scenarios(...)`, `@scenario`), with steps
  and fixtures of its own perhaps, runs there alone. The rest of such a file runs here.

This is the one place that knows how pytest-bdd keeps scenarios.
"""

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from pytest_bdd import scenario
from pytest_bdd.scenario import scenario_wrapper_template_registry
from pytest_bdd.steps import step_function_context_registry

from mailsim.testing.outline import FeatureError, read_feature
from mailsim.testing.rule_tags import make_known


class FeatureFile(pytest.Module):
    """One feature file, collected as the Python module would be that binds all its scenarios."""

    def _getobj(self) -> ModuleType:
        """The module; pytest offers this method for overriding."""
        module = ModuleType(self.path.stem)
        module.__file__ = str(self.path)
        for number, name in enumerate(self._names()):
            setattr(module, _test_name(name, number, module), self._bound(name))
        return module

    def _names(self) -> list[str]:
        from mailsim.testing.written import misread, unrunnable

        try:
            sections = read_feature(self.path)
        except FeatureError as error:
            raise self.CollectError(str(error)) from None
        scenarios = [found for section in sections for found in section.scenarios]
        descriptions = [line for section in sections for line in section.description]
        descriptions += [line for found in scenarios for line in found.description]
        wrong = sorted([*unrunnable(sections), *misread(descriptions, _is_step)])
        if wrong:
            raise self.CollectError("\n".join(f"{self.path}:{line}: {told}" for line, told in wrong))
        for tag in {tag for found in scenarios for tag in found.tags}:
            make_known(self.config, tag)
        return [found.name for found in scenarios]

    def _bound(self, name: str) -> object:
        @scenario(self.path.name, name, features_base_dir=str(self.path.parent))
        def bound() -> None: ...

        return bound


def _is_step(words: str) -> bool:
    return any(one.parser.is_matching(words) for one in step_function_context_registry.values())


def _test_name(scenario_name: str, number: int, module: ModuleType) -> str:
    """As pytest-bdd names it, numbered where two names come to the same."""
    words = "".join(letter if letter.isalnum() else "_" for letter in scenario_name.lower())
    name = f"test_{words.strip('_') or number}"
    return f"{name}_{number}" if hasattr(module, name) else name


def without_repetition(items: list[pytest.Item]) -> list[pytest.Item]:
    """The items without those of feature files whose scenario a Python module of the run binds too."""
    bound = {key for item in items if not _is_own(item) for key in _scenario_of(item)}
    return [item for item in items if not (_is_own(item) and bound.intersection(_scenario_of(item)))]


def folder(item: pytest.Item) -> Path:
    """Where the feature stands that an item runs a scenario of; what its steps name is beside it."""
    return next((Path(file).parent for file, _ in _scenario_of(item)), item.path.parent)


def _is_own(item: pytest.Item) -> bool:
    return isinstance(item.parent, FeatureFile)


def _scenario_of(item: pytest.Item) -> Iterator[tuple[str, str]]:
    """File and name of the scenario that an item runs; none of any other test."""
    if not isinstance(item, pytest.Function):
        return
    template = scenario_wrapper_template_registry.get(item.function)
    if template is not None:
        yield str(Path(template.feature.filename).resolve()), template.name
