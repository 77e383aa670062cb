"""Assessments and decisions: one answer per version and agency, one decision per version, both by primary key.

Beside them, the answers that came when their question had been closed: kept for the record, read by no decision.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, exists, select

from singlewindow.storage.engine.bulk import among, insert_new_rows, insert_rows
from singlewindow.storage.tables import Record, assessment, decision, late_assessment, open_question


def add_assessments(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Insert answers; a second one for the same question would break the primary key and undo the transaction."""
    insert_rows(connection, assessment, rows)


def complete(connection: Connection, version_ids: Iterable[int]) -> dict[int, list[bytes]]:
    """Of these versions those that have answers and wait for none, in the order of their ids.

    Each with the bodies of its answers, sorted by agency.
    """
    waits = exists().where(open_question.c.version_id == assessment.c.version_id)
    query = (
        select(assessment.c.version_id, assessment.c.body)
        .where(among(connection, assessment.c.version_id, version_ids), ~waits)
        .order_by(assessment.c.version_id, assessment.c.agency)
    )
    found: dict[int, list[bytes]] = {}
    for version_id, body in connection.execute(query):
        found.setdefault(version_id, []).append(body)
    return found


def assessment_of(connection: Connection, version_id: int, agency: str) -> Record | None:
    """How one question was closed; None while it is open."""
    mine = (assessment.c.version_id == version_id, assessment.c.agency == agency)
    return connection.execute(select(assessment).where(*mine)).first()


def add_late(connection: Connection, row: dict[str, Any]) -> bool:
    """Keep an answer that came too late; False where one is kept already."""
    return bool(insert_new_rows(connection, late_assessment, [row], ("version_id", "agency")))


def late_of(connection: Connection, version_id: int, agency: str) -> Record:
    """The late answer that is kept for a question."""
    mine = (late_assessment.c.version_id == version_id, late_assessment.c.agency == agency)
    return connection.execute(select(late_assessment).where(*mine)).one()


def add_decisions(connection: Connection, rows: Sequence[dict[str, Any]]) -> set[int]:
    """Insert decisions; the versions that had none before."""
    return insert_new_rows(connection, decision, rows, ("version_id",))


def decision_of(connection: Connection, version_id: int) -> Record | None:
    """The decision on a version, if there is one."""
    return connection.execute(select(decision).where(decision.c.version_id == version_id)).first()
