"""The answers in their folder, read a few at a time: what was counted stands in the metadata of each part."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from mailsim.mail.corpus import CorpusError
from mailsim.practice.decision import Decision, Evidence, Outcome, Reason, Resolver
from mailsim.study.bulk.question import ERROR
from mailsim.study.bulk.work import COUNTED
from mailsim.study.diagnosis.case import went
from mailsim.study.diagnosis.diff import heading_of, line, title
from mailsim.study.part import PartitionError

_SOME = 500
_MOST_FAULTS = 10
"""That are told; the table has all."""
_NO_UTF_8 = re.compile(r"\\(udc[89a-f][0-9a-f])")


class Answers:
    """The parts of a table, in the order of the mail."""

    def __init__(self, parts: Sequence[Path]) -> None:
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

    def rows(self, group: tuple[str, ...] | None = None) -> Iterator[dict[str, Any]]:
        """The answers of parts that have such a group, or of all, as `as_json` gives them."""
        for part, counted in zip(self._parts, self._counted, strict=True):
            if group is None or list(group) in [one for one, _ in counted["groups"]]:
                yield from (row for row in _rows(part) if row.pop(ERROR) is None)

    def check(self) -> None:
        """Raises CorpusError where a message has no answer, with a line for each of the first."""
        failed = sum(counted["failed"] for counted in self._counted)
        if not failed:
            return
        errors: list[str] = []
        for part, counted in zip(self._parts, self._counted, strict=True):
            if counted["failed"] and len(errors) < _MOST_FAULTS:
                errors += [row[ERROR] for row in _rows(part, ["message", ERROR]) if row[ERROR] is not None]
        more = failed - _MOST_FAULTS
        told = [f"and {more:,} other messages; the table tells them"] if more > 0 else []
        raise CorpusError("\n".join([*errors[:_MOST_FAULTS], *told]))

    def decisions(self) -> Iterator[Decision]:
        """What was decided, message by message."""
        for row in self.rows():
            yield Decision(
                **row
                | {
                    "outcome": Outcome(row["outcome"]),
                    "targets": tuple(row["targets"]),
                    "reason": Reason(row["reason"]),
                    "resolver": Resolver(row["resolver"]),
                    "evidence": tuple(Evidence(**one) for one in row["evidence"]),
                }
            )

    def _changes(self, group: tuple[str, ...]) -> Iterator[dict[str, Any]]:
        """The messages of one group that go elsewhere."""
        before, after, cause = group
        for row in self.rows(group):
            if (row["before"]["reason"], row["after"]["reason"], row["cause"]) == (before, after, cause):
                yield row

    def told(self) -> Iterator[str]:
        """What goes elsewhere, as `Difference` tells it, a line at a time."""
        groups = self.groups()
        yield title(groups.total(), self.messages)
        for group, members in groups.most_common():
            before, after, cause = group
            yield ""
            yield heading_of((before, after, cause), members)
            for row in self._changes(group):
                places = [went(row[side]["targets"], row[side]["outcome"]) for side in ("before", "after")]
                yield line(row["message"], places[0], places[1])

    def json_pieces(self) -> Iterator[str]:
        """The JSON document of `Difference`, in pieces."""
        yield f'{{"messages": {self.messages}, "changed": ['
        for number, row in enumerate(self.rows()):
            yield (", " if number else "") + json.dumps(row)
        yield "]}"


def _counted(part: Path) -> dict[str, Any]:
    with _whole(part):
        counted: dict[str, Any] = json.loads(pq.read_metadata(part).metadata[COUNTED])
        return counted


def _rows(part: Path, columns: list[str] | None = None) -> Iterator[dict[str, Any]]:
    with _whole(part), pq.ParquetFile(part) as file:
        for batch in file.iter_batches(_SOME, columns=columns):
            for row in batch.to_pylist():
                yield row | {"message": _as_named(row["message"])}


def _as_named(message: str) -> str:
    """The name with the octets that are no UTF-8 as Python has them, which a table of text tells escaped."""
    return _NO_UTF_8.sub(lambda found: chr(int(found[1][1:], 16)), message) if "\\udc" in message else message


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
