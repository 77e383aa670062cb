"""Signs of life of the dispatchers, in SQL: they work with SQL alone, so they live where the queue server does not."""

from __future__ import annotations

from typing import Final, NamedTuple

from sqlalchemy import Connection, delete, func, select

from singlewindow.storage.engine.bulk import upsert
from singlewindow.storage.tables import Record, dispatcher
from singlewindow.times import MICROSECONDS

ALIVE_SECONDS: Final = 15
"""A dispatcher not seen for so long is taken for dead; it beats every two seconds."""
FORGOTTEN_SECONDS: Final = 86_400


class Self(NamedTuple):
    """One dispatcher process: a number of its own, where it runs, and the service's version."""

    id: int
    host: str
    pid: int
    version: str


def beat(connection: Connection, process: Self, now: int) -> None:
    """Say that a dispatcher lives; those not seen for a day are forgotten."""
    row = process._asdict() | {"seen_at": now}
    statement = upsert(connection, dispatcher).values(**row)
    connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_={"seen_at": now}))
    connection.execute(delete(dispatcher).where(dispatcher.c.seen_at < now - FORGOTTEN_SECONDS * MICROSECONDS))


def leave(connection: Connection, process_id: int) -> None:
    """Say that a dispatcher has ended in order."""
    connection.execute(delete(dispatcher).where(dispatcher.c.id == process_id))


def known(connection: Connection) -> list[Record]:
    """All dispatchers that beat within a day, the one seen last first."""
    return list(connection.execute(select(dispatcher).order_by(dispatcher.c.seen_at.desc())))


def alive(connection: Connection, now: int) -> int:
    """How many dispatchers were seen within `ALIVE_SECONDS`."""
    recent = dispatcher.c.seen_at >= now - ALIVE_SECONDS * MICROSECONDS
    return int(connection.execute(select(func.count()).select_from(dispatcher).where(recent)).scalar_one())
