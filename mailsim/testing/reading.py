"""Settings as they were read: the site, or what is wrong with them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mailsim.practice.site import Site


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of reading the tables of a scenario."""

    site: "Site | None"
    """None where there are faults."""
    faults: tuple[str, ...]
    warnings: tuple[str, ...]

    def __str__(self) -> str:
        lines = [f"fault: {fault}" for fault in self.faults]
        return "\n".join([*lines, *(f"warning: {warning}" for warning in self.warnings)])


def read(tables: Mapping[str, object]) -> Reading:
    """Judge the tables of a scenario, its site's and its own; nothing is started."""
    from mailsim.practice.faults import SiteError
    from mailsim.world.scenario import scenario_of

    try:
        site = scenario_of(tables).site
    except SiteError as error:
        return Reading(None, tuple(map(str, error.faults)), ())
    return Reading(site, (), tuple(map(str, site.warnings)))
