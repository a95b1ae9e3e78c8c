"""Aligned plain text: columns, widths, and nothing that a terminal obeys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsim.plain import MOST_ROWS, listing, table

HEAD = ("MESSAGE", "TO")


def test_columns_are_aligned() -> None:
    """Each as wide as its widest cell; no spaces at the end of a line."""
    assert list(table(HEAD, [("reply.eml", "a"), ("b", "unassigned")], width=None)) == [
        "MESSAGE    TO",
        "reply.eml  a",
        "b          unassigned",
    ]


def test_no_rows_leave_the_head() -> None:
    """An empty table is still a table."""
    assert list(table(HEAD, [], width=None)) == ["MESSAGE  TO"]


def test_wide_and_combining_letters_are_counted_as_a_terminal_does() -> None:
    """Unicode Standard Annex 11."""
    lines = list(table(HEAD, [("日本", "x"), ("e\u0301", "x"), ("abcd", "x")], width=None))

    assert lines[1:] == ["日本     x", "e\u0301        x", "abcd     x"]


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (26, ["MESSAGE         TO", "a-long-messag…  unassigned", "日本語日本語…   x"]),
        (5, ["MESSAGE   TO", "a-long-…  unassig…", "日本語…   x"]),
    ],
)
def test_long_values_are_cut_to_the_terminal(width: int, lines: list[str]) -> None:
    """The widest column gives way first; eight columns are left to each."""
    rows = [("a-long-message-name.eml", "unassigned"), ("日本語日本語日本語", "x")]

    assert list(table(HEAD, rows, width=width)) == lines


def test_many_rows_come_in_batches() -> None:
    """The first rows come before the last are asked for; a column never becomes narrower."""
    asked = 0

    def rows() -> "list[tuple[str, str]]":
        nonlocal asked
        asked += 1
        return [("x" * (20 if asked <= 500 else 5), "y")]

    lines = table(HEAD, (rows()[0] for _ in range(1200)), width=None)

    assert next(lines) == "MESSAGE" + " " * 15 + "TO"
    assert asked == 500
    assert list(lines)[-1] == "xxxxx" + " " * 17 + "y"


@given(st.lists(st.tuples(st.text(), st.text()), max_size=5), st.none() | st.integers(1, 120))
def test_nothing_reaches_a_terminal_unescaped(rows: list[tuple[str, str]], width: int | None) -> None:
    """One line for each row, of printable characters only."""
    lines = list(table(HEAD, rows, width=width))

    assert len(lines) == len(rows) + 1
    assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize(("rows", "shown"), [(0, 0), (MOST_ROWS, MOST_ROWS), (10_000, MOST_ROWS)])
def test_a_display_has_the_first_and_the_last_rows(rows: int, shown: int) -> None:
    """And says how many stand between."""
    lines = listing(
        "Title\x1b", ("N", "WHAT"), range(rows), lambda number: (f"{number}", "x" * 5000)
    ).splitlines()

    assert lines[0] == "Title\\u001b"
    assert [line.split()[0] for line in lines if line.startswith(("0 ", f"{rows - 1} "))] == [
        "0",
        f"{rows - 1}",
    ][:rows]
    assert len(lines) == 2 + shown + (rows > shown)
    assert ("… 9,950 more …" in lines) == (rows > shown)
    assert max(map(len, lines)) <= 100
