"""The options of commands that share mail out to many processes, by Dask."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mailsim.cli.place import place

if TYPE_CHECKING:
    from mailsim.mail.corpus import Corpus
    from mailsim.study.bulk.question import Question
    from mailsim.study.bulk.table import Answers

Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        metavar="DIR",
        parser=place,
        help="Share the mail out by Dask; the answers grow there (Parquet), and what is there is not done again.",
    ),
]
Scheduler = Annotated[
    str | None,
    typer.Option(
        "--scheduler",
        metavar="ADDRESS",
        help="With --out: a running Dask cluster, such as tcp://127.0.0.1:8786.",
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        min=1,
        help="With --out: processes on this machine; one for each core unless given.",
    ),
]


def one_cluster(scheduler: str | None, workers: int | None) -> None:
    """Refuse a cluster and this machine's processes together."""
    if scheduler is not None and workers is not None:
        raise typer.BadParameter("--workers is for this machine, --scheduler for a cluster; give one of them")


def where(shared: "Answers") -> str:
    """The line that says where the answers are."""
    from mailsim.practice.faults import printable

    return f"The table: {printable(str(shared.folder))}"


def answers(
    question: "Callable[[], Question]",
    corpus: "Corpus",
    out: Path | None,
    scheduler: str | None,
    workers: int | None,
) -> "Answers | None":
    """What the mail's messages were answered by Dask; None without --out, where this process asks them itself."""
    one_cluster(scheduler, workers)
    if out is None:
        if scheduler is not None or workers is not None:
            raise typer.BadParameter(
                "--workers and --scheduler are for mail that is shared out; give --out DIR, where the answers grow"
            )
        return None
    from mailsim.cli.progress import Progress
    from mailsim.study.bulk import running

    plan = running.plan(question(), corpus, out)
    done = 0

    def advance(steps: int) -> None:
        nonlocal done
        done += steps
        progress.reached(done)

    with Progress(plan.steps, things="steps") as progress:
        return running.answers(plan, scheduler=scheduler, workers=workers, progress=advance)
