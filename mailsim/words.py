"""A server's words as they are shown: every form of a secret masked (R1.11), in a verdict as one printable, bounded line.

A server may be hostile, or friendly enough to repeat the password that it was given.
"""

import base64
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

MASK = "***"
_SHORT = 4
"""Characters: a secret of fewer is masked as a word of its own only. Cut out of other words, it could be read from what is left."""
_LONGEST = 500
"""Characters of a server's words that are shown."""


def shown_words(words: str | bytes, *, secrets: tuple[str, ...] = ()) -> str:
    """The words without control characters and line ends, clipped, and `***` where a secret stands.

    A secret is masked as it is and in base64, as SASL sends it; longer ones first.
    """
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    forms = _forms(secrets)
    text = _printable(_replaced(text, forms))
    text = _replaced(text, [_printable(form) for form in forms])
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def masked(text: str, secrets: tuple[str, ...]) -> str:
    """The words as they are, but for `***` where a secret stands."""
    return _replaced(text, _forms(secrets))


@lru_cache(maxsize=8)  # a client looks for its own in every response
def _forms(secrets: tuple[str, ...]) -> Sequence[str]:
    coded = {base64.b64encode(secret.encode("utf-8", "surrogateescape")).decode() for secret in secrets}
    return sorted({*secrets, *coded, *(text.rstrip("=") for text in coded)}, key=len, reverse=True)


def _replaced(text: str, forms: Iterable[str]) -> str:
    for form in filter(None, forms):
        if len(form) < _SHORT:
            text = re.sub(rf"(?<!\w){re.escape(form)}(?!\w)", MASK, text)
        else:
            text = text.replace(form, MASK)
    return text


def _printable(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
