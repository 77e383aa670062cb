"""The milestones of a release time study that others than the service know, reported by the parties that do.

WCO Guide to Measure the Time Required for the Release of Goods, version 3 (2018): the moments before and around the
declaration.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Milestone(StrEnum):
    """What happened to the goods."""

    MEANS_ARRIVED = "means-arrived"
    UNLOADED = "unloaded"
    PLACED_UNDER_CONTROL = "placed-under-control"
    DUTY_PAID = "duty-paid"
    EXITED = "exited"


class Report(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One milestone: `happened_at` in microseconds, `place` in the reporter's words."""

    milestone: Milestone
    happened_at: int
    place: str = ""


class Unlikely(Exception):  # noqa: N818 - an answer to the reporter
    """The moment of a report cannot be right."""


def check_moment(happened_at: int, now: int, oldest: int) -> None:
    """Raises Unlikely for a moment in the future, or more than `oldest` microseconds ago."""
    if happened_at > now:
        raise Unlikely("The moment given is in the future. Report what has happened, with its time zone.")
    if happened_at < now - oldest:
        raise Unlikely("The moment given is too long ago. Check the date, and ask the operator if it is right.")
