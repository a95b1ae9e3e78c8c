"""What a failed specification did, as files that do it again: `mailsim run` of its world, `mailsim route` of a message.

Passwords are not written (R1.11): any will do in a world.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mailsim.study.diagnosis.site_tables import toml

if TYPE_CHECKING:
    from mailsim.world.world import World

SCENARIO, SITE, MESSAGE = "scenario.toml", "site.toml", "message.eml"


def write_world(world: "World", folder: Path, comment: Sequence[str]) -> str:
    """Write the scenario that the world retells; the command that plays it, empty where none plays it again.

    Raises:
        OSError: It cannot be written.
    """
    retold = world.trace.scenario
    if retold is None:
        return ""
    _write(folder, {SCENARIO: _commented(comment, _without_secrets(retold))})
    return f"mailsim run {_shown(folder / SCENARIO)}"


def write_routing(tables: Mapping[str, Any], octets: bytes, folder: Path, comment: Sequence[str]) -> str:
    """Write the site of a scenario and a message that was only routed; the command that routes it again.

    Raises:
        OSError: They cannot be written.
    """
    from mailsim.practice.settings import Settings

    site = {name: content for name, content in tables.items() if name in Settings.model_fields}
    _write(folder, {SITE: _commented(comment, _without_secrets(site)), MESSAGE: octets})
    return f"mailsim route --site {_shown(folder / SITE)} {_shown(folder / MESSAGE)}"


def _without_secrets(tables: Mapping[str, object]) -> Mapping[str, object]:
    return {
        name: _bare(content) if isinstance(content, Mapping) else content for name, content in tables.items()
    }


def _bare(table: Mapping[str, object]) -> Mapping[str, object]:
    plain = {key: value for key, value in table.items() if key not in {"password", "password_env"}}
    return plain | {"password": "any"} if len(plain) < len(table) else plain


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder.parent / ".gitignore").write_text(
        "*\n", "utf-8"
    )  # as pytest keeps its own cache out of repositories
    for name, octets in files.items():
        (folder / name).write_bytes(octets)


def _commented(comment: Sequence[str], tables: Mapping[str, object]) -> bytes:
    return ("".join(f"# {line}\n" for line in comment) + toml(tables)).encode()


def _shown(path: Path) -> str:
    near = path.is_relative_to(Path.cwd())
    return str(path.relative_to(Path.cwd()) if near else path)
