"""A reproduction as files: the message, the site, and a specification that fails until it is fixed."""

from pathlib import Path

from mailsim.disk import put
from mailsim.practice.decision import shown
from mailsim.study.diagnosis.case import went_to
from mailsim.study.diagnosis.shrink import Reproduction
from mailsim.study.diagnosis.site_tables import toml

MESSAGE = "message.eml"
SITE = "site.toml"
FEATURE = "misrouted.feature"


def write_reproduction(found: Reproduction, folder: Path) -> list[Path]:
    """Write the three files into the folder, made if it is not there; what is named so there is replaced.

    Raises:
        OSError: It cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    octets = {
        MESSAGE: found.message.octets,
        SITE: toml(found.tables).encode(),
        FEATURE: feature(found).encode(),
    }
    for name, content in octets.items():
        put(folder / name, content)
    return [folder / name for name in octets]


def feature(found: Reproduction) -> str:
    """The specification: where the message must go."""
    fix = (
        f"What would help: {shown(found.remedy.words)}."
        if found.remedy
        else "No change that is known would help."
    )
    decision = found.decision
    return f"""Feature: A message that was misrouted
  It went to {went_to(decision)} ({decision.reason}), because of {found.cause or "nothing that it shows"}.
  {fix}

  Scenario: It goes where it was expected
    Given a practice with the site file "{SITE}"
    When the message file "{MESSAGE}" is routed
    Then the message goes to {found.expect}
"""
