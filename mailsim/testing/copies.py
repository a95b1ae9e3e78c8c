"""Copies of mail, told apart as the rule book does (R4.13): where each one that came to a mailbox is now.

Line ends, the `>From ` of mbox files and empty lines at the end are not looked at: programs change them when they keep mail.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from mailsim.mail import Message
from mailsim.practice.duplicates import fingerprint

_MBOX = re.compile(rb"(?:\A|(?<=\n)\n)From [^\n]*\n")  # RFC 4155
_ESCAPED = re.compile(rb"^>+(?=From )", re.MULTILINE)


class Copy(NamedTuple):
    """What copies of one message have in common."""

    message_id: str
    """With angle brackets; empty where it has none."""
    digest: bytes

    def __str__(self) -> str:
        return self.message_id or "a message without an id"


def copy_of(octets: bytes) -> Copy:
    """Of a message in any line ends."""
    plain = Message(_ESCAPED.sub(b"", octets.replace(b"\r\n", b"\n")).rstrip(b"\n") + b"\n")
    return Copy(plain.message_id or "", fingerprint(plain))


def kept_in(place: Path) -> Counter[Copy]:
    """Those in a file or in all files of a folder: a message each, or mbox files."""
    return Counter(copy_of(one) for file in files_of(place) for one in _messages(file.read_bytes()))


def files_of(place: Path) -> Sequence[Path]:
    """The files of a folder, those in its own folders included; a file itself."""
    return [file for file in (place, *place.rglob("*")) if file.is_file()]


def _messages(octets: bytes) -> Iterable[bytes]:
    if not octets.startswith(b"From "):
        return [octets]
    return _MBOX.split(octets.replace(b"\r\n", b"\n"))[1:]


class Arrivals:
    """Every copy that came to a mailbox, as it was seen from time to time."""

    def __init__(self) -> None:
        self._came: Counter[Copy] = Counter()
        self._there: Counter[Copy] = Counter()

    def see(self, waiting: Iterable[Message]) -> None:
        """Note what lies in the mailbox now."""
        there = Counter(copy_of(message.octets) for message in waiting)
        self._came += there - self._there
        self._there = there

    @property
    def number(self) -> int:
        """How many came."""
        return self._came.total()

    @property
    def gone(self) -> Counter[Copy]:
        """What came, and was not there when it was last looked for."""
        return self._came - self._there


def told(copies: Counter[Copy]) -> Iterator[str]:
    """Each by its Message-ID."""
    return map(str, sorted(copies.elements()))
