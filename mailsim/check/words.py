"""A server's words as a verdict shows them: one printable, bounded line, every form of the secret masked (R1.11).

A server may be hostile, or friendly enough to repeat the password that it was given.
"""

import base64

from mailsim.practice.faults import MASK

_LONGEST = 500
"""Characters of a server's words that are shown."""


def shown_words(words: str | bytes, *, secrets: tuple[str, ...] = ()) -> str:
    """The words without control characters and line ends, clipped, and `***` where a secret stands.

    A secret is masked as it is and in base64, as SASL sends it; longer ones first.
    """
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    forms = sorted(_forms(secrets), key=len, reverse=True)
    text = _printable(_masked(text, forms))
    text = _masked(text, [_printable(form) for form in forms])
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _forms(secrets: tuple[str, ...]) -> set[str]:
    coded = {base64.b64encode(secret.encode()).decode() for secret in secrets}
    return {*secrets, *coded, *(text.rstrip("=") for text in coded)}


def _masked(text: str, forms: list[str]) -> str:
    for form in forms:
        text = text.replace(form, MASK) if form else text
    return text


def _printable(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
