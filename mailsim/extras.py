"""What to install where a library of one of mailsim's extras is missing."""

from importlib.metadata import version


def not_installed(library: str, extra: str) -> str:
    """Which library it is, and the command that brings it, in a line."""
    wheel = f"dist/mailsim-{version('mailsim')}-py3-none-any.whl"
    return f'{library} is not installed; install mailsim with its extra: pip install "{wheel}[{extra}]"'
