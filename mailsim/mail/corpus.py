"""Stored mail to messages: `.eml` files, mbox files, Maildirs, Parquet files, folders of them, and a stream.

Laws:
- The octets of a message are those of the file; an mbox's `From ` lines and the empty line
  before each are the mbox's own, and `>From ` stays as it was received.
- One message at a time is in memory, whatever the size of the mbox or the table.
- Everything is looked at before the first message is read, so that a missing path is known
  before anything was made of the others.
- The order is that of the paths given; within a folder, by name.

What counts as mail: a path given by name is an mbox when it is named `.mbox`, or when it is
not named `.eml` and begins with `From `; else it is one message. Named `.parquet` it is a table of
messages, each the value of the column `octets`, and an error when it is damaged. In a folder only `.eml`,
`.mbox`, such tables, and names without suffix that begin like an mbox or a message are taken, hidden
names are not, and symbolic links only to files inside the folder; other files are passed over, which
is told. A directory with `cur`
and `new` is a Maildir (https://cr.yp.to/proto/maildir.html).
"""

import errno
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, NamedTuple

from mailsim.errors import MailsimError
from mailsim.mail import parquet
from mailsim.mail.mbox import SEPARATOR, read_mbox

STREAM = "-"
_FIRST_FIELD = re.compile(rb"[!-9;-~]+[ \t]*:")  # RFC 5322 section 2.2
_HEAD = 1024


class CorpusError(MailsimError):
    """Paths that hold no mail or cannot be read; the text has one line for each."""


class Stored(NamedTuple):
    """One message as it was found."""

    name: str
    """The path as given or found; `PATH:N` for the Nth message of an mbox or a table, `-` for a stream."""
    octets: bytes


class Form(Enum):
    """What a file is."""

    MESSAGE = "message"
    MBOX = "mbox"
    PARQUET = "parquet"


@dataclass(frozen=True, slots=True)
class Corpus:
    """Mail that was found, read in order; once only where a stream or a device is among it."""

    sources: tuple["Source", ...]
    passed_over: tuple[str, ...] = ()
    """Files in folders that are not known to be mail; what is hidden is not counted."""

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
                raise CorpusError(unreadable(source.name, error)) from None


@dataclass(frozen=True, slots=True)
class Source:
    """One file or stream."""

    name: str
    form: Form
    size: int | None
    """None where a file's end is not known before it is read."""
    changed: int = 0
    """When the file was changed last, in nanoseconds since 1970."""
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
        if self.form is Form.MESSAGE:
            yield Stored(self.name, self.head + file.read())
            return
        several = read_mbox(file, self.head) if self.form is Form.MBOX else parquet.read_octets(file)
        for number, octets in enumerate(several, 1):
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
    passed_over: list[str] = []
    faults: list[str] = []
    for path in paths:
        try:
            found = _streamed(STREAM, stdin) if path == STREAM else _at(path, passed_over)
        except (OSError, ValueError) as error:
            faults.append(unreadable(path, error))
            continue
        sources += found
        if not found:
            faults.append(
                f"{_shown(path)}: holds no mail; name .eml files, an mbox, a Maildir or a folder of them"
            )
    if faults:
        raise CorpusError("\n".join(faults))
    return Corpus(tuple(sources), tuple(passed_over))


def unreadable(path: str, error: Exception) -> str:
    """Why it is not read, and what to do, in a line."""
    reason = getattr(error, "strerror", None) or str(error)
    place = getattr(error, "filename", None) or path
    return f"{_shown(str(place))}: cannot be read: {reason}; name a file or folder that can be"


def _shown(path: str) -> str:
    return path if path.isprintable() else ascii(path)


def _at(path: str, passed_over: list[str]) -> list[Source]:
    place = Path(path)
    if path and place.is_dir():  # an empty path is no name for the current folder
        return list(_in_folder(place, passed_over))
    if not place.is_file():  # a pipe or device is opened once: what is read of it is gone
        return _streamed(path, open(path, "rb"))  # noqa: PTH123 - `Path("")` is a folder; `Source` closes it
    head = _head(place)
    suffix = place.suffix.lower()
    if (suffix == ".mbox" and not head.startswith(SEPARATOR)) or (
        suffix == ".parquet" and not _is_table(place)
    ):
        return []
    return [_stored(place, path, _form(place))] if head or suffix == ".eml" else []


def _streamed(name: str, stream: BinaryIO) -> list[Source]:
    head = stream.read(len(SEPARATOR))
    if not head and name != STREAM:
        stream.close()
    form = Form.MBOX if head == SEPARATOR else Form.MESSAGE
    return [Source(name, form, None, stream=stream, head=head)] if head else []


def _stored(place: Path, name: str, form: Form) -> Source:
    if not os.access(place, os.R_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(place))
    known = place.stat()
    return Source(name, form, known.st_size, known.st_mtime_ns)


def _form(place: Path) -> Form:
    suffix = place.suffix.lower()
    if suffix == ".parquet":
        return Form.PARQUET
    return Form.MBOX if suffix != ".eml" and _head(place).startswith(SEPARATOR) else Form.MESSAGE


def _is_table(place: Path) -> bool:
    """Whether it is a table of messages; raises OSError when it is damaged."""
    try:
        with place.open("rb") as file:
            return parquet.row_groups(file) is not None
    except OSError as error:
        error.filename = str(place)
        raise


def _head(place: Path) -> bytes:
    with place.open("rb") as file:
        return file.read(_HEAD)


def _in_folder(folder: Path, passed_over: list[str]) -> Iterator[Source]:
    """The mail of a folder, in the order of the names; adds the names of files that are not known to be mail."""
    root = folder.resolve()
    waiting = [folder]
    while waiting:
        place = waiting.pop()
        if not place.is_dir():
            yield _stored(place, str(place), _form(place))
            continue
        entries = sorted(place.iterdir(), key=lambda entry: entry.name)
        if _is_maildir(place):
            boxes = [entry for box in ("cur", "new") for entry in (place / box).iterdir()]
            for entry in sorted(boxes, key=lambda entry: entry.name):
                if _is_message(entry, root):
                    yield _stored(entry, str(entry), Form.MESSAGE)
            inside = [
                entry for entry in entries if entry.name not in ("cur", "new", "tmp") and _is_folder(entry)
            ]
        else:
            inside = [entry for entry in entries if _is_folder(entry) or _is_mail(entry, root)]
            taken = set(inside)
            passed_over += [str(entry) for entry in entries if entry not in taken and _is_shown_file(entry)]
        waiting += reversed(inside)


def _is_maildir(place: Path) -> bool:
    return (place / "cur").is_dir() and (place / "new").is_dir()


def _is_folder(entry: Path) -> bool:
    """Whether it is a directory of the folder: no link, and hidden only if it is a Maildir++ folder."""
    hidden = entry.name.startswith(".") and not _is_maildir(entry)
    return entry.is_dir() and not entry.is_symlink() and not hidden


def _is_message(entry: Path, root: Path) -> bool:
    """Whether it is a file of the folder: not hidden, and no link to elsewhere."""
    if not _is_shown_file(entry):
        return False
    return not entry.is_symlink() or entry.resolve().is_relative_to(root)


def _is_shown_file(entry: Path) -> bool:
    return not entry.name.startswith(".") and entry.is_file()


def _is_mail(entry: Path, root: Path) -> bool:
    if not _is_message(entry, root):
        return False
    suffix = entry.suffix.lower()
    if suffix == ".eml":
        return True
    if suffix == ".parquet":
        return _is_table(entry)
    if suffix not in ("", ".", ".mbox"):
        return False
    head = _head(entry)
    return head.startswith(SEPARATOR) or (suffix != ".mbox" and _FIRST_FIELD.match(head) is not None)
