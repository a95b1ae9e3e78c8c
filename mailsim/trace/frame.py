"""The trace as a pandas table.

Types: `serial`, `size` int64; `time` datetime64[us, UTC]; words that repeat from few values
are categories; the rest are strings. A million events take one list a column, once.
"""

import pandas as pd

from mailsim.trace.columns import CATEGORIES, COLUMNS, columns
from mailsim.trace.event import Trace


def frame(trace: Trace) -> pd.DataFrame:
    """One row an event, in order, with a range index; empty but typed for an empty trace."""
    types: dict[str, str] = dict.fromkeys(COLUMNS, "str")
    types |= dict.fromkeys(CATEGORIES, "category")
    types |= {"serial": "int64", "size": "int64", "time": "datetime64[us, UTC]"}
    return pd.DataFrame(columns(trace)).astype(types)
