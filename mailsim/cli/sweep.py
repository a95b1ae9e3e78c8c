"""`mailsim sweep`: a grid of scenarios, settings and providers, played by Dask."""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mailsim.cli.bulk import one_cluster
from mailsim.cli.place import place

if TYPE_CHECKING:
    import pandas as pd

    from mailsim.study.sweep.plan import Sweep

_MOST = 10
"""Of errors that are shown, and of combinations."""
_COUNTED = ("CELLS", "LETTERS", "REFUSED", "ANSWERS", "MISROUTED", "SHARE")


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
    """Play each cell of a grid in memory, and tell what each value of each axis did.

    Exit status 1 where a cell failed, or came out otherwise than its scenario expects.

    The table is DIR/cells (Parquet, one row a cell, in the order in which they are done). With `trace = true` in SWEEP, the
    whole trace of each cell is DIR/traces/CELL.parquet. Run it again after an interruption, and it goes on; cells that
    failed, and would again, are not played again.

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
    if (rows["error"] != "").any() or _unexpected(rows):
        raise typer.Exit(1)


def _json_lines(rows: "pd.DataFrame") -> Iterator[str]:
    for row in rows.astype(object).where(rows.notna(), None).to_dict("records"):
        yield json.dumps(row, ensure_ascii=False)


def _told(rows: "pd.DataFrame", plan: "Sweep", out: Path) -> Iterator[str]:
    from mailsim.cli.table import table, terminal_width
    from mailsim.practice.faults import printable
    from mailsim.study.sweep.plan import SEED
    from mailsim.study.sweep.running import FOUND

    width = terminal_width()
    axes = [axis for axis in plan.columns if len(rows[axis].unique()) > 1]
    if axes:
        shares = [(axis, *words) for axis in axes for words in _shares(rows, [axis])]
        yield from table(("AXIS", "VALUE", *_COUNTED), _printable(shares), width=width)
        yield ""
    together = [axis for axis in axes if axis != SEED]
    if len(together) > 1:
        lost = (
            rows.assign(lost=rows["refused"].add(rows["misrouted"]))
            .groupby(together)["lost"]
            .transform("sum")
        )
        worst = _shares(rows.iloc[(-lost).argsort(kind="stable")], together)
        yield from table(
            (*map(printable, together), *_COUNTED), _printable(islice(worst, _MOST)), width=width
        )
        yield ""
    failed = rows.loc[rows["error"] != "", "error"].value_counts()
    if len(failed):
        errors = [
            (str(count), printable(str(error).splitlines()[0])) for error, count in failed.head(_MOST).items()
        ]
        yield from table(("FAILED", "BECAUSE OF"), errors, width=width)
        more = len(failed) - len(errors)
        yield f"and {more:,} other reasons; --json tells them" if more > 0 else ""
    unexpected = _unexpected(rows)
    told = f", {unexpected:,} came out otherwise than their scenario expects" if unexpected else ""
    found = rows.attrs[FOUND]
    there = f", {found:,} were there already" if found else ""
    yield f"{len(rows):,} cells, {int(failed.sum()):,} failed{told}{there}."
    yield f"The table: {printable(str(out / 'cells'))}"


def _unexpected(rows: "pd.DataFrame") -> int:
    return int((~rows["as_expected"].fillna(True)).sum())


def _printable(rows: Iterable[Sequence[str]]) -> Iterator[tuple[str, ...]]:
    from mailsim.practice.faults import printable

    return (tuple(map(printable, row)) for row in rows)


def _shares(rows: "pd.DataFrame", axes: list[str]) -> Iterator[tuple[str, ...]]:
    """For each combination of values: cells, letters, refusals, answers, how many and which share of them were misrouted."""
    for values, group in rows.groupby(axes, sort=False):
        letters, refused, answers, misrouted = (
            int(group[name].sum()) for name in ("letters", "refused", "answers", "misrouted")
        )
        share = f"{misrouted / answers:.1%}" if answers else "-"
        counts = (f"{number:,}" for number in (len(group), letters, refused, answers, misrouted))
        yield *(str(value) or "-" for value in values), *counts, share
