"""Stored mail to messages: `.eml` files, mbox files, Maildirs, folders of them, and a stream.

Laws:
- The octets of a message are those of the file; an mbox's `From ` lines and the empty line
  before each are the mbox's own, and `>From ` stays as it was received.
- One message at a time is in memory, whatever the size of the mbox.
- Everything is looked at before the first message is read, so that a missing path is known
  before anything was made of the others.
- The order is that of the paths given; within a folder, by name.

What counts as mail: a path given by name is an mbox when it is named `.mbox`, or when it is
not named `.eml` and begins with `From `; else it is one message. In a folder only `.eml`,
`.mbox`, and names without suffix that begin like an mbox or a message are taken, hidden
names are not, and symbolic links only to files inside the folder. A directory with `cur`
and `new` is a Maildir (https://cr.yp.to/proto/maildir.html).
"""

import errno
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from mailsim.errors import MailsimError

STREAM = "-"
_SEPARATOR = b"From "  # RFC 4155
_LF = 0x0A
_BLOCK = 1 << 20
_FIRST_FIELD = re.compile(rb"[!-9;-~]+[ \t]*:")  # RFC 5322 section 2.2
_HEAD = 1024


class CorpusError(MailsimError):
    """Paths that hold no mail or cannot be read; the text has one line for each."""


class Stored(NamedTuple):
    """One message as it was found."""

    name: str
    """The path as given or found; `PATH:N` for the Nth message of an mbox, `-` for a stream."""
    octets: bytes


@dataclass(frozen=True, slots=True)
class Corpus:
    """Mail that was found, read in order; once only where a stream or a device is among it."""

    sources: tuple["Source", ...]

    @property
    def size(self) -> int | None:
        """The octets of all files; None when a stream or a device is among them."""
        sizes = [source.size for source in self.sources]
        return None if None in sizes else sum(size for size in sizes if size is not None)

    def __iter__(self) -> Iterator[Stored]:
        """The messages; raises CorpusError where a file can no longer be read."""
        for source in self.sources:
            try:
                yield from source.read()
            except OSError as error:
                raise CorpusError(_unreadable(source.name, error)) from None


@dataclass(frozen=True, slots=True)
class Source:
    """One file or stream."""

    name: str
    mbox: bool
    size: int | None
    """None where a file's end is not known before it is read."""
    stream: BinaryIO | None = None
    """What is read instead of the file; it has been read up to the end of `head`."""
    head: bytes = b""

    def read(self) -> Iterator[Stored]:
        """The messages of this file; what was opened for it is closed."""
        if self.name == STREAM and self.stream is not None:
            yield from self._messages(self.stream)
        else:
            with self.stream or Path(self.name).open("rb") as file:
                yield from self._messages(file)

    def _messages(self, file: BinaryIO) -> Iterator[Stored]:
        if not self.mbox:
            yield Stored(self.name, self.head + file.read())
            return
        for number, octets in enumerate(read_mbox(file, self.head), 1):
            yield Stored(f"{self.name}:{number}", octets)


def read_mail(*paths: str | os.PathLike[str]) -> Corpus:
    """The mail in files and folders, to be read as often as it is gone through.

        for name, octets in read_mail("export.mbox", "Maildir"): ...

    Raises:
        CorpusError: A path is missing, cannot be read, or holds no mail; one line for each such path.
    """
    return find_mail([os.fspath(path) for path in paths], BytesIO())


def find_mail(paths: Sequence[str], stdin: BinaryIO) -> Corpus:
    """The mail at those paths, `-` being the stream.

    Raises:
        CorpusError: A path is missing, cannot be read, or holds no mail; one line for each such path.
    """
    sources: list[Source] = []
    faults: list[str] = []
    for path in paths:
        try:
            found = _streamed(STREAM, stdin) if path == STREAM else _at(path)
        except (OSError, ValueError) as error:
            faults.append(_unreadable(path, error))
            continue
        sources += found
        if not found:
            faults.append(
                f"{_shown(path)}: holds no mail; name .eml files, an mbox, a Maildir or a folder of them"
            )
    if faults:
        raise CorpusError("\n".join(faults))
    return Corpus(tuple(sources))


def _unreadable(path: str, error: Exception) -> str:
    reason = getattr(error, "strerror", None) or str(error)
    place = getattr(error, "filename", None) or path
    return f"{_shown(str(place))}: cannot be read: {reason}; name a file or folder that can be"


def _shown(path: str) -> str:
    return path if path.isprintable() else ascii(path)


def _at(path: str) -> list[Source]:
    place = Path(path)
    if path and place.is_dir():  # an empty path is no name for the current folder
        return list(_in_folder(place))
    if not place.is_file():  # a pipe or device is opened once: what is read of it is gone
        return _streamed(path, open(path, "rb"))  # noqa: PTH123 - `Path("")` is a folder; `Source` closes it
    head = _head(place)
    if place.suffix.lower() == ".mbox" and not head.startswith(_SEPARATOR):
        return []
    is_message = place.suffix.lower() == ".eml"
    return [_stored(place, path, mbox=_is_mbox(place))] if head or is_message else []


def _streamed(name: str, stream: BinaryIO) -> list[Source]:
    head = stream.read(len(_SEPARATOR))
    if not head and name != STREAM:
        stream.close()
    return [Source(name, head == _SEPARATOR, None, stream, head)] if head else []


def _stored(place: Path, name: str, *, mbox: bool) -> Source:
    if not os.access(place, os.R_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(place))
    return Source(name, mbox, place.stat().st_size)


def _is_mbox(place: Path) -> bool:
    return place.suffix.lower() != ".eml" and _head(place).startswith(_SEPARATOR)


def _head(place: Path) -> bytes:
    with place.open("rb") as file:
        return file.read(_HEAD)


def _in_folder(folder: Path) -> Iterator[Source]:
    """The mail of a folder, in the order of the names."""
    root = folder.resolve()
    waiting = [folder]
    while waiting:
        place = waiting.pop()
        if not place.is_dir():
            yield _stored(place, str(place), mbox=_is_mbox(place))
            continue
        entries = sorted(place.iterdir(), key=lambda entry: entry.name)
        if _is_maildir(place):
            boxes = [entry for box in ("cur", "new") for entry in (place / box).iterdir()]
            for entry in sorted(boxes, key=lambda entry: entry.name):
                if _is_message(entry, root):
                    yield _stored(entry, str(entry), mbox=False)
            inside = [
                entry for entry in entries if entry.name not in ("cur", "new", "tmp") and _is_folder(entry)
            ]
        else:
            inside = [entry for entry in entries if _is_folder(entry) or _is_mail(entry, root)]
        waiting += reversed(inside)


def _is_maildir(place: Path) -> bool:
    return (place / "cur").is_dir() and (place / "new").is_dir()


def _is_folder(entry: Path) -> bool:
    """Whether it is a directory of the folder: no link, and hidden only if it is a Maildir++ folder."""
    hidden = entry.name.startswith(".") and not _is_maildir(entry)
    return entry.is_dir() and not entry.is_symlink() and not hidden


def _is_message(entry: Path, root: Path) -> bool:
    """Whether it is a file of the folder: not hidden, and no link to elsewhere."""
    if entry.name.startswith(".") or not entry.is_file():
        return False
    return not entry.is_symlink() or entry.resolve().is_relative_to(root)


def _is_mail(entry: Path, root: Path) -> bool:
    if not _is_message(entry, root):
        return False
    suffix = entry.suffix.lower()
    if suffix == ".eml":
        return True
    if suffix not in ("", ".", ".mbox"):
        return False
    head = _head(entry)
    return head.startswith(_SEPARATOR) or (suffix != ".mbox" and _FIRST_FIELD.match(head) is not None)


class Octets(Protocol):
    """What an mbox is read from."""

    def read(self, size: int, /) -> bytes:
        """At most so many octets; none at the end."""
        ...


def read_mbox(file: Octets, head: bytes = b"") -> Iterator[bytes]:
    """The messages of an mbox, one in memory at a time; `head` is what was read of it before.

    A line that begins with `From ` after an empty line separates (RFC 4155, Appendix A).
    That line and the empty line before it belong to no message, nor does the first line.
    """
    waiting = bytearray(head)
    inside = False  # whether `waiting` begins inside a message, after its `From ` line
    searched = 0
    while block := file.read(_BLOCK):
        waiting += block
        while True:
            if not inside:
                line_end = waiting.find(b"\n")
                if line_end < 0:
                    break
                del waiting[: line_end + 1]
                inside, searched = True, 0
            at = waiting.find(b"\n" + _SEPARATOR, searched)
            if at < 0:
                searched = max(0, len(waiting) - len(_SEPARATOR))
                break
            searched = at + 1
            end = _empty_line(waiting, at)
            if end is not None:
                yield _front(waiting, end)
                del waiting[: at + 1]
                inside = False
    if inside:
        end = _empty_line(waiting, len(waiting) - 1) if waiting.endswith(b"\n") else None
        yield _front(waiting, len(waiting) if end is None else end)
    elif waiting:
        yield b""


def _empty_line(octets: bytearray, end: int) -> int | None:
    """Where the empty line begins whose LF is at `end`; None when that line is not empty."""
    start = end - 1 if octets[max(0, end - 1) : end] == b"\r" else end
    return start if start == 0 or octets[start - 1] == _LF else None


def _front(octets: bytearray, end: int) -> bytes:
    with memoryview(octets) as view:
        return bytes(view[:end])
