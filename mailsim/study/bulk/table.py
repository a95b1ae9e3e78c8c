"""The answers in their folder: what was counted stands in the metadata of each part, so that to tell it no row is read."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from mailsim.mail.corpus import CorpusError
from mailsim.study.bulk.question import ERROR
from mailsim.study.bulk.work import COUNTED
from mailsim.study.part import PartitionError

_MOST_FAULTS = 10
"""That are told; the table has all."""


class Answers:
    """The parts of a table, in the order of the mail."""

    def __init__(self, folder: Path, parts: Sequence[Path]) -> None:
        self.folder = folder
        """Where they are."""
        self._parts = parts

    @cached_property
    def _counted(self) -> list[dict[str, Any]]:
        """What stands in the metadata of each part; raises PartitionError, as all do that read."""
        return list(map(_counted, self._parts))

    @property
    def messages(self) -> int:
        """Those that have an answer."""
        return sum(counted["messages"] for counted in self._counted)

    def groups(self) -> Counter[tuple[str, ...]]:
        """The size of each group, the one that came first first."""
        sizes: Counter[tuple[str, ...]] = Counter()
        for counted in self._counted:
            sizes.update({tuple(group): size for group, size in counted["groups"]})
        return sizes

    def check(self) -> None:
        """Raises CorpusError where a message has no answer, with a line for each of the first."""
        failed = sum(counted["failed"] for counted in self._counted)
        if not failed:
            return
        errors: list[str] = []
        for part, counted in zip(self._parts, self._counted, strict=True):
            if counted["failed"] and len(errors) < _MOST_FAULTS:
                errors += _errors(part)
        more = failed - _MOST_FAULTS
        told = [f"and {more:,} other messages; the table tells them"] if more > 0 else []
        raise CorpusError("\n".join([*errors[:_MOST_FAULTS], *told]))


def _counted(part: Path) -> dict[str, Any]:
    with _whole(part):
        counted: dict[str, Any] = json.loads(pq.read_metadata(part).metadata[COUNTED])
        return counted


def _errors(part: Path) -> Iterator[str]:
    with _whole(part), pq.ParquetFile(part) as file:
        for batch in file.iter_batches(columns=[ERROR]):
            yield from batch.column(ERROR).drop_null().to_pylist()


@contextmanager
def _whole(part: Path) -> Iterator[None]:
    """A block that reads the part, which may be none, or no longer; raises PartitionError."""
    try:
        yield
    except (
        OSError,
        pa.ArrowException,
        ValueError,
        TypeError,
        LookupError,
    ):  # a part of another table has no numbers
        raise PartitionError(
            f"{part}: is damaged; remove it, and run it again, which makes it anew"
        ) from None
