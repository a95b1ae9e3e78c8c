"""Figures of a trace's messages and of the matrix of providers, in one look; plotly draws them offline in JupyterLab.

Each is a plotly figure: `figure.write_image("flow.svg")` saves it where kaleido is installed, the camera above a figure
saves it as PNG from the browser. Colours are those of displays, told apart by the colour-blind, and never speak alone.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from mailsim.trace.pictures import COLOURS, OTHER_COLOUR, TICKS

_LAYOUT = {
    "template": "none",
    "paper_bgcolor": "rgba(0,0,0,0)",
    "plot_bgcolor": "rgba(0,0,0,0)",
    "font": {"color": "#757a80", "size": 13},  # readable on JupyterLab's light and dark
    "margin": {"l": 70, "r": 20, "t": 50, "b": 60},
    "height": 380,
}
_GRID = {"gridcolor": "rgba(128,128,128,0.25)", "zeroline": False}


def outcome_flow(messages: pd.DataFrame) -> go.Figure:
    """Where messages came from, what became of them and why, as a sankey; `messages` are `trace.messages()`."""
    origin = messages["origin"].astype("str")
    kinds = np.select(
        [origin.str.startswith("action:"), origin == "practice"], ["actions", "practice"], "outside"
    )
    columns = [
        pd.Series(kinds),
        messages["outcome"].astype("str"),
        messages["reason"].astype("str").replace("", "no decision"),
    ]
    stations = [(number, name) for number, column in enumerate(columns) for name in column.unique()]
    index = {station: number for number, station in enumerate(stations)}
    pairs = Counter(
        (index[column, begin], index[column + 1, end])
        for column in range(2)
        for begin, end in zip(columns[column], columns[column + 1], strict=True)
    )
    colours = [COLOURS.get(name, OTHER_COLOUR) for _, name in stations]
    sankey = go.Sankey(
        textfont={"shadow": "none"},  # else white behind every letter, on a dark page too
        node={"label": [name for _, name in stations], "color": colours, "pad": 18, "thickness": 14},
        link={
            "source": [begin for begin, _ in pairs],
            "target": [end for _, end in pairs],
            "value": list(pairs.values()),
            "color": "rgba(128,128,128,0.3)",
        },
    )
    return _figure([sankey], "Where messages went")


def misroute_share(rows: pd.DataFrame) -> go.Figure:
    """The share of answers that do not come back, by provider and placement, as a heat map.

    `rows` are those of `mailsim.study.matrix.matrix`; what is unknown of a provider is left out.
    """
    known = rows[rows["returned"].notna()]
    placed = known.assign(
        lost=1 - known["returned"].astype(float), placement=known["placement"].astype("str")
    )
    share = placed.pivot_table(index="provider", columns="placement", values="lost", aggfunc="mean")
    told = share.map(lambda one: "" if pd.isna(one) else f"{one:.0%}")
    heat = go.Heatmap(
        z=share.to_numpy(),
        x=list(share.columns),
        y=list(share.index),
        text=told.to_numpy(),
        texttemplate="%{text}",
        colorscale="Cividis",
        reversescale=True,
        zmin=0,
        zmax=1,
        colorbar={"title": "lost", "tickformat": ".0%"},
    )
    figure = _figure([heat], "Answers lost, by provider and where the action's address is")
    figure.update_layout(height=120 + 20 * len(share), margin={"l": 130})
    return figure


def latency(messages: pd.DataFrame) -> go.Figure:
    """How long messages took from first event to last end: the share that was done within a time, by outcome."""
    curves = []
    for name, some in _by_outcome(messages[messages["latency"].notna()]):
        seconds = np.sort(some["latency"].dt.total_seconds().clip(lower=1e-3))
        share = np.arange(1, len(seconds) + 1) / len(seconds)
        chosen = np.unique(np.linspace(0, len(seconds) - 1, 500).astype(int))  # a figure stays small
        line = {"color": COLOURS.get(name, OTHER_COLOUR), "shape": "hv"}
        curves.append(
            go.Scatter(
                x=seconds[chosen], y=share[chosen], name=name, line=line, mode="lines+markers", marker_size=3
            )
        )
    figure = _figure(curves, "How long messages took")
    ticks = {"tickvals": [seconds for seconds, _ in TICKS], "ticktext": [name for _, name in TICKS]}
    figure.update_xaxes(type="log", title="time in the world, 1 ms or less as 1 ms", **ticks, **_GRID)
    figure.update_yaxes(title="share done", tickformat=".0%", range=[0, 1.02], **_GRID)
    return figure


def arrivals(messages: pd.DataFrame, *, every: str = "1h") -> go.Figure:
    """How many messages began in each span of time, by outcome; `every` is a pandas frequency."""
    bars = []
    for name, some in _by_outcome(messages):
        counts = some.groupby(some["time"].dt.floor(every)).size()
        bars.append(go.Bar(x=counts.index, y=counts, name=name, marker_color=COLOURS.get(name, OTHER_COLOUR)))
    figure = _figure(bars, f"Messages begun, every {every}")
    figure.update_layout(barmode="stack")
    figure.update_xaxes(title="the world's time, UTC", **_GRID)
    figure.update_yaxes(title="messages", **_GRID)
    return figure


def _by_outcome(messages: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    return [(str(name), some) for name, some in messages.groupby("outcome", observed=True, sort=False)]


def _figure(drawn: Sequence[object], title: str) -> go.Figure:
    return go.Figure(list(drawn), layout=_LAYOUT | {"title": title})
