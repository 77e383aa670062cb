"""The signed checkpoints as they were made, one row for each number: of two that make the same one, one is kept."""

from __future__ import annotations

from sqlalchemy import Connection, select

from singlewindow.storage.engine.bulk import insert_new_rows
from singlewindow.storage.tables import Record, checkpoint


def newest(connection: Connection) -> Record | None:
    """The last checkpoint: its number, the moment it was made and its line; None where there is none yet."""
    columns = (checkpoint.c.number, checkpoint.c.at, checkpoint.c.line)
    return connection.execute(select(*columns).order_by(checkpoint.c.number.desc()).limit(1)).first()


def add(connection: Connection, number: int, at: int, line: bytes) -> bool:
    """Keep a checkpoint; False where another process has made the one with this number."""
    return bool(insert_new_rows(connection, checkpoint, [{"number": number, "at": at, "line": line}], ("number",)))


def numbered(connection: Connection, first: int, limit: int) -> list[Record]:
    """The numbers and lines of the checkpoints from number `first` on, in order, at most `limit`."""
    query = select(checkpoint.c.number, checkpoint.c.line).where(checkpoint.c.number >= first)
    return list(connection.execute(query.order_by(checkpoint.c.number).limit(limit)))
