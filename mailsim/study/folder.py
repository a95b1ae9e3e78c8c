"""A folder that a study writes, again and again, without touching what is anybody else's.

Laws:
- A hidden file lists every file that was written; only what it lists is ever removed or replaced.
- A folder that is not empty and has no such file is refused, as is anything that stands in the way: nothing is
  written then.
- Nothing is written or removed through a symbolic link inside the folder.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from mailsim.errors import MailsimError

MARK = ".mailsim-demo"
_ELSEWHERE = "name another folder with --out"


class OutError(MailsimError):
    """A folder that will not, or cannot, be written to."""


@contextmanager
def written(out: Path, tops: tuple[str, ...]) -> Iterator[Path]:
    """A folder to write to, of which all is put in place at the end: `tops` are the names that may stand in it.

    Raises:
        OutError: The folder holds something that was not written here before, or cannot be written.
    """
    with _told(out):
        out.mkdir(parents=True, exist_ok=True)
        earlier = _listed(out)
        for top in tops:
            _free(out, PurePosixPath(top), earlier)
        holder = TemporaryDirectory(prefix=".mailsim-", dir=out)
    with holder as scratch:
        yield Path(scratch)
        with _told(out):
            _replace(Path(scratch), out, earlier)


@contextmanager
def _told(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutError(f"{out}: cannot be written: {error.strerror}; {_ELSEWHERE}") from None


def _listed(out: Path) -> frozenset[PurePosixPath]:
    """What was written before; raises OutError for a folder that is somebody else's."""
    mark = out / MARK
    if not any(out.iterdir()):
        return frozenset()
    if mark.is_symlink() or not mark.is_file():
        raise OutError(f"{out}: is not empty, and no demo wrote it; {_ELSEWHERE}")
    lines = mark.read_text("utf-8", errors="replace").splitlines()
    paths = (PurePosixPath(line) for line in lines if line and "\0" not in line)
    return frozenset(path for path in paths if not path.is_absolute() and ".." not in path.parts)


def _free(out: Path, path: PurePosixPath, earlier: frozenset[PurePosixPath]) -> None:
    """Raises OutError where something stands at the path that is neither a folder nor what was written before."""
    place = out / path
    real_folder = place.is_dir() and not place.is_symlink()
    if real_folder or not os.path.lexists(place) or (path in earlier and not place.is_symlink()):
        return
    raise OutError(f"{place}: stands in the way, and no demo wrote it; remove it, or {_ELSEWHERE}")


def _replace(scratch: Path, out: Path, earlier: frozenset[PurePosixPath]) -> None:
    """Put the new files in the place of the old ones; the mark names both until that is done."""
    found = sorted(scratch.rglob("*"))
    new = [PurePosixPath(path.relative_to(scratch).as_posix()) for path in found if not path.is_dir()]
    folders = [PurePosixPath(path.relative_to(scratch).as_posix()) for path in found if path.is_dir()]
    for path in folders + new:
        _free(out, path, earlier)
    for path in new:
        if (out / path).is_dir():
            raise OutError(f"{out / path}: is a folder; remove it, or {_ELSEWHERE}")
    _mark(out, earlier.union(new))
    _remove(out, earlier)
    for path in folders:
        (out / path).mkdir(exist_ok=True)
    for path in new:
        (scratch / path).replace(out / path)
    _mark(out, frozenset(new))


def _mark(out: Path, paths: frozenset[PurePosixPath]) -> None:
    (out / MARK).write_text("".join(f"{path}\n" for path in sorted(paths)), "utf-8")


def _remove(out: Path, paths: frozenset[PurePosixPath]) -> None:
    """Remove those files, and the folders that are empty without them."""
    home = out.resolve()
    for parent, inside in groupby(sorted(paths), key=lambda path: path.parent):
        folder = out / parent
        if not folder.is_dir() or folder.resolve() != home / parent:  # a link on the way leads elsewhere
            continue
        for path in inside:
            if not (out / path).is_dir():
                (out / path).unlink(missing_ok=True)
    parents = {parent for path in paths for parent in path.parents if parent.parts}
    for parent in sorted(parents, key=lambda path: len(path.parts), reverse=True):
        folder = out / parent
        if folder.is_dir() and folder.resolve() == home / parent and not any(folder.iterdir()):
            folder.rmdir()
