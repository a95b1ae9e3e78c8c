"""Tables on standard output, as wide as the terminal."""

import shutil
import sys

from mailsim.plain import table

__all__ = ["table", "terminal_width"]


def terminal_width() -> int | None:
    """The columns of the terminal that standard output is; None when it is none, and nothing need be cut."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None
