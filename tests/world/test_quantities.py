import re
from datetime import timedelta

import pytest

from mailsim.world.quantities import DURATIONS, SIZES, duration, octets


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", 0),
        ("17", 17),
        ("40 KB", 40 * 1024),
        ("40kb", 40 * 1024),
        ("1.5 MB", 1_572_864),
        ("12M", 12 * 1024 * 1024),
        (" 2 GB ", 2 * 1024**3),
        ("10 B", 10),
    ],
)
def test_a_size_is_counted_in_octets(text: str, expected: int) -> None:
    """One KB is 1,024 octets, as in R3.7."""
    assert octets(text) == expected
    assert re.search(SIZES, text)


@pytest.mark.parametrize("text", ["", "KB", "-1", "1,5 MB", "40 TB", "4 0", "1" * 16])
def test_what_is_no_size_is_refused_with_an_example(text: str) -> None:
    """The error names the value and shows how to write one."""
    with pytest.raises(ValueError, match="'40 KB'"):
        octets(text)
    assert not re.search(SIZES, text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30s", timedelta(seconds=30)),
        ("+15m", timedelta(minutes=15)),
        ("2h", timedelta(hours=2)),
        ("1d 12h", timedelta(days=1, hours=12)),
        ("2w", timedelta(weeks=2)),
        ("1h30m", timedelta(minutes=90)),
    ],
)
def test_a_duration_adds_up_its_parts(text: str, expected: timedelta) -> None:
    """Parts may stand together or apart, with or without a plus."""
    assert duration(text) == expected
    assert re.search(DURATIONS, text)


@pytest.mark.parametrize("text", ["", "2", "h", "-2h", "2 hours", "2h5", "999999999w"])
def test_what_is_no_duration_is_refused_with_an_example(text: str) -> None:
    """The error names the value and shows how to write one."""
    with pytest.raises(ValueError, match="; write "):
        duration(text)
