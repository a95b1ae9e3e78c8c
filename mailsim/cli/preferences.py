"""`mailsim preferences`: the Email Preferences form alone."""

from pathlib import Path
from typing import Annotated

import typer


def preferences(
    site: Annotated[
        Path, typer.Argument(metavar="[SITE]", help="The site file to begin with, and to save to.")
    ] = Path("site.toml"),
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open a browser.")] = True,
) -> None:
    """Open the Email Preferences as a page of its own: settings judged while one types, checks, saving.

    Needs the extra `notebook`. Serves loopback only, with a token; ends on SIGINT.

    Example: mailsim preferences site.toml
    """
    import json
    from tempfile import TemporaryDirectory

    from mailsim.notebook.server import serve

    code = f"from mailsim.notebook import Preferences\nPreferences({str(site.absolute())!r})"
    cell: dict[str, object] = {
        "cell_type": "code",
        "id": "form",
        "source": code,
        "metadata": {},
        "outputs": [],
        "execution_count": None,
    }
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    with TemporaryDirectory() as folder:
        page = Path(folder) / "preferences.ipynb"
        document = {"cells": [cell], "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
        page.write_text(json.dumps(document), "utf-8")
        options = ["--Voila.ip=127.0.0.1", "--Voila.auto_token=True", *([] if browser else ["--no-browser"])]
        raise typer.Exit(serve("voila", [*options, str(page)], folder=Path(folder)))
