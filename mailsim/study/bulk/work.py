"""What a worker does with a piece: it decides each message as if there were no copies, then again where there are some.

Laws:
- No message stops the others: what cannot be read or decided has a row with the error.
- What is done is a file in its place, so it is never done twice, whoever dies.
- Of a piece some rows are in memory at a time.
"""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq

from mailsim.mail import Message
from mailsim.mail.corpus import unreadable
from mailsim.mail.pieces import MboxStretch, Piece
from mailsim.practice.duplicates import beside_copies
from mailsim.study.bulk.copies import KEYS, Before, Reached, keys, reached
from mailsim.study.bulk.question import ERROR, Question, Row, site_of
from mailsim.study.part import written

COUNTED = b"mailsim.counted"
"""Under which a part's metadata has its numbers, as JSON: `messages`, `failed`, and `groups` with their sizes."""
_PLACES = b"mailsim.places"
"""Under which it has, for each row group, which messages of the piece its rows are of, as JSON."""
_SOME = 1_000
"""Messages of a row group."""

Numbered = tuple[int, Piece]


@dataclass(frozen=True, slots=True)
class Work:
    """A question, and the folder where its answers grow."""

    question: Question
    out: Path
    base: Path
    """What the names of mail are relative to."""

    @property
    def folder(self) -> Path:
        """Of the answers."""
        return self.out / self.question.name

    @property
    def scratch(self) -> Path:
        """Of what is in hand, inside what is claimed; readers of a table pass it over, and it goes at the end."""
        return self.folder / ".work"

    @property
    def keys(self) -> Path:
        """Of what copies are known by."""
        return self.scratch / "keys"

    @property
    def copies(self) -> Path:
        """Of what was found of them."""
        return self.scratch / "copies"

    def part(self, number: int) -> Path:
        """The answers of a piece."""
        return self.folder / f"part-{number:06}.parquet"

    def first(self, number: int) -> Path:
        """The same before copies are known."""
        return self.scratch / "first" / f"rows-{number:06}.parquet"

    def keys_of(self, number: int) -> Path:
        """The keys of a piece; it is decided when they are there."""
        return self.keys / f"part-{number:06}.parquet"


def count(piece: MboxStretch, work: Work) -> int:
    """How many messages it has; raises OSError."""
    return piece.count(work.base)


def decide(numbered: Numbered, work: Work) -> None:
    """Each message of a piece by itself, and what its copies are known by."""
    with (
        _own(work) as own,
        written(work.keys_of(numbered[0]), KEYS, by=own) as keys,  # in place after the rows
        written(work.first(numbered[0]), work.question.schema, by=own) as rows,
    ):
        _Answers(numbered, work, rows, keys).write()


def settle(numbered: Numbered, work: Work) -> None:
    """The answers as they stay: those with earlier copies elsewhere are decided again."""
    number, _ = numbered
    part = work.part(number)
    if part.exists():  # Dask asks again when a worker dies that had just done it
        return
    known = reached(work.copies, number)
    if not known:
        work.first(number).replace(part)
        return
    with (
        _own(work) as own,
        pq.ParquetFile(work.first(number)) as first,
        written(part, work.question.schema, by=own) as rows,
    ):
        _Answers(numbered, work, rows, None).write_again(known, first)


@contextmanager
def _own(work: Work) -> Iterator[Path]:
    """A folder of this task alone: a worker that Dask takes for dead may still write when another begins."""
    with TemporaryDirectory(dir=work.scratch) as own:
        yield Path(own)


class _Answers:
    """The rows of one piece, on their way to files."""

    def __init__(
        self, numbered: Numbered, work: Work, rows: pq.ParquetWriter, keys: pq.ParquetWriter | None
    ) -> None:
        self._number, self._piece = numbered
        self._question, self._base = work.question, work.base
        self._sites = list(map(site_of, work.question.sites))
        self._rows, self._keys = rows, keys
        self._waiting: list[dict[str, object]] = []
        self._messages = self._failed = 0
        self._groups: Counter[tuple[str, ...]] = Counter()

    def write(self) -> None:
        """The answers of all messages as if there were no copies."""
        places = []
        for some in self._some():
            rows = [
                (place, row) for place, name, octets in some if (row := self._row(place, name, octets, {}))
            ]
            places.append([place for place, _ in rows])
            self._add(_table([row for _, row in rows], self._question.schema))
            if self._keys:
                self._keys.write_table(pa.Table.from_pylist(self._waiting, KEYS))
            self._waiting.clear()
        self._rows.add_key_value_metadata({_PLACES: json.dumps(places)})
        self._close()

    def write_again(self, known: Reached, first: pq.ParquetFile) -> None:
        """The answers of messages with earlier copies anew, all others as `first` has them, in a row group for some messages."""
        counted = json.loads(first.metadata.metadata[COUNTED])
        self._messages, self._failed = counted["messages"] - len(known), counted["failed"]
        for group, (some, places) in enumerate(
            zip(self._some(), json.loads(first.metadata.metadata[_PLACES]), strict=True)
        ):
            stays = pa.array([place not in known for place in places], pa.bool_())
            rows = [
                (place, row)
                for place, name, octets in some
                if place in known and (row := self._row(place, name, octets, known[place]))
            ]
            both = pa.concat_tables(
                [
                    first.read_row_group(group, use_threads=False).filter(stays),
                    _table([row for _, row in rows], self._question.schema),
                ]
            )
            order = [place for place in places if place not in known] + [place for place, _ in rows]
            self._add(both.take(pa.array(sorted(range(len(order)), key=order.__getitem__), pa.int64())))
        self._close()

    def _some(self) -> Iterator[Iterator[tuple[int, str, bytes | OSError]]]:
        """The messages with their places, some at a time, each read when it is taken."""
        read = ((place, name, octets) for place, (name, octets) in enumerate(self._piece.read(self._base)))
        for first in read:
            yield chain([first], islice(read, _SOME - 1))

    def _row(self, place: int, name: str, octets: bytes | OSError, before: Before) -> Row | None:
        """The answer, or why there is none."""
        if isinstance(octets, OSError):
            self._failed += 1
            return {"message": name, ERROR: unreadable(name, octets)}
        try:
            row = self._answer(place, name, octets, before)
        except Exception as raised:  # noqa: BLE001 - the others are answered, whatever this message did
            self._failed += 1
            return {"message": name, ERROR: f"{name}: {type(raised).__name__}: {raised}"}
        self._messages += 1
        return row

    def _answer(self, place: int, name: str, octets: bytes, before: Before) -> Row | None:
        message = Message(octets)
        decisions = [site.alone(message, name) for site in self._sites]
        if self._keys:
            self._waiting += keys(message, decisions, self._number, place)
        final = [beside_copies(one, before.get(site, ())) for site, one in enumerate(decisions)]
        return self._question.row(name, message, final)

    def _add(self, rows: pa.Table) -> None:
        self._rows.write_table(rows)
        for row in rows.select([*self._question.grouping, ERROR]).to_pylist():
            if row[ERROR] is None:
                self._groups[self._question.group(row)] += 1

    def _close(self) -> None:
        counted = {"messages": self._messages, "failed": self._failed, "groups": list(self._groups.items())}
        self._rows.add_key_value_metadata({COUNTED: json.dumps(counted)})


def _table(rows: list[Row], schema: pa.Schema) -> pa.Table:
    try:
        return pa.Table.from_pylist(rows, schema)
    except UnicodeEncodeError:  # a file's name that is no UTF-8
        return pa.Table.from_pylist([_encodable(row) for row in rows], schema)


def _encodable(value: object) -> object:
    """The value with surrogates told as standard output tells them."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {name: _encodable(one) for name, one in value.items()}
    return [*map(_encodable, value)] if isinstance(value, list | tuple) else value
