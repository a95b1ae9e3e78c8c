"""No scenario of `features/` can go unread."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from gherkin.parser import Parser

FEATURES = Path(__file__).parents[2] / "features"


@pytest.mark.parametrize("path", sorted(FEATURES.rglob("*.feature")), ids=lambda path: path.name)
def test_scenarios_of_a_feature_have_names_of_their_own(path: Path) -> None:
    """pytest-bdd finds a scenario by its name: of two with one name it runs one, also under different rules."""
    document: Any = Parser().parse(path.read_text(encoding="utf-8"))
    children = document["feature"]["children"]
    children += [inner for child in children if "rule" in child for inner in child["rule"]["children"]]
    names = Counter(child["scenario"]["name"] for child in children if "scenario" in child)

    assert [name for name, count in names.items() if count > 1] == []
