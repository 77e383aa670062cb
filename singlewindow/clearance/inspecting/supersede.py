"""What becomes of an inspection when its decision counts no more, and what the next one takes over from it."""

from __future__ import annotations

from typing import NamedTuple

from singlewindow.clearance.transaction import Transaction
from singlewindow.decisions.assessment import KEPT_ORDER
from singlewindow.inspections.results import Recorded, controls_by_item
from singlewindow.storage import assessments, declarations
from singlewindow.storage.declarations import LockedVersion, Move
from singlewindow.storage.engine.ids import new_id
from singlewindow.storage.inspections import orders, outcomes, slots
from singlewindow.storage.inspections.orders import Inspection
from singlewindow.storage.inspections.outcomes import StoredRecord


def end_orders(transaction: Transaction, version: LockedVersion, *, keep_slot: bool = False) -> None:
    """End the open orders about a (locked) version; their slots are free again, unless the next order takes them.

    So are slots that orders about earlier versions have kept for it.
    """
    orders.end_orders(transaction.connection, version.version_id, transaction.now)
    if not keep_slot:
        for each in orders.orders_of(transaction.connection, version.declaration_id):
            _free_slot(transaction, each)


def found_in_inspection(transaction: Transaction, version: LockedVersion) -> bool:
    """Whether an open inspection of a (locked) version has a result for an item, or a record that does not conform."""
    return any(
        outcomes.results_of(transaction.connection, each.id)
        or any(
            stored.record.recorded is Recorded.NOT_CONFORM
            for stored in outcomes.newest_records(transaction.connection, each.id).values()
        )
        for each in orders.open_orders_on(transaction.connection, version.version_id)
    )


def _free_slot(transaction: Transaction, ended: Inspection) -> None:
    """Give back the slot that an order which has ended still holds, if it is to come."""
    if ended.ended_at is not None and ended.slot_at is not None and ended.slot_at > transaction.now:
        slots.give_up(transaction.connection, ended.place, ended.slot_at)
        orders.change_inspection(transaction.connection, ended._replace(slot_at=None))


def reopen(transaction: Transaction, version: LockedVersion, move: Move) -> None:
    """Make a decided (locked) version undecided: its next decision has an order of its own."""
    declarations.reopen(transaction.connection, move)
    end_orders(transaction, version)


class Kept(NamedTuple):
    """A new order with the records that it takes over."""

    order: Inspection
    records: list[StoredRecord]


def carry_over(transaction: Transaction, version: LockedVersion, made: Inspection) -> Kept:
    """The new order with the place, the slot and the records of the one that it keeps, if it keeps one.

    It keeps the order of the version before if the amendment touched nothing that is inspected. An inspection that has
    begun, or that has results, is never replaced.
    """
    connection = transaction.connection
    before = orders.last_order(connection, version.declaration_id)
    if before is None:
        return Kept(made, [])
    if KEPT_ORDER not in assessments.newest_answers(connection, version.version_id):
        _free_slot(transaction, before)
        return Kept(made, [])
    orders.change_inspection(connection, before._replace(slot_at=None))  # the new one holds it
    controls = controls_by_item(made.controls)
    records = [
        each._replace(id=new_id(), inspection_id=made.id)
        for (item, control), each in outcomes.newest_records(connection, before.id).items()
        if control in controls.get(item, ())
    ]
    return Kept(made._replace(place=before.place, slot_at=before.slot_at), records)
