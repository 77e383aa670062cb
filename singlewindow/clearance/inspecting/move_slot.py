"""Moving an inspection: an officer moves it, with a reason; the party asks for another time, with a reason."""

from __future__ import annotations

from typing import NamedTuple

from singlewindow.access.keys import Caller
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.deciding.announce import NO_DECISION, detailed, new_notice
from singlewindow.clearance.inspecting.locked import LockedInspection, lock_inspection
from singlewindow.clearance.inspecting.words import moved
from singlewindow.clearance.news import News, publish
from singlewindow.clearance.transaction import Transaction, changing
from singlewindow.declarations.rules.profiles import InspectionPlace
from singlewindow.inspections.slots import HORIZON, is_slot, is_within_reach
from singlewindow.life_cycle.milestones import Unlikely
from singlewindow.life_cycle.news import CONTROL, Detail
from singlewindow.storage import declarations
from singlewindow.storage.engine.connect import clock
from singlewindow.storage.inspections import orders, slots
from singlewindow.storage.trail import events


class NoRoom(Exception):  # noqa: N818 - an answer to the officer
    """The slot is full."""

    def __init__(self) -> None:
        super().__init__("Nothing more fits into this slot. Choose another one.")


class NewSlot(NamedTuple):
    """When an inspection is to begin (microseconds), and why; `place` is "" to stay where it is."""

    starts_at: int
    reason: str
    place: str = ""


class Moved(NamedTuple):
    """Where and when an inspection is now (microseconds); `replayed` if nothing has changed."""

    place: str
    slot_at: int | None
    replayed: bool = False


def move_slot(context: ClearanceContext, officer: Caller, inspection_id: int, wanted: NewSlot) -> Moved | None:
    """Move an inspection to another slot; None if the officer's agency takes no part in it.

    Raises Unlikely if the place has no such slot, NoRoom, or InspectionEnded.
    """
    with changing(context.engine) as connection:
        locked = lock_inspection(context, connection, officer, inspection_id)
        if locked is None:
            return None
        inspection, to, at = locked.inspection, _place(locked, wanted.place), wanted.starts_at
        if (inspection.place, inspection.slot_at) == (to.code, at):
            return Moved(to.code, at, replayed=True)
        locked.need_open()
        if not is_slot(to, at, locked.transaction.now):
            raise Unlikely(f"{to.name} has no slot at this time, or it is past.")
        if not slots.book(connection, to.code, to.capacity, at):
            raise NoRoom
        if inspection.slot_at is not None:
            slots.give_up(connection, inspection.place, inspection.slot_at)
        orders.change_inspection(connection, inspection._replace(place=to.code, slot_at=at, wished_at=None, wish=""))
        event = locked.event(events.Kind.SLOT_MOVED, officer, place=to.code, slot_at=at, reason=wanted.reason)
        version = locked.version
        notice = new_notice(version.party, version.version_id, CONTROL, locked.transaction.now)
        said = Detail(words=moved(to, at, wanted.reason), happened_at=at)
        publish(locked.transaction, [News((event,), (detailed(notice._replace(decision_number=NO_DECISION), said),))])
        return Moved(to.code, at)


def _place(locked: LockedInspection, code: str) -> InspectionPlace:
    wanted = code or locked.inspection.place
    found = next((each for each in locked.profile.inspection_places if each.code == wanted), None)
    if found is None:
        known = ", ".join(each.code for each in locked.profile.inspection_places) or "none"
        raise Unlikely(f"Name the place of the inspection. The places of {locked.profile.country} are: {known}.")
    return found


def ask_for_slot(context: ClearanceContext, party: Caller, mrn: str, at: int | None, reason: str) -> Moved | None:
    """The party asks for another time; None if no inspection of a declaration of its own is open.

    An officer moves it, or leaves it. A new wish takes the place of the one before. Raises Unlikely for a moment out of
    reach.
    """
    with changing(context.engine) as connection:
        version = declarations.lock_newest(connection, mrn, party.party)
        found = orders.open_orders_on(connection, version.version_id) if version is not None else []
        if version is None or not found:
            return None
        inspection = found[-1]
        shown = Moved(inspection.place, inspection.slot_at)
        if (inspection.wished_at, inspection.wish) == (at, reason):
            return shown._replace(replayed=True)
        locked = LockedInspection(Transaction(connection, context.rulebooks, clock(connection)), version, inspection)
        if at is not None and not is_within_reach(at, locked.transaction.now):
            raise Unlikely(f"Ask for a time within the next {HORIZON.days} days.")
        orders.change_inspection(connection, inspection._replace(wished_at=at, wish=reason))
        event = locked.event(events.Kind.SLOT_WISHED, party, wished_at=at, reason=reason)
        publish(locked.transaction, [News((event,))])
        return shown
