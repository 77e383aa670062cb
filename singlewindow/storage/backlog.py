"""Small reads that are asked often: where a declaration stands, without its document, and how much work is waiting."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, case, func, select

from singlewindow.storage.tables import (
    WAITING,
    Record,
    assessment,
    batch,
    decision,
    declaration,
    open_question,
    version,
)


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
    """By agency: how and when its question on a version was closed, and the answer's body."""
    columns = (
        assessment.c.agency, assessment.c.answer, assessment.c.lane, assessment.c.answered_at, assessment.c.body
    )  # fmt: skip
    query = select(*columns).where(assessment.c.version_id == version_id)
    return {row.agency: row for row in connection.execute(query)}


class Backlog(NamedTuple):
    """What waits for one agency: numbers of questions and batches, and the moments the oldest of each began."""

    open: int = 0
    waiting: int = 0
    batched: int = 0
    awaiting: int = 0
    parked: int = 0
    overdue: int = 0
    oldest: int | None = None
    batches: int = 0
    lost: int = 0
    oldest_batch: int | None = None


def backlog(connection: Connection, now: int) -> dict[str, Backlog]:
    """By agency, what waits for it at the moment `now`; agencies with nothing open are left out.

    Only open questions and batches are read: the cost does not grow with what is stored.
    """
    columns = (
        open_question.c.agency, func.count().label("open"), _count(WAITING).label("waiting"),
        _count(open_question.c.batch_id.is_not(None)).label("batched"),
        _count(open_question.c.awaiting).label("awaiting"),
        _count(open_question.c.parked).label("parked"), _count(open_question.c.deadline_at < now).label("overdue"),
        func.min(open_question.c.asked_at).label("oldest"),
    )  # fmt: skip
    rows = connection.execute(select(*columns).group_by(open_question.c.agency))
    found = {row.agency: Backlog(*row[1:]) for row in rows}
    lost = _count(batch.c.lease_until < now)
    leases = select(batch.c.agency, func.count(), lost, func.min(batch.c.created_at)).group_by(batch.c.agency)
    for agency, batches, expired, oldest in connection.execute(leases):
        standing = found.get(agency, Backlog())
        found[agency] = standing._replace(batches=batches, lost=expired, oldest_batch=oldest)
    return found


def parties_with_open(connection: Connection, least: int) -> list[str]:
    """The parties with at least so many undecided declarations; the cost grows with the open questions only."""
    query = (
        select(declaration.c.party)
        .join(version, version.c.declaration_id == declaration.c.id)
        .where(version.c.id.in_(select(open_question.c.version_id)))
        .group_by(declaration.c.party)
        .having(func.count() >= least)
    )
    return list(connection.execute(query).scalars())


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))


def parked(connection: Connection) -> list[Record]:
    """The parked questions, the one whose deadline comes first before the others."""
    query = (
        select(declaration.c.mrn, version.c.number, open_question)
        .join(version, version.c.id == open_question.c.version_id)
        .join(declaration, declaration.c.id == version.c.declaration_id)
        .where(open_question.c.parked)
        .order_by(open_question.c.deadline_at, open_question.c.version_id, open_question.c.agency)
    )
    return list(connection.execute(query))
