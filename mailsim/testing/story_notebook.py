"""A failed scenario as a notebook: it plays the files beside it again, and shows the story and the decision."""

import json
from collections.abc import Sequence


def played(told: Sequence[str], file: str, world: str, message_id: str) -> bytes:
    """The notebook of a scenario file in a world of that class; its story is of the conversation that a message belongs to."""
    return _notebook(
        told,
        f"""import mailsim

with mailsim.{world}({file!r}) as world:
    try:
        world.run()
    except mailsim.MailsimError as error:  # what the scenario expects and does not come, as [expect] says it
        print(error)
    trace, decisions = world.trace, world.decisions""",
        f"trace.story({message_id!r})",
        f"own = [decision for decision in decisions if decision.message_id == {message_id!r}]\n"
        "own[-1] if own else 'the practice decided nothing on it'",
        "trace.messages()",
    )


def routed(told: Sequence[str], site: str, message: str) -> bytes:
    """The notebook of a message that was only routed."""
    return _notebook(
        told,
        f"""from pathlib import Path

import mailsim

site = mailsim.load_site({site!r})
octets = Path({message!r}).read_bytes()
site.route(octets)""",
        "mailsim.Message(octets)",
    )


def _notebook(told: Sequence[str], *cells: str) -> bytes:
    """In nbformat 4.5; what is told stands indented, so that Markdown takes nothing in it for markup."""
    words = ["# A specification that failed\n", "\n", *(f"    {line}\n" for line in told)]
    plain: dict[str, object] = {"metadata": {}, "cell_type": "markdown", "id": "told", "source": words}
    code: list[dict[str, object]] = [
        {
            "cell_type": "code",
            "id": f"cell-{number}",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": cell.splitlines(keepends=True),
        }
        for number, cell in enumerate(cells, start=1)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    whole = {"cells": [plain, *code], "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return (json.dumps(whole, indent=1) + "\n").encode()
