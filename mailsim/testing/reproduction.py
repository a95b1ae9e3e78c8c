"""What a failed specification did, as files that do it again: `mailsim run` of its world, `mailsim route` of a message.

Beside them stands a notebook that plays them and shows what happened.

Passwords are not written (R1.11): any will do in a world.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from mailsim.disk import put
from mailsim.study.scenario_file import scenario_text
from mailsim.testing.story_notebook import played, routed

SCENARIO, SITE, MESSAGE, NOTEBOOK = "scenario.toml", "site.toml", "message.eml", "story.ipynb"


def write_world(
    scenario: Mapping[str, object],
    folder: Path,
    comment: Sequence[str],
    expected: Mapping[str, object],
    *,
    world: str,
    message_id: str,
) -> Path:
    """Write a scenario, as a world retells it, with what is expected of it; the file, for `mailsim run`.

    `world` is the class that the notebook plays it in; `message_id` whose story it tells.

    Raises:
        OSError: It cannot be written.
    """
    tables = {**scenario, **({"expect": expected} if expected else {})}
    notebook = played(comment, SCENARIO, world, message_id)
    _write(folder, {SCENARIO: scenario_text(tables, comment).encode(), NOTEBOOK: notebook})
    return folder / SCENARIO


def write_routing(
    tables: Mapping[str, Any], octets: bytes, folder: Path, comment: Sequence[str]
) -> tuple[Path, Path]:
    """Write the site of a scenario and a message that was only routed; the files, for `mailsim route --site`.

    Raises:
        OSError: They cannot be written.
    """
    from mailsim.practice.settings import Settings

    site = {name: content for name, content in tables.items() if name in Settings.model_fields}
    written = {SITE: scenario_text(site, comment).encode(), MESSAGE: octets}
    _write(folder, written | {NOTEBOOK: routed(comment, SITE, MESSAGE)})
    return folder / SITE, folder / MESSAGE


def remove(folder: Path) -> None:
    """Remove what was written for a scenario that has failed before, and nothing else; no error where that fails."""
    if not folder.is_dir():
        return
    with suppress(OSError):
        for name in (SCENARIO, SITE, MESSAGE, NOTEBOOK):
            (folder / name).unlink(missing_ok=True)
        folder.rmdir()


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    ignored = folder.parent / ".gitignore"
    if not ignored.exists():
        put(ignored, b"*\n")  # as pytest keeps its own cache out of repositories
    for name, octets in files.items():
        put(folder / name, octets)
