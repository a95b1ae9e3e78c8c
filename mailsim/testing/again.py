"""How a failed scenario is played again: the command, and the folder that its files stand in until the scenario passes."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from os.path import relpath
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

import pytest

from mailsim.testing import reproduction
from mailsim.testing.expectation import expectation
from mailsim.testing.found import UNPLAYED

if TYPE_CHECKING:
    from mailsim.testing.found import Docket
    from mailsim.world.world import World

NOTEBOOK = pytest.StashKey[Path]()
"""The notebook that was written for an item."""
_JUDGED = "(its [expect] says what this step does: status 1 until that is so)"
_UNJUDGED = "(it shows the mail's way, not this step's judgement: status 0 says nothing of that)"


def again(
    item: pytest.Item,
    world: "World | None",
    docket: "Docket | None",
    *,
    comment: Sequence[str],
    step_func: Callable[..., object] | None,
    arguments: Mapping[str, Any],
) -> Iterator[str]:
    """The lines of a report on how to play the scenario again; writes the files for it.

    `step_func` is None where the step could not judge.
    """
    checked = step_func is not None and step_func.__module__ == "mailsim.testing.steps.checks"
    if checked or UNPLAYED in item.stash:
        yield f"again     by pytest alone: no file plays {'a check' if checked else item.stash[UNPLAYED]}"
        return
    retold = world.trace.scenario if world is not None else None
    expected: Mapping[str, object] = {}
    files: Sequence[Path]
    try:
        if docket is not None and docket.routed:
            command = "mailsim route --site"
            files = reproduction.write_routing(docket.tables, docket.octets, folder(item), comment)
        elif world is not None and retold and retold["event"]:
            command = "mailsim run --world wire" if type(world).__name__ == "Lab" else "mailsim run"
            expected = expectation(step_func, arguments, world) if step_func else {}
            files = [
                reproduction.write_world(
                    retold,
                    folder(item),
                    comment,
                    expected,
                    world=type(world).__name__,
                    message_id=_asked(world, docket),
                )
            ]
        else:
            return
    except OSError as error:
        yield f"again     (the files for it cannot be written: {error.strerror})"
        return
    start = item.config.invocation_params.dir
    yield f"again     {command} {' '.join(quote(relpath(file, start)) for file in files)}"
    yield f"          {_JUDGED if expected else _UNJUDGED}"
    item.stash[NOTEBOOK] = files[0].with_name(reproduction.NOTEBOOK)
    yield f"notebook  {relpath(item.stash[NOTEBOOK], start)}"


def _asked(world: "World", docket: "Docket | None") -> str:
    """The message that a step asked about, or the last that anything happened to."""
    if docket is not None and docket.asked is not None and docket.asked.message_id:
        return docket.asked.message_id
    return next((event.message_id for event in reversed(list(world.trace)) if event.message_id), "")


def forget(item: pytest.Item) -> None:
    """Remove the files of an item, which passes now."""
    reproduction.remove(folder(item))


def folder(item: pytest.Item) -> Path:
    """Where the files of an item stand."""
    name = re.sub(r"[^\w.-]+", "-", item.nodeid)[-120:].strip("-.")
    chosen: str = item.config.getini("mailsim_failures")
    return item.config.rootpath / chosen / name
