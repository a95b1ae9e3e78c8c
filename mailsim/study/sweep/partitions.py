"""The rows of a sweep in a folder: Parquet partitions, one row a cell.

Laws:
- What was written is there, whatever ends the process: a partition is put in its place whole, and never changes.
- Small partitions are put together as they grow many. A process that ends in the middle of that leaves rows twice; a
  reader takes the last of each cell.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from mailsim.practice.faults import printable
from mailsim.study.part import PartitionError, made, written

_NAME = re.compile(r"part-\d+\.parquet")
"""Of a partition: a copy with another name is not one."""
_MOST_SMALL = 64
"""Small partitions before they are put together."""
_SMALL = 10_000
"""Rows of a partition that is put together with others."""


_NULLABLE = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}


def whole_numbers(schema: pa.Schema) -> pa.Schema:
    """The schema, telling pandas to read numbers and truth as what they are where some are missing too."""
    empty = schema.empty_table().to_pandas(types_mapper=_NULLABLE.get)
    return schema.with_metadata(pa.Schema.from_pandas(empty, preserve_index=False).metadata)


class Partitions:
    """The partitions of one table."""

    def __init__(self, folder: Path, schema: pa.Schema) -> None:
        """Makes the folder; raises PartitionError where it holds a table of other columns."""
        self._folder = made(folder)
        self.schema = whole_numbers(schema)
        """The columns."""
        parts = (path for path in folder.iterdir() if _NAME.fullmatch(path.name))
        self._rows = {path: self._checked(path) for path in sorted(parts)}

    def _checked(self, path: Path) -> int:
        try:
            head = pq.read_metadata(path)
            columns = head.schema.to_arrow_schema()
        except (OSError, ValueError, pa.ArrowException):  # a name that is no UTF-8 is a ValueError
            raise PartitionError(f"{path}: is no Parquet file; name another folder, or remove it") from None
        if not columns.equals(self.schema):
            raise PartitionError(f"{self._folder}: holds the table of another sweep; name another folder")
        rows: int = head.num_rows
        return rows

    def cells(self, *, but: str) -> frozenset[str]:
        """The keys of the cells that have a row, but for those whose error begins so."""
        rows = self.frame()
        return frozenset(rows.loc[~rows["error"].str.startswith(but), "cell"])

    def failed(self) -> frozenset[str]:
        """The keys of the cells that have an error."""
        rows = self.frame()
        return frozenset(rows.loc[rows["error"] != "", "cell"])

    def add(self, rows: Sequence[Mapping[str, object]]) -> None:
        """Write these rows; they are safe when this returns. Raises PartitionError."""
        self._write(pa.Table.from_pylist(list(rows), self.schema))
        small = [path for path, number in self._rows.items() if number < _SMALL]
        if len(small) >= _MOST_SMALL:
            self._write(pa.concat_tables([_read(path) for path in small]))
            for path in small:
                del self._rows[path]
                path.unlink()

    def frame(self) -> pd.DataFrame:
        """Every row; of a cell that was played again, the last."""
        tables = [_read(path) for path in self._rows] or [self.schema.empty_table()]
        rows: pd.DataFrame = pa.concat_tables(tables).to_pandas(types_mapper=_NULLABLE.get)
        return rows.drop_duplicates("cell", keep="last", ignore_index=True)

    def _write(self, table: pa.Table) -> None:
        last = max((int(path.stem.removeprefix("part-")) for path in self._rows), default=0)
        path = self._folder / f"part-{last + 1:06}.parquet"
        with written(path, self.schema) as writer:
            writer.write_table(table)
        self._rows[path] = table.num_rows


def _read(path: Path) -> pa.Table:
    try:
        table = pq.read_table(path)
        table.validate(full=True)  # else what is no UTF-8 is found in the middle of the table
    except (OSError, pa.ArrowException) as error:
        reason = printable(str(error).splitlines()[0])
        raise PartitionError(
            f"{path}: is damaged: {reason}; remove it, and run the sweep again, which plays its cells again"
        ) from None
    return table
