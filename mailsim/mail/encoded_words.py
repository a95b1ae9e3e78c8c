"""Encoded words: text of any script in a header field (RFC 2047)."""

import binascii
import re

_ENCODED_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?\s]{0,998})\?=")
_BETWEEN_WORDS = re.compile(r"\?=\s+(?==\?)")


def decoded_words(text: str) -> str:
    """Text with its encoded words decoded (RFC 2047); what cannot be decoded stays readable as Latin-1.

    White space between two encoded words is none of theirs (section 6.2). Words longer than
    a header line are no encoded words.
    """
    return _ENCODED_WORD.sub(_decoded_word, _BETWEEN_WORDS.sub("?=", text)) if "=?" in text else text


def _decoded_word(match: re.Match[str]) -> str:
    charset, encoding, encoded = match.groups()
    octets = encoded.encode("utf-8")
    octets = binascii.a2b_qp(octets, header=True) if encoding in "qQ" else _from_base64(octets)
    try:
        return octets.decode(charset.partition("*")[0], "replace")  # RFC 2231 section 5: charset*language
    except (LookupError, ValueError):
        return octets.decode("latin-1")


def _from_base64(octets: bytes) -> bytes:
    """The octets of base64 text, characters of no value and a missing end read over."""
    kept = re.sub(rb"[^A-Za-z0-9+/]", b"", octets)
    kept = kept[: len(kept) - (len(kept) % 4 == 1)]
    return binascii.a2b_base64(kept + b"=" * (-len(kept) % 4))
