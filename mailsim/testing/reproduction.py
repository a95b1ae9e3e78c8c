"""What a failed specification did to its world, as files that play it again: `mailsim run`, or `mailsim route`.

Steps speak only to the `World`, so what the world was told is all that happened. Passwords are not written (R1.11):
any will do in a world.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mailsim.study.diagnosis.site_tables import toml

if TYPE_CHECKING:
    from mailsim.world.world import World

SCENARIO, SITE, MESSAGE = "scenario.toml", "site.toml", "message.eml"
_KEYS = {"from_address": "from"}


class Record:
    """What one world is told, as the events of a scenario file."""

    def __init__(self, world: "World", tables: Mapping[str, Any]) -> None:
        """Listen to a world that was made from these tables."""
        self._world = world
        self._tables = tables
        self._events: list[dict[str, Any]] = []
        self._octets: list[bytes] = []
        self._is_whole = True
        self._until = world.scenario.tables.start
        for name, note in (("send", self._sent), ("receive", self._received), ("collect", self._collected)):
            self._listen(name, note)
        self._listen("run", self._passed)
        self._listen("reply", self._cannot_be_written)

    def _listen(self, name: str, note: Callable[[dict[str, Any]], None]) -> None:
        method = getattr(self._world, name)

        @wraps(method)
        def heard(*args: object, **arguments: Any) -> object:
            note(arguments)
            return method(*args, **arguments)

        setattr(self._world, name, heard)

    def _sent(self, arguments: dict[str, Any]) -> None:
        self._note("send", arguments)

    def _received(self, arguments: dict[str, Any]) -> None:
        octets = arguments.get("octets")
        if octets is not None:
            self._octets.append(octets)
            arguments = arguments | {"octets": None, "file": f"message-{len(self._octets)}.eml"}
        self._note("receive", arguments)

    def _collected(self, _: dict[str, Any]) -> None:
        self._note("collect", {})

    def _passed(self, arguments: dict[str, Any]) -> None:
        until = arguments.get("until")
        if isinstance(until, datetime):
            self._until = until
        else:
            self._is_whole = False  # the scenario's own events have been played, and stand in its tables

    def _cannot_be_written(self, _: dict[str, Any]) -> None:
        self._is_whole = False

    def _note(self, what: str, arguments: dict[str, Any]) -> None:
        start = self._world.scenario.tables.start
        now = self.now
        elapsed = int((now - start).total_seconds())
        at = (
            elapsed + 1 if elapsed else 0
        )  # over sockets real time passes too: what was due just before must be past
        given = {
            _KEYS.get(key, key): value for key, value in arguments.items() if value not in (None, "", ())
        }
        self._events.append({"at": f"{at}s", what: given})

    @property
    def now(self) -> datetime:
        """The latest time that the world is known to have reached."""
        trace = self._world.trace
        return max(self._until, trace[-1].time) if len(trace) else self._until

    def write(self, folder: Path, comment: Sequence[str]) -> str:
        """Write the scenario and its messages; the command that plays it, empty where it cannot be told so.

        Raises:
            OSError: It cannot be written.
        """
        if not self._is_whole:
            return ""
        tables = {name: _without_secrets(content) for name, content in self._tables.items()}
        text = toml({"seed": self._world.scenario.seed, **tables, "event": self._events})
        files = {f"message-{number}.eml": octets for number, octets in enumerate(self._octets, start=1)}
        _write(folder, files | {SCENARIO: _commented(comment, text)})
        return f"mailsim run {_shown(folder / SCENARIO)}"


def write_routing(tables: Mapping[str, Any], octets: bytes, folder: Path, comment: Sequence[str]) -> str:
    """Write the site of a scenario and a message that was only routed; the command that routes it again. Raises OSError."""
    from mailsim.practice.settings import Settings

    site = {name: content for name, content in tables.items() if name in Settings.model_fields}
    text = toml({name: _without_secrets(content) for name, content in site.items()})
    _write(folder, {SITE: _commented(comment, text), MESSAGE: octets})
    return f"mailsim route --site {_shown(folder / SITE)} {_shown(folder / MESSAGE)}"


def _without_secrets(content: object) -> object:
    if not isinstance(content, Mapping):
        return content
    plain = {key: value for key, value in content.items() if key not in {"password", "password_env"}}
    return plain | {"password": "any"} if len(plain) < len(content) else plain


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder.parent / ".gitignore").write_text(
        "*\n", "utf-8"
    )  # as pytest keeps its own cache out of repositories
    for name, octets in files.items():
        (folder / name).write_bytes(octets)


def _commented(comment: Sequence[str], text: str) -> bytes:
    return ("".join(f"# {line}\n" for line in comment) + text).encode()


def _shown(path: Path) -> str:
    near = path.is_relative_to(Path.cwd())
    return str(path.relative_to(Path.cwd()) if near else path)
