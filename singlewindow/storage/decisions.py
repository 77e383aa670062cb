"""Decisions, numbered for each version and never changed: the version names the number of the current one.

First decisions have a table of their own, which older processes know; later ones are in `later_decision`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, and_, func, select, true

from singlewindow.storage.engine.bulk import insert_new_rows
from singlewindow.storage.tables import decision, later_decision, version


class Decision(NamedTuple):
    """A decision on a version; `number` counts the version's from 1, `body` is the JSON of the Verdict."""

    version_id: int
    number: int
    outcome: Literal["release", "inspect"]
    lane: str
    contradictory: bool
    fingerprint: str
    body: bytes
    decided_at: int


def add_decisions(connection: Connection, rows: Sequence[Decision]) -> set[int]:
    """Insert decisions; the versions that had none with this number before."""
    first = [row._asdict() for row in rows if row.number == 1]
    later = [row._asdict() for row in rows if row.number > 1]
    added = insert_new_rows(connection, decision, first, ("version_id",))
    return added | insert_new_rows(connection, later_decision, later, ("version_id", "number"))


def current_decision(connection: Connection, version_id: int) -> Decision | None:
    """The current decision on a version, if there is one."""
    query = with_decision(select(*DECISION).select_from(version), version.c.id, version.c.decision_number)
    row = connection.execute(query.where(version.c.id == version_id)).one()
    return read_decision(*row)


def last_decision(connection: Connection, declaration_id: int) -> Decision | None:
    """The newest decision on a declaration: on its newest version that has one."""
    found = []
    for table in (decision, later_decision):
        columns = (table.c[name] for name in Decision._fields)
        query = select(version.c.number.label("version"), *columns).join(version, version.c.id == table.c.version_id)
        rows = connection.execute(query.where(version.c.declaration_id == declaration_id))
        found += [(row[0], Decision(*row[1:])) for row in rows]
    return max(found, key=lambda each: (each[0], each[1].number))[1] if found else None


ALWAYS: Final = true()


def with_decision(
    query: Select[Any], version_id: ColumnElement[int], number: ColumnElement[int],
    where: ColumnElement[bool] = ALWAYS,
) -> Select[Any]:  # fmt: skip
    """The query with the decision of this number on a version joined, if there is one and the condition holds."""
    for table in (decision, later_decision):
        query = query.outerjoin(table, and_(table.c.version_id == version_id, table.c.number == number, where))
    return query


def decision_column(name: str) -> ColumnElement[Any]:
    """A column of the decision that `with_decision` joins, wherever it is kept."""
    return func.coalesce(decision.c[name], later_decision.c[name]).label(name)


DECISION = tuple(decision_column(name) for name in Decision._fields)


def read_decision(*row: Any) -> Decision | None:
    """The decision from its columns; None if nothing was joined."""
    return None if row[0] is None else Decision(*row)
