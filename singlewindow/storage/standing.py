"""Small reads that are asked often: where a declaration stands, without its document, and how much work is waiting."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, func, select

from singlewindow.storage.tables import Record, assessment, batch, decision, declaration, outbox, version


def newest(connection: Connection, mrn: str, party: str | None) -> Record | None:
    """The newest version of one declaration with its decision's row, if this reader may see it (None may see all)."""
    query = (
        select(
            declaration.c.id.label("declaration_id"), declaration.c.mrn, version.c.id.label("version_id"),
            version.c.number, decision.c.number.label("decision_number"), decision.c.outcome, decision.c.body,
            decision.c.fingerprint, decision.c.decided_at,
        )
        .join(version, version.c.declaration_id == declaration.c.id)
        .outerjoin(decision, decision.c.version_id == version.c.id)
        .where(declaration.c.mrn == mrn)
        .order_by(version.c.number.desc())
        .limit(1)
    )  # fmt: skip
    return connection.execute(query if party is None else query.where(declaration.c.party == party)).first()


def answered(connection: Connection, version_id: int) -> dict[str, Record]:
    """By agency: how and when its question on a version was closed."""
    columns = (assessment.c.agency, assessment.c.answer, assessment.c.lane, assessment.c.answered_at)
    query = select(*columns).where(assessment.c.version_id == version_id)
    return {row.agency: row for row in connection.execute(query)}


class Backlog(NamedTuple):
    """What waits: by agency the open questions, the oldest one's `asked_at` and the parked ones; and open batches."""

    waiting: dict[str, int]
    oldest: dict[str, int]
    parked: dict[str, int]
    batches: dict[str, int]


def backlog(connection: Connection) -> Backlog:
    """Count what waits, from the record itself."""
    columns = (outbox.c.agency, outbox.c.parked, func.count().label("n"), func.min(outbox.c.asked_at).label("oldest"))
    waiting: dict[str, int] = {}
    oldest: dict[str, int] = {}
    parked: dict[str, int] = {}
    for row in connection.execute(select(*columns).group_by(outbox.c.agency, outbox.c.parked)):
        waiting[row.agency] = waiting.get(row.agency, 0) + row.n
        oldest[row.agency] = min(row.oldest, oldest.get(row.agency, row.oldest))
        parked[row.agency] = parked.get(row.agency, 0) + (row.n if row.parked else 0)
    under_way = connection.execute(select(batch.c.agency, func.count()).group_by(batch.c.agency))
    return Backlog(waiting, oldest, parked, {row[0]: row[1] for row in under_way})
