"""A sweep, run by Dask: cells out, rows back, each kept as it comes.

Which worker plays a cell, and what becomes of the cells of a worker that dies, is Dask's; here a bounded number of cells
is given to it at a time, so that neither side holds a whole grid.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from os import PathLike
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa

from mailsim import disk
from mailsim.errors import MailsimError
from mailsim.practice.faults import printable, without_userinfo
from mailsim.study.scenario_file import scenario_text
from mailsim.study.sweep.cell import FIGURES, play, row
from mailsim.study.sweep.partitions import PartitionError, Partitions
from mailsim.study.sweep.plan import Cell, Sweep, sweep_of

if TYPE_CHECKING:
    from distributed import Client, Future

CELLS, FAILED, TRACES = "cells", "failed", "traces"
"""What stands in the folder of a sweep: the table's partitions, scenarios of failed cells, traces."""
_WINDOW = 1_000
"""Cells that Dask has at a time: enough that no worker of a hundred waits for the next."""
_DIED = "WorkerDied"
"""How the error of a cell begins that may have been the machine's fault, not its own: it is played again."""
_TYPES = {int: pa.int64(), float: pa.float64(), bool: pa.bool_(), str: pa.string()}


class ClusterError(MailsimError):
    """Dask is not installed, or its scheduler cannot be reached."""


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
    finished = partitions.cells(but=_DIED)
    traces = _folder(out / TRACES) if plan.trace else None
    keys: list[str] = []

    def waiting() -> Iterator[Cell]:
        for cell in plan:
            keys.append(cell.key)
            if cell.key not in finished:
                yield cell
            elif progress:
                progress(1)

    cells = waiting()
    first = list(islice(cells, _WINDOW))
    if first:
        with _client(scheduler, workers) as client:
            for played in _played(client, first, cells, traces):
                for cell, found in played:
                    if found["error"]:
                        _keep(cell, str(found["error"]), out / FAILED)
                    if progress:
                        progress(1)
                partitions.add([_shown(found, partitions.schema) for _, found in played])
    return partitions.frame().set_index("cell").loc[list(dict.fromkeys(keys))].reset_index()


def _played(
    client: "Client", first: list[Cell], others: Iterator[Cell], traces: str | None
) -> Iterator[list[tuple[Cell, dict[str, object]]]]:
    """Cells with their rows, in batches, as they are finished."""
    from distributed import as_completed  # noqa: PLC0415 - heavy, and installed where sweeps are run

    def given(cells: list[Cell]) -> list["Future[Any]"]:
        futures = client.map(play, cells, traces=traces, pure=False)
        at_work.update(zip(futures, cells, strict=True))
        return futures

    at_work: dict[Future[Any], Cell] = {}
    completed = as_completed(given(first), with_results=True, raise_errors=False)
    for batch in completed.batches():
        played = []
        for future, result in batch:
            cell = at_work.pop(future)
            died = future.status == "error"  # with the worker, again and again: what it raised is in its row
            played.append((cell, row(cell, {"error": _died(result[1])}) if died else result))
        yield played
        if more := list(islice(others, len(batch))):
            completed.update(given(more))


@contextmanager
def _client(scheduler: str | None, workers: int | None) -> Iterator["Client"]:
    """A client of that cluster, or of one made on this machine for as long as it is needed."""
    try:
        import distributed  # noqa: PLC0415 - as above
    except ImportError:
        raise ClusterError('Dask is not installed; install it with: pip install "mailsim[sweep]"') from None
    if scheduler is not None:
        try:
            client = distributed.Client(scheduler, timeout="10s")
        except (OSError, ValueError) as error:
            place, reason = (without_userinfo(text, server=True) for text in (scheduler, str(error)))
            told = printable(f"{place}: no Dask scheduler answers there: {reason}".splitlines()[0])
            raise ClusterError(f"{told}; write such as tcp://127.0.0.1:8786") from None
        with client:
            yield client
        return
    cluster = distributed.LocalCluster(
        n_workers=workers, threads_per_worker=1, dashboard_address=None, silence_logs=logging.CRITICAL
    )
    with cluster, distributed.Client(cluster) as client:
        yield client


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
    place = Path(_folder(folder)) / f"{cell.key}.toml"
    changes = [f"{name} = {value}" for name, value in cell.axes.items()]
    comment = ["A cell of a sweep that failed:", *changes, *error.splitlines()]
    disk.put(place, scenario_text(cell.tables, [printable(line) for line in comment]).encode())


def _folder(folder: Path) -> str:
    try:
        disk.folder(folder)
    except OSError as error:
        raise PartitionError(f"{folder}: cannot be made: {error.strerror}; name another folder") from None
    return str(folder.resolve())
