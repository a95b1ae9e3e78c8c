"""The trace as a pandas table.

Types: `serial`, `size` int64; `time` datetime64[us, UTC]; `detail` a string; everything else a category, since words
repeat from few values, addresses and ids from one event of a message to the next. So twelve million events take 2 GB,
not 4, and group by message in a second. `sender` and `recipient` have the same categories, so that they can be compared.
"""

import pandas as pd
import pyarrow as pa

from mailsim.trace.arrow import Read
from mailsim.trace.columns import COLUMNS

_SHARED = ("sender", "recipient")
_ORDER = ("trace_id", "message_id", "detail", *COLUMNS)
"""What shrinks most is read first, so that there is never much more in memory than the result."""


def frame(read: Read) -> pd.DataFrame:
    """One row an event, in order, with a range index; empty but typed for an empty trace."""
    series = dict(zip(_SHARED, _categories(*read(_SHARED).columns), strict=True))
    for name in _ORDER:
        if name not in series:
            series[name] = _series(name, read([name])[name])
            pa.default_memory_pool().release_unused()
    return pd.DataFrame({name: series[name] for name in COLUMNS}, copy=False)


def _series(name: str, column: pa.ChunkedArray) -> "pd.Series[str]":
    if name == "detail":
        text: pd.Series[str] = column.to_pandas().astype("str")
        return text
    if pa.types.is_integer(column.type) or pa.types.is_timestamp(column.type):
        values: pd.Series[str] = column.to_pandas()
        return values
    return _categories(column)[0]


def _categories(*columns: pa.ChunkedArray) -> list["pd.Series[str]"]:
    """The columns as categories, the same ones for all of them, in order of appearance."""
    pieces = [piece for column in columns for piece in column.chunks]
    every = pa.chunked_array(pieces, type=columns[0].type)
    encoded = every.unify_dictionaries() if pa.types.is_dictionary(every.type) else every.dictionary_encode()
    begin, found = 0, []
    for column in columns:
        found.append(encoded.slice(begin, len(column)).to_pandas())
        begin += len(column)
    return found
