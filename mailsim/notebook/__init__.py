"""For JupyterLab: the Email Preferences as a form. Needs the extra `notebook`."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mailsim.notebook.preferences import Preferences

__all__ = ["Preferences"]


def __getattr__(name: str) -> Any:
    """Load the form when it is asked for: `mailsim lab` says what is missing where its libraries are not installed."""
    if name != "Preferences":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module("mailsim.notebook.preferences").Preferences
