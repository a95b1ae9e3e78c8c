"""Jupyter's servers, started for somebody who types a command: on loopback, with a token, until interrupted."""

import os
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from mailsim.disk import put
from mailsim.errors import MailsimError
from mailsim.extras import not_installed


class NotebookError(MailsimError):
    """What is needed for notebooks is not there."""


def stories() -> Path:
    """The folder of the notebooks: in an installed package beside this file, in a checkout at its root."""
    here = Path(__file__).parent
    installed = here / "stories"
    return installed if installed.is_dir() else here.parents[1] / "notebooks"


def copied(folder: Path) -> Sequence[str]:
    """Put each notebook into the folder that is not there yet; the names of those put there. Raises NotebookError."""
    names = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for story in sorted(stories().glob("*.ipynb")):
            if not os.path.lexists(folder / story.name):  # a link that leads nowhere is somebody's, too
                put(folder / story.name, story.read_bytes())
                names.append(story.name)
    except OSError as error:
        raise NotebookError(f"{folder}: cannot be written: {error.strerror}; name another folder") from None
    return names


def need(module: str) -> None:
    """Raises NotebookError where that program of Jupyter's is not installed."""
    if find_spec(module) is None:
        raise NotebookError(not_installed(module, "notebook"))


def serve(module: str, arguments: Sequence[str], *, folder: Path) -> int:
    """Run one of Jupyter's programs until it ends or is interrupted; its exit status. Raises NotebookError."""
    need(module)
    with subprocess.Popen([sys.executable, "-m", module, *arguments], cwd=folder) as server:  # noqa: S603 - ours
        while True:
            try:
                return server.wait()
            except KeyboardInterrupt:
                server.terminate()  # Jupyter asks whether it shall end; here nobody is asked
