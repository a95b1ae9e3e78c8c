"""Aligned plain text for people.

Laws: what comes from mail is escaped, so that no terminal obeys it; rows come out as they go
in, a batch at a time, whatever their number; columns are aligned within a batch and never
narrower than in the one before.
"""

import shutil
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from mailsim.practice.faults import printable

_BATCH = 500
_GAP = "  "
_NARROWEST = 8


def terminal_width() -> int | None:
    """The columns of the terminal that standard output is; None when it is none, and nothing need be cut."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


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
