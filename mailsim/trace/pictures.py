"""Drawings as inline SVG, for pages that load nothing: flows in columns, lengths of time, stories as sequences.

Laws: every text is escaped; what is drawn is bounded; colour never speaks alone; text keeps the page's own colour.
"""

import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import accumulate
from textwrap import wrap
from typing import NamedTuple

from mailsim.display import Html, text

COLOURS = {
    "delivered": "#0b6aa2",
    "stored": "#4f9bc8",
    "unassigned": "#a84300",
    "fallback": "#c2347a",
    "refused": "#8f6bb5",
    "bounced": "#d06a8c",
    "discarded": "#8a6d3b",
}
OTHER_COLOUR = "#7a7f85"
"""Of whatever else. All stand out from light and dark pages alike (WCAG 1.4.11), and are told apart by the colour-blind."""


class Hop(NamedTuple):
    """One row of a sequence diagram."""

    time: str
    begin: str
    """Who did it."""
    end: str
    """To whom; the same party where it is nobody else's affair."""
    words: str
    colour: str
    """The outcome that it tells, if any."""


Way = tuple[str, str, str]
"""The stations of something that flowed."""

_WIDTH, _HEIGHT, _GAP, _BAR, _MOST = 960.0, 380.0, 22.0, 14.0, 9
_MARGIN = 16  # of a file


def flow(ways: Mapping[Way, int], heads: Way) -> Html:
    """How many went which way through three columns of stations; `ways` are the stations, one of each column, and how many.

    Of the stations of a column the greatest nine are shown, the others together.
    """
    shown = bounded(ways)
    total = sum(shown.values()) or 1
    stations = [_sums(shown, column) for column in range(len(heads))]
    scale = (_HEIGHT - _GAP * (max(map(len, stations)) - 1)) / total
    lefts = [column * (_WIDTH - 250 - _BAR) / (len(heads) - 1) for column in range(len(heads))]
    tops = [_tops(column, scale) for column in stations]
    parts = [
        f'<text x="{left:.0f}" y="-14" font-weight="600">{text(head)}</text>'
        for left, head in zip(lefts, heads, strict=True)
    ]
    for column in range(len(heads) - 1):
        parts += _ribbons(shown, column, (lefts[column] + _BAR, lefts[column + 1]), tops, scale)
    for left, station, top in zip(lefts, stations, tops, strict=True):
        for name, number in station.items():
            height = max(number * scale, 1.5)
            parts.append(
                f'<rect x="{left:.1f}" y="{top[name]:.1f}" width="{_BAR}" height="{height:.1f}" fill="{_colour(name)}"/>'
                f'<text x="{left + _BAR + 6:.1f}" y="{top[name] + height / 2 + 4:.1f}">{text(_short(name))}'
                f' <tspan opacity="0.75">{number:,}</tspan></text>'
            )
    label = "; ".join(f"{' to '.join(way)}: {number:,}" for way, number in shown.items())
    return _svg(parts, (0, -32, _WIDTH, _HEIGHT + 44), label)


def decades(counts: Mapping[int, int], per_decade: int, label: str) -> Html:
    """Bars over lengths of time in powers of ten; `counts` are how many fell in which part of a decade, 0 begins at 1 s.

    The axis reaches to a named length on either side.
    """
    ticks = [math.log10(seconds) * per_decade for seconds, _ in TICKS]
    first = max([tick for tick in ticks if tick <= min(counts)], default=min(counts)) - 1
    last = min([tick for tick in ticks if tick >= max(counts) + 1], default=max(counts) + 1) + 1
    most, width = max(counts.values()), _WIDTH / (last - first)
    parts = []
    for part, number in sorted(counts.items()):
        height = max(180 * number / most, 1.5)
        parts.append(
            f'<rect x="{(part - first) * width + 1:.1f}" y="{180 - height:.1f}" width="{max(width - 2, 1):.1f}" '
            f'height="{height:.1f}" fill="{COLOURS["delivered"]}"><title>{number:,}</title></rect>'
        )
    parts.append(
        f'<line x1="0" x2="{_WIDTH:.0f}" y1="180" y2="180" stroke="currentColor" stroke-opacity="0.5"/>'
    )
    for tick, (_, name) in zip(ticks, TICKS, strict=True):
        x = (tick - first) * width
        if 0 <= x <= _WIDTH:
            parts.append(
                f'<line x1="{x:.1f}" x2="{x:.1f}" y1="180" y2="186" stroke="currentColor"/>'
                f'<text x="{x:.1f}" y="202" text-anchor="middle">{name}</text>'
            )
    parts.append(f'<text x="0" y="-6" opacity="0.75">{most:,} in the highest bar</text>')
    return _svg(parts, (-20, -24, _WIDTH + 40, 232), label)


TICKS = (
    *((1e-6, "1 µs"), (1e-5, "10 µs"), (1e-4, "100 µs"), (1e-3, "1 ms"), (1e-2, "10 ms"), (1e-1, "100 ms")),
    *((1.0, "1 s"), (10.0, "10 s"), (60.0, "1 min"), (600.0, "10 min"), (3600.0, "1 h"), (36000.0, "10 h")),
    *((86400.0, "1 d"), (864000.0, "10 d"), (8640000.0, "100 d")),
)
"""Lengths of time in seconds, as an axis names them."""
BETWEEN = (
    *((2.0, "2 s"), (5.0, "5 s"), (20.0, "20 s"), (120.0, "2 min"), (300.0, "5 min"), (1200.0, "20 min")),
    *((7200.0, "2 h"), (18000.0, "5 h"), (172800.0, "2 d"), (432000.0, "5 d")),
)
"""Those that an axis names too where it has room, for it is short."""


def _svg(
    parts: Sequence[str],
    box: tuple[float, float, float, float],
    label: str,
    size: str = "width:100%;min-width:720px;max-width:1100px",
) -> Html:
    view = " ".join(f"{number:.0f}" for number in box)
    style = f"{size};height:auto;font-size:13px;font-family:inherit"
    return Html(
        f'<svg viewBox="{view}" role="img" aria-label="{text(label)}" style="{style}" fill="currentColor">'
        + "".join(parts)
        + "</svg>"
    )


def as_file(drawing: Html) -> str:
    """A drawing as an SVG file: a white card, so that it is seen as it was made in dark pages too."""
    [box] = re.findall(r'viewBox="(.*?)"', drawing)
    width, height = (int(side) + 2 * _MARGIN for side in box.split()[2:])
    style = "color:#1d2125;font-family:system-ui,sans-serif"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" style="{style}">'
        f'<rect width="{width}" height="{height}" fill="#fff"/>'
        f'<svg x="{_MARGIN}" y="{_MARGIN}" width="{width - 2 * _MARGIN}" height="{height - 2 * _MARGIN}">'
        f"{drawing}</svg></svg>\n"
    )


def bounded(ways: Mapping[Way, int]) -> dict[Way, int]:
    """The most frequent ways first; of the stations of a column the greatest nine stay, the rest are "others"."""
    kept = [set(list(_sums(ways, column))[:_MOST]) for column in range(3)]
    found: dict[Way, int] = defaultdict(int)
    for way, number in ways.items():
        a, b, c = (name if name in names else "others" for name, names in zip(way, kept, strict=True))
        found[a, b, c] += number
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def _sums(ways: Mapping[Way, int], column: int) -> dict[str, int]:
    """The stations of a column, the greatest first."""
    found: dict[str, int] = defaultdict(int)
    for way, number in ways.items():
        found[way[column]] += number
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def _tops(stations: Mapping[str, int], scale: float) -> dict[str, float]:
    top, found = 0.0, {}
    for name, number in stations.items():
        found[name] = top
        top += number * scale + _GAP
    return found


def _ribbons(
    ways: Mapping[Way, int],
    column: int,
    between: tuple[float, float],
    tops: Sequence[Mapping[str, float]],
    scale: float,
) -> list[str]:
    """The ways between a column and the next, in the colour of the outcome that they lead to."""
    begin, end = between
    left, right = dict(tops[column]), dict(tops[column + 1])
    pairs: dict[tuple[str, str], int] = defaultdict(int)
    for way, number in ways.items():
        pairs[way[column], way[column + 1]] += number
    parts, middle = [], (begin + end) / 2
    order = {name: number for number, name in enumerate(tops[column + 1])}
    for (source, target), number in sorted(pairs.items(), key=lambda pair: order[pair[0][1]]):
        height = max(number * scale, 0.75)
        a, b = left[source], right[target]
        left[source] += number * scale
        right[target] += number * scale
        colour = _colour(target) if column == 0 else _colour(source)
        parts.append(
            f'<path d="M{begin:.1f},{a:.1f}C{middle:.1f},{a:.1f} {middle:.1f},{b:.1f} {end:.1f},{b:.1f}'
            f"V{b + height:.1f}C{middle:.1f},{b + height:.1f} {middle:.1f},{a + height:.1f} {begin:.1f},{a + height:.1f}"
            f'Z" fill="{colour}" fill-opacity="0.4"><title>{text(f"{source} to {target}: {number:,}")}</title></path>'
        )
    return parts


def _colour(name: str) -> str:
    return COLOURS.get(name, OTHER_COLOUR)


def _short(name: str) -> str:
    return name if len(name) <= 34 else name[:33] + "…"


_LANE, _ROW, _LINE, _TIME = 78.0, 22.0, 16.0, 66.0
_WRAPPED = 44  # characters of a line of words: what a notebook has room for beside the lanes of a usual story
_LETTER = 9.2  # of addresses in the widest of common fonts; the widest letters of all stand over the edge, and are seen


def sequence(hops: Sequence[Hop]) -> Html:
    """A story as a sequence diagram: a lane for each party, a row for each hop, its words beside it."""
    parties = list(dict.fromkeys(party for hop in hops for party in (hop.begin, hop.end)))
    lane = {party: _TIME + 20 + number * _LANE for number, party in enumerate(parties)}
    right = _TIME + 44 + (len(parties) - 1) * _LANE
    told = [wrap(hop.words, _WRAPPED, max_lines=4, placeholder="…") or [""] for hop in hops]
    tops = list(accumulate((_ROW + _LINE * (len(lines) - 1) for lines in told), initial=0.0))
    bottom, longest = tops[-1] + 8, max((len(line) for lines in told for line in lines), default=0)
    parts = []
    for party, x in lane.items():
        parts.append(
            f'<line x1="{x:.0f}" x2="{x:.0f}" y1="0" y2="{bottom:.0f}" stroke="currentColor" stroke-opacity="0.25"/>'
            f'<text transform="translate({x + 3:.0f},-8) rotate(-32)">{text(_short(party))}</text>'
        )
    for hop, lines, row in zip(hops, told, tops, strict=False):  # the last top is the end
        y, begin, end = row + 0.6 * _ROW, lane[hop.begin], lane[hop.end]
        colour = COLOURS.get(hop.colour, "currentColor")
        parts.append(f'<text x="0" y="{y + 4:.0f}" opacity="0.75">{text(hop.time)}</text>')
        parts.append(f'<circle cx="{begin:.0f}" cy="{y:.0f}" r="4" fill="{colour}"/>')
        if begin != end:
            tip = end - math.copysign(5, end - begin)
            wing = tip - math.copysign(7, end - begin)
            parts.append(
                f'<line x1="{begin:.0f}" x2="{tip:.0f}" y1="{y:.0f}" y2="{y:.0f}" stroke="{colour}" stroke-width="1.5"/>'
                f'<path d="M{tip:.0f},{y:.0f}L{wing:.0f},{y - 4:.0f}V{y + 4:.0f}Z" fill="{colour}"/>'
            )
        parts += [
            f'<text x="{right:.0f}" y="{y + 4 + _LINE * number:.0f}">{text(line)}</text>'
            for number, line in enumerate(lines)
        ]
    top, width = 24 + 4.2 * max((len(_short(party)) for party in lane), default=0), right + longest * _LETTER
    label = "; ".join(f"{hop.time} {hop.begin}: {hop.words}" for hop in hops[:3])
    return _svg(
        parts, (0, -top, width, bottom + top), label, f"width:{width:.0f}px;max-width:none;overflow:visible"
    )
