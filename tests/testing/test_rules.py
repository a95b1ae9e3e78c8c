"""Every rule of the rule book is promised by a scenario."""

from pathlib import Path

from mailsim.testing.outline import read_feature
from mailsim.testing.rules import RULES

FEATURES = Path(__file__).parents[2] / "features"


def test_every_rule_is_the_tag_of_a_scenario() -> None:
    """And no scenario has the tag of a rule that there is not."""
    tags = {
        tag
        for file in FEATURES.glob("*.feature")
        for section in read_feature(file)
        for scenario in section.scenarios
        for tag in scenario.tags - {"wire"}
    }

    assert tags == RULES.keys()
