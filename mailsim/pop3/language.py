"""LANG: the languages of the text behind +OK and -ERR (RFC 6856 §3). There is one, under two names.

Laws: an -ERR keeps the language; the listing is one line a language, tag first.
"""

from collections.abc import Mapping
from types import MappingProxyType

from mailsim.pop3.wire import TERMINATOR, status_line

LANGUAGES: Mapping[str, str] = MappingProxyType({"en": "English", "i-default": "English, the default"})
"""`i-default` must be there (RFC 6856 §3, RFC 2277 §4.5)."""


def lang(argument: bytes) -> tuple[bytes, ...]:
    """Return the answer to LANG: the listing, or what became of a wish; `*` is for the server to choose."""
    word = argument.strip(b" ").decode("latin-1").lower()
    if not word:
        lines = (f"{tag} {name}\r\n".encode() for tag, name in LANGUAGES.items())
        return b"+OK languages follow\r\n", *lines, TERMINATOR
    if word == "*":
        return (status_line("+OK", "i-default the default it is"),)
    # RFC 4647 §3.4: a range finds the tag that it extends
    for tag in LANGUAGES:
        if word == tag or word.startswith(f"{tag}-"):
            return (status_line("+OK", f"{tag} {LANGUAGES[tag]} it is"),)
    return (status_line("-ERR", f"no such language; there are {' '.join(LANGUAGES)}"),)
