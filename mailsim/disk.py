"""Files and folders put into a folder that others may have written to before.

Laws: a file is there whole or not at all; a symbolic link that stands at its name is replaced, not followed; a link that
stands for a folder inside a folder is refused. The folder that a user names is taken as it is, a link too.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def put(place: Path, octets: bytes) -> None:
    """Write a file; raises OSError."""
    with replacing(place) as new:
        new.write_bytes(octets)


@contextmanager
def replacing(place: Path, *, by: Path | None = None) -> Iterator[Path]:
    """A new, empty file to write, put in its place at the end; gone when the writing fails. Raises OSError.

    It stands beside the place, or in the folder `by`.
    """
    new = (by or place.parent) / f".{place.name}.new"
    try:
        new.unlink(missing_ok=True)  # what a process left that was killed, or a link
        new.open("xb").close()
    except OSError as error:  # it bears the name that was given
        raise OSError(error.errno, error.strerror, str(place)) from None
    try:
        yield new
        new.replace(place)
    finally:
        new.unlink(missing_ok=True)


def folder(place: Path) -> Path:
    """Make a folder, and those around it, where they are not there, and return it; raises OSError, for a link too."""
    place.mkdir(parents=True, exist_ok=True)
    if place.is_symlink():
        raise OSError(errno.ELOOP, f"{place.name} is a symbolic link, which is not followed", str(place))
    return place
