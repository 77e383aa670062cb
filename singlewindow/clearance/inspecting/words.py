"""What the party is told about its inspection, in words."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from singlewindow.declarations.rules.profiles import InspectionPlace
from singlewindow.times import moment


def appointment(place: InspectionPlace | None, slot_at: int | None) -> str:
    """Where and when the goods are inspected."""
    if place is None:
        return "The goods will be inspected. An officer will say where and when."
    if slot_at is None:
        return f"The goods will be inspected at {place.name}. An officer will say when."
    return f"The goods will be inspected at {place.name} on {_local(place, slot_at)}."


def moved(place: InspectionPlace, slot_at: int, reason: str) -> str:
    """Where and when they are inspected now, and why this has changed."""
    return f"The inspection is moved to {place.name} on {_local(place, slot_at)}. Reason: {reason}"


def _local(place: InspectionPlace, at: int) -> str:
    local: datetime = moment(at).astimezone(ZoneInfo(place.zone))
    return f"{local.day} {local:%B %Y at %H:%M} ({place.zone})"
