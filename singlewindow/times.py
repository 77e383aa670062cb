"""Moments: whole microseconds since 1970 UTC inside, `datetime` and ISO 8601 outside.

The application's own clock is read only here. It gives days and ids; the database's clock decides what is due or late.
Tests set it wrong with `CLOCK_OFFSET_S`.
"""

from __future__ import annotations

import os
import time
from datetime import UTC, date, datetime, timedelta

MICROSECONDS = 1_000_000
NANOSECONDS = 1_000_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_offset = int(float(os.environ.get("CLOCK_OFFSET_S", "0")) * NANOSECONDS)


def application_clock() -> int:
    """The time of this machine in nanoseconds since 1970 UTC; never use it for leases, deadlines or events."""
    return time.time_ns() + _offset


def today() -> date:
    """The current day in UTC."""
    return moment(application_clock() // 1_000).date()


def moment(microseconds: int) -> datetime:
    """The UTC datetime of a moment, exact to the microsecond."""
    return _EPOCH + timedelta(microseconds=microseconds)


def microseconds(when: datetime) -> int:
    """The moment of an aware datetime; raises ValueError if it has no time zone."""
    if when.tzinfo is None:
        raise ValueError(f"{when.isoformat()} has no time zone. Write, for example, 2026-01-31T12:00:00Z")
    return (when - _EPOCH) // timedelta(microseconds=1)


def iso(instant: int | None) -> str | None:
    """ISO 8601 with a Z, as the API writes moments; None stays None."""
    return None if instant is None else moment(instant).isoformat(timespec="microseconds").replace("+00:00", "Z")
