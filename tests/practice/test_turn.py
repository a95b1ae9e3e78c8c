"""One collection at a time into a store."""

import errno
import fcntl
import os
from contextlib import ExitStack
from pathlib import Path

import pytest

from mailsim.practice.store_error import StoreError
from mailsim.practice.turn import turn


def test_the_second_waits_and_then_says_so(tmp_path: Path) -> None:
    """The claim is free again when the first is done."""
    path = tmp_path / "store.sqlite"
    told = r"another collection .* 0\.1 s; try again"
    with turn(path, patience=0), pytest.raises(StoreError, match=told), turn(path, patience=0.1):
        pass
    with turn(path, patience=0):
        pass


def test_no_file_stays_beside_the_store(tmp_path: Path) -> None:
    """Nor one that a killed process left, nor after an error."""
    path = tmp_path / "store.sqlite"
    (tmp_path / "store.sqlite-collecting").touch()
    with pytest.raises(KeyError), turn(path, patience=0):
        raise KeyError
    assert list(tmp_path.iterdir()) == []


def test_a_lock_whose_file_went_is_no_claim(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who opened it before the turn ended, and locks it after, would share the next turn with another."""
    path = tmp_path / "store.sqlite"
    flock = fcntl.flock
    ends = ExitStack()
    ends.enter_context(turn(path, patience=0))

    def late(descriptor: int, how: int) -> None:
        ends.close()
        flock(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", late)
    with turn(path, patience=5):
        monkeypatch.undo()
        with pytest.raises(StoreError), turn(path, patience=0):
            pass


def test_a_place_without_room_for_a_file_is_told(tmp_path: Path) -> None:
    """As a store that cannot be."""
    path = tmp_path / "nowhere" / "store.sqlite"
    with (
        pytest.raises(
            StoreError, match="cannot be used as a store: No such file or directory; name a file in a folder"
        ),
        turn(path, patience=0),
    ):
        pass


def test_a_file_system_without_locks_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a store that cannot be; some network file systems have none."""

    def none(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", none)
    with (
        pytest.raises(
            StoreError, match=r"store\.sqlite: cannot be used as a store: No locks available; name"
        ),
        turn(tmp_path / "store.sqlite", patience=0),
    ):
        pass
