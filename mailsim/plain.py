"""Plain text for people: aligned tables, in a terminal and wherever HTML is not shown.

Laws: what comes from mail is escaped, so that no terminal obeys it; rows come out as they go
in, a batch at a time, whatever their number; columns are aligned within a batch and never
narrower than in the one before. A display is bounded: of many rows it has the first and the last.
"""

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Protocol, TypeVar

_Item = TypeVar("_Item")

MOST_ROWS = 50
"""Rows of a display, and stations of a path, that are shown at most."""
_WIDEST = 100
"""Columns of a display, of which no terminal is asked: a notebook's text has no width of its own."""
_LONGEST = 300  # characters of a display's cell
_BATCH = 500
_GAP = "  "
_NARROWEST = 8


class Printer(Protocol):
    """What IPython hands over to be written to."""

    def text(self, text: str, /) -> None:
        """Write."""
        ...


def in_words(shown: object, printer: Printer, cycle: bool) -> None:  # noqa: FBT001 - IPython passes it by position
    """As the method `_repr_pretty_` of a class: IPython shows its objects as `str` tells them, where it has no HTML."""
    del cycle  # nothing here holds itself
    printer.text("\n".join(map(printable, str(shown).split("\n"))))


def printable(text: str) -> str:
    """The text in one line, with escapes for what a terminal would obey or not show."""
    return "".join(letter if letter.isprintable() else _escape(letter) for letter in text)


def _escape(letter: str) -> str:
    return f"\\u{ord(letter):04x}" if ord(letter) <= 0xFFFF else f"\\U{ord(letter):08x}"


def ends(items: Sequence[_Item]) -> tuple[Sequence[_Item], int, Sequence[_Item]]:
    """The first items, how many are left out, and the last."""
    left_out = len(items) - MOST_ROWS
    if left_out <= 0:
        return items, 0, ()
    half = MOST_ROWS // 2
    return items[:half], left_out, items[-half:]


def listing(
    title: str, head: Sequence[str], items: Sequence[_Item], cells: Callable[[_Item], Sequence[str]]
) -> str:
    """A display: a title, and a table of a row an item, bounded in rows and columns; empty titles are left out."""
    first, left_out, last = ends(items)
    rows = [[cell[:_LONGEST] for cell in cells(item)] for item in (*first, *last)]
    lines = list(table(head, rows, width=_WIDEST))
    if left_out:
        lines.insert(1 + len(first), f"… {left_out:,} more …")
    return "\n".join([printable(title), *(lines if any(head) else lines[1:])])


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, width: int | None) -> Iterator[str]:
    """The lines of a table, cut to `width` columns where that is given."""
    waiting = iter(rows)
    columns = [len(title) for title in head]
    batch = [tuple(head), *_escaped(islice(waiting, _BATCH))]
    while batch:
        columns = [
            max(wide, *map(_columns, column))
            for wide, column in zip(columns, zip(*batch, strict=True), strict=True)
        ]
        fitting = columns if width is None else _fit(columns, width)
        for row in batch:
            yield _GAP.join(_cell(text, wide) for text, wide in zip(row, fitting, strict=True)).rstrip()
        batch = _escaped(islice(waiting, _BATCH))


def _escaped(rows: Iterable[Sequence[str]]) -> list[tuple[str, ...]]:
    return [tuple(map(printable, row)) for row in rows]


def _fit(columns: Sequence[int], width: int) -> list[int]:
    """Column widths whose sum fits, the widest giving way first, none below eight columns."""
    fitting = list(columns)
    room = width - len(_GAP) * (len(columns) - 1)
    while sum(fitting) > room and max(fitting) > _NARROWEST:
        fitting[fitting.index(max(fitting))] -= 1
    return fitting


def _cell(text: str, columns: int) -> str:
    wide = _columns(text)
    if wide > columns:
        while _columns(text) > columns - 1:
            text = text[:-1]
        text += "…"
        wide = _columns(text)
    return text + " " * (columns - wide)


def _columns(text: str) -> int:
    """How many columns a terminal gives the text (Unicode Standard Annex 11)."""
    if text.isascii():
        return len(text)
    return sum(
        2 if unicodedata.east_asian_width(letter) in "WF" else not unicodedata.combining(letter)
        for letter in text
    )
