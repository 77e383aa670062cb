"""Mandates: which broker may act for which trader, from when until when."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, insert, or_, select, update

from singlewindow.storage.tables import Record, mandate


def add(connection: Connection, row: dict[str, Any]) -> None:
    """Store a mandate."""
    connection.execute(insert(mandate).values(**row))


def in_force(connection: Connection, broker: str, party: str, now: int) -> bool:
    """Whether the broker may act for the party at this moment."""
    query = select(mandate.c.id).where(
        mandate.c.broker == broker,
        mandate.c.party == party,
        mandate.c.revoked_at.is_(None),
        mandate.c.valid_from <= now,
        or_(mandate.c.valid_to.is_(None), mandate.c.valid_to > now),
    )
    return connection.execute(query.limit(1)).first() is not None


def every(connection: Connection) -> list[Record]:
    """All mandates, oldest first."""
    return list(connection.execute(select(mandate).order_by(mandate.c.id)))


def revoke(connection: Connection, mandate_id: int, at: int) -> bool:
    """Revoke a mandate; False where there is no such mandate, or it is revoked already."""
    live = (mandate.c.id == mandate_id, mandate.c.revoked_at.is_(None))
    return bool(connection.execute(update(mandate).where(*live).values(revoked_at=at)).rowcount)
