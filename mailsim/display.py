"""HTML for notebooks: tables, badges, paths; pure text in, safe markup out.

Laws:
- Mail is hostile. Every `str` is escaped, made printable, clipped and isolated from the direction of the
  text around it; only `Html`, which this module and those that draw make, stands as it is.
- What is shown is bounded: of many rows the first and the last are shown, and how many stand between them.
- No script, no link, no image, no style sheet: inline style alone. (HTML of a message: `sandbox.py`.) Text keeps the page's own colour, so light
  and dark themes both work, in JupyterLab (by its CSS variables) and elsewhere.
- Colour never speaks alone: a badge has a sign and words too.
"""

from collections.abc import Callable, Sequence
from enum import Enum
from typing import TypeVar

from mailsim.plain import MOST_ROWS, ends

_Item = TypeVar("_Item")

_LONGEST = 300
"""Characters of one text that are shown at most."""

_MARKUP = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"})
_MONO = "font-family:var(--jp-code-font-family,ui-monospace,monospace);font-size:0.92em"
_FAINT = "opacity:0.72"
_LINE = "var(--jp-border-color2,rgba(128,128,128,0.45))"
_CELL = "text-align:left;vertical-align:top;padding:3px 12px 3px 0;white-space:pre-wrap"
_NAME_CELL = f"{_CELL};white-space:pre"  # what a row without titles above is called stays whole
_LAST_CELL = f"{_CELL};overflow-wrap:anywhere;min-width:9em"  # the one that gives way where room is short
_ROW = f"border-top:1px solid {_LINE};background:none"


class Html(str):
    """Finished, safe markup."""

    __slots__ = ()


class Tone(Enum):
    """How a badge speaks: its sign and its background, dark enough for white text (WCAG AA), told apart by the colour-blind."""

    GOOD = ("✓", "#0b6aa2")
    WARNING = ("!", "#a84300")
    BAD = ("✗", "#a3195b")
    NEUTRAL = ("•", "#5f6368")


def text(words: str) -> Html:
    """Words as they are, escaped and bounded; what a browser would obey or not show is written as an escape."""
    clipped = words[:_LONGEST]
    return Html(escaped(_printable(clipped)) + ("…" if len(words) > _LONGEST else ""))


def escaped(words: str) -> str:
    """Words that mean no markup, in an element or in a quoted attribute."""
    return words.translate(_MARKUP)


def code(words: str) -> Html:
    """Words that a machine wrote or reads, in the page's fixed-width letters."""
    return Html(f'<code style="{_MONO};background:none;color:inherit;padding:0">{text(words)}</code>')


def passage(words: str) -> Html:
    """Lines that people wrote, as they stand: at most fifty of them, long ones clipped."""
    lines = words.splitlines()
    shown = "".join(f"<div><bdi>{text(line) or ' '}</bdi></div>" for line in lines[:MOST_ROWS])
    more = f'<div style="{_FAINT};font-style:italic">… {len(lines) - MOST_ROWS:,} more lines …</div>'
    style = f"white-space:pre-wrap;overflow-wrap:anywhere;margin:6px 0;padding-left:10px;border-left:2px solid {_LINE}"
    return Html(f'<div style="{style}">{shown}{more if len(lines) > MOST_ROWS else ""}</div>')


def badge(words: str, tone: Tone) -> Html:
    """A sign and words on the colour of the tone."""
    sign, colour = tone.value
    style = (
        f"display:inline-block;background:{colour};color:#fff;border-radius:4px;padding:1px 8px;"
        "font-size:0.92em;font-weight:600;white-space:nowrap"
    )
    return Html(f'<span style="{style}">{sign} {text(words)}</span>')


def heading(title: str, *badges: str) -> Html:
    """A title, and its badges in front of it."""
    name = f'<strong style="font-size:1.05em;overflow-wrap:anywhere"><bdi>{text(title)}</bdi></strong>'
    style = "display:flex;flex-wrap:wrap;gap:4px 8px;align-items:baseline;margin-bottom:2px"
    return Html(f'<div style="{style}">{"".join(map(_part, badges))}{name}</div>')


def note(*parts: str) -> Html:
    """A line of small print, its parts set apart."""
    shown = " · ".join(f"<bdi>{_part(part)}</bdi>" for part in parts)
    return Html(f'<div style="{_FAINT};margin-bottom:4px;overflow-wrap:anywhere">{shown}</div>')


def table(head: Sequence[str], items: Sequence[_Item], cells: Callable[[_Item], Sequence[str]]) -> Html:
    """A table of a row an item; of more than 50 the first and the last 25, the number between them said.

    `cells` makes the row of an item, as wide as the head; a head of empty titles is left out. Of no items nothing is shown.
    """
    if not items:
        return Html("")
    first, left_out, last = ends(items)
    titled = any(head)
    styles = [_CELL if titled else _NAME_CELL, *[_CELL] * (len(head) - 2), _LAST_CELL][-len(head) :]
    body = [_row(cells(item), styles) for item in first]
    if left_out:
        style = f"{_CELL};{_FAINT};font-style:italic"
        between = f'<td colspan="{len(head)}" style="{style}">… {left_out:,} more …</td>'
        body += [f'<tr style="{_ROW}">{between}</tr>', *(_row(cells(item), styles) for item in last)]
    titles = "".join(f'<th style="{_CELL};font-weight:600">{text(title)}</th>' for title in head)
    top = f'<thead style="border:0"><tr style="background:none">{titles}</tr></thead>' if titled else ""
    style = "border-collapse:collapse;border:0;margin:4px 0;color:inherit;table-layout:auto;max-width:100%"
    return Html(f'<table style="{style}">{top}<tbody>{"".join(body)}</tbody></table>')


def path(stations: Sequence[tuple[str, str, str]]) -> Html:
    """A way in stations, joined by a line: for each a short label, what was seen there, and what follows."""
    first, left_out, last = ends(stations)
    shown = [_station(*one) for one in first]
    if left_out:
        shown += [
            f'<li style="{_FAINT};font-style:italic">… {left_out:,} more …</li>',
            *(_station(*one) for one in last),
        ]
    style = f"list-style:none;margin:6px 0 4px 6px;padding:0 0 0 14px;border-left:2px solid {_LINE}"
    return Html(f'<ol style="{style}">{"".join(shown)}</ol>')


def block(*parts: str) -> Html:
    """The whole of one object's display."""
    style = "color:var(--jp-content-font-color1,currentColor);line-height:1.45;max-width:100%;overflow-x:auto"
    return Html(f'<div style="{style}">{"".join(map(_part, parts))}</div>')


def _part(words: str) -> Html:
    return words if isinstance(words, Html) else text(words)


def _row(cells: Sequence[str], styles: Sequence[str]) -> str:
    shown = "".join(
        f'<td style="{style}">{_part(cell)}</td>' for style, cell in zip(styles, cells, strict=True)
    )
    return f'<tr style="{_ROW}">{shown}</tr>'


def _station(label: str, seen: str, follows: str) -> str:
    name = f'<span style="{_FAINT};display:inline-block;min-width:3.4em">{text(label)}</span>'
    conclusion = f'<div style="margin-left:3.4em">→ <bdi>{text(follows)}</bdi></div>'
    style = "margin:0 0 4px 0;overflow-wrap:anywhere"
    return f'<li style="{style}">{name}<bdi>{code(seen)}</bdi>{conclusion}</li>'


def _printable(words: str) -> str:
    """Controls, direction marks and other letters without a shape as backslash escapes."""
    if words.isprintable():
        return words
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in words)
