"""`mailsim report`: a trace as one page."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from mailsim.errors import MailsimError

_PAGE, _PICTURE = ".html", ".svg"


class ReportFileError(MailsimError):
    """A page that cannot be written."""


def report(
    trace: Annotated[Path, typer.Argument(metavar="TRACE", help="A trace's file: .parquet or .jsonl.")],
    out: Annotated[
        Path,
        typer.Option(
            "-o",
            "--out",
            metavar="FILE",
            help="The page to write, .html; or .svg, for its first picture alone.",
        ),
    ],
) -> None:
    """Write one page of a trace, which loads nothing: what became of the mail, how long it took, what was lost and why.

    A file that ends in .svg gets the picture of what became of the mail alone.

    Example: mailsim report mailsim-demo/trace.parquet -o report.html
    """
    form = out.suffix.lower()
    if form not in (_PAGE, _PICTURE):
        raise ReportFileError(f"{out}: no file for a report; name one that ends in {_PAGE} or {_PICTURE}")
    from rich.console import Console

    from mailsim.practice.faults import printable
    from mailsim.trace.recorded import read_trace
    from mailsim.trace.report import picture
    from mailsim.trace.report import report as page

    read = read_trace(trace)
    with Console(stderr=True).status(f"reading {len(read):,} events"):  # on a terminal, and gone at the end
        text = picture(read) if form == _PICTURE else page(read, trace.name)
    try:
        out.write_text(text, "utf-8")
    except OSError as error:
        raise ReportFileError(f"{out}: cannot be written: {error.strerror}; name another file") from None
    sys.stdout.write(f"The report: {printable(str(out))}\n")
