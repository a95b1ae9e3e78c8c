"""A corpus in pieces that can be read apart, by other processes too: files, a stretch of an mbox, a row group.

Laws:
- The pieces one after the other give the messages of the corpus, with their names.
- Dividing reads no message: an mbox is looked into where it is to be cut, so nobody knows yet how many messages come
  before a stretch of it. `first` says so, once they were counted.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mailsim.mail import parquet
from mailsim.mail.corpus import Corpus, CorpusError, Form, Source, unreadable
from mailsim.mail.mbox import Stretch, next_message, read_mbox

PIECE = 16 << 20
"""Octets of a piece, unless a message is larger or a row group is: work of about a second."""
_MOST_FILES = 2_000

Read = tuple[str, bytes | OSError]
"""A message's name, and its octets or why they cannot be read."""


@dataclass(frozen=True, slots=True)
class Files:
    """Files of one message each."""

    names: tuple[str, ...]

    @property
    def name(self) -> str:
        """Of the first."""
        return self.names[0]

    def read(self, base: Path) -> Iterator[Read]:
        """The messages, where relative names are those of `base`; a file that cannot be read does not stop the others."""
        for name in self.names:
            try:
                octets = (base / name).read_bytes()
            except OSError as error:
                error.filename = name
                yield name, error
            else:
                yield name, octets


@dataclass(frozen=True, slots=True)
class MboxStretch:
    """Some messages of an mbox."""

    name: str
    begin: int
    end: int
    first: int = 1
    """The number of its first message in the mbox."""

    def count(self, base: Path) -> int:
        """How many messages it has; raises OSError."""
        with (base / self.name).open("rb") as file:
            return sum(1 for _ in read_mbox(Stretch(file, self.begin, self.end)))

    def read(self, base: Path) -> Iterator[Read]:
        """The messages; what cannot be read ends it."""
        number = self.first
        try:
            with (base / self.name).open("rb") as file:
                for octets in read_mbox(Stretch(file, self.begin, self.end)):
                    yield f"{self.name}:{number}", octets
                    number += 1
        except OSError as error:
            error.filename = self.name
            yield f"{self.name}:{number}", error


@dataclass(frozen=True, slots=True)
class RowGroup:
    """Some messages of a Parquet file."""

    name: str
    group: int
    first: int
    """The number of its first message in the file."""

    def read(self, base: Path) -> Iterator[Read]:
        """The messages; what cannot be read ends it."""
        number = self.first
        try:
            with (base / self.name).open("rb") as file:
                for octets in parquet.read_octets(file, self.group):
                    yield f"{self.name}:{number}", octets
                    number += 1
        except OSError as error:
            error.filename = self.name
            yield f"{self.name}:{number}", error


Piece = Files | MboxStretch | RowGroup


def pieces(corpus: Corpus, size: int = PIECE) -> Iterator[Piece]:
    """The corpus in pieces of about that many octets.

    Raises:
        CorpusError: A stream is among it, which no other process can read, or a file can no longer be read.
    """
    names: list[str] = []
    octets = 0
    for source in corpus.sources:
        if source.size is None:
            raise CorpusError(
                f"{source.name}: is read once, by one process; write it to a file, and name that"
            )
        if source.form is Form.MESSAGE:
            names.append(source.name)
            octets += source.size
        if names and (source.form is not Form.MESSAGE or octets >= size or len(names) == _MOST_FILES):
            yield Files(tuple(names))
            names, octets = [], 0
        try:
            if source.form is not Form.MESSAGE:
                yield from _inside(source, size)
        except OSError as error:
            raise CorpusError(unreadable(source.name, error)) from None
    if names:
        yield Files(tuple(names))


def _inside(source: Source, size: int) -> Iterator[Piece]:
    """The pieces of a file that has several messages."""
    with Path(source.name).open("rb") as file:
        if source.form is Form.MBOX:
            begin, last = 0, file.seek(0, 2)
            while begin < last:
                end = next_message(file, min(begin + size, last))
                yield MboxStretch(source.name, begin, end)
                begin = end
        else:
            first = 1
            for group, messages in enumerate(parquet.row_groups(file) or ()):
                yield RowGroup(source.name, group, first)
                first += messages
