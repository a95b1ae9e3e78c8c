"""Dates as header fields have them."""

from datetime import UTC, datetime, timedelta, timezone

from mailsim.mail.date import header_date


def test_a_moment_is_told_in_its_own_time_zone() -> None:
    """Equal moments of two zones are two texts, whichever was asked for first."""
    moment = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
    there = moment.astimezone(timezone(timedelta(hours=-5)))

    assert header_date(moment) == "Mon, 23 Nov 2026 09:30:00 +0000"
    assert header_date(there) == "Mon, 23 Nov 2026 04:30:00 -0500"
    assert header_date(moment) == "Mon, 23 Nov 2026 09:30:00 +0000"
