"""A small scenario as files: the scenario, and a specification that fails until it is put right."""

from pathlib import Path

from mailsim.disk import put
from mailsim.practice.decision import shown
from mailsim.study.diagnosis.site_tables import toml
from mailsim.study.shrinking.scenario import SmallScenario

SCENARIO = "scenario.toml"
FEATURE = "scenario.feature"


def write_scenario(found: SmallScenario, folder: Path) -> list[Path]:
    """Write the two files into the folder, made if it is not there; what is named so there is replaced.

    Raises:
        OSError: It cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    texts = {SCENARIO: toml(found.tables), FEATURE: feature(found)}
    for name, text in texts.items():
        put(folder / name, text.encode())
    return [folder / name for name in texts]


def feature(found: SmallScenario) -> str:
    """The specification: what must come of the scenario."""
    fix = (
        f"What would help: {shown(found.cure.words)}."
        if found.cure
        else "No change that is known would help."
    )
    return f"""Feature: A scenario in which something goes wrong
  {shown(found.finding.words)}
  {fix}

  Scenario: It ends as it should
    Given a practice with the site file "{SCENARIO}"
    When everything in the scenario has happened
    {found.finding.then}
"""
