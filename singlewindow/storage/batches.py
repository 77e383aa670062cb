"""The batches of open questions that workers take, and their leases.

A batch is a lease on its questions. It is claimed once; if the lease ends before the answers are in, the batch row is
deleted and its questions wait for a new batch. A worker that still has the old batch finds its row gone: the batch
number is the fence.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Executable,
    and_,
    bindparam,
    case,
    cast,
    column,
    delete,
    exists,
    func,
    select,
    update,
    values,
)

from singlewindow.storage.engine.bulk import insert_rows, is_among
from singlewindow.storage.engine.connect import statement_time
from singlewindow.storage.engine.ids import new_id
from singlewindow.storage.open_questions import Parked
from singlewindow.storage.tables import FAILED, FRESH, batch, open_question


class Batch(NamedTuple):
    """A batch of `size` questions to one agency; `failed` if they failed before."""

    id: int
    agency: str
    size: int
    failed: bool = False


class Due(NamedTuple):
    """An agency with due questions that are in no batch: whether some are fresh, and whether some failed before."""

    agency: str
    fresh: bool
    failed: bool


def find_due(connection: Connection, agencies: tuple[str, ...]) -> list[Due]:
    """The agencies with due questions that are in no batch; the cost does not grow with the waiting work."""
    found = connection.execute(_any_due(statement_time(connection), agencies)).one()
    each = map(Due, agencies, found[::2], found[1::2])
    return [due for due in each if due.fresh or due.failed]


@cache  # needed many times a second, and expensive to build
def _any_due(now: ColumnElement[int], agencies: tuple[str, ...]) -> Executable:
    due = (
        (kind, open_question.c.agency == agency, open_question.c.due_at <= now)
        for agency in agencies
        for kind in (FRESH, FAILED)
    )
    return select(*(exists().where(*conditions) for conditions in due))


def count_open(connection: Connection) -> dict[str, int]:
    """How many batches each agency has under way."""
    rows = connection.execute(select(batch.c.agency, func.count()).group_by(batch.c.agency))
    return {row[0]: row[1] for row in rows}


class Lot(NamedTuple):
    """How batches are made at the moment `now`: their largest size, and their lease until `lease_until` (microseconds).

    Questions that failed before have batches of their own, so that they do not delay fresh ones.
    """

    now: int
    lease_until: int
    size: int
    failed_size: int


def make_batches(connection: Connection, lots: Iterable[tuple[Due, Lot]]) -> list[Batch]:
    """Put due questions into new batches, the oldest first: for each agency one of fresh and one of failed ones."""
    made, rows = [], []
    for due, lot in lots:
        kinds = [kind for kind, wanted in ((FRESH, due.fresh), (FAILED, due.failed)) if wanted]
        filled = [each for kind in kinds if (each := _fill_batch(connection, due.agency, kind, lot)).size]
        made += filled
        rows += [{"id": each.id, "agency": each.agency, "created_at": lot.now, "lease_until": lot.lease_until,
                  "claimed": False} for each in filled]  # fmt: skip
    insert_rows(connection, batch, rows)
    return made


def _fill_batch(connection: Connection, agency: str, kind: ColumnElement[bool], lot: Lot) -> Batch:
    batch_id, failed = new_id(), kind is FAILED
    chosen = {"batch": batch_id, "of": agency, "now": lot.now, "most": lot.failed_size if failed else lot.size}
    return Batch(batch_id, agency, len(connection.execute(_fill_statement(kind), chosen).all()), failed)


@cache
def _fill_statement(kind: ColumnElement[bool]) -> Executable:
    """Give the oldest due questions to the new batch; those that another copy holds are passed over."""
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


class Claim(NamedTuple):
    """A batch that one worker has claimed, made at `created_at` (microseconds)."""

    id: int
    agency: str
    created_at: int


def claim_batches(connection: Connection, batch_ids: Iterable[int], lease: int) -> dict[int, Claim]:
    """Take batches for work, for `lease` microseconds from now: by id.

    Those that another worker has, or that no longer exist, are left out.
    """
    statement = (
        update(batch)
        .where(is_among(connection, batch.c.id, batch_ids), batch.c.claimed.is_(False))
        .values(claimed=True, lease_until=statement_time(connection) + lease)
        .returning(batch.c.id, batch.c.agency, batch.c.created_at)
    )
    return {row.id: Claim(*row) for row in connection.execute(statement)}


def renew_leases(connection: Connection, batch_ids: Iterable[int], lease: int) -> int:
    """Extend the leases to `lease` microseconds from now; returns how many are not lost."""
    until = statement_time(connection) + lease
    statement = update(batch).where(is_among(connection, batch.c.id, batch_ids)).values(lease_until=until)
    return connection.execute(statement).rowcount


class Question(NamedTuple):
    """An open question in a batch; `items` are SequenceNumeric values, none for the whole declaration.

    `documents_answer_id` is the party's answer that it carries, None if it carries none.
    """

    version_id: int
    agency: str
    round: int
    batch_id: int
    items: tuple[str, ...]
    asked_at: int
    deadline_at: int
    due_at: int
    attempts: int
    failure: str | None
    dispatched_at: int | None
    documents_answer_id: int | None


def questions_in(connection: Connection, batch_ids: Iterable[int]) -> list[Question]:
    """The questions of batches."""
    columns = (open_question.c[name] for name in Question._fields)
    mine = is_among(connection, open_question.c.batch_id, batch_ids)
    rows = connection.execute(select(*columns).where(mine).order_by(open_question.c.version_id))
    return [Question(*row)._replace(items=tuple(row.items.split())) for row in rows]


def close_batches(connection: Connection, batch_ids: Iterable[int]) -> set[int]:
    """End batches; returns those that were still there. Nothing may be written for one whose lease was lost."""
    ended = delete(batch).where(is_among(connection, batch.c.id, batch_ids)).returning(batch.c.id)
    return set(connection.execute(ended).scalars())


def take_answered(connection: Connection, batch_ids: Iterable[int]) -> set[tuple[int, str]]:
    """Take all remaining questions out of these batches, by version id and agency.

    Each can be taken only once.
    """
    mine = is_among(connection, open_question.c.batch_id, batch_ids)
    taken = connection.execute(
        delete(open_question).where(mine).returning(open_question.c.version_id, open_question.c.agency)
    )
    return {(row.version_id, row.agency) for row in taken}


class Unanswered(NamedTuple):
    """How a question leaves its batch unanswered: to be asked again from `due_at` on, parked, or left to its agency."""

    version_id: int
    agency: str
    batch_id: int
    due_at: int
    attempts: int
    failure: str | None
    parked: bool
    awaiting: bool
    dispatched_at: int | None


def return_unanswered(connection: Connection, left: Sequence[Unanswered]) -> set[tuple[int, str]]:
    """Take questions out of their batches in one statement; returns, by version id and agency, those still there."""
    if not left:
        return set()
    columns = [column(name, open_question.c[name].type) for name in Unanswered._fields]
    new = values(*columns, name="unanswered").data(list(left)).cte("unanswered")
    changed = {  # each in its type, for a column of nothing but NULL has none
        name: cast(new.c[name], open_question.c[name].type)
        for name in Unanswered._fields
        if name not in ("version_id", "agency", "batch_id")
    }
    statement = (
        update(open_question)
        .where(*(open_question.c[name] == new.c[name] for name in ("version_id", "agency", "batch_id")))
        .values(batch_id=None, **changed)
        .returning(open_question.c.version_id, open_question.c.agency)
    )
    return {(row.version_id, row.agency) for row in connection.execute(statement)}


def has_lost(connection: Connection, now: int) -> bool:
    """Whether any batch's lease has run out."""
    return connection.execute(select(batch.c.id).where(batch.c.lease_until < now).limit(1)).first() is not None


def lock_lost(connection: Connection, now: int) -> list[int]:
    """Lock the batches whose lease has run out, without those that another copy is taking back."""
    expired = select(batch.c.id).where(batch.c.lease_until < now).with_for_update(skip_locked=True)
    return list(connection.execute(expired).scalars())


def versions_in(connection: Connection, batch_ids: Iterable[int]) -> dict[int, set[int]]:
    """The versions that these batches ask about, by batch."""
    mine = is_among(connection, open_question.c.batch_id, batch_ids)
    found: dict[int, set[int]] = {}
    for batch_id, version_id in connection.execute(
        select(open_question.c.batch_id, open_question.c.version_id).where(mine)
    ):
        found.setdefault(batch_id, set()).add(version_id)
    return found


def end_lost(connection: Connection, batch_ids: Iterable[int], attempts: int) -> list[Parked]:
    """End these (locked) batches; returns the questions parked by that, tried `attempts` times.

    A batch that was claimed counts as an attempt of each of its questions.
    """
    lost = list(batch_ids)
    tries = open_question.c.attempts + case((batch.c.claimed, 1), else_=0)
    free = {
        "batch_id": None, "attempts": tries, "parked": tries >= attempts,
        "failure": case((batch.c.claimed, "the worker ended before it answered"), else_=open_question.c.failure),
        "dispatched_at": case((batch.c.claimed, batch.c.created_at), else_=open_question.c.dispatched_at),
    }  # fmt: skip
    freed = connection.execute(
        update(open_question)
        .where(open_question.c.batch_id == batch.c.id, is_among(connection, batch.c.id, lost))
        .values(**free)
        .returning(*(open_question.c[name] for name in Parked._fields), open_question.c.parked)
    )
    parked = [Parked(*row[:-1]) for row in freed if row.parked]
    connection.execute(delete(batch).where(is_among(connection, batch.c.id, lost)))
    return parked
