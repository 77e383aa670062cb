"""An inspection that nobody else changes meanwhile, as an officer of one of its agencies works on it."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection

from singlewindow.access.keys import Caller
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.transaction import Transaction
from singlewindow.declarations.rules.profiles import Profile
from singlewindow.storage import declarations
from singlewindow.storage.declarations import LockedVersion
from singlewindow.storage.engine.connect import clock
from singlewindow.storage.inspections import orders
from singlewindow.storage.inspections.orders import Inspection
from singlewindow.storage.trail import events
from singlewindow.storage.trail.events import Event
from singlewindow.times import iso


class InspectionEnded(Exception):  # noqa: N818 - an answer to the officer
    """Every item has its result, or another decision has taken this one's place."""

    def __init__(self, at: int) -> None:
        super().__init__(f"This inspection ended at {iso(at)}. Nothing more can be recorded in it.")


class LockedInspection(NamedTuple):
    """An inspection and its version."""

    transaction: Transaction
    version: LockedVersion
    inspection: Inspection

    @property
    def profile(self) -> Profile:
        """The profile of the country that inspects."""
        return self.transaction.rulebooks.profile_of(self.version.country)

    def need_open(self) -> None:
        """Raises InspectionEnded; a command asks once it knows that it was not given before."""
        if self.inspection.ended_at is not None:
            raise InspectionEnded(self.inspection.ended_at)

    def event(self, kind: events.Kind, caller: Caller, **more: object) -> Event:
        """An event about this inspection, with the officer's key and person, if an officer caused it."""
        detail: dict[str, object] = {"inspection": str(self.inspection.id)}
        if caller.agency:
            detail |= {"agency": caller.agency, "officer": caller.key_id, "person": caller.person}
        return Event(self.transaction.now, kind, caller.actor, self.version.version_id, detail | more)


def lock_inspection(
    context: ClearanceContext, connection: Connection, officer: Caller, inspection_id: int
) -> LockedInspection | None:
    """Lock an inspection, ended or not; None if the officer's agency takes no part in it."""
    found = orders.inspection_by_id(connection, inspection_id)
    if found is None or not found.concerns(officer.agency or ""):
        return None
    (version,) = declarations.lock_versions(connection, [found.version_id])
    standing = orders.inspection_by_id(connection, inspection_id) or found
    return LockedInspection(Transaction(connection, context.rulebooks, clock(connection)), version, standing)
