"""A store that cannot be used: which, why, and what to do about it, by SQLite's result code or the system's error number."""

import errno
import sqlite3
from pathlib import Path

from mailsim.errors import MailsimError

_ANOTHER = "name a new file"
_ROOM = "make room on its disk and try again"
_PERMISSION = "let this user write it and its folder, or name a new file"
_BUSY = "try again when the other program is done with it"
_FOLDER = "name a file in a folder that is there and can be written"

_BY_RESULT_CODE = {
    sqlite3.SQLITE_FULL: _ROOM,
    sqlite3.SQLITE_IOERR: _ROOM,  # how a quota shows
    sqlite3.SQLITE_READONLY: _PERMISSION,
    sqlite3.SQLITE_PERM: _PERMISSION,
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_CANTOPEN: _FOLDER,
    sqlite3.SQLITE_CORRUPT: "put back a copy of it, or name a new file",
}
_BY_ERROR_NUMBER = {
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.EACCES: _PERMISSION,
    errno.EPERM: _PERMISSION,
    errno.EROFS: _PERMISSION,
    errno.ENOENT: _FOLDER,
    errno.ENOTDIR: _FOLDER,
}


class StoreError(MailsimError):
    """A store that cannot be opened, written or read."""


def unusable(path: Path | None, error: sqlite3.Error | OSError) -> StoreError:
    """The error of a file that cannot be opened as a store."""
    why = error.strerror if isinstance(error, OSError) else error
    return StoreError(f"{path}: cannot be used as a store: {why}; {_cure(error)}")


def unreadable(path: Path | None, error: sqlite3.Error) -> StoreError:
    """The error of a store whose file is damaged, or was taken away."""
    return StoreError(f"{path or 'the store in memory'}: the store cannot be read: {error}; {_cure(error)}")


def unwritable(path: Path | None, error: sqlite3.Error, lost: str) -> StoreError:
    """The error of a store that takes no more; `lost` is what is not in it."""
    return StoreError(
        f"{path or 'the store in memory'}: the store cannot be written: {error}; {lost}; {_cure(error)}"
    )


def _cure(error: sqlite3.Error | OSError) -> str:
    if isinstance(error, OSError):
        return _BY_ERROR_NUMBER.get(error.errno or 0, _ANOTHER)
    code = getattr(error, "sqlite_errorcode", 0)  # absent from what sqlite3 raises of itself
    return _BY_RESULT_CODE.get(code & 0xFF, _ANOTHER)  # the low octet is the primary code
