"""`mailsim replay`: the same mail under other settings, and what that changes."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd


def replay(
    trace: Annotated[
        Path, typer.Argument(metavar="TRACE", help="A Parquet trace, such as of `mailsim run`.")
    ],
    site: Annotated[
        Path | None,
        typer.Option(
            "--site",
            metavar="SITE",
            help="Another site file than the run's; of several practices the first one's.",
        ),
    ] = None,
    provider: Annotated[
        str | None,
        typer.Option(
            "--provider",
            metavar="NAME",
            help="Another provider; see `mailsim providers`. Of several practices the first one's.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a message that changed.")] = False,
) -> None:
    """Play a recorded run again under another site or provider, and say what becomes of each message then.

    Exit status 1 when anything changes, as diff does. Without --site and --provider nothing should.

    Example: mailsim replay trace.parquet --provider postfix
    """
    from mailsim.cli.progress import watching
    from mailsim.practice.faults import printable
    from mailsim.study.replay import replay as play
    from mailsim.trace.recorded import read_trace

    rows = play(read_trace(trace), site=site, provider=provider, watch=watching)
    changed = rows[rows["changed"]]
    if as_json:
        lines = [json.dumps(row, ensure_ascii=False) for row in changed.to_dict("records")]
    else:
        lines = [printable(line) for line in _told(rows, changed)]
    sys.stdout.writelines(f"{line}\n" for line in lines)
    if len(changed):
        raise typer.Exit(1)


def _told(rows: "pd.DataFrame", changed: "pd.DataFrame") -> "Iterator[str]":
    from mailsim.cli.table import table, terminal_width

    if len(changed):
        sides = ["outcome_before", "reason_before", "outcome_after", "reason_after"]
        counts = changed.groupby(sides, sort=False).agg(
            messages=("number", "size"), example=("message_id", "first")
        )
        found = [
            (before, why, after, then, str(count), example)
            for (before, why, after, then), count, example in counts.sort_values(
                "messages", ascending=False
            ).itertuples()
        ]
        head = ("BEFORE", "BECAUSE OF", "AFTER", "BECAUSE OF", "MESSAGES", "SUCH AS")
        yield from table(head, found, width=terminal_width())
        yield ""
    yield f"{len(changed):,} of {len(rows):,} messages changed."
    meant = rows[rows["meant_for"] != ""]
    if len(meant):
        before, after = (int(meant[f"misrouted_{side}"].sum()) for side in ("before", "after"))
        unanswered = int((meant["outcome_after"] == "not written").sum())
        told = f"Misrouted: {before:,} of {len(meant):,} for an action before, {after:,} after"
        yield told + (f", {unanswered:,} never written." if unanswered else ".")
