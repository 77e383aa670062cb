"""Inspection orders: what is to be done, where and when."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Select, select, update

from singlewindow.inspections.order import OrderedControl
from singlewindow.storage.engine.bulk import insert_rows
from singlewindow.storage.tables import Record, declaration, inspection, inspection_agency, version

_controls = msgspec.json.Decoder(tuple[OrderedControl, ...])


class Inspection(NamedTuple):
    """An inspection order; moments are microseconds. `lead` is customs, which takes part in all.

    `place` is "" and `slot_at` None while nobody has said them.
    """

    id: int
    version_id: int
    decision_number: int
    stored_controls: bytes
    lead: str
    ordered_at: int
    place: str
    slot_at: int | None
    wished_at: int | None = None
    wish: str = ""
    started_at: int | None = None
    ended_at: int | None = None

    @property
    def controls(self) -> tuple[OrderedControl, ...]:
        """What is to be done."""
        return _controls.decode(self.stored_controls)

    def concerns(self, agency: str) -> bool:
        """Whether an agency takes part: it asks for a control, or leads."""
        return agency == self.lead or any(agency in each.agencies for each in self.controls)


_INSPECTION = tuple(inspection.c[name if name != "stored_controls" else "controls"] for name in Inspection._fields)


def add_inspection(connection: Connection, row: Inspection) -> None:
    """Store an order; a second one for the same decision breaks a constraint."""
    columns = {("controls" if name == "stored_controls" else name): value for name, value in row._asdict().items()}
    agencies = sorted({row.lead, *(agency for each in row.controls for agency in each.agencies)})
    insert_rows(connection, inspection, [columns])
    insert_rows(connection, inspection_agency, [{"inspection_id": row.id, "agency": agency} for agency in agencies])


def find_inspection(connection: Connection, version_id: int, decision_number: int) -> Inspection | None:
    """The order of one decision."""
    mine = (inspection.c.version_id == version_id, inspection.c.decision_number == decision_number)
    row = connection.execute(select(*_INSPECTION).where(*mine)).first()
    return None if row is None else Inspection(*row)


def inspection_by_id(connection: Connection, inspection_id: int) -> Inspection | None:
    """One order."""
    row = connection.execute(select(*_INSPECTION).where(inspection.c.id == inspection_id)).first()
    return None if row is None else Inspection(*row)


def open_orders_on(connection: Connection, version_id: int) -> list[Inspection]:
    """The orders about a version that have not ended, oldest first."""
    waits = (inspection.c.version_id == version_id, inspection.c.ended_at.is_(None))
    return [
        Inspection(*row) for row in connection.execute(select(*_INSPECTION).where(*waits).order_by(inspection.c.id))
    ]


def end_orders(connection: Connection, version_id: int, now: int) -> None:
    """End the open orders about a (locked) version."""
    waits = (inspection.c.version_id == version_id, inspection.c.ended_at.is_(None))
    connection.execute(update(inspection).where(*waits).values(ended_at=now))


def orders_of(connection: Connection, declaration_id: int) -> list[Inspection]:
    """All orders about a declaration, oldest first."""
    query = select(*_INSPECTION).join(version, version.c.id == inspection.c.version_id)
    rows = connection.execute(query.where(version.c.declaration_id == declaration_id).order_by(inspection.c.id))
    return [Inspection(*row) for row in rows]


def last_order(connection: Connection, declaration_id: int) -> Inspection | None:
    """The newest order about a declaration."""
    return next(reversed(orders_of(connection, declaration_id)), None)


class Planned(NamedTuple):
    """An open order with what its list shows of the declaration."""

    mrn: str
    number: int
    stored_routing: bytes
    inspection: Inspection


_PLANNED: Select[Any] = (
    select(declaration.c.mrn, version.c.number, version.c.routing, *_INSPECTION)
    .join(version, version.c.id == inspection.c.version_id)
    .join(declaration, declaration.c.id == version.c.declaration_id)
)


def open_inspections(connection: Connection, agency: str, after: int, limit: int) -> list[Planned]:
    """Orders of an agency's that have not ended, with an id above `after`, oldest first."""
    query = (
        _PLANNED.join(inspection_agency, inspection_agency.c.inspection_id == inspection.c.id)
        .where(inspection_agency.c.agency == agency, inspection.c.ended_at.is_(None), inspection.c.id > after)
        .order_by(inspection.c.id)
        .limit(limit)
    )
    return [_planned(row) for row in connection.execute(query)]


def planned_inspection(connection: Connection, inspection_id: int, agency: str) -> Planned | None:
    """One order, ended or not; None if the agency takes no part in it."""
    row = connection.execute(_PLANNED.where(inspection.c.id == inspection_id)).first()
    found = None if row is None else _planned(row)
    return found if found is not None and found.inspection.concerns(agency) else None


def _planned(row: Record) -> Planned:
    return Planned(row[0], row[1], row[2], Inspection(*row[3:]))


def version_and_country(connection: Connection, version_id: int) -> tuple[int, str]:
    """A version's number and its declaration's country."""
    of_it = declaration.c.id == version.c.declaration_id
    query = select(version.c.number, declaration.c.country).join(declaration, of_it).where(version.c.id == version_id)
    number, country = connection.execute(query).one()
    return number, country


def change_inspection(connection: Connection, changed: Inspection) -> None:
    """Write what has changed of an order: controls, place, slot, wish, beginning and end."""
    names = ("place", "slot_at", "wished_at", "wish", "started_at", "ended_at")
    values = {"controls": changed.stored_controls} | {name: getattr(changed, name) for name in names}
    connection.execute(update(inspection).where(inspection.c.id == changed.id).values(**values))
