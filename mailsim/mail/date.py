"""Dates as header fields have them (RFC 5322 section 3.3)."""

from datetime import datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache


def header_date(moment: datetime) -> str:
    """The value of a Date field: in the moment's own time zone."""
    return _written(moment, moment.utcoffset())


def read_date(value: str) -> datetime | None:
    """The moment that a Date field names, in its own time zone or in none; None where it names none."""
    try:
        return parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


@lru_cache(maxsize=64)  # under a virtual clock many messages are written at one moment
def _written(moment: datetime, offset: timedelta | None) -> str:  # noqa: ARG001 - equal moments differ in their zones
    return format_datetime(moment)
