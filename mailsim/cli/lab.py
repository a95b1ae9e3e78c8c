"""`mailsim lab`: the notebooks in JupyterLab."""

import sys
from pathlib import Path
from typing import Annotated

import typer


def lab(
    folder: Annotated[
        Path,
        typer.Argument(metavar="[DIR]", help="Where the notebooks are copied to, and JupyterLab begins."),
    ] = Path("mailsim-notebooks"),
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open a browser.")] = True,
) -> None:
    """Copy the notebooks to a folder, but none over one that is there, and open JupyterLab on it.

    Needs the extra `notebook`. Serves loopback only; ends on SIGINT.

    Example: mailsim lab notes
    """
    from mailsim.notebook.server import copied, need, serve
    from mailsim.practice.faults import printable

    need("jupyterlab")
    names = copied(folder)
    sys.stderr.write(f"{printable(str(folder))}: {len(names)} notebooks copied\n")
    options = ["--ServerApp.ip=127.0.0.1", *([] if browser else ["--no-browser"])]
    options.append("--allow-root")  # who is root, as in most containers, gets an error for a lab otherwise
    raise typer.Exit(serve("jupyterlab", options, folder=folder))
