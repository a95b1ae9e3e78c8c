"""Playing a plot: the scenario that it makes, and the first thing that is wrong with what came of it."""

import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mailsim.practice.site import Site
from mailsim.study.exploration.finding import Finding, Kind
from mailsim.study.exploration.played import Played, seen
from mailsim.study.exploration.plot import Plot
from mailsim.study.exploration.routed import lost_replies, routing_findings
from mailsim.study.exploration.sent import sending_findings
from mailsim.study.exploration.truth import Truth
from mailsim.world.broken_laws import ConservationError
from mailsim.world.scenario import Scenario
from mailsim.world.scenario_tables import ScenarioTables
from mailsim.world.simulation import Simulation


def tables(plot: Plot) -> dict[str, Any]:
    """The plot as tables of a scenario file, without its site: at the end all is collected, however often it takes."""
    profile = {"profile": plot.profile} if plot.profile else {}
    provider: dict[str, Any] = profile | plot.provider | ({"faults": plot.faults} if plot.faults else {})
    events = [{"at": f"{minutes}m"} | dict(act.event) for minutes, act in plot.acts]
    events += [{"at": f"{minutes}m", "collect": {}} for minutes in plot.last()]
    own: dict[str, Any] = {"provider": provider} if provider else {}
    return own | ({"correspondent": plot.people} if plot.people else {}) | {"event": events}


def judge(plot: Plot, site: Site, truth: Truth) -> Finding | None:
    """Play a plot; the worst thing that is wrong, None when all is as it should be."""
    scenario = Scenario(site, ScenarioTables.model_validate(tables(plot)), Path())
    with Simulation(scenario) as world:
        try:
            world.run()
        except ConservationError as error:
            return Finding(Kind.LAW, "R6.2", str(error).partition("\n")[0])
        except Exception as error:  # noqa: BLE001 - whatever comes out of the world is what is looked for
            frame = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{Path(frame.filename).name}:{frame.name}"
            return Finding(Kind.LAW, "R4.12", f"the world raised {type(error).__name__} in {where}: {error}")
        return next(_findings(seen(world, plot, truth)), None)


def _findings(played: Played) -> Iterator[Finding]:
    yield from routing_findings(played)
    yield from sending_findings(played)
    yield from lost_replies(played)
