"""Mboxes, cut where messages begin."""

import io
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailsim.mail import mbox
from mailsim.mail.mbox import Stretch, next_message, read_mbox

LINES = st.lists(st.sampled_from([b"From ", b"\n", b"\r\n", b"\r", b"x", b">From ", b"A: b\n"]), max_size=40)


def cut(file: io.BytesIO, size: int) -> list[tuple[int, int]]:
    """Stretches of at least so many octets."""
    last = len(file.getvalue())
    places = [0]
    while places[-1] < last:
        places.append(next_message(file, min(places[-1] + size, last)))
    return list(pairwise(places))


@given(LINES, st.integers(1, 30))
@example([b"\n", b"From ", b"y\n", b"\r\n", b"From ", b"z"], 1)
def test_stretches_hold_what_the_whole_does(lines: list[bytes], size: int) -> None:
    """Wherever it is cut, however a block of reading falls."""
    file = io.BytesIO(b"From x\n" + b"".join(lines))
    whole = list(read_mbox(io.BytesIO(file.getvalue())))

    apart = [list(read_mbox(Stretch(file, begin, end))) for begin, end in cut(file, size)]

    assert [one for some in apart for one in some] == whole
    assert all(apart)  # none is empty
    if size == 1:
        assert len(apart) == len(whole)


@pytest.mark.parametrize("block", range(1, 16))
def test_a_separator_is_found_across_blocks(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    """Of any size."""
    monkeypatch.setattr(mbox, "_BLOCK", block)
    octets = b"From x\r\nA: b\r\nFrom here\nB\n\r\nFrom y\r\nC: d\r\n"

    assert next_message(io.BytesIO(octets), 1) == octets.index(b"From y")
    assert next_message(io.BytesIO(octets), octets.index(b"From y") + 1) == len(octets)


def test_looking_for_a_message_takes_no_memory(tmp_path: Path) -> None:
    """Of one that is long, a block."""
    path = tmp_path / "long.mbox"
    path.write_bytes(b"From x\n" + b"line of text\n" * 400_000 + b"\nFrom y\n")

    with path.open("rb") as file:
        assert next_message(file, 1) == path.stat().st_size - len(b"From y\n")
