"""Inspections as their readers see them: officers of the agencies that take part, and the party of the goods."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Engine

from singlewindow.access.keys import Caller
from singlewindow.agencies.agency import Agency
from singlewindow.agencies.routing import Routing, items_of, read_routing
from singlewindow.decisions.assessment import Control
from singlewindow.declarations.rules import Rulebooks
from singlewindow.enquiries.declarations import seen_by, visible_party
from singlewindow.enquiries.shapes import (
    ControlShown,
    InspectionContent,
    InspectionPage,
    OverrideShown,
    OwnInspection,
    PlannedInspection,
    RecordShown,
)
from singlewindow.life_cycle.machine import State
from singlewindow.storage import declarations
from singlewindow.storage.engine.row_security import of_agency, reading_as
from singlewindow.storage.inspections import orders, outcomes
from singlewindow.storage.inspections.orders import Inspection, Planned
from singlewindow.storage.inspections.outcomes import Override, StoredRecord
from singlewindow.times import iso


def read_inspections(engine: Engine, agency: Agency, after: int, limit: int) -> InspectionPage:
    """The open inspections in which an agency takes part, with an id above `after`, at most `limit`."""
    with reading_as(engine, of_agency(agency.code)) as connection:
        found = orders.open_inspections(connection, agency.code, after, limit)
    shown = [_planned(agency.code, each) for each in found]
    return InspectionPage(shown, str(found[-1].inspection.id if found else after))


def read_inspection(engine: Engine, agency: Agency, inspection_id: int) -> InspectionContent | None:
    """One inspection; None if the agency takes no part in it."""
    with reading_as(engine, of_agency(agency.code)) as connection:
        planned = orders.planned_inspection(connection, inspection_id, agency.code)
        if planned is None:
            return None
        records = outcomes.newest_records(connection, inspection_id)
        results = outcomes.results_of(connection, inspection_id)
        overrides = outcomes.overrides_of(connection, inspection_id)
    shown = _planned(agency.code, planned)
    seen = {(item, each.control) for each in shown.controls for item in each.items}
    items = {item for item, _ in seen}
    return InspectionContent(
        inspection=shown,
        records=[_record_shown(*key, each) for key, each in records.items() if key in seen],
        results={item: result for item, result in results.items() if item in items},
        overrides=[override_shown(each) for each in overrides if items.issuperset(each.items)],
        ended_at=iso(planned.inspection.ended_at),
    )


def read_own_inspection(engine: Engine, rulebooks: Rulebooks, reader: Caller, mrn: str) -> OwnInspection | None:
    """The newest inspection of a declaration of the reader's, or of any for the auditor; None if there is none."""
    owner = visible_party(reader)
    with reading_as(engine, seen_by(reader)) as connection:
        current = declarations.newest_version(connection, mrn, owner)
        found = None if current is None else orders.last_order(connection, current.summary.declaration_id)
        if current is None or found is None:
            return None
        results = outcomes.results_of(connection, found.id)
        number, country = orders.version_and_country(connection, found.version_id)
    places = rulebooks.profile_of(country).inspection_places
    return OwnInspection(
        mrn=mrn,
        version=number,
        place=found.place,
        place_name=next((each.name for each in places if each.code == found.place), ""),
        slot_at=iso(found.slot_at),
        wished_at=iso(found.wished_at),
        wish=found.wish,
        controls=list(dict.fromkeys(each.control for each in found.controls)),
        results=results,
        ended_at=iso(found.ended_at),
    )


def _planned(agency: str, planned: Planned) -> PlannedInspection:
    inspection = planned.inspection
    return PlannedInspection(
        inspection=str(inspection.id),
        mrn=planned.mrn,
        version=planned.number,
        place=inspection.place,
        slot_at=iso(inspection.slot_at),
        wished_at=iso(inspection.wished_at),
        wish=inspection.wish,
        ordered_at=iso(inspection.ordered_at) or "",
        started_at=iso(inspection.started_at),
        controls=list(_controls(agency, inspection, read_routing(planned.stored_routing))),
    )


def _controls(agency: str, inspection: Inspection, routing: list[Routing]) -> Iterator[ControlShown]:
    """The agency's own controls, and others' on items that concern it; who asks for those is not said."""
    concerned = set(items_of(routing, agency))
    for each in inspection.controls:
        own = agency in each.agencies
        items = [item for item in each.items if own or not concerned or item in concerned]
        if items:
            yield ControlShown(control=each.control, items=items, own=own)


def _record_shown(item: str, control: str, stored: StoredRecord) -> RecordShown:
    record = stored.record
    return RecordShown(
        item=item,
        control=Control(stored.control),
        recorded=record.recorded,
        result=record.result,
        found=list(record.found),
        words=record.words,
        done_by=record.done_by,
        evidence=list(record.evidence),
        recorded_at=iso(stored.recorded_at) or "",
    )


def override_shown(override: Override) -> OverrideShown:
    """An override as officers see it."""
    return OverrideShown(
        override=str(override.id),
        items=list(override.items),
        result=State(override.result),
        reason=override.reason,
        person=override.person,
        asked_at=iso(override.asked_at) or "",
        agreed=None if override.agreed is None else bool(override.agreed),
        second_person=override.second_person,
        answered_at=iso(override.answered_at),
        words=override.words,
    )
