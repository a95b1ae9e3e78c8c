"""A part of a table that grows in a folder: a Parquet file that is there whole or not at all, whatever ends the process."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from mailsim import disk
from mailsim.errors import MailsimError


class PartitionError(MailsimError):
    """A folder that holds another table, or cannot be read or written."""


def made(folder: Path) -> Path:
    """The folder, which is there now; raises PartitionError."""
    try:
        disk.folder(folder)
    except OSError as error:
        raise PartitionError(f"{folder}: cannot be made: {error.strerror}; name another folder") from None
    return folder


@contextmanager
def written(path: Path, schema: pa.Schema, *, by: Path | None = None) -> Iterator[pq.ParquetWriter]:
    """What writes the part, in the folder `by` or beside it; it is in its place when the block ends well. Raises PartitionError."""
    try:
        with (
            disk.replacing(path, by=by) as beside,  # readers of a folder pass over what begins with a point
            pq.ParquetWriter(beside, schema, compression="zstd") as writer,
        ):
            yield writer
    except OSError as error:
        raise PartitionError(
            f"{path}: cannot be written: {error.strerror or error}; free some room, and run it again"
        ) from None
