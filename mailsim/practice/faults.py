"""What is wrong with a site: one `Fault` for each mistake, one `SiteError` for all of them (R1.12).

Laws:
- A fault names the key, the value, what is allowed and what to do, in one line.
- A value that is, or may be, a secret is shown as `***` (R1.11), whatever its type: of an unknown key in a table
  that holds a secret no value is shown (`validation.py`).
- What is shown of a value is printable and bounded: a site file can hold anything.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from mailsim.errors import MailsimError
from mailsim.plain import printable
from mailsim.words import MASK

__all__ = ["Fault", "SiteError", "may_be_secret", "names_server", "printable", "shown", "without_userinfo"]

_SECRET_KEY = re.compile(r"pass|pwd|secret|token|credential|api_?key", re.IGNORECASE)
_SERVER_KEY = re.compile(r"server|host|url", re.IGNORECASE)
_USERINFO = re.compile(
    r"(?<=//).*@", re.DOTALL
)  # greedy: a password may hold "/" and "@" (RFC 3986 section 3.2.1)
_SHOWN_LENGTH = 100


@dataclass(frozen=True, slots=True)
class Fault:
    """One mistake in a site, or one thing in it that will go wrong."""

    key: str
    """Where: `mailbox.type`, `alias[2].address` (counted from 0), or the file and line of a syntax error."""
    value: str | None
    """What stands there, as TOML writes it, secrets masked; None where nothing stands."""
    allowed: str
    """What must stand there, or what would happen."""
    fix: str
    """What to do."""
    witness: bytes = field(default=b"", repr=False)
    """For settings that clash: a message that goes wrong with them; route it and see."""

    def __str__(self) -> str:
        shown = self.key if self.value is None else f"{self.key} = {self.value}"
        return f"{shown}: {self.allowed}; {self.fix}"


class SiteError(MailsimError):
    """A site that cannot be used; its text is one line for each fault."""

    def __init__(self, faults: Sequence[Fault], *, source: str = "") -> None:
        self.faults = tuple(faults)
        """Every fault found, never none."""
        self.source = source
        """The file; empty where the site was no file."""
        prefix = f"{printable(source)}: " if source else ""
        super().__init__("\n".join(f"{prefix}{fault}" for fault in self.faults))


def may_be_secret(key: str) -> bool:
    """Whether a value of that key may be a secret (R1.11)."""
    return _SECRET_KEY.search(key) is not None


def names_server(key: str) -> bool:
    """Whether a value of that key is the address of a server."""
    return _SERVER_KEY.search(key) is not None


def without_userinfo(text: str, *, server: bool) -> str:
    """The text with what stands before "@" in an address of a server masked: `ssl://***@host`.

    A `server` is one without `//` too.
    """
    if "//" in text:
        return _USERINFO.sub(f"{MASK}@", text)
    return f"{MASK}@{text.rpartition('@')[2]}" if server and "@" in text else text


def shown(key: str, value: object) -> str:
    """A value as a fault shows it: as TOML writes it, in one bounded line, masked when the key may hold a secret.

    Tables and arrays are shown by their kind alone: secrets may stand inside.
    """
    if may_be_secret(key):
        return MASK
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        value = without_userinfo(value, server=names_server(key))
        text = value if len(value) <= _SHOWN_LENGTH else value[: _SHOWN_LENGTH - 1] + "…"
        return '"' + printable(text.replace("\\", "\\\\").replace('"', '\\"')) + '"'
    if isinstance(value, dict):
        return "{...}"
    if isinstance(value, list | tuple):
        return "[...]"
    text = str(value) if not isinstance(value, int) or value.bit_length() < 256 else "a huge number"
    return printable(text[:_SHOWN_LENGTH])
