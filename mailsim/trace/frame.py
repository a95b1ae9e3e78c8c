"""The trace as a pandas table.

Types: `serial`, `size` int64; `time` datetime64[us, UTC]; words that repeat from few values
are categories; the rest are strings. A million events take one list a column, once.
"""

import pandas as pd

from mailsim.trace.event import COLUMNS, Trace

CATEGORIES = ("step", "place", "peer", "outcome", "reason", "rule")
"""Columns whose words repeat: dictionary-encoded in files, `category` in pandas."""


def frame(trace: Trace) -> pd.DataFrame:
    """One row an event, in order, with a range index; empty but typed for an empty trace."""
    columns = {name: [getattr(event, name) for event in trace] for name in COLUMNS}
    columns["step"] = [step.value for step in columns["step"]]
    table = pd.DataFrame(columns, columns=list(COLUMNS))
    types: dict[str, str] = dict.fromkeys(COLUMNS, "str")
    types |= dict.fromkeys(CATEGORIES, "category")
    types |= {"serial": "int64", "size": "int64", "time": "datetime64[us, UTC]"}
    return table.astype(types)
