"""What officers record, the results of items, and overrides that need two persons."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, insert, select, update

from singlewindow.decisions.assessment import Control
from singlewindow.inspections.results import ControlRecord
from singlewindow.life_cycle.machine import State
from singlewindow.storage.engine.bulk import insert_rows, upsert
from singlewindow.storage.tables import control_record, item_result, result_override

_record = msgspec.json.Decoder(ControlRecord)
_items = msgspec.json.Decoder(tuple[str, ...])


class StoredRecord(NamedTuple):
    """What an officer has recorded about one control of one item; `body` is the JSON of a ControlRecord."""

    id: int
    inspection_id: int
    item: str
    control: str
    body: bytes
    agency: str
    officer: str
    person: str
    recorded_at: int

    @property
    def record(self) -> ControlRecord:
        """What was recorded."""
        return _record.decode(self.body)


def add_records(connection: Connection, rows: Iterable[StoredRecord]) -> None:
    """Store records."""
    insert_rows(connection, control_record, [row._asdict() for row in rows])


def newest_records(connection: Connection, inspection_id: int) -> dict[tuple[str, Control], StoredRecord]:
    """The record that counts of each item and control: the newest."""
    columns = (control_record.c[name] for name in StoredRecord._fields)
    mine = control_record.c.inspection_id == inspection_id
    rows = connection.execute(select(*columns).where(mine).order_by(control_record.c.id))
    return {(row.item, Control(row.control)): StoredRecord(*row) for row in rows}


class ItemResult(NamedTuple):
    """What has become of an item; `override_id` names the override that gave it, None if the records did."""

    inspection_id: int
    item: str
    result: str
    at: int
    override_id: int | None


def set_results(connection: Connection, rows: Iterable[ItemResult]) -> None:
    """Write results of items; a new result takes the place of an earlier one."""
    for row in rows:
        statement = upsert(connection, item_result).values(**row._asdict())
        changed = {name: statement.excluded[name] for name in ("result", "at", "override_id")}
        connection.execute(statement.on_conflict_do_update(index_elements=["inspection_id", "item"], set_=changed))


def results_of(connection: Connection, inspection_id: int) -> dict[str, State]:
    """What has become of the items so far."""
    columns = (item_result.c.item, item_result.c.result)
    rows = connection.execute(select(*columns).where(item_result.c.inspection_id == inspection_id))
    return {item: State(result) for item, result in rows}


class Override(NamedTuple):
    """What one officer asks for, and a second person's answer; `answered_at` is None while it waits."""

    id: int
    inspection_id: int
    stored_items: bytes
    result: str
    reason: str
    trader: str
    agency: str
    officer: str
    person: str
    asked_at: int
    agreed: int | None = None
    second_officer: str | None = None
    second_person: str | None = None
    answered_at: int | None = None
    words: str = ""

    @property
    def items(self) -> tuple[str, ...]:
        """The items that it is about."""
        return _items.decode(self.stored_items)


_OVERRIDE = tuple(result_override.c[name if name != "stored_items" else "items"] for name in Override._fields)


def recorded_since(connection: Connection, inspection_id: int, since: int) -> bool:
    """Whether an officer has recorded something after what has this id: ids grow with time."""
    newer = (control_record.c.inspection_id == inspection_id, control_record.c.id > since)
    return connection.execute(select(control_record.c.id).where(*newer).limit(1)).first() is not None


def add_override(connection: Connection, row: Override) -> None:
    """Store an override; a second one that waits for the same inspection breaks a constraint."""
    columns = {("items" if name == "stored_items" else name): value for name, value in row._asdict().items()}
    connection.execute(insert(result_override).values(**columns))


def overrides_of(connection: Connection, inspection_id: int) -> list[Override]:
    """All overrides of an inspection, oldest first."""
    mine = result_override.c.inspection_id == inspection_id
    rows = connection.execute(select(*_OVERRIDE).where(mine).order_by(result_override.c.id))
    return [Override(*row) for row in rows]


def answer_override(connection: Connection, answered: Override) -> None:
    """Write a second person's answer."""
    names = ("agreed", "second_officer", "second_person", "answered_at", "words")
    values = {name: getattr(answered, name) for name in names}
    connection.execute(update(result_override).where(result_override.c.id == answered.id).values(**values))
