"""Scenarios stand alone: in whatever order they run, the same comes of each."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

FEATURES = Path(__file__).parents[2] / "features"
SOME = ("default_sender", "duplicates", "misrouted_reply", "time")
"""With worlds, faults and messages that are only routed; none needs pandas, which a process cannot load twice."""


class Shuffled:
    """A plugin that does what random order does; 0 leaves the order as it is."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.order: list[str] = []

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Shuffle them, across files too."""
        if self._seed:
            random.Random(self._seed).shuffle(items)
        self.order = [item.nodeid for item in items]


def told(pytester: pytest.Pytester, seed: int) -> tuple[list[str], list[Any]]:
    """The order of a run, and all that it tells in Cucumber Messages but for times."""
    plugin, file = Shuffled(seed), pytester.path / f"{seed}.ndjson"
    files = [str(FEATURES / f"{name}.feature") for name in SOME]
    options = ("-q", "-p", "no:cacheprovider", "-W", "error", "--mailsim-messages", str(file))
    result = pytester.runpytest_inprocess(*options, *files, plugins=[plugin])
    assert result.ret == 0
    return plugin.order, [_timeless(json.loads(line)) for line in file.read_text("utf-8").splitlines()]


def _timeless(part: Any) -> Any:
    if isinstance(part, dict):
        return {key: _timeless(value) for key, value in part.items() if key not in {"timestamp", "duration"}}
    return [_timeless(one) for one in part] if isinstance(part, list) else part


def test_any_order_comes_to_the_same(pytester: pytest.Pytester) -> None:
    """Every step of every scenario; the order did differ."""
    usual, expected = told(pytester, 0)
    for seed in (1, 2):
        order, found = told(pytester, seed)

        assert order != usual
        assert sorted(order) == sorted(usual)
        assert found == expected
