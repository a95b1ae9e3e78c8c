"""`mailsim sweep`: a grid of scenarios, settings and providers, played by Dask."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mailsim.cli.bulk import one_cluster
from mailsim.cli.place import place

if TYPE_CHECKING:
    import pandas as pd

    from mailsim.study.sweep.plan import Sweep

_MOST_ERRORS = 10
"""Of errors that are shown."""


def sweep(
    file: Annotated[Path, typer.Argument(metavar="SWEEP", help="A sweep file (TOML).")],
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            metavar="DIR",
            parser=place,
            help="Where the table grows; cells that it has are not played again.",
        ),
    ],
    scheduler: Annotated[
        str | None,
        typer.Option(
            "--scheduler", metavar="ADDRESS", help="A running Dask cluster, such as tcp://127.0.0.1:8786."
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option("--workers", min=1, help="Processes on this machine; one for each core unless given."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a cell, one a line.")] = False,
) -> None:
    """Play each cell of a grid in memory, and tell what each value of each axis did; exits 1 where a cell failed.

    The table is DIR/cells (Parquet, one row a cell). Run it again after an interruption, and it goes on.

    Example: mailsim sweep fixtures/sweeps/placements.toml --out /tmp/placements
    """
    from mailsim.cli.progress import Progress
    from mailsim.study.sweep.plan import sweep_of
    from mailsim.study.sweep.running import sweep as swept

    one_cluster(scheduler, workers)
    plan = sweep_of(file)
    with Progress(len(plan), things="cells") as progress:
        rows = swept(plan, out=out, scheduler=scheduler, workers=workers, progress=progress.advance)
    lines = _json_lines(rows) if as_json else _told(rows, plan, out)
    sys.stdout.writelines(f"{line}\n" for line in lines)
    if (rows["error"] != "").any():
        raise typer.Exit(1)


def _json_lines(rows: "pd.DataFrame") -> Iterator[str]:
    for row in rows.astype(object).where(rows.notna(), None).to_dict("records"):
        yield json.dumps(row, ensure_ascii=False)


def _told(rows: "pd.DataFrame", plan: "Sweep", out: Path) -> Iterator[str]:
    from mailsim.cli.table import table, terminal_width
    from mailsim.practice.faults import printable

    width = terminal_width()
    shares = [
        tuple(printable(word) for word in (axis, *words))
        for axis, values in plan.columns.items()
        if len(rows[axis].unique()) > 1
        for words in _shares(rows, axis)
    ]
    if shares:
        yield from table(("AXIS", "VALUE", "CELLS", "ANSWERS", "MISROUTED", "SHARE"), shares, width=width)
        yield ""
    failed = rows.loc[rows["error"] != "", "error"].value_counts()
    if len(failed):
        errors = [
            (str(count), printable(str(error).splitlines()[0]))
            for error, count in failed.head(_MOST_ERRORS).items()
        ]
        yield from table(("FAILED", "BECAUSE OF"), errors, width=width)
        more = len(failed) - len(errors)
        yield f"and {more:,} other reasons; --json tells them" if more > 0 else ""
    unexpected = int((~rows["as_expected"].fillna(True)).sum())
    told = f", {unexpected:,} came out otherwise than their scenario expects" if unexpected else ""
    yield f"{len(rows):,} cells, {int(failed.sum()):,} failed{told}."
    yield f"The table: {printable(str(out / 'cells'))}"


def _shares(rows: "pd.DataFrame", axis: str) -> Iterator[tuple[str, ...]]:
    """For each value of an axis: cells, answers, how many and which share of them were misrouted."""
    for value, group in rows.groupby(axis, sort=False):
        answers, misrouted = int(group["answers"].sum()), int(group["misrouted"].sum())
        share = f"{misrouted / answers:.1%}" if answers else "-"
        yield str(value) or "-", f"{len(group):,}", f"{answers:,}", f"{misrouted:,}", share
