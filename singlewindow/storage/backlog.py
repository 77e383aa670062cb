"""How much work is waiting: open questions and batches by agency, parties with many declarations, parked questions."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, case, func, select

from singlewindow.storage.tables import WAITING, batch, declaration, open_question, version


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
    """The waiting work of each agency at the moment `now`; agencies with nothing open are left out.

    Only open questions and batches are read: the cost does not grow with what is stored.
    """
    columns = (
        open_question.c.agency, func.count().label("open"), _count_where(WAITING).label("waiting"),
        _count_where(open_question.c.batch_id.is_not(None)).label("batched"),
        _count_where(open_question.c.awaiting).label("awaiting"),
        _count_where(open_question.c.parked).label("parked"),
        _count_where(open_question.c.deadline_at < now).label("overdue"),
        func.min(open_question.c.asked_at).label("oldest"),
    )  # fmt: skip
    rows = connection.execute(select(*columns).group_by(open_question.c.agency))
    found = {row.agency: Backlog(*row[1:]) for row in rows}
    lost = _count_where(batch.c.lease_until < now)
    leases = select(batch.c.agency, func.count(), lost, func.min(batch.c.created_at)).group_by(batch.c.agency)
    for agency, batches, expired, oldest in connection.execute(leases):
        standing = found.get(agency, Backlog())
        found[agency] = standing._replace(batches=batches, lost=expired, oldest_batch=oldest)
    return found


def parties_with_open(connection: Connection, least: int) -> list[str]:
    """The parties with at least this many undecided declarations; the cost grows only with the open questions."""
    query = (
        select(declaration.c.party)
        .join(version, version.c.declaration_id == declaration.c.id)
        .where(version.c.id.in_(select(open_question.c.version_id)))
        .group_by(declaration.c.party)
        .having(func.count() >= least)
    )
    return list(connection.execute(query).scalars())


def _count_where(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))


class WaitingQuestion(NamedTuple):
    """An open question with all that says why it waits; moments are microseconds.

    `lease_until` is until when its batch may be silent, and `claimed` whether a worker has that; None in no batch.
    """

    mrn: str
    number: int
    version_id: int
    agency: str
    round: int
    asked_at: int
    due_at: int
    deadline_at: int
    attempts: int
    parked: bool
    awaiting: bool
    failure: str | None
    taken_by: str | None
    taken_at: int | None
    batch_id: int | None
    lease_until: int | None
    claimed: bool | None


def waiting_questions(
    connection: Connection, asked_before: int, agency: str | None, mrn: str | None, limit: int
) -> list[WaitingQuestion]:
    """The questions that were asked before a moment and are open, the longest open first."""
    elsewhere = {"mrn": declaration.c.mrn, "number": version.c.number, "lease_until": batch.c.lease_until,
                 "claimed": batch.c.claimed}  # fmt: skip
    columns = [elsewhere[name] if name in elsewhere else open_question.c[name] for name in WaitingQuestion._fields]
    chosen = [open_question.c.asked_at < asked_before]
    chosen += [open_question.c.agency == agency] if agency else []
    chosen += [declaration.c.mrn == mrn] if mrn else []
    query = (
        select(*columns)
        .join(version, version.c.id == open_question.c.version_id)
        .join(declaration, declaration.c.id == version.c.declaration_id)
        .outerjoin(batch, batch.c.id == open_question.c.batch_id)
        .where(*chosen)
        .order_by(open_question.c.asked_at, open_question.c.version_id, open_question.c.agency)
        .limit(limit)
    )
    return [WaitingQuestion(*row) for row in connection.execute(query)]


class ParkedQuestion(NamedTuple):
    """A question that is no longer asked, until its deadline (microseconds) or an operator's retry."""

    mrn: str
    number: int
    agency: str
    attempts: int
    failure: str | None
    deadline_at: int


def parked_questions(connection: Connection) -> list[ParkedQuestion]:
    """The parked questions, the earliest deadline first."""
    query = (
        select(
            declaration.c.mrn, version.c.number, open_question.c.agency, open_question.c.attempts,
            open_question.c.failure, open_question.c.deadline_at,
        )
        .join(version, version.c.id == open_question.c.version_id)
        .join(declaration, declaration.c.id == version.c.declaration_id)
        .where(open_question.c.parked)
        .order_by(open_question.c.deadline_at, open_question.c.version_id, open_question.c.agency)
    )  # fmt: skip
    return [ParkedQuestion(*row) for row in connection.execute(query)]
