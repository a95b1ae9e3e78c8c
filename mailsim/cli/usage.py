"""What is said of wrong usage: one line, with the value, what is allowed, and where to read on.

The library that reads the command line tells some of it over several lines, without the value, or in terms of its
own types.
"""

from collections.abc import Sequence

import typer

_ALLOWED = {
    "int_parsing": "must be a whole number",
    "float_parsing": "must be a number",
    "greater_than_equal": "must be {ge} or more",
    "less_than_equal": "must be {le} or less",
}


def told(error: typer.TyperException, commands: Sequence[str]) -> str:
    """The one line; `commands` are those that there are."""
    command = getattr(getattr(error, "ctx", None), "command_path", "mailsim")
    text = _judged(error) or _hidden(error) or _without_breaks(error.format_message())
    if text.startswith(("No such command", "Missing command")):
        text = f"{_ended(text)} The commands are {', '.join(commands)}"
    return f"{command}: {_ended(text)} Try '{command} --help'."


def _without_breaks(text: str) -> str:
    """The text in one line; the choices of an argument that is missing are told as those of one that is wrong."""
    head, found, choices = " ".join(text.split()).partition(". Choose from: ")
    return f"{head}: must be {_or(choices)}" if found else head.rstrip(".")


def _hidden(error: typer.TyperException) -> str | None:
    """What is said of superfluous arguments where one may be a password that lost its name; None of anything else."""
    context = getattr(error, "ctx", None)
    logs_in = context and any(option.metavar == "NAME:PASSWORD" for option in context.command.params)
    superfluous = error.format_message().startswith("Got unexpected extra argument")
    return "Got unexpected extra arguments; --user takes NAME:PASSWORD" if logs_in and superfluous else None


def _judged(error: typer.TyperException) -> str | None:
    """What is said of a value that was refused; None of anything else."""
    from pydantic import ValidationError

    cause = error.__cause__
    if not (isinstance(error, typer.BadParameter) and error.param and isinstance(cause, ValidationError)):
        return None
    detail = cause.errors(include_url=False)[0]
    _, is_choice, choices = detail["msg"].rpartition(" is not one of ")
    allowed = f"must be {_or(choices.rstrip('.'))}" if is_choice else _ALLOWED.get(detail["type"])
    option = error.param.opts[0]
    given = f"{option} {detail['input'] or repr('')}" if option.startswith("-") else f"'{detail['input']}'"
    return allowed and f"{given}: {allowed.format(**detail.get('ctx', {}))}"


def _or(choices: str) -> str:
    return " or ".join(choice.strip(" '") for choice in choices.split(","))


def _ended(text: str) -> str:
    return text if text.endswith("?") else f"{text}."
