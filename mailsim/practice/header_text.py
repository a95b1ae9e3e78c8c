"""Header lines that are safe whatever stands in them (R3.9; RFC 5322 section 2.2, RFC 2047).

Laws:
- A line's value holds no CR, LF or NUL but the folds made here; control characters become spaces.
- What goes in as text comes out of any RFC 2047 reader as the same text, control characters aside.
- Lines are folded at 78 characters where they can be, and never longer than 998 octets.
"""

import re
from collections.abc import Sequence
from email.header import Header

_PLAIN_WORD = re.compile(r"[!-~]{1,900}")  # far below the 998 octets of RFC 5322 section 2.1.1
_PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")  # RFC 5322 section 3.2.3: atoms
_SHORT = 76
_SPACE = str.maketrans(
    dict.fromkeys([*range(32), *range(127, 160), 8232, 8233], " ") | dict.fromkeys(range(55296, 57344), "�")
)
_DIRTY = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def has_controls(text: str) -> bool:
    """Whether `harmless` would change the text."""
    return not text.isprintable() and _DIRTY.search(text) is not None


def harmless(text: str) -> str:
    """The text without control characters and lone surrogates, spaces standing for them."""
    return text.translate(_SPACE) if has_controls(text) else text


def text_line(name: str, text: str) -> str:
    """`Subject: text`, with encoded words where it is not plain ASCII (RFC 2047 section 5)."""
    text = harmless(text)
    plain = text.isascii() and "=?" not in text and text == text.strip()
    if plain and len(name) + len(text) <= _SHORT:
        return f"{name}: {text}\r\n"
    words = text.split(" ")
    if plain and all(_PLAIN_WORD.fullmatch(word) for word in words):
        return folded_line(name, words)
    return f"{name}: {_encoded(text, len(name) + 2)}\r\n"


def folded_line(name: str, parts: Sequence[str]) -> str:
    """`Name: part part`, folded before a part that would pass the 78th column (RFC 5322 section 2.2.3).

    Each part must be short, and free of line ends.
    """
    line = f"{name}: {' '.join(parts)}\r\n"
    if len(line) <= _SHORT + 4:  # with its end
        return line
    line = f"{name}:"
    width = len(line)
    for number, part in enumerate(parts):
        folds = number > 0 and width + 1 + len(part) > _SHORT + 2
        line += ("\r\n " if folds else " ") + part
        width = 1 + len(part) + (0 if folds else width)
    return line + "\r\n"


def display_name(text: str) -> str:
    """A display name as a phrase: atoms, a quoted string, or encoded words (RFC 5322 section 3.4, RFC 2047)."""
    text = harmless(text).strip()
    if "=?" in text or not text.isascii() or len(text) > _SHORT:
        return _encoded(text, 1)
    if _PHRASE.fullmatch(text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _encoded(text: str, column: int) -> str:
    """The text as UTF-8 encoded words of at most 75 characters, a fold between them."""
    header = Header(text, "utf-8", maxlinelen=_SHORT, header_name="x" * max(0, column - 2))
    return header.encode(linesep="\r\n")
