"""Heartbeats of the dispatchers, in SQL: dispatchers need nothing else, and work while the queue server is down."""

from __future__ import annotations

from typing import Final, NamedTuple

from sqlalchemy import Connection, delete, func, select

from singlewindow.storage.engine.bulk import upsert
from singlewindow.storage.tables import dispatcher
from singlewindow.times import MICROSECONDS

ALIVE_SECONDS: Final = 15
"""A dispatcher not seen for this long counts as dead; it beats every two seconds."""
FORGOTTEN_SECONDS: Final = 86_400


class Dispatcher(NamedTuple):
    """One dispatcher process: a number of its own, where it runs, and the service's version."""

    id: int
    host: str
    pid: int
    version: str


class Heartbeat(NamedTuple):
    """The last sign of life of a dispatcher: where it runs, and when it was seen (microseconds)."""

    host: str
    seen_at: int


def record_heartbeat(connection: Connection, process: Dispatcher, now: int) -> None:
    """Record that a dispatcher lives; those not seen for a day are forgotten."""
    row = process._asdict() | {"seen_at": now}
    statement = upsert(connection, dispatcher).values(**row)
    connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_={"seen_at": now}))
    connection.execute(delete(dispatcher).where(dispatcher.c.seen_at < now - FORGOTTEN_SECONDS * MICROSECONDS))


def remove_heartbeat(connection: Connection, process_id: int) -> None:
    """Forget a dispatcher that has ended normally."""
    connection.execute(delete(dispatcher).where(dispatcher.c.id == process_id))


def last_heartbeats(connection: Connection) -> list[Heartbeat]:
    """The heartbeats of all dispatchers seen within a day, the latest first."""
    query = select(dispatcher.c.host, dispatcher.c.seen_at).order_by(dispatcher.c.seen_at.desc())
    return [Heartbeat(*row) for row in connection.execute(query)]


def count_alive(connection: Connection, now: int) -> int:
    """How many dispatchers were seen within `ALIVE_SECONDS`."""
    recent = dispatcher.c.seen_at >= now - ALIVE_SECONDS * MICROSECONDS
    return int(connection.execute(select(func.count()).select_from(dispatcher).where(recent)).scalar_one())
