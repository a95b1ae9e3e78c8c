"""The trace as a pandas table.

Types: `serial`, `size` int64; `time` datetime64[us, UTC]; `detail` a string; everything else a category, since words
repeat from few values, addresses and ids from one event of a message to the next. So twelve million events take 2 GB,
not 4, and group by message in a second. `sender` and `recipient` have the same categories, so that they can be compared.
"""

import pandas as pd
import pyarrow as pa

from mailsim.trace.arrow import Read
from mailsim.trace.columns import COLUMNS, REPEATING
from mailsim.trace.numbered import Numbered, numbered

_SHARED = ("sender", "recipient")
_ORDER = ("trace_id", "message_id", "detail", *COLUMNS)
"""What shrinks most is read first, so that there is never much more in memory than the result."""


def frame(read: Read) -> pd.DataFrame:
    """One row an event, in order, with a range index; empty but typed for an empty trace."""
    series = dict(zip(_SHARED, _shared(read(_SHARED)), strict=True))
    for name in _ORDER:
        if name not in series:
            series[name] = _series(name, read([name])[name])
            pa.default_memory_pool().release_unused()
    return pd.DataFrame({name: series[name] for name in COLUMNS}, copy=False)


def _series(name: str, column: pa.ChunkedArray) -> "pd.Series[str]":
    if name in REPEATING:
        return _categories(numbered(column))
    values: pd.Series[str] = column.to_pandas()
    return values


def _shared(columns: pa.Table) -> "list[pd.Series[str]]":
    """Each column as categories, the same ones for all."""
    pieces = [piece for column in columns.columns for piece in column.chunks]
    together = numbered(pa.chunked_array(pieces, type=columns.schema.types[0]))
    numbers = together.numbers.reshape(columns.num_columns, columns.num_rows)
    return [_categories(Numbered(together.words, some)) for some in numbers]


def _categories(words: Numbered) -> "pd.Series[str]":
    """A column as categories, in order of appearance; the numbers are not looked through once more."""
    kind = pd.CategoricalDtype(pd.Index(words.words.to_pandas(), dtype="str"))
    return pd.Series(pd.Categorical.from_codes(words.numbers, dtype=kind, validate=False), copy=False)
