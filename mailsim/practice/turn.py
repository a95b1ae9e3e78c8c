"""One collection at a time into one store: the next waits for its turn.

The claim is a lock on a file beside the store. The system gives it back when the process ends, however it ends; the
file stays, and says nothing.
"""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mailsim.practice.store import StoreError

_PAUSE = 0.05  # seconds between two looks


@contextmanager
def turn(store: Path, *, patience: float) -> Iterator[None]:
    """Hold the only claim to collect into a store.

    Waits up to `patience` seconds for another to end. Raises StoreError when it does not, or when there
    can be no file beside the store.
    """
    path = store.with_name(store.name + "-collecting")
    try:
        file = path.open("ab")
    except OSError as error:
        raise StoreError(f"{store}: cannot be used as a store: {error.strerror}; name a new file") from None
    with file:
        gives_up = time.monotonic() + patience
        while not _claimed(file.fileno()):
            if time.monotonic() >= gives_up:
                raise StoreError(
                    f"{store}: another collection has been going on for {patience:g} s; try again when it is done"
                )
            time.sleep(_PAUSE)
        yield


def _claimed(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
