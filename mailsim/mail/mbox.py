"""Mboxes: messages one after the other in one file (RFC 4155), whole or by stretches of it.

Where a message begins is told by the lines at that place alone, so a file can be divided without reading it, and stretches
hold together what the whole does.
"""

from collections.abc import Iterator
from typing import BinaryIO, Protocol

SEPARATOR = b"From "  # RFC 4155
_LF = 0x0A
_BLOCK = 1 << 20
_CONTEXT = 3
"""Octets before a separator's line that tell whether the line above is empty: LF, CR, LF, the last being its own."""


class Octets(Protocol):
    """What an mbox is read from."""

    def read(self, size: int, /) -> bytes:
        """At most so many octets; none at the end."""
        ...


def read_mbox(file: Octets, head: bytes = b"") -> Iterator[bytes]:
    """The messages of an mbox, one in memory at a time; `head` is what was read of it before.

    A line that begins with `From ` after an empty line separates (RFC 4155, Appendix A).
    That line and the empty line before it belong to no message, nor does the first line.
    """
    waiting = bytearray(head)
    inside = False  # whether `waiting` begins inside a message, after its `From ` line
    searched = 0
    while block := file.read(_BLOCK):
        waiting += block
        while True:
            if not inside:
                line_end = waiting.find(b"\n")
                if line_end < 0:
                    break
                del waiting[: line_end + 1]
                inside, searched = True, 0
            at = waiting.find(b"\n" + SEPARATOR, searched)
            if at < 0:
                searched = max(0, len(waiting) - len(SEPARATOR))
                break
            searched = at + 1
            end = _empty_line(waiting, at)
            if end is not None:
                yield _front(waiting, end)
                del waiting[: at + 1]
                inside = False
    if inside:
        end = _empty_line(waiting, len(waiting) - 1) if waiting.endswith(b"\n") else None
        yield _front(waiting, len(waiting) if end is None else end)
    elif waiting:
        yield b""


def next_message(file: BinaryIO, at: int) -> int:
    """Where a message begins at that octet of an mbox or after it, the file's first left aside; its end when none does."""
    begin = max(0, at - 1 - _CONTEXT)
    file.seek(begin)
    waiting = bytearray()
    searched = max(0, at - 1 - begin)
    while block := file.read(_BLOCK):
        waiting += block
        while (found := waiting.find(b"\n" + SEPARATOR, searched)) >= 0:
            if _empty_line(waiting, found) is not None:
                return begin + found + 1
            searched = found + 1
        searched = max(searched, len(waiting) - len(SEPARATOR))
        passed = max(0, searched - _CONTEXT)
        del waiting[:passed]
        begin, searched = begin + passed, searched - passed
    return file.tell()


class Stretch:
    """Some octets of an open file, as a file of their own."""

    def __init__(self, file: BinaryIO, begin: int, end: int) -> None:
        file.seek(begin)
        self._file = file
        self._left = end - begin

    def read(self, size: int, /) -> bytes:
        """At most so many octets; none at the end."""
        block = self._file.read(min(size, self._left))
        self._left -= len(block)
        return block


def _empty_line(octets: bytearray, end: int) -> int | None:
    """Where the empty line begins whose LF is at `end`; None when that line is not empty."""
    start = end - 1 if octets[max(0, end - 1) : end] == b"\r" else end
    return start if start == 0 or octets[start - 1] == _LF else None


def _front(octets: bytearray, end: int) -> bytes:
    with memoryview(octets) as view:
        return bytes(view[:end])
