"""A large message on disk while it is retrieved, in a file without a name: whatever happens, nothing is left."""

import tempfile
from pathlib import Path


class Spool:
    """A sink that can be read again."""

    __slots__ = ("_file", "size")

    def __init__(self, folder: Path | None = None) -> None:
        """`folder` is where the file takes its room; the system's own when not given. Raises OSError."""
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - it lives as long as the spool
        self.size = 0
        """The octets written so far."""

    def write(self, octets: bytes, /) -> None:
        """Take the next octets; raises OSError when there is no room."""
        self._file.write(octets)
        self.size += len(octets)

    def read(self) -> bytes:
        """Return all octets; raises OSError."""
        self._file.seek(0)
        return self._file.read()

    def close(self) -> None:
        """Give the room back; closing twice is harmless."""
        self._file.close()
