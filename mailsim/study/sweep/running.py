"""A sweep, run by Dask: cells out, rows back, each kept as it comes.

Cells are given to it in tasks of about a second, a few at a time, so that neither side holds a whole grid.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, islice
from os import PathLike
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa

from mailsim import disk
from mailsim.practice.faults import Fault, printable
from mailsim.study.cluster import client_of, finished, threads
from mailsim.study.part import made
from mailsim.study.scenario_file import scenario_text
from mailsim.study.sweep.cell import FIGURES, play, play_all, row
from mailsim.study.sweep.file import SweepError
from mailsim.study.sweep.pace import Pace
from mailsim.study.sweep.partitions import Partitions
from mailsim.study.sweep.plan import Cell, Sweep, sweep_of

if TYPE_CHECKING:
    from distributed import Client

CELLS, FAILED, TRACES = "cells", "failed", "traces"
"""What stands in the folder of a sweep: the table's partitions, scenarios of failed cells, traces."""
FOUND = "found"
"""Under which a table's `attrs` say how many of its cells the folder had already."""
_DIED = "WorkerDied"
"""How the error of a cell begins that may have been the machine's fault, not its own: it is played again."""
_TYPES = {int: pa.int64(), float: pa.float64(), bool: pa.bool_(), str: pa.string()}


def sweep(
    source: str | PathLike[str] | Mapping[str, object] | Sweep,
    *,
    out: str | PathLike[str] | None = None,
    scheduler: str | None = None,
    workers: int | None = None,
    progress: Callable[[int], object] | None = None,
) -> pd.DataFrame:
    """Play every cell of a sweep file, or of its tables; one row a cell, in the order of the grid.

    Columns: `cell`, the axes (`scenario`, `site` where there are some, the keys of the grid, `seed`), then `messages`,
    `letters`, `delivered`, `unassigned`, `fallback`, `duplicate`, `refused`, `bounced`, `answers`, `misrouted`, `events`,
    `latency` (the median of the answers that were collected, seconds), `as_expected`, `world_seconds`, `seconds` and `error`; of a failed cell the figures are missing.

    With `out`, the table is kept in that folder as it grows, in the order in which cells are done, and cells that it has
    are not played again, unless a trace is asked for and not there; `attrs["found"]` says how many those were. Failed
    cells, which leave their scenario in `failed/`, are not played again either, but for those that a worker died of.

    Cells are played by a process for each core, by so many `workers`, or by the cluster whose `scheduler` has that
    address. Processes of this machine load the main module anew: a script calls this below `if __name__ == "__main__":`.
    `progress` is told how many more cells are done.

    Raises:
        SweepError: With every fault of the sweep, its scenarios and its sites, or it asks for traces without `out`.
        PartitionError: The folder holds something else, or cannot be written.
        ClusterError: Dask is not installed, or the scheduler cannot be reached.
    """
    plan = sweep_of(source)
    if out is None:
        if plan.trace:
            fault = Fault(
                "trace",
                "true",
                "traces are kept in a folder, and there is none",
                "give out=..., or remove trace",
            )
            raise SweepError([fault])
        with TemporaryDirectory(prefix="mailsim-") as scratch:
            return _swept(plan, Path(scratch), scheduler, workers, progress)
    return _swept(plan, Path(out), scheduler, workers, progress)


def _swept(
    plan: Sweep,
    out: Path,
    scheduler: str | None,
    workers: int | None,
    progress: Callable[[int], object] | None,
) -> pd.DataFrame:
    partitions = Partitions(out / CELLS, schema(plan))
    traces = str(made(out / TRACES).resolve()) if plan.trace else None
    known = _known(partitions, traces)
    keys: list[str] = []

    def waiting() -> Iterator[Cell]:
        for cell in plan:
            keys.append(cell.key)
            if cell.key not in known:
                yield cell
            elif progress:
                progress(1)

    cells = waiting()
    first = list(islice(cells, 1))
    if first:
        with client_of(scheduler, workers) as client:
            pace = Pace(partial(threads, client), len(plan) - len(known))
            for played in _played(client, chain(first, cells), pace, traces):
                for cell, found in played:
                    if found["error"]:
                        _keep(cell, str(found["error"]), out / FAILED)
                    if progress:
                        progress(1)
                partitions.add([_shown(found, partitions.schema) for _, found in played])
    rows = partitions.frame().set_index("cell").loc[list(dict.fromkeys(keys))].reset_index()
    rows.attrs[FOUND] = len(known.intersection(keys))
    return rows


def _known(partitions: Partitions, traces: str | None) -> frozenset[str]:
    """The keys of the cells that need not be played."""
    known = partitions.cells(but=_DIED)
    if traces is None:
        return known
    return known & (partitions.failed() | {path.stem for path in Path(traces).glob("*.parquet")})


def _played(
    client: "Client", cells: Iterator[Cell], pace: Pace, traces: str | None
) -> Iterator[list[tuple[Cell, Mapping[str, object]]]]:
    """Cells with their rows, some at a time, as they are finished."""
    alone: list[Cell] = []
    play_some = partial(play_all, traces=traces)
    for done in finished(client, play_some, pace.batches(cells)):
        played: list[tuple[Cell, Mapping[str, object]]] = []
        for batch, result in done:
            if isinstance(result, BaseException):  # one of them ended its worker, nobody knows which
                alone += batch
            else:
                pace.was(result)
                played += zip(batch, result, strict=True)
        if played:
            yield played
    # One after the other: a cell that waits at a worker which ends is blamed too.
    each = (finished(client, partial(play, traces=traces), iter((cell,))) for cell in alone)
    for again in chain.from_iterable(each):
        yield [
            (cell, row(cell, {"error": _died(result)}) if isinstance(result, BaseException) else result)
            for cell, result in again
        ]


def schema(plan: Sweep) -> pa.Schema:
    """The columns of a sweep's table."""
    axes = [(name, _type(values)) for name, values in plan.columns.items()]
    return pa.schema(
        [("cell", pa.string()), *axes, *((name, _TYPES[type_]) for name, type_ in FIGURES.items())]
    )


def _type(values: Sequence[object]) -> pa.DataType:
    """The type that holds each of an axis' values."""
    types = {type(value) for value in values}
    for type_, column in ((bool, pa.bool_()), (int, pa.int64())):
        if types == {type_}:
            return column
    return pa.float64() if types <= {int, float} else pa.string()


def _shown(found: Mapping[str, object], schema: pa.Schema) -> Mapping[str, object]:
    """The row, with words where an axis has words and numbers."""
    words = {field.name for field in schema if field.type == pa.string()}
    return {name: str(value) if name in words else value for name, value in found.items()}


def _died(error: BaseException) -> str:
    return (
        f"{_DIED}: the worker ended while it played this cell, and others after it ({type(error).__name__})"
    )


def _keep(cell: Cell, error: str, folder: Path) -> None:
    """Write what shows the error again."""
    place = made(folder) / f"{cell.key}.toml"
    changes = [f"{name} = {value}" for name, value in cell.axes.items()]
    comment = ["A cell of a sweep that failed:", *changes, *error.splitlines()]
    disk.put(place, scenario_text(cell.tables, [printable(line) for line in comment]).encode())
