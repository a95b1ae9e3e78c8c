"""The Simulation: a world in memory under a virtual clock, with the very servers, policies and store of the Lab.

    with Simulation(scenario) as world:
        world.send(from_action=1234, to="jane@client.example", subject="Draft")
        world.collect()
        world.trace.frame()

Plain synchronous Python: no socket, no thread, no waiting.
"""

from collections.abc import Mapping
from os import PathLike

from mailsim.world.memory import Memory
from mailsim.world.plan import Planned, plan
from mailsim.world.scenario import Scenario
from mailsim.world.stage import Stage


class Simulation(Stage[Memory]):
    """A world in memory."""

    def __init__(
        self,
        scenario: Scenario | str | PathLike[str] | Mapping[str, object],
        *,
        out: str | PathLike[str] | None = None,
        planned: Planned = plan,
    ) -> None:
        """A scenario, the path of a scenario file, or its tables; raises ScenarioError with every fault.

        With `out`, a file, the trace is written there as it happens, and the world holds the last of it: its memory does
        not grow with its mail. The file is there when the block has ended; its name says the format, as for
        `Trace.write`: `.parquet` or `.jsonl`, which `mailsim.read_trace` reads, or one for other tools. Where it could
        not be written, the next call and the block's end raise TraceFileError, and an earlier one stays as it was.

        `planned` makes the world's parts of the scenario: a study has one of them otherwise than the scenario says.

        SiteError is raised when `[pop]` or `[smtp]` is given and lacks what it needs, TraceFileError of another file.
        """
        super().__init__(scenario, Memory, out, planned)
