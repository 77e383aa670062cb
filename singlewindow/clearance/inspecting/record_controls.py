"""Officers record how controls went; when an item has all of them, its result follows."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from singlewindow.access.keys import Caller
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.inspecting.conclude import conclude
from singlewindow.clearance.inspecting.locked import LockedInspection, lock_inspection
from singlewindow.clearance.news import News, publish
from singlewindow.clearance.transaction import changing
from singlewindow.decisions.assessment import Control
from singlewindow.inspections.results import ControlRecord, Recorded, Unfit, checked, controls_by_item
from singlewindow.life_cycle.machine import TRANSITIONS, State, Step
from singlewindow.storage import declarations
from singlewindow.storage.documents import files
from singlewindow.storage.engine.ids import new_id
from singlewindow.storage.inspections import orders, outcomes
from singlewindow.storage.inspections.outcomes import StoredRecord
from singlewindow.storage.trail import events


class RecordReceipt(NamedTuple):
    """What is recorded, and the results of all items so far; `replayed` if the same was recorded before."""

    mrn: str
    recorded_at: int
    state: State
    results: dict[str, State]
    replayed: bool = False


class RecordMade(NamedTuple):
    """What an officer says about one control of some items; no items are all those of the control."""

    control: Control
    items: tuple[str, ...]
    said: ControlRecord


def record_controls(
    context: ClearanceContext, officer: Caller, inspection_id: int, record: RecordMade
) -> RecordReceipt | None:
    """Store a record; None if the officer's agency takes no part in the inspection.

    Raises Unfit if the record is incomplete or the order has no such control for this agency, and InspectionEnded. The
    same again gets the same receipt. A correction is a new record, as long as the item has no result.
    """
    with changing(context.engine) as connection:
        locked = lock_inspection(context, connection, officer, inspection_id)
        if locked is None:
            return None
        gone = locked.version.state is State.DOCUMENTS_ASKED_AFTER_RELEASE
        said = checked(record.said, record.control, gone=gone)
        _check_recognised(locked, said)
        _check_evidence(locked, said)
        items = _items(locked, officer.agency or "", record)
        newest = outcomes.newest_records(connection, inspection_id)
        stands = [newest.get((item, record.control)) for item in items]
        if all(each is not None and each.record == said for each in stands):
            return _receipt(locked, max(each.recorded_at for each in stands if each), replayed=True)
        locked.need_open()
        _check_open(locked, items)
        _store(locked, officer, items, record.control, said)
        locked = _start(locked, record.control, said)
        event = _event(locked, officer, items, record.control, said)
        results = conclude(locked.transaction, locked.version, locked.inspection, officer.actor)
        publish(locked.transaction, [event, results])
        return _receipt(locked, locked.transaction.now)


def _check_recognised(locked: LockedInspection, said: ControlRecord) -> None:
    if said.done_by and said.done_by not in locked.profile.recognised:
        known = ", ".join(sorted(locked.profile.recognised)) or "none"
        raise Unfit(f"The controls of {said.done_by!r} are not recognised. Recognised are: {known}.")


def _check_evidence(locked: LockedInspection, said: ControlRecord) -> None:
    if said.evidence:
        given = files.documents_of(locked.transaction.connection, locked.version.declaration_id)
        missing = {*said.evidence} - {each.sha256.hex() for each in given}
        if missing:
            raise Unfit(f"The document {min(missing)} in `evidence` was not given. Give it first.")


def _items(locked: LockedInspection, agency: str, record: RecordMade) -> tuple[str, ...]:
    """The items that the record is about; each must have this control, asked for by this agency."""
    mine = [each for each in locked.inspection.controls if each.control is record.control and agency in each.agencies]
    offered = [item for each in mine for item in each.items]
    if not offered:
        raise Unfit(f"Your agency has no control {record.control.value!r} in this inspection.")
    wrong = [item for item in record.items if item not in set(offered)]
    if wrong:
        raise Unfit(f"Item {wrong[0]} has no control {record.control.value!r} of your agency in this inspection.")
    return record.items or tuple(offered)


def _check_open(locked: LockedInspection, items: Sequence[str]) -> None:
    results = outcomes.results_of(locked.transaction.connection, locked.inspection.id)
    ended = next((item for item in items if item in results), None)
    if ended is not None:
        raise Unfit(
            f"Item {ended} is {results[ended].value} already. While the inspection is open, an override changes that."
        )


def _store(
    locked: LockedInspection, officer: Caller, items: Sequence[str], control: Control, said: ControlRecord
) -> None:
    body = msgspec.json.encode(said)
    rows = (
        StoredRecord(new_id(), locked.inspection.id, item, control, body, officer.agency or "", officer.key_id,
                     officer.person, locked.transaction.now)
        for item in items
    )  # fmt: skip
    outcomes.add_records(locked.transaction.connection, rows)


def _start(locked: LockedInspection, control: Control, said: ControlRecord) -> LockedInspection:
    """The inspection begins with the first control that touches the goods, or that finds what does not conform."""
    transaction, version, inspection = locked
    only_papers = control is Control.DOCUMENTS and said.recorded is not Recorded.NOT_CONFORM
    if only_papers or inspection.started_at is not None:
        return locked
    begun = inspection._replace(started_at=transaction.now)
    orders.change_inspection(transaction.connection, begun)
    if (version.state, Step.INSPECTION_STARTED) in TRANSITIONS:
        move = transaction.move(version, Step.INSPECTION_STARTED)
        declarations.enter_state(transaction.connection, move)
        version = version._replace(stored_state=move.state, state_until=move.until, due_at=move.due_at)
    return LockedInspection(transaction, version, begun)


def _event(
    locked: LockedInspection, officer: Caller, items: Sequence[str], control: Control, said: ControlRecord
) -> News:
    hit = said.found != ()
    detail = {"control": str(control), "count": len(items), "recorded": str(said.recorded), "hit": hit,
              "done_by": said.done_by, "items_sha256": hashlib.sha256(" ".join(items).encode()).hexdigest(),
              "sha256": hashlib.sha256(msgspec.json.encode(said)).hexdigest(),
              "items": list(items[:50]), "state": str(locked.version.state)}  # fmt: skip
    return News((locked.event(events.Kind.CONTROL_RECORDED, officer, **detail),))


def _receipt(locked: LockedInspection, at: int, *, replayed: bool = False) -> RecordReceipt:
    results = outcomes.results_of(locked.transaction.connection, locked.inspection.id)
    open_items = controls_by_item(locked.inspection.controls).keys() - results.keys()
    begun = bool(results) and (locked.version.state, Step.INSPECTION_STARTED) in TRANSITIONS
    standing = State.UNDER_INSPECTION if begun else locked.version.state
    state = standing if open_items else max(results.values(), key=list(State).index)
    return RecordReceipt(locked.version.mrn, at, state, results, replayed)
