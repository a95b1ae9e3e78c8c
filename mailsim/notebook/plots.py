"""Figures of a trace's messages and of the matrix of providers, in one look; plotly draws them offline in JupyterLab.

Each is a plotly figure: `figure.write_image("flow.svg")`, or `.png`, saves it where kaleido and a Chromium are installed,
the camera above a figure saves it as PNG from the browser. Colours are those of displays, told apart by the colour-blind,
and never speak alone: curves have dashes and bars have patterns too. A figure is a white card in dark themes as well, so
that it is saved as it was seen.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd

from mailsim.extras import not_installed
from mailsim.trace.pictures import BETWEEN, COLOURS, OTHER_COLOUR, TICKS, bounded
from mailsim.trace.ways import ways

try:
    import plotly.graph_objects as go
except ModuleNotFoundError:
    raise ModuleNotFoundError(not_installed("plotly", "notebook"), name="plotly") from None

_LAYOUT = {
    "template": "none",
    "paper_bgcolor": "#fff",
    "plot_bgcolor": "#fff",
    "font": {"color": "#1d2125", "size": 13},
    "margin": {"l": 70, "r": 20, "t": 50, "b": 60},
    "height": 380,
}
_GRID = {"gridcolor": "#e2e4e7", "zeroline": False}
_MARKS = {
    "stored": ("dot", "/"),
    "unassigned": ("dash", "\\"),
    "fallback": ("dashdot", "x"),
    "refused": ("longdash", "|"),
    "bounced": ("longdashdot", "-"),
    "discarded": ("2px,4px", "+"),
}
"""The dash of an outcome's curve and the pattern of its bars; of others solid and none."""
_MOST_MARKERS = 50
"""More of them on one curve hide its dashes."""
_FEWEST_TICKS = 4
_STANDOFF = 6  # in pixels: at the corner the names of both axes would meet


def outcome_flow(messages: pd.DataFrame) -> go.Figure:
    """Where messages came from, what became of them and why, as a sankey; `messages` are `trace.messages()`."""
    shown = bounded(ways(messages))
    stations: Counter[tuple[int, str]] = Counter()
    for column in range(3):
        for way, number in shown.items():
            stations[column, way[column]] += number
    index = {station: number for number, station in enumerate(stations)}
    pairs: Counter[tuple[int, int]] = Counter()
    for way, number in shown.items():
        for column in range(2):
            pairs[index[column, way[column]], index[column + 1, way[column + 1]]] += number
    colours = [_colour(name) for _, name in stations]
    sankey = go.Sankey(
        node={
            "label": [f"{name} {number:,}" for (_, name), number in stations.items()],
            "color": colours,
            "pad": 18,
            "thickness": 14,
        },
        textfont={"shadow": "none"},  # else a halo behind every letter
        link={
            "source": [begin for begin, _ in pairs],
            "target": [end for _, end in pairs],
            "value": list(pairs.values()),
            "color": "rgba(122,127,133,0.25)",
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
    figure = _figure([heat], "Answers lost, by provider and placement; what is unknown is blank")
    figure.update_layout(height=140 + 20 * len(share), margin={"l": 150})
    figure.update_xaxes(title="where the action's address is", showgrid=False)
    figure.update_yaxes(autorange="reversed", showgrid=False)  # the first at the top
    return figure


def latency(messages: pd.DataFrame) -> go.Figure:
    """How long messages took from first event to last end: the share that was done within a time, by outcome."""
    ended = messages[messages["latency"].notna()]
    took = ended["latency"].dt.total_seconds()
    edge = took[took > 0].min() / 2 if (took > 0).any() else 1.0
    curves = []
    for name, some in _by_outcome(ended):
        seconds = np.sort(took[some.index].clip(lower=edge))
        share = np.arange(1, len(seconds) + 1) / len(seconds)
        chosen = np.unique(np.linspace(0, len(seconds) - 1, 500).astype(int))  # a figure stays small
        line = {"color": _colour(name), "dash": _MARKS.get(name, ("solid",))[0], "shape": "hv"}
        mode = "lines" if len(chosen) > _MOST_MARKERS else "lines+markers"
        curves.append(
            go.Scatter(x=seconds[chosen], y=share[chosen], name=name, line=line, mode=mode, marker_size=5)
        )
    figure = _figure(curves, "How long messages took")
    lengths, names = zip(*_ticks(took.clip(lower=edge).min(), took.max()), strict=True)
    figure.update_xaxes(
        type="log",
        tickvals=lengths,
        ticktext=names,
        title="time in the world; none at all is at the left edge",
        **_GRID,
    )
    figure.update_yaxes(
        title="share done", tickformat=".0%", range=[0, 1.05], ticklabelstandoff=_STANDOFF, **_GRID
    )
    return figure


def _ticks(first: float, last: float) -> Sequence[tuple[float, str]]:
    """What an axis between these lengths of time names: of a short one more."""
    named = [tick for tick in TICKS if first <= tick[0] <= last]
    return TICKS if len(named) >= _FEWEST_TICKS else sorted(TICKS + BETWEEN)


def arrivals(messages: pd.DataFrame, *, every: str = "1h") -> go.Figure:
    """How many messages began in each span of time, by outcome; `every` is a pandas frequency."""
    bars = []
    for name, some in _by_outcome(messages):
        counts = some.groupby(some["time"].dt.floor(every)).size()
        marker = {
            "color": _colour(name),
            "pattern": {"shape": _MARKS.get(name, ("", ""))[1], "fillmode": "overlay"},
        }
        bars.append(go.Bar(x=counts.index, y=counts, name=name, marker=marker))
    figure = _figure(bars, f"Messages begun, every {every}")
    figure.update_layout(barmode="stack")
    figure.update_xaxes(title="the world's time, UTC", **_GRID)
    figure.update_yaxes(title="messages", **_GRID)
    return figure


def _by_outcome(messages: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    return [(str(name), some) for name, some in messages.groupby("outcome", observed=True, sort=False)]


def _colour(outcome: str) -> str:
    return COLOURS.get(outcome, OTHER_COLOUR)


def _figure(drawn: Sequence[object], title: str) -> go.Figure:
    return go.Figure(list(drawn), layout=_LAYOUT | {"title": title})
