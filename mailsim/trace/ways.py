"""The ways that messages went: from whom, what became of them, because of what; counted for pictures of flows."""

import numpy as np
import pandas as pd

from mailsim.trace.pictures import Way

STATIONS: Way = ("from", "outcome", "because of")

_DOMAIN = "(?:[^/@:]+/)?"
"""What stands before the names of every practice but the first."""


def ways(messages: pd.DataFrame) -> dict[Way, int]:
    """How many messages went which way; `messages` are `trace.messages()`."""
    names = messages["origin"].cat.categories.astype("str")
    groups = np.select(
        [names.str.match(rf"{_DOMAIN}action:"), names.str.match(rf"{_DOMAIN}practice$")],
        ["actions", "practice"],
        "people outside",
    )
    origin = messages["origin"].map(dict(zip(names, groups, strict=True)))
    columns = [column.astype("str") for column in (origin, messages["outcome"], kinds(messages["reason"]))]
    counts = messages.groupby(columns, sort=False).size().reset_index()
    return {(begin, outcome, reason): number for begin, outcome, reason, number in counts.to_numpy().tolist()}


def kinds(reasons: "pd.Series[str]") -> "pd.Series[str]":
    """Reasons that counts can be made of: of a server's reply its codes."""
    return reasons.map({reason: _kind(reason) for reason in reasons.cat.categories}).astype("str")


def _kind(reason: str) -> str:
    first = reason[:1]
    return " ".join(reason.split()[:2]) if first.isdigit() else reason or "no decision"
