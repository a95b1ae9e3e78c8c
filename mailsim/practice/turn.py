"""One collection at a time into one store: the next waits for its turn.

The claim is a lock on a file beside the store, which goes when the turn is over. The system gives the lock back when the
process ends, however it ends; a file that a killed one left says nothing, and goes with the next turn.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from mailsim.practice.store_error import StoreError, unusable

_PAUSE = 0.05  # seconds between two looks


@contextmanager
def turn(store: Path, *, patience: float) -> Iterator[None]:
    """Hold the only claim to collect into a store.

    Waits up to `patience` seconds for another to end. Raises StoreError when it does not, or when there
    can be no file beside the store.
    """
    path = store.with_name(store.name + "-collecting")
    gives_up = time.monotonic() + patience
    while True:
        try:
            file = path.open("ab")
        except OSError as error:
            raise unusable(store, error) from None
        with file:
            try:
                claimed = _claimed(file, path)
            except OSError as error:  # a file system without locks
                raise unusable(store, error) from None
            if claimed:
                try:
                    yield
                finally:
                    path.unlink(missing_ok=True)  # while the lock is held: nobody else's goes
                return
        if time.monotonic() >= gives_up:
            raise StoreError(
                f"{store}: another collection has been going on for {patience:g} s; try again when it is done"
            )
        time.sleep(_PAUSE)


def _claimed(file: BinaryIO, path: Path) -> bool:
    """Whether the lock was free, on the file that the path still names: another turn may have ended meanwhile."""
    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except (BlockingIOError, FileNotFoundError):
        return False
