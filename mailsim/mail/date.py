"""Dates as header fields have them (RFC 5322 section 3.3)."""

from datetime import datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache


def header_date(moment: datetime) -> str:
    """The value of a Date field: in the moment's own time zone."""
    return _written(moment, moment.utcoffset())


@lru_cache(maxsize=64)  # under a virtual clock many messages are written at one moment
def _written(moment: datetime, offset: timedelta | None) -> str:  # noqa: ARG001 - equal moments differ in their zones
    return format_datetime(moment)
