"""The last attempts of each subscription, which its owner may look at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from sqlalchemy import Connection, delete, select

from singlewindow.storage.engine.bulk import insert_together
from singlewindow.storage.tables import delivery_attempt

KEPT: Final = 100
"""So many attempts are kept of each subscription."""


class Attempt(NamedTuple):
    """One attempt: which message, when, how long it took, and how it ended; without a `problem` it was accepted."""

    id: int
    subscription_id: int
    message: str
    attempted_at: int
    milliseconds: int
    status: int | None
    problem: str
    next_at: int | None


_ATTEMPT = tuple(delivery_attempt.c[name] for name in Attempt._fields)


def add_attempts(connection: Connection, subscription_id: int, rows: Sequence[Attempt]) -> None:
    """Store attempts of a subscription, and forget its oldest beyond `KEPT`."""
    if not rows:
        return
    added = [row._asdict() for row in rows]
    insert_together(connection, (delivery_attempt, added))
    mine = delivery_attempt.c.subscription_id == subscription_id
    newest = select(delivery_attempt.c.id).where(mine).order_by(delivery_attempt.c.id.desc())
    last_kept = newest.offset(KEPT - 1).limit(1).scalar_subquery()
    connection.execute(delete(delivery_attempt).where(mine, delivery_attempt.c.id < last_kept))


def list_attempts(connection: Connection, subscription_id: int) -> list[Attempt]:
    """The attempts of a subscription that are kept, the newest first."""
    query = select(*_ATTEMPT).where(delivery_attempt.c.subscription_id == subscription_id)
    return [Attempt(*row) for row in connection.execute(query.order_by(delivery_attempt.c.id.desc()).limit(KEPT))]
