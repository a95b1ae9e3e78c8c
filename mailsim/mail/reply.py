"""An SMTP reply: code, enhanced status code, text (RFC 5321 section 4.2, RFC 3463)."""

import re
from dataclasses import dataclass, field

_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?: |$)")


@dataclass(frozen=True, slots=True)
class Reply:
    """What an SMTP server answers to one command."""

    code: int
    """Three digits; 2yz done, 3yz go on, 4yz later, 5yz never."""
    text: str
    """May hold line feeds: one reply of several lines."""
    enhanced: str = ""
    """Such as `5.7.1`; empty where the server gave none."""
    accepted: bool = field(init=False, repr=False, compare=False)
    """True for 2yz and 3yz; no property, for it is asked of every command of every message."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "accepted", self.code < 400)  # how a frozen one is given it

    @classmethod
    def parse(cls, code: int, text: str) -> "Reply":
        """The reply a client read, its enhanced status code told apart from the text."""
        match = _ENHANCED.match(text)
        if match is None:
            return cls(code, text)
        status = match[1]
        return cls(code, text[match.end() :].replace(f"\n{status} ", "\n"), status)

    @property
    def transient(self) -> bool:
        """True for 4yz: the client may try again later."""
        return 400 <= self.code < 500

    def __str__(self) -> str:
        lines = (f"{self.enhanced} {line}".strip() for line in self.text.split("\n"))
        return f"{self.code} " + " ".join(lines)

    def wire(self) -> str:
        """The reply as an SMTP server sends it, CRLF between its lines, none after the last."""
        lines = [f"{self.enhanced} {line}".strip() for line in self.text.split("\n")]
        return "\r\n".join([f"{self.code}-{line}" for line in lines[:-1]] + [f"{self.code} {lines[-1]}"])
