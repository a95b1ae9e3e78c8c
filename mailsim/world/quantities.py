"""Sizes and durations as people write them: `40 KB`, `2h`, `+15m`."""

import re
from datetime import timedelta

_SIZE = re.compile(r"(\d{1,15})(?:\.(\d{1,3}))?\s*([KMG]?)B?", re.IGNORECASE)
_SCALE = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3}
SIZES = r"^\s*\d{1,15}(\.\d{1,3})?\s*[KMGkmg]?[Bb]?\s*$"
"""All sizes, as editors know patterns (ECMA-262)."""
_DURATION = re.compile(r"\+?(?:\d{1,9}\s*[smhdw]\s*)+")
DURATIONS = r"^\s*\+?(\d{1,9}\s*[smhdw]\s*)+$"
"""All durations, as above."""
_PART = re.compile(r"(\d+)\s*([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
LONGEST = timedelta(days=36_500)


def octets(text: str) -> int:
    """The octets of a size such as `40 KB` (1 KB is 1024, as in R3.7); raises ValueError that says how to write one."""
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no size; write octets or a size such as '40 KB' or '12 MB'")
    whole, fraction, unit = match[1], match[2] or "0", match[3].upper()
    return int(float(f"{whole}.{fraction}") * _SCALE[unit])


def duration(text: str) -> timedelta:
    """The length of a time such as `2h`, `1d 12h` or `+15m`; raises ValueError that says how to write one."""
    if not _DURATION.fullmatch(text.strip()):
        raise ValueError(f"{text!r} is no duration; write such as '30s', '15m', '2h', '1d 12h' or '2w'")
    seconds = sum(int(number) * _SECONDS[unit] for number, unit in _PART.findall(text))
    if seconds > LONGEST.total_seconds():
        raise ValueError(f"{text!r} is longer than any simulation; write at most {LONGEST.days}d")
    return timedelta(seconds=seconds)
