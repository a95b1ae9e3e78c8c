"""A sweep, run by Dask: cells out, rows back, each kept as it comes.

A bounded number of cells is given to it at a time, so that neither side holds a whole grid.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, islice
from os import PathLike
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pyarrow as pa

from mailsim import disk
from mailsim.practice.faults import printable
from mailsim.study.cluster import client_of, finished
from mailsim.study.part import made
from mailsim.study.scenario_file import scenario_text
from mailsim.study.sweep.cell import FIGURES, play, row
from mailsim.study.sweep.partitions import Partitions
from mailsim.study.sweep.plan import Cell, Sweep, sweep_of

CELLS, FAILED, TRACES = "cells", "failed", "traces"
"""What stands in the folder of a sweep: the table's partitions, scenarios of failed cells, traces."""
_WINDOW = 1_000
"""Cells that Dask has at a time: enough that no worker of a hundred waits for the next."""
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
    `delivered`, `unassigned`, `fallback`, `duplicate`, `refused`, `bounced`, `answers`, `misrouted`, `events`, `latency` (the
    median, seconds), `as_expected`, `world_seconds`, `seconds` and `error`; of a failed cell the figures are missing.

    With `out`, the table is kept in that folder as it grows, and cells that it has are not played again; failed cells
    leave their scenario in `failed/`. Cells are played by a process for each core, by so many `workers`, or by the
    cluster whose `scheduler` has that address. `progress` is told how many more cells are done.

    Raises:
        SweepError: With every fault of the sweep, its scenarios and its sites.
        PartitionError: The folder holds something else, or cannot be written.
        ClusterError: Dask is not installed, or the scheduler cannot be reached.
    """
    plan = sweep_of(source)
    if out is None:
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
    known = partitions.cells(but=_DIED)
    traces = str(made(out / TRACES).resolve()) if plan.trace else None
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
            for batch in finished(client, partial(play, traces=traces), chain(first, cells), _WINDOW):
                rows = []
                for cell, result in batch:
                    found = (
                        row(cell, {"error": _died(result)}) if isinstance(result, BaseException) else result
                    )
                    if found["error"]:
                        _keep(cell, str(found["error"]), out / FAILED)
                    if progress:
                        progress(1)
                    rows.append(_shown(found, partitions.schema))
                partitions.add(rows)
    return partitions.frame().set_index("cell").loc[list(dict.fromkeys(keys))].reset_index()


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
