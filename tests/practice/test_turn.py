"""One collection at a time into a store."""

from pathlib import Path

import pytest

from mailsim.practice.store import StoreError
from mailsim.practice.turn import turn


def test_the_second_waits_and_then_says_so(tmp_path: Path) -> None:
    """The claim is free again when the first is done."""
    path = tmp_path / "store.sqlite"
    told = r"another collection .* 0\.1 s; try again"
    with turn(path, patience=0), pytest.raises(StoreError, match=told), turn(path, patience=0.1):
        pass
    with turn(path, patience=0):
        pass


def test_a_place_without_room_for_a_file_is_told(tmp_path: Path) -> None:
    """As a store that cannot be."""
    path = tmp_path / "nowhere" / "store.sqlite"
    with pytest.raises(StoreError, match="cannot be used as a store"), turn(path, patience=0):
        pass
