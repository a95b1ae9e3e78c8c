"""A path as an option: the library that reads the command line takes an empty one for the folder one stands in."""

from pathlib import Path

import typer


def place(text: str) -> Path:
    """The path; raises typer.BadParameter for an empty one."""
    if not text:
        raise typer.BadParameter("'' is no path; name one")
    return Path(text)
