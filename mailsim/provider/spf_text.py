"""One TXT record as somebody gave it: its strings, what they were meant to say, and what is wrong with them: pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mailsim.provider.spf_finding import SpfFinding, error, told, warning
from mailsim.provider.spf_record import VERSION, is_record, read_term

LONGEST_STRING = 255
"""Octets of one character-string (RFC 1035 section 3.3)."""
_QUOTED = re.compile(r'\s*"((?:[^"\\]|\\.)*)"\s*', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class SpfText:
    """One TXT record that was given."""

    strings: tuple[str, ...]
    """Its character-strings (RFC 1035 section 3.3.14), unquoted."""

    @classmethod
    def of(cls, record: str) -> "SpfText":
        """As a zone file has it, in one quoted string or several, or bare."""
        quoted = _QUOTED.findall(record)
        if not quoted or _QUOTED.sub("", record):
            return cls((record,))
        return cls(tuple(_ESCAPED.sub(r"\1", part) for part in quoted))

    @property
    def joined(self) -> str:
        """As receivers join it, without spaces (RFC 7208 section 3.3)."""
        return "".join(self.strings)

    @property
    def meant(self) -> str:
        """The record with a space where two strings met in one word that is no term."""
        meant = self.strings[0]
        for left, right in zip(self.strings, self.strings[1:], strict=False):
            meant += f" {right}" if _met(left, right) else right
        return meant.strip()

    def findings(self) -> Iterator[SpfFinding]:
        """What is wrong with it before its terms are read."""
        text = self.meant
        if text.lower().startswith("spf2.0"):
            yield warning(
                "sender-id", f"{told(text)}: Sender-ID, which receivers no longer read; take it away"
            )
        elif not is_record(text):
            if re.match(r"\W*(v\s*=\s*)?spf", text, re.IGNORECASE):
                yield error("not-spf", f"{told(text)}: no SPF record; it must begin with '{VERSION} '")
            else:
                yield warning("other-text", f"{told(text)}: another kind of TXT record; it stays as it is")
        else:
            yield from self._faults()

    def _faults(self) -> Iterator[SpfFinding]:
        if re.search(r"[^ \S]|^ ", self.joined):
            yield error("white-space", "only spaces part terms, and none stands before 'v=spf1'")
        longest = max(len(part.encode("utf-8", "replace")) for part in self.strings)
        if longest > LONGEST_STRING:
            severity = error if len(self.strings) > 1 else warning
            yield severity(
                "long-string",
                f"a string of {longest} octets: a TXT record's strings have {LONGEST_STRING} at most; publish several, which are joined without a space",
            )
        for left, right in zip(self.strings, self.strings[1:], strict=False):
            if word := _met(left, right):
                yield error(
                    "strings-joined",
                    f"strings are joined without a space: {told(word)} is one term; end the first string with a space",
                )


def _met(left: str, right: str) -> str:
    """The word that two strings make where they meet, if it is no term though both its parts may be; else empty."""
    parts = left.rpartition(" ")[2], right.partition(" ")[0]
    word = "".join(parts)
    if not all(parts) or is_record(word) or VERSION.startswith(word.lower()):
        return ""
    return word if left.lower() == VERSION or read_term(word).fault else ""
