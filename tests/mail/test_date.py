"""Dates as header fields have them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsim.mail.date import header_date, read_date


def test_a_moment_is_told_in_its_own_time_zone() -> None:
    """Equal moments of two zones are two texts, whichever was asked for first."""
    moment = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
    there = moment.astimezone(timezone(timedelta(hours=-5)))

    assert header_date(moment) == "Mon, 23 Nov 2026 09:30:00 +0000"
    assert header_date(there) == "Mon, 23 Nov 2026 04:30:00 -0500"
    assert header_date(moment) == "Mon, 23 Nov 2026 09:30:00 +0000"


def test_dates_that_were_written_are_read() -> None:
    """The one is the other's inverse, to the second."""
    moment = datetime(2026, 11, 23, 9, 0, 7, tzinfo=timezone(timedelta(hours=5, minutes=30)))

    assert read_date(header_date(moment)) == moment


@given(
    st.text()
    | st.from_regex(r"[A-Z][a-z]{2}, [0-9]{1,9} [A-Z][a-z]{2} [0-9]{1,9} [0-9:]{1,12} [+-][0-9]{1,12}")
)
def test_no_date_raises(value: str) -> None:
    """Whatever stands there."""
    assert read_date(value) is None or isinstance(read_date(value), datetime)


@pytest.mark.parametrize(
    "value", ["", "today", "Mon, 99 Nov 2026 09:00:00 +0000", "Mon, 23 Nov 2026 09:00:00 +9999999999"]
)
def test_what_is_no_date(value: str) -> None:
    """Names no moment."""
    assert read_date(value) is None
