"""Every rule of the rule book is promised by a scenario; those that are not yet stand here, and nowhere else."""

from pathlib import Path

from mailsim.testing.outline import read_feature
from mailsim.testing.rules import RULES

FEATURES = Path(__file__).parents[2] / "features"
NOT_YET: set[str] = set()
"""Rules without a scenario. One that gets a scenario must leave this list."""


def test_every_rule_is_the_tag_of_a_scenario() -> None:
    """And no scenario has the tag of a rule that there is not."""
    tags = {
        tag
        for file in FEATURES.glob("*.feature")
        for section in read_feature(file)
        for scenario in section.scenarios
        for tag in scenario.tags - {"wire"}
    }

    assert not tags & NOT_YET, "a rule got its scenario: take it out of NOT_YET"
    assert tags == RULES.keys() - NOT_YET
