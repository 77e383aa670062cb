"""Where and when goods are inspected: places open at certain hours, and take so many inspections an hour.

Pure: `singlewindow.storage.slots` counts what is booked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

from singlewindow.declarations.model import Tree, first_text
from singlewindow.declarations.rules.profiles import InspectionPlace
from singlewindow.times import MICROSECONDS, moment

HORIZON: Final = timedelta(days=60)
"""So far ahead slots can be booked."""
HOUR: Final = timedelta(hours=1)
LOCATIONS: Final = (
    "GoodsShipment/Consignment/GoodsLocation/Name", "GoodsShipment/Consignment/GoodsLocation/ID",
    "PresentationOffice/ID", "ExitOffice/ID",
)  # fmt: skip
"""Where a declaration says that the goods are, the most exact first (WCO)."""


def place_of(tree: Tree, seen_at: str, places: Sequence[InspectionPlace]) -> InspectionPlace | None:
    """The place that serves where the goods are, as reported on arrival or else as declared.

    None if no place of the country serves it: an officer must then name one.
    """
    named = (seen_at, *(first_text(tree, path) or "" for path in LOCATIONS))
    return next((place for where in named for place in places if where in place.serves), None)


def slots_after(place: InspectionPlace, after: int) -> Iterator[int]:
    """The beginnings of a place's slots after a moment, soonest first, up to the horizon (microseconds)."""
    zone = ZoneInfo(place.zone)
    first = moment(after).astimezone(zone).replace(minute=0, second=0, microsecond=0)
    at, end = first.astimezone(moment(after).tzinfo) + HOUR, moment(after) + HORIZON
    while at < end:
        if _is_open(place, at.astimezone(zone).weekday(), at.astimezone(zone).hour):
            yield int(at.timestamp()) * MICROSECONDS
        at += HOUR


def is_within_reach(at: int, now: int) -> bool:
    """Whether a moment is still to come, and not after the horizon (microseconds)."""
    return now < at < now + HORIZON // timedelta(microseconds=1)


def is_slot(place: InspectionPlace, at: int, now: int) -> bool:
    """Whether a slot of a place begins at a moment within reach."""
    return is_within_reach(at, now) and next(slots_after(place, max(at - 1, now)), None) == at


def _is_open(place: InspectionPlace, weekday: int, hour: int) -> bool:
    return weekday + 1 in place.days and place.opens <= hour < place.closes
