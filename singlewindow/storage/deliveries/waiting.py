"""Messages that failed, or that wait behind one of their declaration that did; all others need no row.

The first of a declaration is its head. Only heads are tried: the next message of a declaration is sent when the one
before it was accepted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, delete, exists, func, select, update

from singlewindow.storage.engine.bulk import insert_rows, is_among
from singlewindow.storage.tables import delivery


class Waiting(NamedTuple):
    """A message that waits: its number in the stream, its declaration, and how often it was tried."""

    subscription_id: int
    number: int
    mrn: str
    published_at: int
    attempts: int
    due_at: int


_WAITING = tuple(delivery.c[name] for name in Waiting._fields)
_earlier = delivery.alias("earlier")


def head_is_due(subscription_id: ColumnElement[int], now: ColumnElement[int] | int) -> tuple[ColumnElement[bool], ...]:
    """The conditions that a row is the head of a declaration, and due."""
    return delivery.c.subscription_id == subscription_id, delivery.c.due_at <= now, _is_head()


def _is_head() -> ColumnElement[bool]:
    return ~exists().where(
        _earlier.c.subscription_id == delivery.c.subscription_id,
        _earlier.c.mrn == delivery.c.mrn,
        _earlier.c.number < delivery.c.number,
    )


def due_messages(connection: Connection, subscription_id: int, now: int, most: int) -> list[Waiting]:
    """The messages of declarations whose head is due, by number; at most so many declarations and messages.

    Declarations whose head was tried less often come first.
    """
    mine = delivery.c.subscription_id == subscription_id
    heads = select(delivery.c.mrn).where(mine, delivery.c.due_at <= now, _is_head())
    chosen = heads.order_by(delivery.c.attempts, delivery.c.due_at).limit(most).scalar_subquery()
    query = select(*_WAITING).where(mine, delivery.c.mrn.in_(chosen)).order_by(delivery.c.number).limit(most)
    return [Waiting(*row) for row in connection.execute(query)]


def next_head(connection: Connection, subscription_id: int) -> Waiting | None:
    """The head that is due first, whether it is already or not; None if nothing waits."""
    query = select(*_WAITING).where(delivery.c.subscription_id == subscription_id, _is_head())
    row = connection.execute(query.order_by(delivery.c.due_at, delivery.c.number).limit(1)).first()
    return None if row is None else Waiting(*row)


def waiting_declarations(connection: Connection, subscription_id: int, mrns: Iterable[str]) -> frozenset[str]:
    """Those of these declarations of which a message waits."""
    query = select(delivery.c.mrn).where(delivery.c.subscription_id == subscription_id, delivery.c.mrn.in_([*mrns]))
    return frozenset(connection.execute(query.distinct()).scalars())


def add_waiting(connection: Connection, rows: Sequence[Waiting]) -> None:
    """Let messages wait."""
    insert_rows(connection, delivery, [row._asdict() for row in rows])


def put_off(connection: Connection, rows: Iterable[Waiting]) -> None:
    """Write how often messages that wait were tried, and when they are due."""
    for row in rows:
        same = delivery.c.subscription_id == row.subscription_id, delivery.c.number == row.number
        connection.execute(update(delivery).where(*same).values(attempts=row.attempts, due_at=row.due_at))


def remove_waiting(connection: Connection, subscription_id: int, numbers: Iterable[int]) -> None:
    """Forget messages that were accepted."""
    mine = delivery.c.subscription_id == subscription_id, is_among(connection, delivery.c.number, numbers)
    connection.execute(delete(delivery).where(*mine))


def oldest(connection: Connection, subscription_id: int) -> int | None:
    """When the oldest message that waits was published; None if none does."""
    query = select(func.min(delivery.c.published_at)).where(delivery.c.subscription_id == subscription_id)
    return connection.execute(query).scalar()


def remove_older(connection: Connection, subscription_id: int, moment: int) -> int:
    """Forget messages that were published before a moment; how many there were."""
    older = delivery.c.subscription_id == subscription_id, delivery.c.published_at < moment
    return connection.execute(delete(delivery).where(*older)).rowcount


def hurry(connection: Connection, subscription_id: int, now: int) -> None:
    """Let everything that waits be due, because the receiver is back."""
    connection.execute(update(delivery).where(delivery.c.subscription_id == subscription_id).values(due_at=now))


def count_waiting(connection: Connection, subscription_ids: Iterable[int]) -> dict[int, int]:
    """How many messages wait, by subscription; those without any are left out."""
    mine = is_among(connection, delivery.c.subscription_id, subscription_ids)
    rows = connection.execute(
        select(delivery.c.subscription_id, func.count()).where(mine).group_by(delivery.c.subscription_id)
    )
    return {row[0]: row[1] for row in rows}


def waiting_figures(connection: Connection) -> tuple[int, int | None]:
    """How many messages wait, and when the oldest was published."""
    count, oldest = connection.execute(select(func.count(), func.min(delivery.c.published_at))).one()
    return count, oldest
