"""Messages in Parquet: each is the value of the column `octets`, binary or text; whatever else a row has is left alone.

A value that is missing is a message without octets. Of a file one message is in memory at a time, and the page it is on: some
octets of a file may be many messages, and each of them large.
"""

import errno
from collections.abc import Iterator, Sequence
from typing import BinaryIO

OCTETS = "octets"
_BLOCK = 1 << 20


def row_groups(file: BinaryIO) -> Sequence[int] | None:
    """How many messages each row group of the file has; None without such a column. Raises OSError when it is damaged."""
    import pyarrow as pa  # noqa: PLC0415 - heavy: loads only where such a file is
    import pyarrow.parquet as pq  # noqa: PLC0415 - as above

    try:
        table = pq.ParquetFile(file)
        at = table.schema_arrow.get_field_index(OCTETS)
    except (pa.ArrowException, OSError) as error:
        raise _damaged(error) from None
    if at < 0 or table.schema_arrow.field(at).type not in _types():
        return None
    return [table.metadata.row_group(group).num_rows for group in range(table.num_row_groups)]


def _damaged(error: Exception) -> OSError:
    """The system's own error as it is; what Arrow finds wrong in a file may be an OSError too, without a number."""
    if isinstance(error, OSError) and error.errno:
        return error
    return OSError(errno.EIO, f"no whole Parquet file: {str(error).rstrip('.')}")


def _types() -> Sequence[object]:
    import pyarrow as pa  # noqa: PLC0415 - as above

    return pa.binary(), pa.large_binary(), pa.string(), pa.large_string()


def read_octets(file: BinaryIO, group: int | None = None) -> Iterator[bytes]:
    """The messages of a row group, or of all; raises OSError where they cannot be read."""
    import pyarrow as pa  # noqa: PLC0415 - as above
    import pyarrow.parquet as pq  # noqa: PLC0415 - as above

    groups = None if group is None else [group]
    try:
        table = pq.ParquetFile(file, buffer_size=_BLOCK)
        for batch in table.iter_batches(1, row_groups=groups, columns=[OCTETS], use_threads=False):
            value = batch.column(0)[0].as_buffer()
            yield value.to_pybytes() if value else b""
    except (pa.ArrowException, OSError) as error:
        raise _damaged(error) from None
