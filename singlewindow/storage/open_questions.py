"""Open questions to agencies (the outbox) and the batches that workers take them in.

A batch is a lease on its questions. It is claimed once; when the lease ends before the answers are in, the batch row is
deleted and its questions wait again under a new batch. Whoever still works for the old one finds its row gone: the
batch number is the fence.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Executable,
    and_,
    bindparam,
    delete,
    exists,
    func,
    select,
    update,
)

from singlewindow.storage.engine.bulk import among, insert_rows
from singlewindow.storage.engine.connect import statement_time
from singlewindow.storage.engine.ids import new_id
from singlewindow.storage.tables import FAILED, FRESH, Record, batch, declaration, open_question, version

_CLAIMED = (
    select(batch.c.created_at)
    .where(batch.c.id == open_question.c.batch_id, batch.c.claimed)
    .correlate(open_question)
    .scalar_subquery()
)
_DISPATCHED = func.coalesce(_CLAIMED, open_question.c.dispatched_at).label("dispatched_at")
"""When an open question was handed over for the last time: with the batch that a worker has in hand, or before."""


class Batch(NamedTuple):
    """A batch of `size` questions to one agency; `failed` where they failed before."""

    id: int
    agency: str
    size: int
    failed: bool = False


class Due(NamedTuple):
    """An agency to which questions are due and in no batch: such as it was never asked, such as failed before."""

    agency: str
    fresh: bool
    failed: bool


def waiting(connection: Connection, agencies: tuple[str, ...]) -> list[Due]:
    """Those of the agencies to which a question is due and in no batch; the cost does not grow with what waits."""
    found = connection.execute(_waiting(statement_time(connection), agencies)).one()
    each = map(Due, agencies, found[::2], found[1::2])
    return [due for due in each if due.fresh or due.failed]


@cache  # asked many times a second, and dear to build
def _waiting(now: ColumnElement[int], agencies: tuple[str, ...]) -> Executable:
    due = (
        (kind, open_question.c.agency == agency, open_question.c.due_at <= now)
        for agency in agencies
        for kind in (FRESH, FAILED)
    )
    return select(*(exists().where(*conditions) for conditions in due))


def open_batches(connection: Connection) -> dict[str, int]:
    """How many batches each agency has under way."""
    rows = connection.execute(select(batch.c.agency, func.count()).group_by(batch.c.agency))
    return {row[0]: row[1] for row in rows}


class Lot(NamedTuple):
    """How batches are made at the moment `now`, leased until `lease_until` (microseconds): how large they may be.

    Questions that failed before have batches of their own: they keep nobody waiting who asks for the first time.
    """

    now: int
    lease_until: int
    size: int
    failed_size: int


def make_batches(connection: Connection, lots: Iterable[tuple[Due, Lot]]) -> list[Batch]:
    """Put due questions into new batches, the oldest first: for each agency one of fresh ones, one of failed ones."""
    made, rows = [], []
    for due, lot in lots:
        kinds = [kind for kind, wanted in ((FRESH, due.fresh), (FAILED, due.failed)) if wanted]
        filled = [each for kind in kinds if (each := _filled(connection, due.agency, kind, lot)).size]
        made += filled
        rows += [{"id": each.id, "agency": each.agency, "created_at": lot.now, "lease_until": lot.lease_until,
                  "claimed": False} for each in filled]  # fmt: skip
    insert_rows(connection, batch, rows)
    return made


def _filled(connection: Connection, agency: str, kind: ColumnElement[bool], lot: Lot) -> Batch:
    batch_id, failed = new_id(), kind is FAILED
    chosen = {"batch": batch_id, "of": agency, "now": lot.now, "most": lot.failed_size if failed else lot.size}
    return Batch(batch_id, agency, len(connection.execute(_fill(kind), chosen).all()), failed)


@cache
def _fill(kind: ColumnElement[bool]) -> Executable:
    """Give the oldest due questions to the batch that is to be; those that another copy holds are passed over."""
    due = (
        kind,
        open_question.c.agency == bindparam("of"),
        open_question.c.due_at <= bindparam("now", type_=BigInteger),
    )
    oldest = (
        select(open_question.c.version_id)
        .where(*due)
        .order_by(open_question.c.due_at)
        .limit(bindparam("most", type_=BigInteger))
    )
    # Not a plain subquery: one that locks rows must run once, whatever the plan.
    chosen = select(oldest.with_for_update(skip_locked=True).cte("oldest").c.version_id)
    mine = and_(open_question.c.agency == bindparam("of"), open_question.c.version_id.in_(chosen))
    batched = update(open_question).where(mine).values(batch_id=bindparam("batch", type_=BigInteger))
    return batched.returning(open_question.c.version_id)


def claim(connection: Connection, batch_ids: Iterable[int], lease: int) -> dict[int, Record]:
    """Take batches for work, for `lease` microseconds from now: their rows by id.

    Those that another worker has, or that are no more, are left out.
    """
    statement = (
        update(batch)
        .where(among(connection, batch.c.id, batch_ids), batch.c.claimed.is_(False))
        .values(claimed=True, lease_until=statement_time(connection) + lease)
        .returning(batch.c.id, batch.c.agency, batch.c.created_at)
    )
    return {int(row.id): row for row in connection.execute(statement)}


def renew(connection: Connection, batch_ids: Iterable[int], lease: int) -> int:
    """Extend the leases to `lease` microseconds from now; how many are not lost."""
    until = statement_time(connection) + lease
    statement = update(batch).where(among(connection, batch.c.id, batch_ids)).values(lease_until=until)
    return connection.execute(statement).rowcount


def of_batches(connection: Connection, batch_ids: Iterable[int]) -> list[Record]:
    """The questions of batches."""
    query = (
        select(open_question)
        .where(among(connection, open_question.c.batch_id, batch_ids))
        .order_by(open_question.c.version_id)
    )
    return list(connection.execute(query))


def close_batches(connection: Connection, batch_ids: Iterable[int]) -> set[int]:
    """End batches; those that were still there. For one whose lease was lost nothing may be written."""
    ended = delete(batch).where(among(connection, batch.c.id, batch_ids)).returning(batch.c.id)
    return set(connection.execute(ended).scalars())


def answered(connection: Connection, batch_ids: Iterable[int]) -> set[tuple[int, str]]:
    """Take all questions that are left in these batches out of the outbox, by version id and agency.

    Each can be taken once only.
    """
    mine = among(connection, open_question.c.batch_id, batch_ids)
    taken = connection.execute(
        delete(open_question).where(mine).returning(open_question.c.version_id, open_question.c.agency)
    )
    return {(row.version_id, row.agency) for row in taken}


def take(connection: Connection, version_id: int, agency: str) -> Record | None:
    """Take one question that its agency has answered by itself out of the outbox; None where it is not open.

    `dispatched_at` is when it was handed over for the last time, None where it was not.
    """
    mine = and_(open_question.c.version_id == version_id, open_question.c.agency == agency)
    statement = delete(open_question).where(mine).returning(open_question.c.asked_at, _DISPATCHED)
    return connection.execute(statement).first()


class Retry(NamedTuple):
    """A question whose answer failed: ask it alone from `due_at` on, or park it once it was tried `attempts` times.

    `counts` is False where the agency was not asked: the question then waits as if it had not been in a batch.
    """

    version_id: int
    due_at: int
    failure: str
    attempts: int
    counts: bool = True


def ask_again(connection: Connection, batch: Record, retry: Retry) -> bool:
    """Put a failed question back; True where it is parked until its deadline instead."""
    tries = open_question.c.attempts + (1 if retry.counts else 0)
    asked = {"dispatched_at": batch.created_at} if retry.counts else {}
    statement = (
        update(open_question)
        .where(open_question.c.batch_id == batch.id, open_question.c.version_id == retry.version_id)
        .values(
            batch_id=None, attempts=tries, due_at=retry.due_at, failure=retry.failure, parked=tries >= retry.attempts,
            **asked,
        )
        .returning(open_question.c.parked)
    )  # fmt: skip
    return bool(connection.execute(statement).scalar())


def await_answer(connection: Connection, batch: Record, version_id: int) -> None:
    """Leave a question with its agency, which will send the answer by itself."""
    mine = and_(open_question.c.batch_id == batch.id, open_question.c.version_id == version_id)
    left = {"batch_id": None, "awaiting": True, "dispatched_at": batch.created_at}
    connection.execute(update(open_question).where(mine).values(**left))


def lost_batches(connection: Connection, now: int) -> bool:
    """Whether any batch's lease has run out."""
    return connection.execute(select(batch.c.id).where(batch.c.lease_until < now).limit(1)).first() is not None


def lock_lost(connection: Connection, now: int) -> list[Record]:
    """Lock the batches whose lease has run out; those that another copy takes back are passed over."""
    columns = (batch.c.id, batch.c.claimed, batch.c.created_at)
    expired = select(*columns).where(batch.c.lease_until < now).with_for_update(skip_locked=True)
    return list(connection.execute(expired))


def versions_in(connection: Connection, batch_ids: Iterable[int]) -> list[int]:
    """The versions that these batches ask about."""
    query = select(open_question.c.version_id).where(among(connection, open_question.c.batch_id, batch_ids)).distinct()
    return list(connection.execute(query).scalars())


def reclaim(connection: Connection, lost: Iterable[Record], attempts: int) -> list[Record]:
    """End these (locked) batches; the questions parked by that. A claimed one counts as an attempt of each question."""
    parked: list[Record] = []
    for row in lost:
        connection.execute(delete(batch).where(batch.c.id == row.id))
        tries = open_question.c.attempts + (1 if row.claimed else 0)
        failure = "the worker ended before it answered" if row.claimed else open_question.c.failure
        dispatched = row.created_at if row.claimed else open_question.c.dispatched_at
        free = {"batch_id": None, "attempts": tries, "failure": failure, "parked": tries >= attempts,
                "dispatched_at": dispatched}  # fmt: skip
        columns = (open_question.c.version_id, open_question.c.agency, open_question.c.failure, open_question.c.parked)
        freed = connection.execute(
            update(open_question).where(open_question.c.batch_id == row.id).values(**free).returning(*columns)
        )
        parked += [question for question in freed if question.parked]
    return parked


def parked_versions(connection: Connection, agency: str | None, mrn: str | None) -> list[int]:
    """The versions with a parked question: of all, of one agency, or of one declaration."""
    query = select(open_question.c.version_id).where(open_question.c.parked).distinct()
    if agency is not None:
        query = query.where(open_question.c.agency == agency)
    if mrn is not None:
        of_declaration = select(version.c.id).join(declaration, declaration.c.id == version.c.declaration_id)
        query = query.where(open_question.c.version_id.in_(of_declaration.where(declaration.c.mrn == mrn)))
    return list(connection.execute(query).scalars())


def put_back(connection: Connection, now: int, version_ids: Iterable[int], agency: str | None) -> list[Record]:
    """Ask parked questions on these (locked) versions again as if for the first time; the questions as parked."""
    chosen = [among(connection, open_question.c.version_id, version_ids), open_question.c.parked]
    if agency is not None:
        chosen.append(open_question.c.agency == agency)
    columns = (open_question.c.version_id, open_question.c.agency, open_question.c.attempts, open_question.c.failure)
    found = list(
        connection.execute(select(*columns).where(*chosen).order_by(open_question.c.version_id, open_question.c.agency))
    )
    connection.execute(update(open_question).where(*chosen).values(parked=False, attempts=0, due_at=now))
    return found


def overdue(connection: Connection, now: int, limit: int) -> list[int]:
    """Versions with a question whose deadline has passed."""
    query = select(open_question.c.version_id).where(open_question.c.deadline_at < now).distinct().limit(limit)
    return list(connection.execute(query).scalars())


def give_up(connection: Connection, version_ids: Iterable[int], now: int) -> list[Record]:
    """Take the overdue questions of these (locked) versions out of the outbox; `dispatched_at` as `take` says it."""
    late = and_(among(connection, open_question.c.version_id, version_ids), open_question.c.deadline_at < now)
    columns = (
        open_question.c.version_id,
        open_question.c.agency,
        open_question.c.asked_at,
        open_question.c.attempts,
        _DISPATCHED,
    )
    return list(connection.execute(delete(open_question).where(late).returning(*columns)))


def open_agencies(connection: Connection, version_id: int) -> set[str]:
    """The agencies that have yet to answer on a version."""
    return set(
        connection.execute(select(open_question.c.agency).where(open_question.c.version_id == version_id)).scalars()
    )
