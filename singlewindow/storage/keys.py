"""Keys of those who may call: the secret is stored as its SHA-256 only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, insert, select, update

from singlewindow.storage.tables import Record, principal


def add(connection: Connection, row: dict[str, Any]) -> None:
    """Store a new key's row."""
    connection.execute(insert(principal).values(**row))


def by_key_id(connection: Connection, key_id: str) -> Record | None:
    """The row of one key, revoked or not."""
    return connection.execute(select(principal).where(principal.c.key_id == key_id)).first()


def parties(connection: Connection) -> frozenset[str]:
    """Every party that a key stands for which is not revoked."""
    live = select(principal.c.party).where(principal.c.party.is_not(None), principal.c.revoked_at.is_(None)).distinct()
    return frozenset(connection.execute(live).scalars())


def all_keys(connection: Connection) -> list[Record]:
    """All keys, oldest first."""
    return list(connection.execute(select(principal).order_by(principal.c.created_at, principal.c.key_id)))


def end_at(connection: Connection, key_id: str, at: int) -> None:
    """Let a key expire at a moment."""
    connection.execute(update(principal).where(principal.c.key_id == key_id).values(expires_at=at))


def note_use(connection: Connection, key_ids: Iterable[str], at: int) -> None:
    """Note that keys were used."""
    # In one order for everybody: two web processes that note the same keys then wait in one direction only.
    for key_id in sorted(key_ids):
        connection.execute(update(principal).where(principal.c.key_id == key_id).values(last_used_at=at))


def revoke(connection: Connection, key_id: str, at: int) -> bool:
    """Revoke a key; False where there is no such live key."""
    live = (principal.c.key_id == key_id, principal.c.revoked_at.is_(None))
    return bool(connection.execute(update(principal).where(*live).values(revoked_at=at)).rowcount)
