"""The signed checkpoints, one row for each number: if two processes make the same one, one is kept."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, select

from singlewindow.storage.engine.bulk import insert_new_rows
from singlewindow.storage.tables import checkpoint


class KeptCheckpoint(NamedTuple):
    """A checkpoint: its number, when it was made (microseconds since 1970 UTC), and its line, signature and all."""

    number: int
    at: int
    line: bytes


_COLUMNS = tuple(checkpoint.c[name] for name in KeptCheckpoint._fields)


def newest_checkpoint(connection: Connection) -> KeptCheckpoint | None:
    """The last checkpoint; None if there is none yet."""
    row = connection.execute(select(*_COLUMNS).order_by(checkpoint.c.number.desc()).limit(1)).first()
    return None if row is None else KeptCheckpoint(*row)


def add_checkpoint(connection: Connection, made: KeptCheckpoint) -> bool:
    """Keep a checkpoint; False if another process has made the one with this number."""
    return bool(insert_new_rows(connection, checkpoint, [made._asdict()], ("number",)))


def checkpoints_from(connection: Connection, first: int, limit: int) -> list[KeptCheckpoint]:
    """The checkpoints from number `first` on, in order, at most `limit`."""
    query = select(*_COLUMNS).where(checkpoint.c.number >= first).order_by(checkpoint.c.number).limit(limit)
    return [KeptCheckpoint(*row) for row in connection.execute(query)]
